package wal

import "github.com/driftless-raft/driftless/raft"

// Bounds of what is in a header, in bytes.
const (
	entryBytes         = 17                     // of an entry's header
	configurationBytes = 13 + 8*raft.MaxMembers // of a configuration
	// segmentHeadBytes is the most that a header has before its entries': the fixed
	// part, a checkpoint, and the start of one record.
	segmentHeadBytes = fixedBytes + 256 + configurationBytes
	// segmentOverhead is the most that one write of raft.MaxBatch entries takes
	// beside their bodies, in a segment of its own.
	segmentOverhead = 3 * blockBytesMax

	headBytesMax = 1 << 14 // of the records in one batch, about
)

// A batch is what one sync makes durable: writes in their order, as records, and
// the bodies that they bring.
type batch struct {
	sequence uint64 // of the batches of this life, from 1
	head     []byte // its records
	bodies   []byte
	records  uint32
	seals    bool // it has no records: it only says that what is before is durable
	before   contents
	last     uint64     // the number of its last write
	low      raft.Index // it may bring the bodies of the entries from low to high
	high     raft.Index
	origin   uint32 // where its bodies begin in the segment, once it is placed
	gate     *image // that must be durable first
	founds   bool   // the marker must be durable first

	// Set when the batch is closed, and nothing can be added any more.
	closed bool
	keep   uint32 // the first segment that is needed once the batch is durable
}

// batches are those of this life, from the oldest whose bodies are still in memory
// to the one being filled. The batches after launched wait; the last one launched
// is being written as long as flying is set.
type batches struct {
	ring     []*batch // its length is a power of two
	oldest   uint64
	newest   uint64 // 0 if there was none
	launched uint64
	finished uint64
	cached   uint64   // bytes of the closed ones in memory
	wanted   uint64   // the writes up to this number may be written
	recycled []*batch // whose memory is used again

	flying   bool
	writing  uint64 // the operation that writes the batch
	syncing  uint64 // the one that makes it durable
	buffer   []byte // the batch as it is on disk
	previous uint32 // the checksum of the last header
	unsealed bool   // the last batch that is durable is not known to be by another

	// What may be removed once the next batch is durable: only then is the last one
	// sealed, and nothing that rots can ask for what was removed.
	sweepSegments uint32
	sweepImages   uint64
}

func (b *batches) at(sequence uint64) *batch { return b.ring[sequence&uint64(len(b.ring)-1)] }

// batchFor is the batch that a write goes into. One that must wait for a file
// begins a new batch, so that what was before it need not wait.
func (l *Log) batchFor(w *raft.Write) *batch {
	if l.newest > l.launched {
		b := l.at(l.newest)
		waits := w.Kind == raft.WriteIdentity || w.Kind == raft.WriteSnapshot || w.Kind == raft.WriteInstall || w.Kind == raft.WriteAdopt
		bytes := uint64(0)
		for i := range w.Entries {
			bytes += uint64(len(w.Entries[i].Data))
		}
		heads := uint64(len(b.head)) + uint64(len(w.Entries))*entryBytes + configurationBytes
		fits := layout(segmentHeadBytes+heads, uint64(len(b.bodies))+bytes, blockBytesMax) <= uint64(l.options.SegmentBytes) &&
			uint64(len(b.bodies))+bytes <= uint64(l.options.BatchBytes) && heads <= headBytesMax
		if !b.seals && !waits && fits {
			return b
		}
		l.closeBatch(b)
	}
	return l.beginBatch()
}

// beginBatch adds a batch.
func (l *Log) beginBatch() *batch {
	if count := l.newest + 1 - l.oldest; count == uint64(len(l.ring)) {
		longer := make([]*batch, max(16, 2*len(l.ring)))
		for sequence := l.oldest; sequence <= l.newest; sequence++ {
			longer[sequence&uint64(len(longer)-1)] = l.at(sequence)
		}
		l.ring = longer
	}
	var b *batch
	if n := len(l.recycled); n > 0 {
		b = l.recycled[n-1]
		l.recycled = l.recycled[:n-1]
	} else {
		b = &batch{}
	}
	l.newest++
	*b = batch{sequence: l.newest, head: b.head[:0], bodies: b.bodies[:0], before: l.contents, last: l.written, low: l.last + 1}
	l.ring[l.newest&uint64(len(l.ring)-1)] = b
	return b
}

// closeBatch ends a batch while the store holds what the batch leaves.
func (l *Log) closeBatch(b *batch) {
	if b.closed {
		return
	}
	b.closed = true
	l.cached += b.footprint()
	b.keep = l.segment
	if l.slots.holds(l.base + 1) {
		if home := l.slots.at(l.base + 1).home; home != 0 {
			b.keep = home
		}
	}
}

// footprint is about what a batch takes in memory, in bytes.
func (b *batch) footprint() uint64 { return uint64(len(b.bodies)+len(b.head)) + 1024 }

// Flush has what was written so far written to disk: at once, or, if a sync is
// under way, together with all that is written until it is complete. Whoever owns
// the log calls it after each call of the driver.
func (l *Log) Flush() {
	l.wanted = l.written
	l.advance()
}

// Unsealed reports whether the last batch would be taken for a torn one if it were
// found damaged, since nothing after it tells that it is durable.
func (l *Log) Unsealed() bool {
	return l.unsealed && !l.flying && l.newest == l.launched && l.failure == raft.OK
}

// Seal writes a batch that tells that the last one is durable, if there is none. To
// be called when nothing was written for a while, such as 100 ms. It also asks again
// for space, if there was none, and is to be called as often while [Log.Room] says that
// nothing fits: without a write there is nothing else that finds space that came back.
func (l *Log) Seal() {
	l.full = false
	if l.Unsealed() {
		l.beginBatch().seals = true
	}
	l.advance()
}

// launch writes the next batch, if there is one that nothing holds up.
func (l *Log) launch() {
	if l.flying || l.newest == l.launched || !l.mending.idle() {
		return
	}
	b := l.at(l.launched + 1)
	if !b.seals && b.before.written >= l.wanted || b.founds && !l.marking.finished() {
		return
	}
	if b.gate != nil && b.gate.err != nil {
		l.fail(b.gate.err)
		return
	}
	if b.gate != nil && !b.gate.durable || !l.place(b) {
		return
	}
	l.closeBatch(b)
	h := l.assemble(b)
	l.previous = h.checksum
	l.settle(b, h)
	file := File{SegmentFile, uint64(l.segment)}
	l.writing = l.submit(Operation{Kind: Write, File: file, Offset: uint64(h.offset), Bytes: l.buffer})
	l.syncing = l.submit(Operation{Kind: Sync, File: file})
	l.end += uint64(h.batchBytes)
	l.launched++
	l.flying = true
}

// assemble lays a batch out as it will be on disk.
func (l *Log) assemble(b *batch) header {
	block := uint64(1) << l.blockShift
	l.buffer = append(l.buffer[:0], emptyHeader[:]...)
	records := b.records
	if l.end == 0 {
		l.buffer = putCheckpoint(l.buffer, &b.before, l.previousEnd)
		records++
	}
	l.buffer = append(l.buffer, b.head...)
	headerBytes := uint64(len(l.buffer))
	l.buffer = pad(l.buffer, block)
	l.buffer = append(l.buffer, b.bodies...)
	l.buffer = pad(l.buffer, block)
	h := header{
		headerBytes: uint32(headerBytes), salt: l.salt, segment: l.segment, offset: uint32(l.end),
		batchBytes: uint32(layout(headerBytes, uint64(len(b.bodies)), block)), bodyBytes: uint32(len(b.bodies)),
		previous: l.previous, records: records, first: b.before.written + 1, blockShift: l.blockShift,
	}
	h.put(l.buffer)
	l.buffer = append(l.buffer, l.buffer[:headerBytes]...)
	l.buffer = pad(l.buffer, block)
	return h
}

var emptyHeader [fixedBytes]byte

var padding [blockBytesMax]byte

// pad adds zeros up to the next block.
func pad(to []byte, block uint64) []byte {
	return append(to, padding[:roundUp(uint64(len(to)), block)-uint64(len(to))]...)
}

// settle tells the entries whose bodies a batch brings where these are now.
func (l *Log) settle(b *batch, h header) {
	b.origin = h.offset + uint32(h.body())
	for index := max(b.low, l.slots.first); index <= min(b.high, l.slots.last); index++ {
		s := l.slots.at(index)
		if s.batch != b.sequence {
			continue
		}
		s.segment, s.offset = l.segment, s.offset+b.origin
		if s.home == 0 {
			s.home = l.segment
		}
	}
}

// landed takes in that a batch is durable.
func (l *Log) landed() {
	b := l.at(l.launched)
	l.flying = false
	l.finished = l.launched
	l.durable = b.last
	l.unsealed = !b.seals
	l.sweep()
	l.sweepSegments, l.sweepImages = b.keep, b.sequence
	for l.oldest <= l.launched && l.cached > uint64(l.options.CacheBytes) {
		first := l.at(l.oldest)
		l.cached -= first.footprint()
		l.recycled = append(l.recycled, first)
		l.oldest++
	}
}
