package wal

import (
	"fmt"

	"github.com/driftless-raft/driftless/raft"
)

// An image is a snapshot with its file: one that was taken here, or comes from the
// leader, or is the store's. Its bytes are in the file, or, as long as they are not
// known to be there, in pieces.
type image struct {
	snapshot raft.Snapshot
	number   uint64 // of its file
	arrived  uint64 // bytes
	digest   uint64 // of them
	pieces   []piece
	chore    chore // makes it durable and gives it its name
	named    bool
	durable  bool
	err      error // there was no space for it

	vetted  uint64 // of the bytes that were read, so many follow one another from 0 on
	vetting uint64 // and this is their digest

	retired   bool   // it is no longer the store's
	retiredBy uint64 // the batch that replaces it, 0 if it never was the store's
}

// A piece is bytes that an operation under way writes.
type piece struct {
	operation uint64
	offset    uint64
	bytes     []byte
}

// images are the snapshots that a log has to do with.
type images struct {
	all      []*image
	present  *image // the store's, nil if it has no bytes
	taken    *image // put aside by TakeSnapshot
	received *image // being received
	lastFile uint64 // the highest number of a file that is no segment
	pool     [][]byte
}

func (l *Log) newFile() uint64 {
	l.lastFile++
	return l.lastFile
}

func (m *image) file() File {
	if m.named {
		return File{SnapshotFile, m.number}
	}
	return File{TemporaryFile, m.number}
}

// beginImage begins an image in a temporary file.
func (l *Log) beginImage(s *raft.Snapshot) *image {
	m := &image{snapshot: *s, number: l.newFile(), digest: digestBasis}
	l.all = append(l.all, m)
	number := l.submit(Operation{Kind: Create, File: m.file()})
	m.pieces = append(m.pieces, piece{operation: number})
	return m
}

// add adds bytes at the end of an image.
func (l *Log) add(m *image, bytes []byte) {
	var kept []byte
	if n := len(l.pool); n > 0 {
		kept, l.pool = l.pool[n-1], l.pool[:n-1]
	}
	kept = append(kept[:0], bytes...)
	number := l.submit(Operation{Kind: Write, File: m.file(), Offset: m.arrived, Bytes: kept})
	m.pieces = append(m.pieces, piece{number, m.arrived, kept})
	m.digest = digest(m.digest, bytes)
	m.arrived += uint64(len(bytes))
}

// complete makes an image durable.
func (l *Log) complete(m *image) {
	l.begin(&m.chore,
		Operation{Kind: Sync, File: m.file()},
		Operation{Kind: Rename, File: m.file(), Target: File{SnapshotFile, m.number}},
		Operation{Kind: SyncDirectory})
}

// TakeSnapshot puts aside the state after the entry at index and describes it for
// [raft.Driver.Compact]. It returns true: what fits, the disk will say. A log goes
// on while a snapshot is written, but no further than the write that makes it the
// store's: a server waits for [Log.Taken] before it calls Compact.
func (l *Log) TakeSnapshot(index raft.Index, state []byte, taken *raft.Snapshot) bool {
	l.abandon(l.taken)
	l.taken = l.beginImage(&raft.Snapshot{Index: index, Size: uint64(len(state))})
	l.add(l.taken, state)
	l.taken.snapshot.Digest = l.taken.digest
	*taken = l.taken.snapshot
	l.complete(l.taken)
	return true
}

// Taken reports whether the snapshot that was put aside is durable, or what keeps
// it from being so: there was no space, and another one is to be taken later.
func (l *Log) Taken() (bool, error) {
	if l.taken == nil {
		return false, nil
	}
	return l.taken.durable, l.taken.err
}

// receive stores a chunk of a snapshot from the leader. One that would leave a gap
// is left out, and one that goes back has the whole of it begun anew: the image
// stays incomplete, and whoever asks whether it is intact learns so.
func (l *Log) receive(w *raft.Write) {
	if w.Offset == 0 {
		l.abandon(l.received)
		l.received = l.beginImage(w.Snapshot)
	}
	if m := l.received; m != nil && m.arrived == w.Offset && w.Offset+uint64(len(w.Chunk)) <= m.snapshot.Size {
		l.add(m, w.Chunk)
	} else {
		l.abandon(m)
		l.received = nil
	}
}

// is reports whether this is the whole of a snapshot, down to its bytes.
func (m *image) is(s *raft.Snapshot) bool {
	return m != nil && m.snapshot.Index == s.Index && m.snapshot.Digest == s.Digest &&
		m.snapshot.Size == s.Size && m.arrived == s.Size && m.digest == s.Digest
}

// Intact reports whether the received snapshot is complete and has the digest it
// should have.
func (l *Log) Intact(s *raft.Snapshot) bool { return l.received.is(s) && l.received.err == nil }

// publish makes an image the store's by a batch, which waits until the image is
// durable.
func (l *Log) publish(b *batch, w *raft.Write, from **image) {
	m := *from
	assert(m.is(w.Snapshot), "a snapshot must be taken or received before it can be the store's")
	*from = nil
	if !m.chore.begun() {
		l.complete(m)
	}
	m.snapshot = *w.Snapshot
	b.gate = m
	b.head = putSnapshot(b.head, w.Snapshot, m.number)
	l.change(w, m.number)
	l.replacePresent(m)
}

// replacePresent makes an image the store's, or none.
func (l *Log) replacePresent(m *image) {
	if before := l.present; before != nil {
		before.retired, before.retiredBy = true, l.newest
	}
	l.present = m
}

// abandon gives up an image that never was the store's.
func (l *Log) abandon(m *image) {
	if m != nil {
		m.retired = true
		m.chore.stop()
		l.sweepRetired()
	}
}

// sweepRetired removes the files of images that nothing needs.
func (l *Log) sweepRetired() {
	kept := l.all[:0]
	for _, m := range l.all {
		if m.retired && m.retiredBy <= l.sweepImages && m.chore.idle() && len(m.pieces) == 0 {
			l.unwanted = append(l.unwanted, m.file())
			continue
		}
		kept = append(kept, m)
	}
	clear(l.all[len(kept):])
	l.all = kept
}

// stored takes in that an operation on an image has been carried out.
func (l *Log) stored(number uint64, err error) {
	for _, m := range l.all {
		if number == m.chore.waiting && !m.chore.idle() {
			l.published(m, err)
			return
		}
		for i := range m.pieces {
			if m.pieces[i].operation != number {
				continue
			}
			switch kind := Write; {
			case outOfSpace(err):
				m.err = &OperationError{kind, m.file(), err}
			case err != nil:
				l.fail(&OperationError{kind, m.file(), err})
			}
			if m.pieces[i].bytes != nil {
				l.pool = append(l.pool, m.pieces[i].bytes)
			}
			m.pieces = m.pieces[:i+copy(m.pieces[i:], m.pieces[i+1:])]
			l.sweepRetired()
			return
		}
	}
	assert(false, "an operation was completed that is not under way")
}

// published takes in how a step of making an image durable went.
func (l *Log) published(m *image, err error) {
	last := m.chore.last()
	if outOfSpace(err) {
		m.err = &OperationError{last.Kind, last.File, err}
		m.chore.stop()
		m.chore.waiting = 0
		l.sweepRetired()
		return
	}
	if err == nil && last.Kind == Rename {
		m.named = true
	}
	l.proceed(&m.chore, err)
	m.durable = m.chore.finished() && last.Kind == SyncDirectory && m.err == nil
	l.sweepRetired()
}

// Chunk returns up to length bytes of the present snapshot at offset, or none where
// they can't be read. They are valid until the next call. Their digest is checked by
// [Open], by whoever receives them, and whenever all of them have been read: a
// snapshot that has rotted would be sent, and refused, for ever. Then the store
// fails, as it does where they can't be read.
func (l *Log) Chunk(offset uint64, length uint32) []byte {
	if l.present == nil || l.failure != raft.OK {
		return nil
	}
	bytes, read := l.chunk(offset, length)
	damage := l.present.vet(bytes, offset)
	if !read {
		damage = l.present.damage("bytes that can't be read")
	}
	if damage != nil {
		l.fail(damage)
		return nil
	}
	return bytes
}

// vet follows what is read of an image, and says when it has rotted.
func (m *image) vet(bytes []byte, offset uint64) *DamageError {
	s := &m.snapshot
	switch {
	case offset > m.vetted || offset+uint64(len(bytes)) <= m.vetted:
		return nil
	case m.vetted == 0:
		m.vetting = digestBasis
	}
	m.vetting = digest(m.vetting, bytes[m.vetted-offset:])
	m.vetted = offset + uint64(len(bytes))
	if m.vetted < s.Size {
		return nil
	}
	m.vetted = 0
	if m.vetting != s.Digest {
		return m.damage(fmt.Sprintf("digest %016x", m.vetting))
	}
	return nil
}

// damage says that an image is not what it should be.
func (m *image) damage(found string) *DamageError {
	return &DamageError{m.file(), 0, fmt.Sprintf("bytes of digest %016x, the snapshot at index %d", m.snapshot.Digest, m.snapshot.Index), found}
}

// chunk returns bytes of the present snapshot, and whether they could be read.
func (l *Log) chunk(offset uint64, length uint32) ([]byte, bool) {
	size := l.present.snapshot.Size
	from := min(offset, size)
	count := min(uint64(length), size-from)
	if uint64(cap(l.piece)) < count {
		l.piece = make([]byte, count)
	}
	into := l.piece[:count]
	return into, l.present.read(l.files, into, from)
}

// read reads bytes of an image: from the file, and over that from the pieces that
// may not be there yet, which are the last ones. It reports whether all of them could
// be read.
func (m *image) read(files Files, into []byte, offset uint64) bool {
	n, err := files.ReadAt(m.file(), into, offset)
	if err != nil && !m.named && n == 0 {
		n, err = files.ReadAt(File{SnapshotFile, m.number}, into, offset)
	}
	whole := err == nil || len(into) == 0
	for i := range m.pieces {
		p := &m.pieces[i]
		whole = whole || p.bytes != nil && p.offset <= offset+uint64(n)
		from, to := max(offset, p.offset), min(offset+uint64(len(into)), p.offset+uint64(len(p.bytes)))
		if from < to {
			copy(into[from-offset:to-offset], p.bytes[from-p.offset:])
		}
	}
	return whole
}

// digest continues a 64-bit FNV-1a hash over more bytes: that of storage/memory, for
// snapshots travel between the stores. It finds accidents, not forgeries.
func digest(hash uint64, bytes []byte) uint64 {
	for _, b := range bytes {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	return hash
}

const digestBasis uint64 = 14695981039346656037
