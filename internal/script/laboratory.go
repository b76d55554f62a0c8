package script

import "github.com/driftless-raft/driftless/raft"

const (
	serversMax  = 5
	millisecond = 1_000_000
	timeout     = 100 * millisecond // the least election timeout
	beat        = 10 * millisecond
	chunkBytes  = 4
	clusterID   = 77
)

var settings = raft.Settings{
	ElectionTimeout: timeout, Heartbeat: beat,
	MaxMessageBytes: 1024, MaxInflightBytes: 4096, MaxUncommittedBytes: 8192,
	ChunkBytes: chunkBytes, Reserve: 4,
}

// A laboratory holds servers whose every message and write is moved by hand.
type laboratory struct {
	network
	now          raft.Instant
	servers      [serversMax]server
	count        int
	waiting      [waitingMax]waiting // in the order they were made
	waitingCount int

	problem, about string // why the script cannot go on, and about which word

	// Memory that is lent to the driver for a call.
	identity      raft.Identity
	configuration raft.Configuration
	payload       raft.Payload
	unpacked      [carriedMax]raft.Entry
	batch         [carriedMax]raft.Entry
	snapshot      raft.Snapshot
}

// A server is a driver with its ports, its disk and its state machine, which is
// the commands applied, with commas between them.
type server struct {
	lab     *laboratory
	member  raft.Member
	driver  raft.Driver
	jitter  raft.Duration // added to the least election timeout
	slow    bool          // its writes are durable only when completed by hand
	down    bool          // crashed, and not yet started again
	applied raft.Index
	state   [stateBytesMax]byte
	size    int // of the state

	durable         image
	taken, received aside
}

// Now implements [raft.Clock].
func (s *server) Now() raft.Instant { return s.lab.now }

// Jitter implements [raft.Clock]. The servers' differ, the first one's is least.
func (s *server) Jitter(raft.Duration) raft.Duration { return s.jitter }

// CountsSuspendedTime implements [raft.Clock].
func (s *server) CountsSuspendedTime() bool { return true }

// fail ends the script once the command is done, with the first reason given.
func (l *laboratory) fail(problem, about string) {
	if l.problem == "" {
		l.problem, l.about = problem, about
	}
}

// found forgets whatever was before and founds a cluster of voters with the ids 1
// to count.
func (l *laboratory) found(count int) {
	clear(l.servers[:])
	clear(l.used[:])
	l.count, l.waitingCount, l.flight.count = 0, 0, 0
	l.problem, l.about = "", ""
	l.now = 1000 * millisecond
	founding := &l.configuration
	*founding = raft.Configuration{Voters: 1<<count - 1}
	for i := range count {
		founding.Members[i] = firstLife(raft.ID(i + 1))
	}
	for i := range count {
		s := l.add(raft.ID(i + 1))
		l.agree(s.driver.Bootstrap(s, &l.identity, founding))
		s.start()
	}
}

// join adds a server that waits to be added to the cluster.
func (l *laboratory) join(id raft.ID) {
	if id == 0 || l.find(id) != nil || l.count == serversMax {
		l.fail("no server of this id can join", "")
		return
	}
	s := l.add(id)
	l.agree(s.driver.Join(s, &l.identity))
	s.start()
}

// add adds a server with an empty disk, and prepares its identity.
func (l *laboratory) add(id raft.ID) *server {
	s := &l.servers[l.count]
	l.count++
	s.lab, s.member, s.down = l, firstLife(id), true
	s.jitter = raft.Duration(id-1) * 15 * millisecond % timeout
	l.identity = raft.Identity{Cluster: clusterID, Self: s.member}
	return s
}

// firstLife is a member in its first life.
func firstLife(id raft.ID) raft.Member { return raft.Member{ID: id, Incarnation: 1} }

// agree ends the script if a server was refused to start.
func (l *laboratory) agree(refusal raft.Refusal) {
	if refusal.Code != raft.OK {
		l.fail("a server does not start", refusal.Code.String())
	}
}

func (s *server) start() {
	s.lab.agree(s.driver.Start(&settings, s, s, s))
	s.down, s.size, s.applied = false, 0, 0
	s.settled()
}

func (s *server) crash() {
	s.lose()
	s.down = true
}

// persist makes everything written durable and says so to the driver.
func (s *server) persist() {
	s.completeAll()
	s.wake()
	s.completeAll()
	s.wake()
}

// wake lets the server do what is due.
func (s *server) wake() {
	if !s.down {
		s.driver.Wake()
		s.settled()
	}
}

// settled applies what is committed.
func (s *server) settled() {
	const few = 4
	for {
		count, snapshot := s.driver.Next(s.lab.batch[:few])
		switch {
		case snapshot != nil:
			s.applied, s.size = snapshot.Index, copy(s.state[:], s.snapshotState())
		case count == 0:
			return
		}
		for i := range count {
			s.apply(&s.lab.batch[i])
		}
		s.driver.Applied(s.applied)
	}
}

func (s *server) apply(e *raft.Entry) {
	if e.Index != s.applied+1 {
		s.lab.fail("a server was given an entry to apply out of order", "")
	}
	s.applied = e.Index
	if e.Kind != raft.Command {
		return
	}
	if s.size+1+len(e.Data) > stateBytesMax {
		s.lab.fail("a state machine is full", "")
		return
	}
	if s.size > 0 {
		s.state[s.size] = ','
		s.size++
	}
	s.size += copy(s.state[s.size:], e.Data)
}

// compact takes a snapshot of what is applied, as one at an index, and drops the
// log up to it.
func (s *server) compact(index raft.Index) raft.Refusal {
	a := &s.taken
	a.drop()
	a.put(0, s.state[:s.size])
	a.snapshot.Index, a.snapshot.Digest, a.snapshot.Size = index, digest(s.state[:s.size]), a.size
	s.lab.snapshot = a.snapshot
	refusal := s.driver.Compact(&s.lab.snapshot, index)
	s.settled()
	return refusal
}

// find is the server with an id, or nil.
func (l *laboratory) find(id raft.ID) *server {
	for i := range l.servers[:l.count] {
		if s := &l.servers[i]; s.member.ID == id {
			return s
		}
	}
	return nil
}

// pass lets time pass without delivering messages.
func (l *laboratory) pass(d raft.Duration) {
	until := l.now + raft.Instant(d)
	for {
		next := until
		for i := range l.servers[:l.count] {
			if s := &l.servers[i]; !s.down {
				next = min(next, s.driver.Deadline())
			}
		}
		l.now = max(l.now, next)
		for i := range l.servers[:l.count] {
			if s := &l.servers[i]; !s.down && s.driver.Deadline() <= l.now {
				s.wake()
			}
		}
		if l.now >= until || l.problem != "" {
			return
		}
	}
}

// run lets time pass; what a route admits is delivered at once, the rest is lost.
func (l *laboratory) run(d raft.Duration, open route) {
	until := l.now + raft.Instant(d)
	l.deliver(open)
	for l.now < until && l.problem == "" {
		l.pass(min(millisecond, raft.Duration(until-l.now)))
		l.deliver(open)
	}
}
