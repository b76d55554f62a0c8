package raft_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

// What is measured here is the core with its driver, over memory.Blocks as the
// store and a queue as the network, in one thread and in virtual time. The same
// work on other implementations is measured in the module bench.

const (
	benchHeartbeat = raft.Duration(100_000_000)
	benchElection  = 10 * benchHeartbeat
	benchMinute    = 600 * benchHeartbeat
	benchBurst     = min(64, raft.MaxBatch)
	benchCommand   = 16   // bytes
	benchCompact   = 4096 // entries between two snapshots of a node
	benchKeep      = 128  // entries kept behind a snapshot
)

// benchCluster is a cluster in one thread. Nothing in it allocates once it is
// built, so that what is counted is the core's.
type benchCluster struct {
	nodes    []*benchNode
	now      raft.Instant
	paused   int // the node that neither runs nor is reached, or -1
	proposed uint64
	batch    [benchBurst]raft.Entry
	commands [benchBurst * benchCommand]byte
	read     [raft.MaxBatch]raft.Entry

	head, count, entryCount, byteCount int
	letters                            [256]benchLetter
	entries                            [4096]raft.Entry
	bytes                              [4096 * benchCommand]byte
}

// benchLetter is a message on its way; its entries are copies.
type benchLetter struct {
	message raft.Message
	entries []raft.Entry
}

type benchNode struct {
	cluster  *benchCluster
	driver   raft.Driver
	store    memory.Blocks
	deaf     bool // what it sends is thrown away
	commands uint64
	sum      uint64
	applied  raft.Index
	cut      raft.Index
	random   uint64
	taken    raft.Snapshot
}

func newBenchCluster(tb testing.TB, size int) *benchCluster {
	tb.Helper()
	c := &benchCluster{paused: -1}
	configuration := raft.Configuration{Voters: 1<<size - 1}
	for slot := range size {
		configuration.Members[slot] = raft.Member{ID: raft.ID(slot + 1), Incarnation: 1}
	}
	settings := raft.Settings{
		ElectionTimeout: benchElection, Heartbeat: benchHeartbeat,
		MaxMessageBytes: 1 << 16, MaxInflightBytes: 1 << 20, MaxUncommittedBytes: 1 << 20,
		ChunkBytes: 1 << 12, Reserve: 16,
	}
	for slot := range size {
		n := &benchNode{cluster: c, random: uint64(slot) + 1}
		n.store.Format(&memory.Memory{
			Blocks:         8,
			Entries:        make([]memory.EntrySlot, 2*benchCompact),
			Bytes:          make([]byte, 2*benchCompact*benchCommand),
			Configurations: make([]memory.ConfigurationSlot, 4),
			Snapshots:      [2][]byte{make([]byte, 1<<12), make([]byte, 1<<12)},
		})
		identity := raft.Identity{Cluster: 1, Self: configuration.Members[slot]}
		benchMust(new(raft.Driver).Bootstrap(&n.store, &identity, &configuration))
		benchMust(n.driver.Start(&settings, n, &n.store, n))
		c.nodes = append(c.nodes, n)
	}
	c.settle()
	return c
}

func benchMust(refusal raft.Refusal) {
	if refusal.Code != raft.OK {
		panic(refusal.Code.String())
	}
}

func (n *benchNode) Now() raft.Instant         { return n.cluster.now }
func (n *benchNode) CountsSuspendedTime() bool { return true }

func (n *benchNode) Jitter(limit raft.Duration) raft.Duration {
	n.random = n.random*6364136223846793005 + 1442695040888963407
	return raft.Duration(n.random>>11) % limit
}

func (n *benchNode) Send(m *raft.Message, p *raft.Payload) {
	if n.deaf {
		return
	}
	c := n.cluster
	l := &c.letters[c.head+c.count]
	c.count++
	l.message = *m
	l.entries = c.entries[c.entryCount : c.entryCount+len(p.Entries)]
	c.entryCount += len(p.Entries)
	for i := range p.Entries {
		l.entries[i] = p.Entries[i]
		end := c.byteCount + len(p.Entries[i].Data)
		l.entries[i].Data = c.bytes[c.byteCount:end:end]
		copy(l.entries[i].Data, p.Entries[i].Data)
		c.byteCount = end
	}
}

// deliver hands over messages until there are none.
func (c *benchCluster) deliver() {
	for c.count > 0 {
		l := &c.letters[c.head]
		c.head++
		c.count--
		to, from := int(l.message.To.ID)-1, int(l.message.From.ID)-1
		if to == c.paused || from == c.paused {
			continue
		}
		payload := raft.Payload{Entries: l.entries}
		benchMust(c.nodes[to].driver.Receive(&l.message, &payload))
		c.nodes[to].apply()
	}
	c.head, c.entryCount, c.byteCount = 0, 0, 0
}

func (n *benchNode) apply() {
	read := &n.cluster.read
	for n.applied < n.driver.Node().Commit() {
		count, _ := n.driver.Next(read[:])
		for i := range read[:count] {
			if read[i].Kind == raft.Command {
				n.commands++
				n.sum = n.sum*31 + binary.LittleEndian.Uint64(read[i].Data)
			}
		}
		n.applied += raft.Index(count)
		n.driver.Applied(n.applied)
	}
	if n.applied-n.cut >= benchCompact {
		if !n.store.TakeSnapshot(n.applied, nil, &n.taken) {
			panic("the snapshot does not fit")
		}
		benchMust(n.driver.Compact(&n.taken, n.applied-benchKeep))
		n.cut = n.applied
	}
}

// leader is the number of the node that leads in the highest term, or -1.
func (c *benchCluster) leader() int {
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
func (c *benchCluster) settled() bool {
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

// settle lets time pass until the cluster is settled.
func (c *benchCluster) settle() {
	for limit := c.now + raft.Instant(benchMinute); !c.settled(); {
		if c.now == limit {
			panic("a minute has passed and still no leader")
		}
		c.wake(limit)
	}
}

// wake moves time on to the next deadline and lets the nodes that are due do what
// they have to.
func (c *benchCluster) wake(limit raft.Instant) {
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

// commit proposes commands and returns when all nodes have applied them.
func (c *benchCluster) commit(count int) {
	for i := range count {
		data := c.commands[i*benchCommand : (i+1)*benchCommand : (i+1)*benchCommand]
		binary.LittleEndian.PutUint64(data, c.proposed+uint64(i))
		c.batch[i] = raft.Entry{Data: data}
	}
	_, _, refusal := c.nodes[c.leader()].driver.Propose(c.batch[:count])
	benchMust(refusal)
	c.deliver()
	c.proposed += uint64(count)
	for _, n := range c.nodes {
		if n.commands != c.proposed || n.sum != c.nodes[0].sum {
			panic("a node has not applied what was committed")
		}
	}
}

// elect pauses the leader until the others have elected another and have applied
// its first entry, and then lets it come back and catch up.
func (c *benchCluster) elect() {
	c.paused = c.leader()
	c.settle()
	c.paused = -1
	c.settle()
}

func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{3, 5} {
		for _, count := range []int{1, benchBurst} {
			b.Run(fmt.Sprintf("nodes=%d/burst=%d", size, count), func(b *testing.B) {
				c := newBenchCluster(b, size)
				b.ReportAllocs()
				for b.Loop() {
					c.commit(count)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/entry")
			})
		}
	}
}

func BenchmarkIdleMinute(b *testing.B) {
	c := newBenchCluster(b, 3)
	b.ReportAllocs()
	for b.Loop() {
		for end := c.now + raft.Instant(benchMinute); c.now < end; {
			c.wake(end)
		}
	}
}

func BenchmarkElection(b *testing.B) {
	c := newBenchCluster(b, 3)
	b.ReportAllocs()
	for b.Loop() {
		c.elect()
	}
}

// benchReception is what a node is given again and again, prepared anew for each
// time where it would otherwise mean something else.
type benchReception struct {
	name    string
	toLead  bool // to the leader; else to a follower
	kind    raft.MessageKind
	prepare func(*benchNode, *raft.Message, *raft.Payload)
}

// benchReceptions has each kind of message, with what it does to its receiver in
// its name: most kinds do their full work once only, and are late after that. The
// full work of replies is in BenchmarkCommit, BenchmarkIdleMinute and
// BenchmarkElection.
func benchReceptions() []benchReception {
	chunk := make([]byte, 1<<10)
	entries := []raft.Entry{{Data: make([]byte, benchCommand)}}
	snapshot := raft.Snapshot{Index: 1 << 20, Size: 1 << 12}
	round := uint64(0)
	nothing := func(*benchNode, *raft.Message, *raft.Payload) {}
	return []benchReception{
		{"PreVote/leader is alive", false, raft.PreVote, func(n *benchNode, m *raft.Message, _ *raft.Payload) {
			m.Term, m.Index, m.LogTerm = n.driver.Node().Term()+1, n.driver.Node().Last(), n.driver.Node().Term()
		}},
		{"PreVoteReply/late", false, raft.PreVoteReply, nothing},
		{"Vote/leader is alive", false, raft.Vote, func(n *benchNode, m *raft.Message, _ *raft.Payload) {
			m.Term, m.Index, m.LogTerm = n.driver.Node().Term()+1, n.driver.Node().Last(), n.driver.Node().Term()
		}},
		{"VoteReply/late", true, raft.VoteReply, nothing},
		{"Append/a new entry stored", false, raft.Append, func(n *benchNode, m *raft.Message, p *raft.Payload) {
			n.apply() // and compact now and then
			node := n.driver.Node()
			m.Index, m.LogTerm, m.EntryTerm = node.Last(), node.Term(), node.Term()
			m.Last, m.Commit, m.Bytes = m.Index+1, m.Index, benchCommand
			entries[0].Index, entries[0].Term = m.Last, m.Term
			p.Entries = entries
		}},
		{"Append/the commit index only", false, raft.Append, func(n *benchNode, m *raft.Message, _ *raft.Payload) {
			node := n.driver.Node()
			m.Index, m.LogTerm, m.Last, m.Commit = node.Last(), node.Term(), node.Last(), node.Last()
		}},
		{"AppendReply/known already", true, raft.AppendReply, func(n *benchNode, m *raft.Message, _ *raft.Payload) {
			m.Index = n.driver.Node().Last()
		}},
		{"Heartbeat/echoed", false, raft.Heartbeat, nothing},
		{"HeartbeatReply/known already", true, raft.HeartbeatReply, nothing},
		{"SnapshotChunk/a first KiB stored", false, raft.SnapshotChunk, func(n *benchNode, m *raft.Message, p *raft.Payload) {
			snapshot.Digest++ // another snapshot, so that this is its first chunk
			snapshot.Term = n.driver.Node().Term()
			configuration, index := n.driver.Node().Configuration()
			snapshot.Configuration, snapshot.ConfigurationIndex = *configuration, index
			m.Index, m.LogTerm, m.Bytes = snapshot.Index, snapshot.Term, uint32(len(chunk))
			p.Snapshot, p.Chunk = &snapshot, chunk
		}},
		{"SnapshotReply/late", true, raft.SnapshotReply, nothing},
		{"TimeoutNow/campaigns in a new term", false, raft.TimeoutNow, func(n *benchNode, m *raft.Message, _ *raft.Payload) {
			m.Term = n.driver.Node().Term() + 1
		}},
		{"ReadIndex/a new question", true, raft.ReadIndex, func(_ *benchNode, m *raft.Message, _ *raft.Payload) {
			round++
			m.Round = round
		}},
		{"ReadIndexReply/late", false, raft.ReadIndexReply, nothing},
		{"Fetch/an entry that is there", true, raft.Fetch, func(n *benchNode, m *raft.Message, _ *raft.Payload) {
			m.Index, m.LogTerm = n.driver.Node().Last(), m.Term
		}},
		{"FetchReply/late", false, raft.FetchReply, func(_ *benchNode, m *raft.Message, p *raft.Payload) {
			m.Index, m.LogTerm = 1, 1
			p.Entries = fetched[:]
		}},
	}
}

var fetched = [1]raft.Entry{{Index: 1, Term: 1}}

// BenchmarkReceive is Driver.Receive for each kind of message: the step itself,
// the writes it asks for, the steps that are due after it, and what the driver
// does to hand the answer to a transport that throws it away.
func BenchmarkReceive(b *testing.B) {
	for _, r := range benchReceptions() {
		b.Run(r.name, func(b *testing.B) {
			c := newBenchCluster(b, 3)
			leader := c.leader()
			from, to := leader, (leader+1)%3
			if r.toLead {
				from, to = to, from
			}
			n := c.nodes[to]
			n.deaf = true
			m := raft.Message{
				Kind: r.kind, Cluster: 1, Term: n.driver.Node().Term(),
				From: c.nodes[from].driver.Node().Self(), To: n.driver.Node().Self(),
			}
			var payload raft.Payload
			b.ReportAllocs()
			for b.Loop() {
				r.prepare(n, &m, &payload)
				benchMust(n.driver.Receive(&m, &payload))
			}
		})
	}
}

func TestTheSteadyStateAllocatesNothing(t *testing.T) {
	c := newBenchCluster(t, 3)
	for _, count := range []int{1, benchBurst} {
		perRun := testing.AllocsPerRun(2*benchCompact, func() { c.commit(count) })
		if perRun != 0 {
			t.Errorf("%v allocations for a commit of %d entries, until all nodes have applied them; want none", perRun, count)
		}
	}
	if c.nodes[0].cut == 0 {
		t.Error("the log was never compacted: that was not the steady state")
	}
}
