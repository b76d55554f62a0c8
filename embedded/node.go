package embedded

import (
	"github.com/driftless-raft/driftless/embedded/wire"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// A Store is what a node keeps its log and its snapshots in.
type Store interface {
	raft.Storage
	// TakeSnapshot puts aside the state after the entry at index and describes it for
	// [raft.Driver.Compact], which must follow at once. It returns false if the state
	// can't be kept.
	TakeSnapshot(index raft.Index, state []byte, taken *raft.Snapshot) bool
	// LoadSnapshot reads the present snapshot and returns its length, or 0 if it does
	// not fit or is damaged.
	LoadSnapshot(into []byte) int
	// Tidy does one piece of what can be done ahead of need, such as an erase, and
	// returns whether more of that is left.
	Tidy() bool
}

// A Link carries frames to peers. It may lose, duplicate, reorder and delay them, and
// keeps no frame after Send has returned.
type Link interface {
	Send(to raft.ID, frame []byte)
}

// An Observer sees every step of a node's core, and when that has started: a journal.
// It must change nothing.
type Observer interface {
	raft.Observer
	Started(*raft.Node)
}

// Ports are what a node acts through. TinyGo describes every type that is put into an
// interface in flash, with all types in it: on a board these should be numbers or empty
// structs, with methods that use variables of the package.
type Ports struct {
	Clock raft.Clock
	Store Store
	Link  Link
	// Transport is the node itself or, on a board, somebody small whose Send calls
	// [Node.Send].
	Transport raft.Transport
	// Machine is in its first state whenever the node starts.
	Machine statemachine.Machine
	Client  Client
	// Observer may be nil.
	Observer Observer
}

// Memory is what a node works in. It belongs to the node from then on.
type Memory struct {
	// Frame is for a frame that is sent. Its length is the most that a frame has: see
	// [wire.Fit].
	Frame []byte
	// State is for a snapshot of the machine, of the longest there can be.
	State []byte
	// Requests has a slot for each proposal and read that waits for its answer.
	Requests []RequestSlot
	// Applied has a slot for each of the entries that were applied last, as far as they
	// are remembered: at least one.
	Applied []AppliedSlot
	// Bytes are divided evenly among these, each for a command and the response to it.
	Bytes []byte
}

// Settings are chosen when a node is built.
type Settings struct {
	raft.Settings
	// Keep is how many entries stay in the log when a snapshot is taken because the log
	// fills up, for peers that lag a little behind.
	Keep raft.Index
}

// A Node is one server of the cluster: the core with its driver, a state machine, and
// the requests of clients that wait. Nothing in it decides what the core should decide.
// It is not safe for concurrent use: one task owns it. Format it before anything else,
// and do not copy it.
type Node struct {
	driver   raft.Driver
	ports    Ports
	memory   Memory
	settings Settings

	running    bool
	refusal    raft.Refusal // of the last start
	unreadable bool         // a snapshot that had to be loaded was none
	applied    raft.Index
	snapshotAt raft.Instant // no snapshot because the log fills up before
	cell       int          // bytes for each applied entry that is remembered
	counts     Counts

	// Variables of methods, too large for the stack or passed on to ports.
	frame  wire.Frame
	batch  [raft.MaxBatch]raft.Entry
	stored raft.Stored
	taken  raft.Snapshot
	answer Answer
}

// Counts is what has happened since Format, modulo 2³².
type Counts struct {
	Received  uint32 // frames that held a message
	Damaged   uint32 // frames that did not
	Refused   uint32 // messages that the core refused
	Sent      uint32 // frames
	Unsent    uint32 // messages that fitted into no frame
	Applied   uint32 // entries
	Snapshots uint32 // taken
	Loads     uint32 // of snapshots into the machine
}

// Format makes a node that has not started. It returns false if there is no memory for
// a frame, or for an applied entry.
func (n *Node) Format(settings *Settings, ports *Ports, memory *Memory) bool {
	if len(memory.Frame) == 0 || len(memory.Applied) == 0 {
		return false
	}
	n.settings, n.ports, n.memory = *settings, *ports, *memory
	n.running, n.unreadable = false, false
	n.refusal = raft.Refusal{Code: raft.EmptyStore}
	n.cell = len(memory.Bytes) / len(memory.Applied)
	n.counts = Counts{}
	n.forget()
	return true
}

// Start starts the node on what its store holds. It refuses as [raft.Driver.Start]
// does, and with BadSettings if not every message would fit into a frame. A node that
// has not started takes no part and refuses all requests.
func (n *Node) Start() raft.Refusal {
	n.running, n.unreadable = false, false
	n.snapshotAt = 0
	n.forget()
	message, chunk := wire.Fit(uint32(min(len(n.memory.Frame), 1<<16)))
	if n.settings.MaxMessageBytes > message || n.settings.ChunkBytes > chunk {
		n.refusal = raft.Refusal{Code: raft.BadSettings}
		return n.refusal
	}
	n.refusal = n.driver.Start(&n.settings.Settings, n.ports.Clock, n.ports.Store, n.ports.Transport)
	if n.refusal.Code != raft.OK {
		return n.refusal
	}
	if n.ports.Observer != nil {
		n.driver.Observe(n.ports.Observer)
		n.ports.Observer.Started(n.driver.Node())
	}
	n.running = true
	n.settle()
	return n.refusal
}

// forget is what a start does not remember.
func (n *Node) forget() {
	n.applied = 0
	for i := range n.memory.Requests {
		n.memory.Requests[i].kind = free
	}
	n.forgetApplied()
}

// Bootstrap makes the empty store a founding member's and starts: see
// [raft.Driver.Bootstrap]. It is one explicit act, and can't happen twice: a store that
// belongs to somebody is refused with NotEmpty, and an empty one never votes.
func (n *Node) Bootstrap(identity *raft.Identity, c *raft.Configuration) raft.Refusal {
	if n.running {
		return n.belongs()
	}
	if refusal := n.driver.Bootstrap(n.ports.Store, identity, c); refusal.Code != raft.OK {
		return refusal
	}
	return n.Start()
}

// Join makes the empty store that of a new member, which the cluster is going to add,
// and starts: see [raft.Driver.Join].
func (n *Node) Join(identity *raft.Identity) raft.Refusal {
	if n.running {
		return n.belongs()
	}
	if refusal := n.driver.Join(n.ports.Store, identity); refusal.Code != raft.OK {
		return refusal
	}
	return n.Start()
}

// belongs refuses to give the store to somebody else.
func (n *Node) belongs() raft.Refusal {
	return raft.Refusal{Code: raft.NotEmpty, Node: n.driver.Node().Self().ID}
}

// Receive takes a frame that came over the link. Bytes that are no frame are counted,
// and else ignored.
func (n *Node) Receive(frame []byte) {
	if !n.running {
		return
	}
	if n.frame.Decode(frame) != wire.Intact {
		n.counts.Damaged++
		return
	}
	n.counts.Received++
	if refusal := n.driver.Receive(&n.frame.Message, &n.frame.Payload); refusal.Code != raft.OK {
		n.counts.Refused++
	}
	n.settle()
}

// Send implements [raft.Transport].
func (n *Node) Send(m *raft.Message, payload *raft.Payload) {
	size := wire.Encode(m, payload, n.memory.Frame)
	if size == 0 {
		n.counts.Unsent++ // the driver takes it for lost
		return
	}
	n.counts.Sent++
	n.ports.Link.Send(m.To.ID, n.memory.Frame[:size])
}

// Poll implements [Task]: it does what has become due. A node must be polled after
// whatever else was done to it, since that may have changed its deadline.
func (n *Node) Poll(now raft.Instant) raft.Instant {
	if !n.running {
		return Never
	}
	n.driver.Wake()
	n.settle()
	deadline := n.driver.Deadline()
	if deadline > now && n.ports.Store.Tidy() {
		return now
	}
	return deadline
}

// settle does what follows every call of the driver.
func (n *Node) settle() {
	n.apply()
	n.makeRoom()
	n.apply()
	n.answerAll()
}

// Status is how a node sees itself and its cluster.
type Status struct {
	Identity raft.Identity
	// Reason is why the node takes no part; OK if it does.
	Reason  Reason
	Role    raft.Role
	Term    raft.Term
	Leader  raft.Member // of the term, as far as known
	First   raft.Index  // the first index still in the log: the one after the last compacted
	Last    raft.Index
	Commit  raft.Index
	Applied raft.Index
	// Configuration is the newest in the log, and must not be changed.
	Configuration *raft.Configuration
	// Settled: that is committed, and not joint.
	Settled bool
}

// Status fills in how the node sees itself.
func (n *Node) Status(into *Status) {
	n.ports.Store.Stored(&n.stored)
	core := n.driver.Node()
	configuration, index := core.Configuration()
	*into = Status{Identity: n.stored.Identity, Reason: n.reason(), Role: raft.Stopped, Configuration: configuration}
	if n.running {
		into.Role, into.Term, into.Leader = core.Role(), core.Term(), core.Leader()
		into.First, into.Last, into.Commit, into.Applied = n.stored.Base+1, core.Last(), core.Commit(), n.applied
		into.Settled = index <= core.Commit() && configuration.Outgoing == 0
	}
}

// reason is why the node takes no part, or OK.
func (n *Node) reason() Reason {
	switch {
	case n.unreadable:
		return SnapshotUnreadable
	case n.refusal.Code != raft.OK:
		return Reason(n.refusal.Code)
	}
	return Reason(n.driver.Node().Stopped())
}

// Counts is what has happened since Format.
func (n *Node) Counts() *Counts { return &n.counts }
