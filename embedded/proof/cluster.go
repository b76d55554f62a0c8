package proof

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

// A cluster of three boards in one program: the real core and driver over
// in-memory stores, with a network that is a ring of packets and a clock that
// jumps to whatever happens next. Everything is static.
const (
	boards      = 3
	packets     = 16
	commandSize = 16
	stateSize   = 16
	millisecond = 1_000_000
)

// port is a board's ports, by its number. TinyGo describes each type that is put
// into an interface, and all types in it, in flash: of *board or *memory.Blocks
// that would take 10 KB, of a number it takes a few bytes.
type port uint8

// board is one server with its ports, its state machine and its store's memory.
type board struct {
	driver raft.Driver
	store  memory.Blocks
	random random
	cut    bool // from the others
	steps  digest

	applied raft.Index
	state   digest

	entries        [64]memory.EntrySlot
	bytes          [2048]byte
	configurations [8]memory.ConfigurationSlot
	snapshots      [2][stateSize]byte
	backing        memory.Memory
}

// packet is a message on its way, with copies of all that its payload points to.
type packet struct {
	message       raft.Message
	entries       [raft.MaxBatch]raft.Entry
	data          [raft.MaxBatch][commandSize]byte
	configuration raft.Configuration // of the last entry, which alone may have one
	snapshot      raft.Snapshot
	chunk         [stateSize]byte
}

var (
	nodes   [boards]board
	network [packets]packet
	sent    uint32 // packets sent and delivered, ever
	arrived uint32
	now     raft.Instant
	trace   digest
	payload raft.Payload
	batch   [raft.MaxBatch]raft.Entry
	command [raft.MaxBatch][commandSize]byte
	founded raft.Configuration
	wanted  raft.Configuration
	taken   raft.Snapshot
)

var settings = raft.Settings{
	ElectionTimeout: 300 * millisecond, Heartbeat: 50 * millisecond,
	MaxMessageBytes: 256, MaxInflightBytes: 512, MaxUncommittedBytes: 512, ChunkBytes: 7,
	Reserve: 16, LeaseReads: true, MaxClockErrorPPM: 500,
}

// Now implements [raft.Clock].
func (port) Now() raft.Instant { return now }

// Jitter implements [raft.Clock].
func (p port) Jitter(limit raft.Duration) raft.Duration {
	return raft.Duration(nodes[p].random.next()) % limit
}

// CountsSuspendedTime implements [raft.Clock].
func (port) CountsSuspendedTime() bool { return true }

// Stored implements [raft.Storage] by the board's store.
func (p port) Stored(into *raft.Stored) { nodes[p].store.Stored(into) }

// Header implements [raft.Storage] by the board's store.
func (p port) Header(i raft.Index) (raft.Term, raft.EntryKind, uint32, bool) {
	return nodes[p].store.Header(i)
}

// Configuration implements [raft.Storage] by the board's store.
func (p port) Configuration(i raft.Index, into *raft.Configuration) bool {
	return nodes[p].store.Configuration(i, into)
}

// Entries implements [raft.Storage] by the board's store.
func (p port) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	return nodes[p].store.Entries(first, last, maxBytes, into)
}

// Chunk implements [raft.Storage] by the board's store.
func (p port) Chunk(offset uint64, length uint32) []byte { return nodes[p].store.Chunk(offset, length) }

// Intact implements [raft.Storage] by the board's store.
func (p port) Intact(s *raft.Snapshot) bool { return nodes[p].store.Intact(s) }

// Room implements [raft.Storage] by the board's store.
func (p port) Room() raft.Room { return nodes[p].store.Room() }

// Write implements [raft.Storage] by the board's store.
func (p port) Write(w *raft.Write) { nodes[p].store.Write(w) }

// Durable implements [raft.Storage] by the board's store.
func (p port) Durable() (uint64, raft.Code) { return nodes[p].store.Durable() }

// Stepped hashes what every step is given and wants done.
func (p port) Stepped(at raft.Instant, in *raft.Input, out *raft.Effects) {
	b := &nodes[p]
	b.steps.add(uint64(at))
	b.steps.add(uint64(in.Kind))
	b.steps.add(out.FirstWrite)
	b.steps.add(uint64(out.AppendLast))
	b.steps.add(uint64(out.Refusal.Code))
	for i := int32(0); i < out.Count; i++ {
		b.steps.addMessage(&out.Messages[i])
	}
}

func (d *digest) addMessage(m *raft.Message) {
	d.add(uint64(m.Kind))
	d.add(uint64(m.To.ID))
	d.add(uint64(m.Term))
	d.add(uint64(m.Index))
	d.add(uint64(m.LogTerm))
	d.add(uint64(m.Last))
	d.add(uint64(m.Commit))
	d.add(m.Round)
	d.add(m.Offset)
	d.add(m.After)
}

// Send copies a message into the network; it is lost if the ring is full or one
// of the two boards is cut off.
func (p port) Send(m *raft.Message, carried *raft.Payload) {
	if sent-arrived == packets || nodes[p].cut || nodes[m.To.ID-1].cut {
		return
	}
	to := &network[sent%packets]
	sent++
	to.message = *m
	for i := range carried.Entries {
		e := &carried.Entries[i]
		to.entries[i] = raft.Entry{Index: e.Index, Term: e.Term, Kind: e.Kind}
		to.entries[i].Data = to.data[i][:copy(to.data[i][:], e.Data)]
		if e.Configuration != nil {
			to.configuration = *e.Configuration
			to.entries[i].Configuration = &to.configuration
		}
	}
	if carried.Snapshot != nil {
		to.snapshot = *carried.Snapshot
		copy(to.chunk[:], carried.Chunk)
	}
}

// deliver hands over the oldest packet, and says whether there was one.
func deliver() bool {
	if arrived == sent {
		return false
	}
	p := &network[arrived%packets]
	m := &p.message
	payload = raft.Payload{}
	switch m.Kind {
	case raft.Append:
		payload.Entries = p.entries[:m.Last-m.Index]
	case raft.SnapshotChunk:
		payload.Snapshot, payload.Chunk = &p.snapshot, p.chunk[:m.Bytes]
	}
	trace.addMessage(m)
	to := &nodes[m.To.ID-1]
	if !to.cut {
		refused(to.driver.Receive(m, &payload))
	}
	arrived++
	return true
}

// refused takes a refusal into the trace.
func refused(r raft.Refusal) {
	trace.add(uint64(r.Code))
	trace.add(uint64(r.Node))
}

// run lets the boards go on for some milliseconds of their time.
func run(ms raft.Instant) {
	end := now + ms*millisecond
	for now < end {
		for deliver() {
			applyAll()
		}
		next := end
		for i := range nodes {
			next = min(next, nodes[i].driver.Deadline())
		}
		now = max(now, next)
		for i := range nodes {
			nodes[i].driver.Wake()
		}
		applyAll()
	}
}

func applyAll() {
	for i := range nodes {
		for nodes[i].apply() {
		}
		if nodes[i].driver.WantsSnapshot() {
			nodes[i].compact()
		}
	}
}

// apply feeds the state machine, which is a hash of all commands.
func (b *board) apply() bool {
	count, load := b.driver.Next(batch[:])
	if load != nil {
		image := b.store.SnapshotBytes()
		b.state = 0
		for i := 7; i >= 0; i-- {
			b.state = b.state<<8 | digest(image[i])
		}
		b.applied = load.Index
		b.driver.Applied(b.applied)
		return true
	}
	for i := range count {
		for _, v := range batch[i].Data {
			b.state = (b.state ^ digest(v)) * 1099511628211
		}
		b.applied = batch[i].Index
	}
	b.driver.Applied(b.applied)
	return count > 0
}

// compact takes a snapshot and lets the log go.
func (b *board) compact() {
	var image [stateSize]byte
	for i := range 8 {
		image[i] = byte(b.state >> (8 * i))
	}
	if b.store.TakeSnapshot(b.applied, image[:], &taken) {
		refused(b.driver.Compact(&taken, b.applied))
	}
}

// leader is the board that leads in the highest term; the first one if none does.
func leader() *board {
	best := &nodes[0]
	for i := range nodes {
		n, b := nodes[i].driver.Node(), best.driver.Node()
		if n.Role() == raft.Leader && (b.Role() != raft.Leader || n.Term() > b.Term()) {
			best = &nodes[i]
		}
	}
	return best
}

// propose has some commands replicated and takes their fate into the trace.
func propose(count int, seed uint64) {
	r := random(seed)
	for i := range count {
		for k := range command[i] {
			command[i][k] = byte(r.next())
		}
		batch[i] = raft.Entry{Data: command[i][:]}
	}
	b := leader()
	first, term, refusal := b.driver.Propose(batch[:count])
	refused(refusal)
	run(20)
	trace.add(uint64(first))
	trace.add(uint64(b.driver.Node().Fate(first, term)))
}

// start founds the cluster, or restarts a board from its store.
func (b *board) start(id raft.ID) {
	b.applied, b.state = 0, 0
	p := port(id - 1)
	refused(b.driver.Start(&settings, p, p, p))
	b.driver.Observe(p)
	trace.add(uint64(id))
}
