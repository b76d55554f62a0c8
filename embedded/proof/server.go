package proof

import (
	"github.com/driftless-raft/driftless/embedded"
	"github.com/driftless-raft/driftless/embedded/bank"
	"github.com/driftless-raft/driftless/embedded/wire"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/storage/memory"
)

// RunServer drives a whole server: a node of package embedded, alone in its cluster, and
// what comes of frames that others send it.
func RunServer(write func(string)) {
	report(write, "server", serverTrace())
}

// The server's ports are numbers, for the reason that stands at port.
type (
	serverPort      uint8 // clock, store, client, processor and task
	serverLink      uint8
	serverTransport uint8
	serverMachine   uint8
)

// serverFrame is as much as the capacities of a host need.
const serverFrame = 1024

// A serverState is all there is on the board.
type serverState struct {
	node     embedded.Node
	executor embedded.Executor
	output   embedded.Output
	store    memory.Blocks
	values   bank.Machine
	line     wire.Line
	now      raft.Instant
	until    raft.Instant // when the processor wants to be woken
	random   random
	trace    digest

	settings embedded.Settings
	ports    embedded.Ports
	memory   embedded.Memory
	backing  memory.Memory
	identity raft.Identity
	founding raft.Configuration
	status   embedded.Status
	applied  embedded.Applied
	ballot   raft.Message
	nothing  raft.Payload

	frame          [serverFrame]byte
	stuffed        [serverFrame + 8]byte
	unstuffed      [serverFrame]byte
	state          [bank.SnapshotBytesMax]byte
	snapshots      [2][bank.SnapshotBytesMax]byte
	requests       [4]embedded.RequestSlot
	slots          [8]embedded.AppliedSlot
	cells          [512]byte
	entries        [64]memory.EntrySlot
	bytes          [2048]byte
	configurations [8]memory.ConfigurationSlot
	command        [bank.CommandBytes]byte
	name           [bank.NameBytes]byte
}

var server serverState

// Now implements [raft.Clock].
func (serverPort) Now() raft.Instant { return server.now }

// Jitter implements [raft.Clock].
func (serverPort) Jitter(limit raft.Duration) raft.Duration {
	return raft.Duration(server.random.next()) % limit
}

// CountsSuspendedTime implements [raft.Clock].
func (serverPort) CountsSuspendedTime() bool { return true }

// Stored implements [raft.Storage].
func (serverPort) Stored(into *raft.Stored) { server.store.Stored(into) }

// Header implements [raft.Storage].
func (serverPort) Header(i raft.Index) (raft.Term, raft.EntryKind, uint32, bool) {
	return server.store.Header(i)
}

// Configuration implements [raft.Storage].
func (serverPort) Configuration(i raft.Index, into *raft.Configuration) bool {
	return server.store.Configuration(i, into)
}

// Entries implements [raft.Storage].
func (serverPort) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	return server.store.Entries(first, last, maxBytes, into)
}

// Chunk implements [raft.Storage].
func (serverPort) Chunk(offset uint64, length uint32) []byte {
	return server.store.Chunk(offset, length)
}

// Intact implements [raft.Storage].
func (serverPort) Intact(s *raft.Snapshot) bool { return server.store.Intact(s) }

// Room implements [raft.Storage].
func (serverPort) Room() raft.Room { return server.store.Room() }

// Write implements [raft.Storage].
func (serverPort) Write(w *raft.Write) { server.store.Write(w) }

// Durable implements [raft.Storage].
func (serverPort) Durable() (uint64, raft.Code) { return server.store.Durable() }

// TakeSnapshot implements [embedded.Store].
func (serverPort) TakeSnapshot(i raft.Index, state []byte, taken *raft.Snapshot) bool {
	return server.store.TakeSnapshot(i, state, taken)
}

// LoadSnapshot implements [embedded.Store].
func (serverPort) LoadSnapshot(into []byte) int { return copy(into, server.store.SnapshotBytes()) }

// Tidy implements [embedded.Store].
func (serverPort) Tidy() bool { return false }

// Answered implements [embedded.Client].
func (serverPort) Answered(a *embedded.Answer) {
	server.trace.add(uint64(a.Tag))
	server.trace.add(uint64(a.Outcome))
	server.trace.add(uint64(len(a.Reason.String())))
	server.trace.addFrame(a.Body)
}

// Mask implements [embedded.Processor].
func (serverPort) Mask() {}

// Unmask implements [embedded.Processor].
func (serverPort) Unmask() {}

// Wait implements [embedded.Processor].
func (serverPort) Wait(until raft.Instant) { server.until = until }

// Poll implements [embedded.Task].
func (serverPort) Poll(now raft.Instant) raft.Instant { return server.node.Poll(now) }

// Send implements [raft.Transport].
func (serverTransport) Send(m *raft.Message, payload *raft.Payload) { server.node.Send(m, payload) }

// Apply implements [statemachine.Machine].
func (serverMachine) Apply(i raft.Index, c []byte) []byte { return server.values.Apply(i, c) }

// Query implements [statemachine.Machine].
func (serverMachine) Query(q []byte) []byte { return server.values.Query(q) }

// SnapshotBytes implements [statemachine.Machine].
func (serverMachine) SnapshotBytes() int { return server.values.SnapshotBytes() }

// Save implements [statemachine.Machine].
func (serverMachine) Save(into []byte) int { return server.values.Save(into) }

// Load implements [statemachine.Machine].
func (serverMachine) Load(from []byte) statemachine.Damage { return server.values.Load(from) }

// Send implements [embedded.Link]: it takes what the server sends into the trace, once
// over a serial line.
func (serverLink) Send(to raft.ID, frame []byte) {
	s := &server
	s.trace.add(uint64(to))
	for _, b := range s.stuffed[:wire.PutLine(frame, s.stuffed[:])] {
		if arrived := s.line.Take(b); arrived != nil {
			s.trace.addFrame(arrived)
		}
	}
}

// serverTrace founds a cluster of one, uses it, restarts it, and makes it one of three,
// of whom the others are silent.
func serverTrace() digest {
	s := &server
	s.trace, s.random, s.now = newDigest, random(4), 0
	s.line.Buffer = s.unstuffed[:]
	s.backing = memory.Memory{Blocks: 4, Entries: s.entries[:], Bytes: s.bytes[:], Configurations: s.configurations[:]}
	s.backing.Snapshots[0], s.backing.Snapshots[1] = s.snapshots[0][:], s.snapshots[1][:]
	s.store.Format(&s.backing)
	s.identity.Cluster, s.identity.Self = 7, raft.Member{ID: 1, Incarnation: 9}
	s.founding = raft.Configuration{Voters: 1}
	s.founding.Members[0] = s.identity.Self
	s.begin()
	s.trace.add(uint64(s.node.Bootstrap(&s.identity, &s.founding).Code))
	s.trace.add(uint64(s.node.Join(&s.identity).Code))
	for round := range uint32(150) {
		s.serve(round)
		if round == 100 {
			s.begin()
		}
	}
	s.founding.Members[1], s.founding.Learners = raft.Member{ID: 2, Incarnation: 1}, 2
	s.node.Change(200, &s.founding)
	s.node.Transfer(201, s.founding.Members[1])
	s.node.Compact(202)
	s.pass()
	s.canvass()
	return s.trace
}

// begin is what the board's program does when power comes.
func (s *serverState) begin() {
	s.values = bank.Machine{}
	message, chunk := wire.Fit(serverFrame)
	s.settings.Settings = raft.Settings{
		ElectionTimeout: 500 * millisecond, Heartbeat: 100 * millisecond, MaxMessageBytes: message, ChunkBytes: chunk,
		MaxInflightBytes: 2 * message, MaxUncommittedBytes: 2 * message, Reserve: 20, LeaseReads: true, MaxClockErrorPPM: 100,
	}
	s.settings.Keep, s.output.Hold = 2, 100*millisecond
	s.ports = embedded.Ports{
		Clock: serverPort(0), Store: serverPort(0), Link: serverLink(0), Transport: serverTransport(0),
		Machine: serverMachine(0), Client: serverPort(0),
	}
	s.memory = embedded.Memory{Frame: s.frame[:], State: s.state[:], Requests: s.requests[:], Applied: s.slots[:], Bytes: s.cells[:]}
	if !s.node.Format(&s.settings, &s.ports, &s.memory) {
		s.trace.add(0)
	}
	s.executor.Format(serverPort(0))
	s.executor.Add(serverPort(0))
	s.trace.add(uint64(s.node.Start().Code))
}

// serve makes a few requests and lets time pass.
func (s *serverState) serve(round uint32) {
	r := s.random.next()
	s.name[0] = byte(r % 20)
	into, name := s.command[:], s.name[:1+r>>8%4]
	var length int
	switch r >> 16 % 4 {
	case 0:
		length = bank.PutRemove(into, name)
	case 1:
		length = bank.PutSwitch(into, uint8(r>>24%bank.Relays), r>>32&1 == 0)
	default:
		length = bank.PutSet(into, name, s.name[:r>>40%bank.NameBytes])
	}
	s.node.Propose(round, into[:length])
	s.node.Read(round, raft.ReadMode(r>>48%3), into[:bank.PutGet(into, name)])
	s.node.Read(round, raft.Stale, into[:bank.PutGetRelays(into)])
	s.pass()
	if s.output.May(&s.node) {
		s.trace.add(uint64(round))
	}
	s.look()
}

// pass lets the processor work, sleep, and be woken at its deadline.
func (s *serverState) pass() {
	s.executor.Wake(0)
	s.executor.Turn()
	s.executor.Turn()
	s.now = min(s.until, s.now+100*millisecond)
	s.executor.Turn()
}

// look takes the server's own view into the trace.
func (s *serverState) look() {
	s.node.Status(&s.status)
	s.trace.add(uint64(s.status.Role))
	s.trace.add(uint64(s.status.Applied))
	s.trace.add(uint64(s.status.First))
	for after := raft.Index(0); s.node.NextApplied(after, &s.applied); after = s.applied.Index {
		s.trace.addFrame(s.applied.Command)
		s.trace.addFrame(s.applied.Response)
	}
	s.trace.add(uint64(s.node.Counts().Snapshots))
	s.trace.add(uint64(s.executor.Polls(0).Due))
	s.trace.add(uint64(s.executor.Sleeps()))
}

// canvass has a stranger ask for a vote, in a frame and in one that is damaged.
func (s *serverState) canvass() {
	s.ballot = raft.Message{Kind: raft.PreVote, Cluster: 7, From: s.founding.Members[1], To: s.identity.Self, Term: 9}
	length := wire.Encode(&s.ballot, &s.nothing, s.stuffed[:])
	s.node.Receive(s.stuffed[:length])
	s.stuffed[20]++
	s.node.Receive(s.stuffed[:length])
	s.trace.add(uint64(s.node.Counts().Damaged))
	s.look()
}

// addFrame takes bytes into the hash, and how many there are.
func (d *digest) addFrame(b []byte) {
	d.add(uint64(len(b)))
	for _, one := range b {
		d.add(uint64(one))
	}
}
