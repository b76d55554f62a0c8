package memory

import (
	"slices"

	"github.com/driftless-raft/driftless/raft"
)

// Queue is a store whose writes can be read back at once, but are durable only
// when its owner completes them, in whatever order. A crash takes back the writes
// that were not durable, or some of them.
//
// Each write remembers, until it is durable, what it takes to undo it: a copy of
// the few numbers beside the log, and the entries it removed, which are moved and
// never copied. Buffers are used again, so that nothing is allocated once the
// store has been as full, and as far behind, as it gets.
type Queue struct {
	contents
	capacity raft.Room
	entries  []*record // the entry at an index is at index modulo capacity
	bytes    uint64    // of data in the log

	durable uint64
	failure raft.Code
	undos   []undo // that of a write is at its number modulo length
	listed  []uint64

	staged *image // being received
	taken  *image // put aside by TakeSnapshot

	spareRecords *record
	spareImages  []*image
}

// A record is an entry of the log, or a spare one, or one that a write removed.
type record struct {
	raft.Entry
	next *record
}

// An undo is what it takes to take a write back.
type undo struct {
	kind    raft.WriteKind
	done    bool
	before  contents
	removed *record
}

// NewQueue makes an empty store for a number of entries with a number of bytes of
// data.
func NewQueue(entries, bytes uint32) *Queue {
	assert(entries > 0, "there must be place for an entry")
	return &Queue{
		contents: contents{present: &image{}},
		capacity: raft.Room{Entries: entries, Bytes: bytes},
		entries:  make([]*record, entries),
		undos:    make([]undo, 16),
		staged:   &image{},
		taken:    &image{},
	}
}

// Complete makes a pending write complete; it is durable when all before it are
// complete as well. After a failure no completion is believed.
func (q *Queue) Complete(number uint64) {
	if q.failure != raft.OK {
		return
	}
	assert(q.durable < number && number <= q.written && !q.undo(number).done, "only a pending write can be completed")
	q.undo(number).done = true
	for q.durable < q.written && q.undo(q.durable+1).done {
		q.settle()
	}
}

// Pending are the numbers of the writes not yet completed, in order. The slice is
// valid until the next call.
func (q *Queue) Pending() []uint64 {
	q.listed = q.listed[:0]
	for number := q.durable + 1; number <= q.written; number++ {
		if !q.undo(number).done {
			q.listed = append(q.listed, number)
		}
	}
	return q.listed
}

// Fail is a failed sync: Durable returns the code from now on, until a crash. The
// writes that were pending may or may not have reached the disk.
func (q *Queue) Fail(code raft.Code) {
	assert(code != raft.OK, "a failure must have a code")
	q.failure = code
}

// Crash takes back all writes that are not durable. The next one follows the
// durable ones by number.
func (q *Queue) Crash() { q.CrashKeeping(q.durable) }

// CrashKeeping takes back all writes after a number from durable to written, for
// a disk may have got further than it has said. What is left is durable.
//
// A snapshot that was being taken or received is forgotten: it is no part of what
// a restart may rely on.
func (q *Queue) CrashKeeping(number uint64) {
	assert(q.durable <= number && number <= q.written, "a crash keeps all durable writes and makes up none")
	for q.written > number {
		q.takeBack()
	}
	for q.durable < q.written {
		q.settle()
	}
	q.failure = raft.OK
	q.staged.drop()
	q.taken.drop()
}

// Wipe empties the store, as a new disk is. The next write is number 1.
func (q *Queue) Wipe() {
	q.CrashKeeping(q.written)
	for index := q.base + 1; index <= q.last; index++ {
		q.recycle(q.remove(index))
	}
	q.present.drop()
	q.contents = contents{present: q.present}
	q.durable = 0
}

// TakeSnapshot puts aside the state after the entry at index and describes it for
// [raft.Driver.Compact]. It returns true: every state fits.
func (q *Queue) TakeSnapshot(index raft.Index, state []byte, taken *raft.Snapshot) bool {
	q.taken.drop()
	q.taken.grow(len(state))
	q.taken.take(index, state, taken)
	return true
}

// Write takes a write.
func (q *Queue) Write(w *raft.Write) {
	u := q.begin(w.Kind)
	q.admit(w)
	switch w.Kind {
	case raft.WriteIdentity:
		q.identity = w.Identity
		q.present = q.spareImage()
		q.present.describe(w.Snapshot)
	case raft.WriteHardState:
		q.hardState = w.HardState
	case raft.WriteTruncate:
		q.displace(u, w.Index, q.last)
		q.last = w.Index - 1
	case raft.WriteEntries:
		for i := range w.Entries {
			q.put(&w.Entries[i])
		}
	case raft.WriteSnapshot:
		q.replace(q.taken, w.Snapshot)
		q.taken = q.spareImage()
	case raft.WriteAdopt:
		q.replace(q.staged, w.Snapshot)
		q.staged = q.spareImage()
	case raft.WriteCompact:
		q.displace(u, q.base+1, w.Index)
		q.base, q.baseTerm = w.Index, w.Term
	case raft.WriteChunk:
		if w.Offset == 0 {
			q.staged.describe(w.Snapshot)
		}
		q.staged.grow(len(w.Chunk))
		q.staged.put(w.Offset, w.Chunk)
	case raft.WriteInstall:
		q.displace(u, q.base+1, q.last)
		q.replace(q.staged, w.Snapshot)
		q.staged = q.spareImage()
		q.reset(w.Snapshot.Index, w.Snapshot.Term)
	}
}

// Durable is the highest number up to which all writes are complete, and the code
// of a failure, or OK.
func (q *Queue) Durable() (uint64, raft.Code) { return q.durable, q.failure }

// Intact reports whether the received snapshot is complete and has the digest it
// should have.
func (q *Queue) Intact(s *raft.Snapshot) bool { return q.staged.intact(s) }

// Header returns the term, kind and data size of the entry at an index, and false
// where there is none.
func (q *Queue) Header(index raft.Index) (raft.Term, raft.EntryKind, uint32, bool) {
	if !q.holds(index) {
		return 0, 0, 0, false
	}
	r := *q.at(index)
	return r.Term, r.Kind, uint32(len(r.Data)), true
}

// Configuration fills in the ConfigurationChange at an index, and returns false
// where there is none.
func (q *Queue) Configuration(index raft.Index, into *raft.Configuration) bool {
	if !q.holds(index) || (*q.at(index)).Kind != raft.ConfigurationChange {
		return false
	}
	*into = *(*q.at(index)).Configuration
	return true
}

// Entries reads entries from first up to last.
func (q *Queue) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	var read batch
	last = min(last, q.last)
	for index := first; q.base < index && index <= last && read.count < len(into); index++ {
		r := *q.at(index)
		if !read.admits(r.Term, r.Kind, uint32(len(r.Data)), maxBytes) {
			break
		}
		e := &into[read.count-1]
		*e = r.Entry
		if e.Kind != raft.ConfigurationChange {
			e.Configuration = nil // what is there belongs to an entry before it
		}
	}
	return read.count
}

// Room is what still fits. What a write has removed makes room at once.
func (q *Queue) Room() raft.Room {
	return raft.Room{
		Entries: q.capacity.Entries - uint32(q.last-q.base),
		Bytes:   q.capacity.Bytes - uint32(q.bytes),
	}
}

// at is the place of the entry at an index.
func (q *Queue) at(index raft.Index) **record {
	return &q.entries[uint64(index)%uint64(len(q.entries))]
}

// undo is the place of a pending write's undo.
func (q *Queue) undo(number uint64) *undo { return &q.undos[number%uint64(len(q.undos))] }

// begin makes an undo for the next write.
func (q *Queue) begin(kind raft.WriteKind) *undo {
	if q.written-q.durable == uint64(len(q.undos)) {
		longer := make([]undo, 2*len(q.undos))
		for number := q.durable + 1; number <= q.written; number++ {
			longer[number%uint64(len(longer))] = *q.undo(number)
		}
		q.undos = longer
	}
	u := q.undo(q.written + 1)
	*u = undo{kind: kind, before: q.contents}
	return u
}

// settle makes the first write that is not durable durable, and what only its
// undo needed spare.
func (q *Queue) settle() {
	q.durable++
	u := q.undo(q.durable)
	for u.removed != nil {
		r := u.removed
		u.removed = r.next
		q.recycle(r)
	}
	if replaces(u.kind) {
		q.spareImages = append(q.spareImages, u.before.present)
	}
}

// takeBack undoes the last write.
func (q *Queue) takeBack() {
	u := q.undo(q.written)
	if u.kind == raft.WriteEntries {
		for index := u.before.last + 1; index <= q.last; index++ {
			q.recycle(q.remove(index))
		}
	}
	if replaces(u.kind) {
		q.spareImages = append(q.spareImages, q.present)
	}
	for u.removed != nil {
		r := u.removed
		u.removed = r.next
		q.insert(r)
	}
	q.contents = u.before
}

// replaces reports whether a kind of write puts another present image in place.
func replaces(kind raft.WriteKind) bool {
	return kind == raft.WriteIdentity || kind == raft.WriteSnapshot || kind == raft.WriteInstall || kind == raft.WriteAdopt
}

// put appends an entry.
func (q *Queue) put(e *raft.Entry) {
	room := q.Room()
	assert(room.Entries > 0, "there was no room for an entry")
	assert(uint64(len(e.Data)) <= uint64(room.Bytes), "there was no room for an entry's data")
	r := q.spareRecords
	if r == nil {
		r = &record{}
	} else {
		q.spareRecords = r.next
	}
	r.Index, r.Term, r.Kind, r.Data = e.Index, e.Term, e.Kind, append(r.Data[:0], e.Data...)
	if e.Kind == raft.ConfigurationChange {
		if r.Configuration == nil {
			r.Configuration = new(raft.Configuration)
		}
		*r.Configuration = *e.Configuration
	}
	q.last++
	q.insert(r)
}

// displace moves entries from the log to the undo of the write that removes them.
func (q *Queue) displace(u *undo, first, last raft.Index) {
	for index := first; index <= last; index++ {
		r := q.remove(index)
		r.next = u.removed
		u.removed = r
	}
}

// insert puts an entry in its place in the log.
func (q *Queue) insert(r *record) {
	*q.at(r.Index) = r
	q.bytes += uint64(len(r.Data))
}

// remove takes an entry from its place in the log.
func (q *Queue) remove(index raft.Index) *record {
	place := q.at(index)
	r := *place
	*place = nil
	q.bytes -= uint64(len(r.Data))
	return r
}

// recycle makes a record spare.
func (q *Queue) recycle(r *record) {
	r.next = q.spareRecords
	q.spareRecords = r
}

// spareImage returns an image without bytes.
func (q *Queue) spareImage() *image {
	n := len(q.spareImages)
	if n == 0 {
		return &image{}
	}
	m := q.spareImages[n-1]
	q.spareImages = q.spareImages[:n-1]
	m.drop()
	return m
}

// grow makes place for n more bytes of an image.
func (m *image) grow(n int) { m.bytes = slices.Grow(m.bytes, n) }
