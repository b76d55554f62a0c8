package memory

import "github.com/driftless-raft/driftless/raft"

// An EntrySlot is the memory that [Blocks] needs for one entry, beside its data.
type EntrySlot struct {
	term raft.Term
	at   uint64 // where its data begins, counted since the blocks were erased
	size uint32
	kind raft.EntryKind
}

// A ConfigurationSlot is the memory that [Blocks] needs for one configuration in
// the log.
type ConfigurationSlot struct {
	index         raft.Index // zero if the slot is free
	configuration raft.Configuration
}

// Memory is what a [Blocks] works in. A program without a heap declares the
// arrays as variables.
type Memory struct {
	// Blocks is how many erase blocks Entries and Bytes are cut into. The
	// lengths of both must be multiples of it.
	Blocks uint32
	// Entries has a slot for each entry of the log.
	Entries []EntrySlot
	// Bytes are for the data of all entries. A log that keeps n bytes between
	// snapshots always has room for Settings.MaxMessageBytes more if there are
	// n bytes, twice that, and a block; see [Blocks.Room].
	Bytes []byte
	// Configurations has a slot for each ConfigurationChange in the log: at
	// least two, for a change brings a joint configuration and its successor.
	Configurations []ConfigurationSlot
	// Snapshots are for the bytes of the present snapshot and of one that is
	// being taken or received. The smaller one bounds a snapshot's size.
	Snapshots [2][]byte
}

// Blocks is a log in erase blocks, each with place for a number of entries and a
// number of bytes. Appending fills block after block, in a circle; a compaction
// frees whole blocks only. A truncation rewrites the block it cuts, so the space
// of what it removes is free at once. A log that is empty has all its blocks
// erased.
//
// An entry's data may begin in one block and end in the next, but lies in one
// piece: where it does not fit before the end of Memory.Bytes, it goes to their
// start.
//
// Every write is durable at once. Blocks must be given memory with Format before
// anything else, and must not be copied.
type Blocks struct {
	contents
	memory Memory
	images [2]image
	aside  *image     // a snapshot being taken or received
	origin raft.Index // the first slot's is the entry after it
	end    uint64     // where the next data begins, counted as EntrySlot.at

	// What follows from the above, kept so that no access needs a division.
	firstSlot uint64 // of the entry after base
	cutSlots  uint64 // of whole blocks before it, counted from origin
	begin     uint64 // of the block in which the first data begins, counted as end
	turn      uint64 // the start of the area, at or before begin, counted as end
	vouching  uint64 // entries that the free configuration slots vouch for
}

// Format makes an empty store in the given memory.
func (b *Blocks) Format(m *Memory) {
	blocks := uint64(m.Blocks)
	assert(blocks > 0, "there must be a block")
	assert(len(m.Entries) > 0 && uint64(len(m.Entries))%blocks == 0, "every block must have place for the same number of entries")
	assert(len(m.Bytes) > 0 && uint64(len(m.Bytes))%blocks == 0, "every block must have place for the same number of bytes")
	assert(uint64(len(m.Entries)) < 1<<32 && uint64(len(m.Bytes)) < 1<<32, "room must be countable in 32 bits")
	assert(len(m.Configurations) >= 2, "there must be place for two configurations")
	b.memory = *m
	size := min(len(m.Snapshots[0]), len(m.Snapshots[1]))
	b.memory.Snapshots[0] = m.Snapshots[0][:size:size]
	b.memory.Snapshots[1] = m.Snapshots[1][:size:size]
	b.Wipe()
}

// Wipe empties the store, as a new board's is. The next write is number 1.
func (b *Blocks) Wipe() {
	b.images[0].bytes, b.images[1].bytes = b.memory.Snapshots[0], b.memory.Snapshots[1]
	b.images[0].drop()
	b.images[1].drop()
	b.aside = &b.images[1]
	b.contents = contents{present: &b.images[0]}
	b.tidy()
}

// Crash forgets what no restart may rely on: a snapshot that was being taken or
// received. All else is durable.
func (b *Blocks) Crash() { b.aside.drop() }

// TakeSnapshot puts aside the state after the entry at index and describes it for
// [raft.Driver.Compact], which must follow at once. It returns false if the state
// does not fit. There is one place for this and for a snapshot being received,
// which is given up: the leader will send it again.
func (b *Blocks) TakeSnapshot(index raft.Index, state []byte, taken *raft.Snapshot) bool {
	if len(state) > cap(b.aside.bytes) {
		return false
	}
	b.aside.take(index, state, taken)
	return true
}

// Write takes a write.
func (b *Blocks) Write(w *raft.Write) {
	b.admit(w)
	switch w.Kind {
	case raft.WriteIdentity:
		b.identity = w.Identity
		b.present.describe(w.Snapshot)
	case raft.WriteHardState:
		b.hardState = w.HardState
	case raft.WriteTruncate:
		b.last = w.Index - 1
		b.tidy()
	case raft.WriteEntries:
		for i := range w.Entries {
			b.put(&w.Entries[i])
		}
	case raft.WriteSnapshot, raft.WriteAdopt:
		b.adopt(w.Snapshot)
	case raft.WriteCompact:
		b.base, b.baseTerm = w.Index, w.Term
		b.tidy()
	case raft.WriteChunk:
		if w.Offset == 0 {
			b.aside.describe(w.Snapshot)
		}
		b.aside.put(w.Offset, w.Chunk)
	case raft.WriteInstall:
		b.adopt(w.Snapshot)
		b.reset(w.Snapshot.Index, w.Snapshot.Term)
		b.tidy()
	}
}

// Durable is the number of the last write.
func (b *Blocks) Durable() (uint64, raft.Code) { return b.written, raft.OK }

// Intact reports whether the received snapshot is complete and has the digest it
// should have.
func (b *Blocks) Intact(s *raft.Snapshot) bool { return b.aside.intact(s) }

// Header returns the term, kind and data size of the entry at an index, and false
// where there is none.
func (b *Blocks) Header(index raft.Index) (raft.Term, raft.EntryKind, uint32, bool) {
	if !b.holds(index) {
		return 0, 0, 0, false
	}
	slot := b.slot(index)
	return slot.term, slot.kind, slot.size, true
}

// Configuration fills in the ConfigurationChange at an index, and returns false
// where there is none.
func (b *Blocks) Configuration(index raft.Index, into *raft.Configuration) bool {
	slot := b.configuration(index)
	if index == 0 || slot == nil {
		return false
	}
	*into = slot.configuration
	return true
}

// Entries reads entries from first up to last.
func (b *Blocks) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	var read batch
	last = min(last, b.last)
	for index := first; b.base < index && index <= last && read.count < len(into); index++ {
		slot := b.slot(index)
		if !read.admits(slot.term, slot.kind, slot.size, maxBytes) {
			break
		}
		e := &into[read.count-1]
		e.Index, e.Term, e.Kind = index, slot.term, slot.kind
		e.Data, e.Configuration = b.data(slot), nil
		if slot.kind == raft.ConfigurationChange {
			e.Configuration = &b.configuration(index).configuration
		}
	}
	return read.count
}

// Room is what still fits. Data lies in one piece, so Bytes is the longer of the
// two free pieces, before the end and after the start of Memory.Bytes. Every free
// configuration slot vouches for its share of Entries, so that a log with many
// configuration changes fills up step by step; an Append brings one at most.
func (b *Blocks) Room() raft.Room {
	high, low := b.gaps()
	return raft.Room{
		Entries: uint32(min(uint64(len(b.memory.Entries))-b.usedSlots(), b.vouching)),
		Bytes:   uint32(max(high, low)),
	}
}

// slot is where the entry at an index is, or will be.
func (b *Blocks) slot(index raft.Index) *EntrySlot {
	at := b.firstSlot + uint64(index-b.base-1)
	if at >= uint64(len(b.memory.Entries)) {
		at -= uint64(len(b.memory.Entries))
	}
	return &b.memory.Entries[at]
}

// configuration is the slot of the configuration at an index; of index 0, a free
// one. It is nil where there is none.
func (b *Blocks) configuration(index raft.Index) *ConfigurationSlot {
	for i := range b.memory.Configurations {
		if slot := &b.memory.Configurations[i]; slot.index == index {
			return slot
		}
	}
	return nil
}

// data is an entry's data.
func (b *Blocks) data(slot *EntrySlot) []byte {
	from := b.place(slot.at)
	to := from + uint64(slot.size)
	return b.memory.Bytes[from:to:to]
}

// place is where in the byte area a count of bytes leads to.
func (b *Blocks) place(at uint64) uint64 {
	at -= b.turn
	if at >= uint64(len(b.memory.Bytes)) {
		at -= uint64(len(b.memory.Bytes))
	}
	return at
}

// usedSlots is how many entry slots are taken: those of entries, and those of
// compacted entries in the block where the log now begins.
func (b *Blocks) usedSlots() uint64 {
	return uint64(b.last-b.origin) - b.cutSlots
}

// gaps are the sizes of the free pieces of the byte area: the one that begins
// where the last data ended, and the one at the start of the area if the first
// reaches to its end.
func (b *Blocks) gaps() (high, low uint64) {
	size := uint64(len(b.memory.Bytes))
	used := b.end - b.begin
	high = min(size-used, size-b.place(b.end))
	return high, size - used - high
}

// put appends an entry.
func (b *Blocks) put(e *raft.Entry) {
	size := uint64(len(e.Data))
	high, low := b.gaps()
	if size > high {
		assert(size <= low, "there was no room for an entry's data")
		b.end += high // the end of the area stays unused
	}
	assert(b.usedSlots() < uint64(len(b.memory.Entries)), "there was no room for an entry")
	b.last++
	slot := b.slot(b.last)
	slot.term, slot.kind, slot.size, slot.at = e.Term, e.Kind, uint32(size), b.end
	copy(b.data(slot), e.Data)
	b.end += size
	if e.Kind == raft.ConfigurationChange {
		place := b.configuration(0)
		assert(place != nil, "there was no room for a configuration")
		place.index, place.configuration = e.Index, *e.Configuration
		b.vouch()
	}
}

// adopt makes the snapshot that lies aside the present one.
func (b *Blocks) adopt(s *raft.Snapshot) {
	before := b.present
	b.replace(b.aside, s)
	b.aside = before
	b.aside.drop()
}

// tidy frees what entries took that are no longer in the log.
func (b *Blocks) tidy() {
	for i := range b.memory.Configurations {
		if slot := &b.memory.Configurations[i]; !b.holds(slot.index) {
			slot.index = 0
		}
	}
	b.vouch()
	if b.base == b.last {
		b.origin, b.end = b.base, 0
		b.firstSlot, b.cutSlots, b.begin, b.turn = 0, 0, 0, 0
		return
	}
	blocks := uint64(b.memory.Blocks)
	slots, size := uint64(len(b.memory.Entries)), uint64(len(b.memory.Bytes))
	compacted := uint64(b.base - b.origin)
	b.firstSlot, b.cutSlots = compacted%slots, compacted-compacted%(slots/blocks)
	begin := b.slot(b.base + 1).at
	b.begin, b.turn = begin-begin%(size/blocks), begin-begin%size
	slot := b.slot(b.last)
	b.end = slot.at + uint64(slot.size)
}

// vouch counts the entries that the free configuration slots vouch for.
func (b *Blocks) vouch() {
	share := max(1, uint64(len(b.memory.Entries)/len(b.memory.Configurations)))
	b.vouching = 0
	for i := range b.memory.Configurations {
		if b.memory.Configurations[i].index == 0 {
			b.vouching += share
		}
	}
}
