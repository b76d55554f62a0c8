package wal

import "github.com/driftless-raft/driftless/raft"

// Log is a durable store of one node. It implements [raft.Storage]. [Open] makes
// one; it must not be copied.
type Log struct {
	contents
	options  Options
	files    Files
	executor Executor

	slots          slots
	configurations []configuration // of the entries that bring one, in order

	submitted uint64 // the number of the last operation
	durable   uint64 // the number of the last durable write
	failure   raft.Code
	cause     error

	batches
	segments
	images
	marking  chore
	founding bool  // the marker is being written, or is there
	mending  chore // of what recovery found spoilt

	listed []byte // what the last Entries has read
	piece  []byte // what the last Chunk has read
}

// A configuration is one that an entry brought.
type configuration struct {
	index raft.Index
	raft.Configuration
}

// Stored fills in what the store holds, durable or not.
func (l *Log) Stored(into *raft.Stored) {
	into.Identity = l.identity
	into.HardState = l.hardState
	into.Snapshot = l.snapshot
	into.Base, into.BaseTerm, into.Last = l.base, l.baseTerm, l.last
	into.Written = l.written
}

// Durable is the number of the last write that will survive a crash, with all
// before it, and raft.OK; or raft.StorageFailed for good once an operation has
// failed: what the disk then holds is known only after a restart, see [Log.Cause].
func (l *Log) Durable() (uint64, raft.Code) { return l.durable, l.failure }

// Cause is what made the store fail, nil as long as it has not.
func (l *Log) Cause() error { return l.cause }

// Header returns the term, kind and data size of the entry at an index, and false
// where there is none.
func (l *Log) Header(index raft.Index) (raft.Term, raft.EntryKind, uint32, bool) {
	if !l.slots.holds(index) {
		return 0, 0, 0, false
	}
	s := l.slots.at(index)
	return s.term, s.kind, s.size, true
}

// Configuration fills in the ConfigurationChange at an index, and returns false
// where there is none.
func (l *Log) Configuration(index raft.Index, into *raft.Configuration) bool {
	c := l.configurationAt(index)
	if c == nil {
		return false
	}
	*into = *c
	return true
}

func (l *Log) configurationAt(index raft.Index) *raft.Configuration {
	for i := len(l.configurations) - 1; i >= 0; i-- {
		if l.configurations[i].index == index {
			return &l.configurations[i].Configuration
		}
	}
	return nil
}

// Room is what still fits: the options' Entries and Bytes without what the log
// holds, and in one write no more bytes than a segment takes. When no space can be
// reserved for another segment, nothing fits, until a compaction has freed some.
func (l *Log) Room() raft.Room {
	room := raft.Room{Damaged: l.slots.hole}
	if l.full || l.failure != raft.OK {
		return room
	}
	room.Entries = l.options.Entries - min(l.options.Entries, uint32(l.last-l.base))
	room.Bytes = l.options.Bytes - uint32(min(uint64(l.options.Bytes), l.slots.bytes))
	room.Bytes = min(room.Bytes, l.options.SegmentBytes-segmentOverhead)
	return room
}

// Write takes a write. It becomes durable some time after the next [Log.Flush].
func (l *Log) Write(w *raft.Write) {
	assert(w.Number == l.written+1, "the numbers of writes must be consecutive")
	objection := l.objection(w)
	assert(objection == "", objection)
	b := l.batchFor(w)
	b.records++
	b.head = append(b.head, uint8(w.Kind))
	switch w.Kind {
	case raft.WriteIdentity:
		b.head = putIdentity(b.head, &w.Identity)
		b.head = putSnapshot(b.head, w.Snapshot, 0)
		b.founds = true
		l.change(w, 0)
		l.replacePresent(nil)
	case raft.WriteHardState:
		b.head = putHardState(b.head, &w.HardState)
		l.change(w, 0)
	case raft.WriteTruncate:
		b.head = little.AppendUint64(b.head, uint64(w.Index))
		l.change(w, 0)
	case raft.WriteEntries:
		l.append(b, w.Entries)
	case raft.WriteCompact:
		b.head = little.AppendUint64(b.head, uint64(w.Index))
		b.head = little.AppendUint64(b.head, uint64(w.Term))
		l.change(w, 0)
	case raft.WriteSnapshot:
		l.publish(b, w, &l.taken)
	case raft.WriteInstall, raft.WriteAdopt:
		l.publish(b, w, &l.received)
	case raft.WriteChunk:
		l.receive(w)
	case raft.WriteRepair:
		l.repair(b, &w.Entries[0])
	}
	l.written = w.Number
	b.last = w.Number
}

// objection is why a write can't be, or empty. A correct driver gives no reason; a
// record that passes its checksum does neither.
func (l *Log) objection(w *raft.Write) string {
	switch w.Kind {
	case raft.WriteIdentity:
		if l.identity != (raft.Identity{}) || l.last != 0 || l.snapshot.Index != 0 {
			return "only an empty store can be given an identity"
		}
	case raft.WriteTruncate:
		if w.Index <= max(l.base, l.snapshot.Index) || w.Index > l.last+1 {
			return "a truncation must be within the log and above the snapshot"
		}
	case raft.WriteEntries:
		return l.objectionTo(w.Entries)
	case raft.WriteCompact:
		if w.Index <= l.base || w.Index > l.last || w.Index > l.snapshot.Index {
			return "a compaction must be within the log and the snapshot"
		}
	case raft.WriteHardState, raft.WriteSnapshot, raft.WriteChunk, raft.WriteInstall, raft.WriteAdopt, raft.WriteRepair:
	default:
		return "a write must be of a known kind"
	}
	return ""
}

// objectionTo is why entries can't be appended.
func (l *Log) objectionTo(entries []raft.Entry) string {
	bytes, heads := uint64(0), uint64(0)
	for i := range entries {
		if entries[i].Index != l.last+1+raft.Index(i) {
			return "entries must follow the last one without a gap"
		}
		bytes += uint64(len(entries[i].Data))
		heads += entryBytes
		if entries[i].Kind == raft.ConfigurationChange {
			heads += configurationBytes
		}
	}
	switch {
	case uint64(l.last-l.base)+uint64(len(entries)) > uint64(l.options.Entries):
		return "there was no room for an entry"
	case l.slots.bytes+bytes > uint64(l.options.Bytes):
		return "there was no room for an entry's data"
	case layout(segmentHeadBytes+heads, bytes, blockBytesMax) > uint64(l.options.SegmentBytes):
		return "a write must fit in a segment"
	}
	return ""
}

// change makes a write's change to all but entries that are added and bytes that
// are stored.
func (l *Log) change(w *raft.Write, file uint64) {
	switch w.Kind {
	case raft.WriteIdentity:
		l.identity = w.Identity
		l.snapshot, l.snapshotFile = *w.Snapshot, 0
	case raft.WriteHardState:
		l.hardState = w.HardState
	case raft.WriteTruncate:
		l.last = w.Index - 1
		l.slots.truncate(l.last)
	case raft.WriteCompact:
		l.base, l.baseTerm = w.Index, w.Term
		l.slots.compact(l.base)
	case raft.WriteSnapshot, raft.WriteAdopt:
		l.snapshot, l.snapshotFile = *w.Snapshot, file
	case raft.WriteInstall:
		l.snapshot, l.snapshotFile = *w.Snapshot, file
		l.base, l.baseTerm, l.last = w.Snapshot.Index, w.Snapshot.Term, w.Snapshot.Index
		l.slots.restart(l.last)
	}
	l.forgetConfigurations()
}

// forgetConfigurations drops those of entries that are gone.
func (l *Log) forgetConfigurations() {
	kept := l.configurations[:0]
	for i := range l.configurations {
		if index := l.configurations[i].index; l.base < index && index <= l.last {
			kept = append(kept, l.configurations[i])
		}
	}
	l.configurations = kept
}

// append adds entries to the log and to a batch.
func (l *Log) append(b *batch, entries []raft.Entry) {
	b.head = little.AppendUint64(b.head, uint64(l.last+1))
	b.head = little.AppendUint32(b.head, uint32(len(entries)))
	for i := range entries {
		e := &entries[i]
		h := entryHeader{term: e.Term, kind: e.Kind, size: uint32(len(e.Data)), checksum: checksum(e.Data)}
		b.head = putEntry(b.head, e, h.checksum)
		s := slot{entryHeader: h, offset: uint32(len(b.bodies)), batch: b.sequence}
		b.bodies = append(b.bodies, e.Data...)
		l.push(s, e.Configuration)
	}
	if len(entries) > 0 {
		b.low, b.high = min(b.low, entries[0].Index), max(b.high, l.last)
	}
}

// push adds an entry to the log.
func (l *Log) push(s slot, c *raft.Configuration) {
	l.last++
	l.slots.push(s)
	if s.kind == raft.ConfigurationChange {
		l.configurations = append(l.configurations, configuration{l.last, *c})
	}
}

// repair puts a body back that was lost. It is written anew, at the end of the log:
// what is durable is never written over, so that a crash can't make a repair worse
// than the damage.
func (l *Log) repair(b *batch, e *raft.Entry) {
	b.head = little.AppendUint64(b.head, uint64(e.Index))
	b.head = putEntry(b.head, &raft.Entry{Term: e.Term, Data: e.Data}, checksum(e.Data))
	offset := uint32(len(b.bodies))
	b.bodies = append(b.bodies, e.Data...)
	if !l.mends(e.Index, e.Term, uint32(len(e.Data)), checksum(e.Data)) {
		return
	}
	s := l.slots.at(e.Index)
	s.segment, s.offset, s.batch = 0, offset, b.sequence
	l.slots.found(e.Index)
	b.low, b.high = min(b.low, e.Index), max(b.high, e.Index)
}

// mends reports whether a body is the lost one of an entry.
func (l *Log) mends(index raft.Index, term raft.Term, size, checksum uint32) bool {
	if !l.slots.holds(index) {
		return false
	}
	s := l.slots.at(index)
	return s.lost && s.term == term && s.size == size && s.checksum == checksum
}

// assert stops the program when a caller has broken the contract of
// [raft.Storage].
func assert(holds bool, otherwise string) {
	if !holds {
		panic(otherwise)
	}
}
