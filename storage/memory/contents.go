package memory

import "github.com/driftless-raft/driftless/raft"

// contents is what both stores hold beside the entries themselves. It is small,
// so that a copy of it is how a write is undone.
type contents struct {
	identity  raft.Identity
	hardState raft.HardState
	present   *image
	base      raft.Index
	baseTerm  raft.Term
	last      raft.Index
	written   uint64
}

// Stored fills in what the store holds, durable or not.
func (c *contents) Stored(into *raft.Stored) {
	into.Identity = c.identity
	into.HardState = c.hardState
	into.Snapshot = c.present.snapshot
	into.Base, into.BaseTerm, into.Last = c.base, c.baseTerm, c.last
	into.Written = c.written
}

// Chunk returns up to length bytes of the present snapshot at offset.
func (c *contents) Chunk(offset uint64, length uint32) []byte {
	held := c.present.bytes
	from := min(offset, uint64(len(held)))
	to := from + min(uint64(length), uint64(len(held))-from)
	return held[from:to:to]
}

// SnapshotBytes are the bytes of the present snapshot.
func (c *contents) SnapshotBytes() []byte { return c.present.bytes }

// holds reports whether there is an entry at an index.
func (c *contents) holds(index raft.Index) bool { return c.base < index && index <= c.last }

// admit checks what every write must satisfy and takes its number.
func (c *contents) admit(w *raft.Write) {
	assert(w.Number == c.written+1, "the numbers of writes must be consecutive")
	switch w.Kind {
	case raft.WriteIdentity:
		assert(c.identity == raft.Identity{} && c.last == 0 && c.present.snapshot.Index == 0, "only an empty store can be given an identity")
	case raft.WriteTruncate:
		assert(max(c.base, c.present.snapshot.Index) < w.Index && w.Index <= c.last+1, "a truncation must be within the log and above the snapshot")
	case raft.WriteEntries:
		for i := range w.Entries {
			assert(w.Entries[i].Index == c.last+1+raft.Index(i), "entries must follow the last one without a gap")
		}
	case raft.WriteCompact:
		assert(c.holds(w.Index) && w.Index <= c.present.snapshot.Index, "a compaction must be within the log and the snapshot")
	case raft.WriteHardState, raft.WriteSnapshot, raft.WriteChunk, raft.WriteInstall, raft.WriteAdopt, raft.WriteRepair:
	default:
		assert(false, "a write must be of a known kind")
	}
	c.written = w.Number
}

// replace makes a snapshot that lay aside the present one.
func (c *contents) replace(aside *image, s *raft.Snapshot) {
	assert(aside.is(s), "a snapshot must be taken or received before it can be the store's")
	aside.snapshot = *s
	c.present = aside
}

// reset begins the log anew after an index.
func (c *contents) reset(base raft.Index, term raft.Term) {
	c.base, c.baseTerm, c.last = base, term, base
}

// An image is a snapshot with as many of its bytes as have come. The zero image
// is of no snapshot.
type image struct {
	snapshot raft.Snapshot
	bytes    []byte
}

// describe begins an image of which no bytes have come yet.
func (m *image) describe(s *raft.Snapshot) {
	m.snapshot = *s
	m.bytes = m.bytes[:0]
}

// drop forgets the image but keeps its memory.
func (m *image) drop() {
	m.snapshot = raft.Snapshot{}
	m.bytes = m.bytes[:0]
}

// put stores a chunk within the capacity of bytes. One that would leave a gap, or
// does not fit, is left out: the image stays incomplete, and whoever asks whether
// it is intact learns so.
func (m *image) put(offset uint64, chunk []byte) {
	if offset > uint64(len(m.bytes)) || uint64(len(chunk)) > uint64(cap(m.bytes))-offset {
		return
	}
	m.bytes = m.bytes[:offset+uint64(len(chunk))]
	copy(m.bytes[offset:], chunk)
}

// take makes the image one of a state at an index, and describes it.
func (m *image) take(index raft.Index, state []byte, taken *raft.Snapshot) {
	m.drop()
	m.snapshot.Index = index
	m.put(0, state)
	m.snapshot.Digest, m.snapshot.Size = digest(m.bytes), uint64(len(m.bytes))
	*taken = m.snapshot
}

// is reports whether this is the whole of a snapshot, by its description.
func (m *image) is(s *raft.Snapshot) bool {
	return m.snapshot.Index == s.Index && m.snapshot.Digest == s.Digest &&
		m.snapshot.Size == s.Size && uint64(len(m.bytes)) == s.Size
}

// intact reports whether this is the whole of a snapshot, down to its bytes.
func (m *image) intact(s *raft.Snapshot) bool { return m.is(s) && digest(m.bytes) == s.Digest }

// digest is the 64-bit FNV-1a hash. It finds accidents, not forgeries.
func digest(bytes []byte) uint64 {
	hash := uint64(14695981039346656037)
	for _, b := range bytes {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	return hash
}

// A batch is how far a read of entries has come.
type batch struct {
	count  int
	bytes  uint64
	term   raft.Term
	closed bool
}

// admits takes one more entry into the batch, or reports that it ends before:
// a reader wants entries of one term, the bytes it has asked for but at least one
// entry, and a configuration only as the last.
func (b *batch) admits(term raft.Term, kind raft.EntryKind, size, maxBytes uint32) bool {
	bytes := b.bytes + uint64(size)
	if b.count > 0 && (b.closed || term != b.term || bytes > uint64(maxBytes)) {
		return false
	}
	b.count++
	b.bytes, b.term, b.closed = bytes, term, kind == raft.ConfigurationChange
	return true
}

// assert stops the program when a caller has broken the contract of
// [raft.Storage].
func assert(holds bool, otherwise string) {
	if !holds {
		panic(otherwise)
	}
}
