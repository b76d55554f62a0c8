package explore

import (
	"fmt"

	"github.com/driftless-raft/driftless/raft"
)

// Times in nanoseconds. Their values say nothing: a timer fires whenever the
// explorer says so.
const (
	electionTimeout = 1000
	heartbeat       = 100
	timeout         = electionTimeout * 3 / 2 // the one that every server draws
	noon            = 1_000_000               // what every clock shows between steps
)

const clusterNumber = 1

// Settings of every node.
var settings = raft.Settings{
	ElectionTimeout: electionTimeout, Heartbeat: heartbeat,
	MaxMessageBytes: 64, MaxInflightBytes: 256, MaxUncommittedBytes: 256,
	ChunkBytes: chunkBytes, Reserve: 16,
}

// A server is the one machine that the states of all servers are loaded into, one
// at a time, to make a step.
type server struct {
	layout  *layout
	driver  raft.Driver
	port    port
	time    raft.Instant
	chains  *chains
	packets *packets

	state    machine
	disk     disk
	template []uint64 // the fixed part of the first state
	encoded  []byte

	sent  []uint32 // packets, in order
	event event
}

// A machine is a state machine that remembers what it was given: the chain of
// entries applied.
type machine struct {
	applied chain
	_       uint32
}

// An event is what a step did that concerns the cluster as a whole.
type event struct {
	before struct { // the step of the node, of which an input may cause several
		role          raft.Role
		term          raft.Term
		vote          raft.Member
		commit, last  raft.Index
		configuration masks
	}
	won       raft.Term // became leader of a term
	committed raft.Term // advanced the commit index as leader of a term
	quorum    masks     // whose quorum had to hold what was committed
	failure   string    // the rule that the step broke, and how
}

// fail notes the first rule that was broken.
func (e *event) fail(format string, arguments ...any) {
	if e.failure == "" {
		e.failure = fmt.Sprintf(format, arguments...)
	}
}

// newServer makes the machine and returns the first states of some servers.
func newServer(l *layout, nodes int, chains *chains, packets *packets) (*server, [][]byte, error) {
	s := &server{layout: l, chains: chains, packets: packets}
	s.port.disk, s.port.chains = &s.disk, chains
	var first [][]byte
	for slot := range nodes {
		if refusal := s.found(slot, nodes); refusal.Code != raft.OK {
			return nil, nil, fmt.Errorf("explore: a server refuses to start: %v", refusal.Code)
		}
		s.normalize()
		if s.template == nil {
			s.template = make([]uint64, 0, 4096)
			for _, part := range s.fixed() {
				s.template = append(s.template, part...)
			}
		}
		first = append(first, append([]byte(nil), s.encode()...))
	}
	return s, first, nil
}

// found makes the server a founding member that has just started.
func (s *server) found(slot, nodes int) raft.Refusal {
	s.disk, s.state = disk{}, machine{}
	s.driver = raft.Driver{}
	s.time = noon
	configuration := new(raft.Configuration)
	masks{voters: 1<<nodes - 1}.expand(configuration)
	identity := &raft.Identity{Cluster: clusterNumber, Self: memberOf(slot)}
	if refusal := s.driver.Bootstrap(&s.port, identity, configuration); refusal.Code != raft.OK {
		return refusal
	}
	return s.start()
}

func (s *server) start() raft.Refusal {
	refusal := s.driver.Start(&settings, s, &s.port, s)
	s.driver.Observe(s)
	s.notice()
	return refusal
}

// Now implements [raft.Clock].
func (s *server) Now() raft.Instant { return s.time }

// Jitter implements [raft.Clock]: any timeout will do.
func (s *server) Jitter(limit raft.Duration) raft.Duration { return limit / 2 }

// CountsSuspendedTime implements [raft.Clock].
func (s *server) CountsSuspendedTime() bool { return true }

// Send implements [raft.Transport].
func (s *server) Send(m *raft.Message, payload *raft.Payload) {
	s.checkSent(m)
	s.sent = append(s.sent, s.packets.pack(m, payload))
}

// fixed are the parts of memory that every state has: the node, what the driver
// remembers, the state machine, and the disk with one version of its contents.
func (s *server) fixed() [4][]uint64 {
	disk := wordsOf(&s.disk)
	spare := len(wordsOf(&s.disk.versions)) - len(wordsOf(s.disk.kept()))
	return [4][]uint64{
		s.layout.node.words(&s.driver), s.layout.misc.words(&s.driver),
		wordsOf(&s.state), disk[:len(disk)-spare],
	}
}

func (s *server) holds() int { return int(*value[int32](&s.driver, s.layout.holds)) }
