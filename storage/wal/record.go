package wal

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
)

// checkpointRecord is the first record of a segment: what the store held when the
// segment began, so that the segments before can go. All other records are
// numbered writes, of the kinds that raft counts.
const checkpointRecord raft.WriteKind = 0x80

// contents is what the store holds beside the entries themselves: small, so that a
// copy of it can begin a segment.
type contents struct {
	identity     raft.Identity
	hardState    raft.HardState
	snapshot     raft.Snapshot
	snapshotFile uint64 // the number of its file, 0 if it has no bytes
	base         raft.Index
	baseTerm     raft.Term
	last         raft.Index
	written      uint64
}

// entryHeader is what is known of an entry though its body be lost.
type entryHeader struct {
	term     raft.Term
	kind     raft.EntryKind
	size     uint32
	checksum uint32 // of the body
}

var little = binary.LittleEndian

func putMember(to []byte, m raft.Member) []byte {
	to = little.AppendUint32(to, uint32(m.ID))
	return little.AppendUint32(to, m.Incarnation)
}

func putIdentity(to []byte, i *raft.Identity) []byte {
	return putMember(little.AppendUint64(to, i.Cluster), i.Self)
}

func putHardState(to []byte, h *raft.HardState) []byte {
	to = little.AppendUint64(to, uint64(h.Term))
	to = putMember(to, h.Vote)
	return little.AppendUint64(to, uint64(h.Commit))
}

// putConfiguration leaves out the free slots at the end.
func putConfiguration(to []byte, c *raft.Configuration) []byte {
	count := len(c.Members)
	for count > 0 && c.Members[count-1] == (raft.Member{}) {
		count--
	}
	to = append(to, uint8(count))
	for _, m := range c.Members[:count] {
		to = putMember(to, m)
	}
	to = little.AppendUint32(to, uint32(c.Voters))
	to = little.AppendUint32(to, uint32(c.Outgoing))
	return little.AppendUint32(to, uint32(c.Learners))
}

func putSnapshot(to []byte, s *raft.Snapshot, file uint64) []byte {
	to = little.AppendUint64(to, uint64(s.Index))
	to = little.AppendUint64(to, uint64(s.Term))
	to = little.AppendUint64(to, s.Digest)
	to = little.AppendUint64(to, s.Size)
	to = little.AppendUint64(to, uint64(s.ConfigurationIndex))
	to = putConfiguration(to, &s.Configuration)
	return little.AppendUint64(to, file)
}

func putEntry(to []byte, e *raft.Entry, checksum uint32) []byte {
	to = little.AppendUint64(to, uint64(e.Term))
	to = append(to, uint8(e.Kind))
	to = little.AppendUint32(to, uint32(len(e.Data)))
	to = little.AppendUint32(to, checksum)
	if e.Kind == raft.ConfigurationChange {
		to = putConfiguration(to, e.Configuration)
	}
	return to
}

// putCheckpoint begins a segment; end is where the batches of the one before end.
func putCheckpoint(to []byte, c *contents, end uint64) []byte {
	to = append(to, uint8(checkpointRecord))
	to = putIdentity(to, &c.identity)
	to = putHardState(to, &c.hardState)
	to = putSnapshot(to, &c.snapshot, c.snapshotFile)
	to = little.AppendUint64(to, uint64(c.base))
	to = little.AppendUint64(to, uint64(c.baseTerm))
	to = little.AppendUint64(to, uint64(c.last))
	to = little.AppendUint64(to, c.written)
	return little.AppendUint64(to, end)
}

// A reader takes records apart. Where there is less than it should take, it
// returns zeros and remembers.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if len(r.rest) < n {
		r.rest, r.short = nil, true
		return make([]byte, n)
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) byte() uint8       { return r.take(1)[0] }
func (r *reader) uint32() uint32    { return little.Uint32(r.take(4)) }
func (r *reader) uint64() uint64    { return little.Uint64(r.take(8)) }
func (r *reader) index() raft.Index { return raft.Index(r.uint64()) }
func (r *reader) term() raft.Term   { return raft.Term(r.uint64()) }

func (r *reader) member() raft.Member {
	return raft.Member{ID: raft.ID(r.uint32()), Incarnation: r.uint32()}
}

func (r *reader) identity() raft.Identity {
	return raft.Identity{Cluster: r.uint64(), Self: r.member()}
}

func (r *reader) hardState() raft.HardState {
	return raft.HardState{Term: r.term(), Vote: r.member(), Commit: r.index()}
}

func (r *reader) configuration() (c raft.Configuration) {
	count := int(r.byte())
	if count > len(c.Members) {
		r.short = true // of a build with more slots than this one
		return c
	}
	for i := range count {
		c.Members[i] = r.member()
	}
	c.Voters, c.Outgoing, c.Learners = raft.Slots(r.uint32()), raft.Slots(r.uint32()), raft.Slots(r.uint32())
	return c
}

func (r *reader) snapshot() (s raft.Snapshot, file uint64) {
	s.Index, s.Term = r.index(), r.term()
	s.Digest, s.Size = r.uint64(), r.uint64()
	s.ConfigurationIndex = r.index()
	s.Configuration = r.configuration()
	return s, r.uint64()
}

func (r *reader) entry() (e entryHeader, c raft.Configuration) {
	e.term, e.kind = r.term(), raft.EntryKind(r.byte())
	e.size, e.checksum = r.uint32(), r.uint32()
	if e.kind == raft.ConfigurationChange {
		c = r.configuration()
	}
	return e, c
}

func (r *reader) checkpoint() (c contents, end uint64) {
	c.identity, c.hardState = r.identity(), r.hardState()
	c.snapshot, c.snapshotFile = r.snapshot()
	c.base, c.baseTerm, c.last = r.index(), r.term(), r.index()
	c.written = r.uint64()
	return c, r.uint64()
}

// A record is a numbered write, or a checkpoint, as it was read back.
type record struct {
	raft.Write
	file       uint64 // of Snapshot
	checkpoint contents
	end        uint64 // of the segment before a checkpoint's

	// Of the entries that a write appended from Index on, or of the one it repaired.
	entries        []entryHeader
	configurations []raft.Configuration // of those that bring one
}

// parse takes the first record off and returns the rest, or false if it is none.
func (w *record) parse(from []byte) ([]byte, bool) {
	r := reader{rest: from}
	*w = record{}
	w.Kind = raft.WriteKind(r.byte())
	switch w.Kind {
	case checkpointRecord:
		w.checkpoint, w.end = r.checkpoint()
	case raft.WriteIdentity:
		w.Identity = r.identity()
		w.snapshot(&r)
	case raft.WriteHardState:
		w.HardState = r.hardState()
	case raft.WriteTruncate:
		w.Index = r.index()
	case raft.WriteCompact:
		w.Index, w.Term = r.index(), r.term()
	case raft.WriteSnapshot, raft.WriteInstall, raft.WriteAdopt:
		w.snapshot(&r)
	case raft.WriteEntries:
		w.Index = r.index()
		w.appended(&r, r.uint32())
	case raft.WriteRepair:
		w.Index = r.index()
		w.appended(&r, 1)
	case raft.WriteChunk:
	default:
		r.short = true
	}
	return r.rest, !r.short
}

func (w *record) snapshot(r *reader) {
	s, file := r.snapshot()
	w.Snapshot, w.file = &s, file
}

func (w *record) appended(r *reader, count uint32) {
	for range count {
		e, c := r.entry()
		if r.short {
			return
		}
		w.entries = append(w.entries, e)
		if e.kind == raft.ConfigurationChange {
			w.configurations = append(w.configurations, c)
		}
	}
}
