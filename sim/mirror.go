package sim

import "github.com/driftless-raft/driftless/raft"

// A mark is what the oracles know of one entry: its term, and the hash of the
// chain of entries that ends with it.
type mark struct {
	term raft.Term
	hash uint64
}

// A mirror is a log as the oracles see it, computed from the bytes that went into
// a store. Marks stand at their index; those up to base are of compacted entries,
// of which only the last one's counts.
type mirror struct {
	hard     raft.HardState
	snapshot raft.Index
	base     raft.Index
	last     raft.Index
	marks    []mark
}

func (m *mirror) reset() {
	m.hard, m.snapshot, m.base, m.last = raft.HardState{}, 0, 0, 0
	m.marks = append(m.marks[:0], mark{})
}

// at is the mark at an index from base to last.
func (m *mirror) at(index raft.Index) mark { return m.marks[index] }

// holds reports whether there is a mark at an index.
func (m *mirror) holds(index raft.Index) bool { return m.base <= index && index <= m.last }

// put appends a mark.
func (m *mirror) put(k mark) {
	m.last++
	m.set(m.last, k)
}

func (m *mirror) set(index raft.Index, k mark) {
	if index > tableMax {
		panic("an index that makes no sense")
	}
	for raft.Index(len(m.marks)) <= index {
		m.marks = append(m.marks, mark{})
	}
	m.marks[index] = k
}

// install begins the log anew after an index.
func (m *mirror) install(index raft.Index, k mark) {
	m.base, m.last = index, index
	m.set(index, k)
}

// copyFrom makes the mirror equal to another.
func (m *mirror) copyFrom(other *mirror) {
	m.hard, m.snapshot, m.base, m.last = other.hard, other.snapshot, other.base, other.last
	m.marks = append(m.marks[:0], other.marks[:other.last+1]...)
}

// A change is a write that is not yet durable.
type change struct {
	number   uint64
	kind     raft.WriteKind
	hard     raft.HardState
	index    raft.Index
	snapshot raft.Index // that it makes the store's
	count    int        // of entries, whose marks stand in the disk's queue
	mark     mark
}

// apply makes the change to a mirror; marks are those of its entries.
func (c *change) apply(m *mirror, marks []mark) {
	switch c.kind {
	case raft.WriteHardState:
		m.hard = c.hard
	case raft.WriteTruncate:
		m.last = min(m.last, c.index-1)
	case raft.WriteEntries:
		for _, k := range marks {
			m.put(k)
		}
	case raft.WriteCompact:
		m.base = min(m.last, c.index)
	case raft.WriteInstall:
		m.install(c.index, c.mark)
		m.snapshot = c.snapshot
	case raft.WriteSnapshot, raft.WriteAdopt:
		m.snapshot = c.snapshot
	case raft.WriteIdentity, raft.WriteChunk, raft.WriteRepair:
	}
}

// hashEntry is the hash of the chain that an entry extends.
func hashEntry(before uint64, e *raft.Entry) uint64 {
	hash := mix(before, uint64(e.Term)<<8|uint64(e.Kind))
	if e.Kind == raft.ConfigurationChange && e.Configuration != nil {
		return hashConfiguration(hash, e.Configuration)
	}
	return mixBytes(hash, e.Data)
}

func hashConfiguration(hash uint64, c *raft.Configuration) uint64 {
	hash = mix(hash, uint64(c.Voters)|uint64(c.Outgoing)<<16|uint64(c.Learners)<<32)
	for rest := c.Voters | c.Outgoing | c.Learners; rest != 0; rest &= rest - 1 {
		member := c.Members[slotOf(rest)]
		hash = mix(hash, uint64(member.ID)<<32|uint64(member.Incarnation))
	}
	return hash
}
