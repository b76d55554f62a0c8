package main

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

const (
	millisecond     = raft.Duration(1_000_000)
	heartbeat       = 100 * millisecond
	electionTimeout = 10 * heartbeat
	minute          = 60_000 * millisecond
)

// driftless is a cluster of ours in one thread: a driver a node over a
// [memory.Blocks], one queue of messages, virtual time. Nothing in it allocates
// once it is built.
type driftless struct {
	nodes    []*driftlessNode
	now      raft.Instant
	wire     wire
	paused   int // the node that neither runs nor is reached, or -1
	proposed uint64
	number   uint64
	batch    [burst]raft.Entry
	commands [burst][commandBytes]byte
	read     [raft.MaxBatch]raft.Entry
}

type driftlessNode struct {
	cluster *driftless
	driver  raft.Driver
	store   memory.Blocks
	machine machine
	applied raft.Index
	cut     raft.Index
	random  uint64
	taken   raft.Snapshot
	state   [commandBytes]byte
}

// wire is the queue of messages on their way. It copies what it is given, as the
// contract of [raft.Transport] asks, and starts over whenever it is empty.
type wire struct {
	head, count, entryCount, byteCount int
	messages                           [256]letter
	entries                            [4096]raft.Entry
	bytes                              [4096 * commandBytes]byte
}

type letter struct {
	message raft.Message
	entries []raft.Entry
}

func newDriftless(size int) *driftless {
	c := &driftless{paused: -1}
	configuration := raft.Configuration{Voters: 1<<size - 1}
	for slot := range size {
		configuration.Members[slot] = raft.Member{ID: raft.ID(slot + 1), Incarnation: 1}
	}
	settings := raft.Settings{
		ElectionTimeout: electionTimeout, Heartbeat: heartbeat,
		MaxMessageBytes: 1 << 16, MaxInflightBytes: 1 << 20, MaxUncommittedBytes: 1 << 20,
		ChunkBytes: 1 << 12, Reserve: 16,
	}
	for slot := range size {
		n := &driftlessNode{cluster: c, random: uint64(slot) + 1}
		n.store.Format(&memory.Memory{
			Blocks:         8,
			Entries:        make([]memory.EntrySlot, 2*compactEvery),
			Bytes:          make([]byte, 2*compactEvery*commandBytes),
			Configurations: make([]memory.ConfigurationSlot, 4),
			Snapshots:      [2][]byte{make([]byte, commandBytes), make([]byte, commandBytes)},
		})
		identity := raft.Identity{Cluster: 1, Self: configuration.Members[slot]}
		must(new(raft.Driver).Bootstrap(&n.store, &identity, &configuration))
		must(n.driver.Start(&settings, n, &n.store, n))
		c.nodes = append(c.nodes, n)
	}
	c.until(c.settled)
	return c
}

func must(refusal raft.Refusal) {
	if refusal.Code != raft.OK {
		panic("driftless: " + refusal.Code.String())
	}
}

// The node is its own clock.

func (n *driftlessNode) Now() raft.Instant         { return n.cluster.now }
func (n *driftlessNode) CountsSuspendedTime() bool { return true }

func (n *driftlessNode) Jitter(limit raft.Duration) raft.Duration {
	n.random = n.random*6364136223846793005 + 1442695040888963407
	return raft.Duration(n.random>>11) % limit
}

// Send puts a message on the wire.
func (n *driftlessNode) Send(m *raft.Message, p *raft.Payload) {
	w := &n.cluster.wire
	l := &w.messages[w.head+w.count]
	w.count++
	l.message, l.entries = *m, nil
	if len(p.Entries) == 0 {
		return
	}
	l.entries = w.entries[w.entryCount : w.entryCount+len(p.Entries)]
	w.entryCount += len(p.Entries)
	for i := range p.Entries {
		l.entries[i] = p.Entries[i]
		end := w.byteCount + len(p.Entries[i].Data)
		l.entries[i].Data = w.bytes[w.byteCount:end:end]
		copy(l.entries[i].Data, p.Entries[i].Data)
		w.byteCount = end
	}
}

// deliver hands over messages until there are none.
func (c *driftless) deliver() {
	w := &c.wire
	for w.count > 0 {
		l := &w.messages[w.head]
		w.head++
		w.count--
		to, from := int(l.message.To.ID)-1, int(l.message.From.ID)-1
		if to == c.paused || from == c.paused {
			continue
		}
		payload := raft.Payload{Entries: l.entries}
		must(c.nodes[to].driver.Receive(&l.message, &payload))
		c.nodes[to].apply()
	}
	w.head, w.entryCount, w.byteCount = 0, 0, 0
}

// apply feeds the node's state machine and compacts the log now and then.
func (n *driftlessNode) apply() {
	read := &n.cluster.read
	for n.applied < n.driver.Node().Commit() {
		count, _ := n.driver.Next(read[:])
		for i := range read[:count] {
			if read[i].Kind == raft.Command {
				n.machine.apply(read[i].Data)
			}
		}
		n.applied += raft.Index(count)
		n.driver.Applied(n.applied)
	}
	if n.applied-n.cut >= compactEvery {
		n.compact()
	}
}

func (n *driftlessNode) compact() {
	if !n.store.TakeSnapshot(n.applied, n.machine.state(&n.state), &n.taken) {
		panic("driftless: the snapshot does not fit")
	}
	must(n.driver.Compact(&n.taken, n.applied-keep))
	n.cut = n.applied
}

// leader is the number of the node that leads in the highest term, or -1.
func (c *driftless) leader() int {
	leader, term := -1, raft.Term(0)
	for i, n := range c.nodes {
		if node := n.driver.Node(); node.Role() == raft.Leader && node.Term() > term {
			leader, term = i, node.Term()
		}
	}
	return leader
}

// settled reports whether there is a leader whose whole log all running nodes
// have applied.
func (c *driftless) settled() bool {
	leader := c.leader()
	if leader < 0 || leader == c.paused {
		return false
	}
	node := c.nodes[leader].driver.Node()
	for i, n := range c.nodes {
		if i != c.paused && (n.applied != node.Last() || n.driver.Node().Term() != node.Term()) {
			return false
		}
	}
	return true
}

// wake moves time on to the next deadline and lets the nodes that are due do what
// they have to.
func (c *driftless) wake(limit raft.Instant) {
	next := limit
	for i, n := range c.nodes {
		if i != c.paused {
			next = min(next, n.driver.Deadline())
		}
	}
	c.now = max(c.now, next)
	for i, n := range c.nodes {
		if i != c.paused && n.driver.Deadline() <= c.now {
			n.driver.Wake()
			n.apply()
		}
	}
	c.deliver()
}

// until lets time pass until a condition holds.
func (c *driftless) until(holds func() bool) {
	limit := c.now + raft.Instant(minute)
	for !holds() {
		if c.now == limit {
			panic("driftless: a minute has passed and still no leader")
		}
		c.wake(limit)
	}
}

// commit proposes commands and returns when all nodes have applied them.
func (c *driftless) commit(count int) {
	for i := range count {
		fill(c.commands[i][:], &c.number)
		c.batch[i] = raft.Entry{Data: c.commands[i][:]}
	}
	leader := c.nodes[c.leader()]
	_, _, refusal := leader.driver.Propose(c.batch[:count])
	must(refusal)
	c.deliver()
	c.proposed += uint64(count)
	for _, n := range c.nodes {
		if n.machine.applied != c.proposed {
			panic("driftless: a node has not applied what was committed")
		}
	}
}

// idle lets a minute pass.
func (c *driftless) idle() {
	for end := c.now + raft.Instant(minute); c.now < end; {
		c.wake(end)
	}
}

// elect pauses the leader until the others have elected another and have applied
// its first entry, and then lets it come back and catch up.
func (c *driftless) elect() {
	c.paused = c.leader()
	c.until(c.settled)
	c.paused = -1
	c.until(c.settled)
}

// verify panics unless all nodes hold the same.
func (c *driftless) verify() {
	machines := make([]machine, 0, len(c.nodes))
	for _, n := range c.nodes {
		machines = append(machines, n.machine)
	}
	mustAgree("driftless", c.proposed, machines...)
}

func (c *driftless) close() {}
