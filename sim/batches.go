package sim

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/storage/wal"
)

// A layout is where the batches of a log stand on its device, from the first to the
// newest, as what was written says: docs/wal.md has the format. The atlas needs it,
// for of the batch written last a log can't tell whether it was ever durable.
type layout struct {
	batches []batch
	settled int    // of these, so many are durable
	syncing uint64 // the operation that makes the newest one durable
}

// A batch has its header, with the records, twice, and the bodies in between.
type batch struct {
	file        wal.File
	offset      uint64
	headerBytes uint64 // of one copy, in whole blocks
	bytes       uint64
}

func (l *layout) reset() { l.batches, l.settled, l.syncing = l.batches[:0], 0, 0 }

// submitted notes a batch that is to be written, and takes the place of those that a
// crash has cut.
func (l *layout) submitted(o *wal.Operation) {
	const magic, headerSize, batchSize, fixed = 0x4c415744, 12, 32, 56
	order := binary.LittleEndian
	if o.Kind != wal.Write || o.File.Kind != wal.SegmentFile || len(o.Bytes) < fixed || order.Uint32(o.Bytes) != magic ||
		order.Uint32(o.Bytes[batchSize:]) != uint32(len(o.Bytes)) {
		return
	}
	b := batch{file: o.File, offset: o.Offset, bytes: uint64(len(o.Bytes))}
	b.headerBytes = (uint64(order.Uint32(o.Bytes[headerSize:])) + logBlockBytes - 1) / logBlockBytes * logBlockBytes
	for n := len(l.batches); n > 0 && !l.batches[n-1].before(o.File, o.Offset); n = len(l.batches) {
		l.batches = l.batches[:n-1]
	}
	l.batches = append(l.batches, b)
	l.settled = min(l.settled, len(l.batches)-1)
	l.syncing = o.Number + 1 // the engine submits the sync next
}

// synced notes that an operation has succeeded.
func (l *layout) synced(number uint64) {
	if number == l.syncing {
		l.settled = len(l.batches)
	}
}

// before reports whether a batch begins before a place in the log.
func (b *batch) before(file wal.File, offset uint64) bool {
	return b.file.Number < file.Number || b.file == file && b.offset < offset
}

// last is the last batch known to be durable, nil if there is none.
func (l *layout) last() *batch {
	if l.settled == 0 {
		return nil
	}
	return &l.batches[l.settled-1]
}

// proven are the batches of which a later one shows that they were durable.
func (l *layout) proven() []batch { return l.batches[:max(l.settled, 1)-1] }

// proves reports whether a place lies in one of these.
func (l *layout) proves(file wal.File, offset uint64) bool {
	last := l.last()
	return last != nil && (file.Number < last.file.Number || file == last.file && offset < last.offset)
}

// mendable is where the copy of a header begins that may be damaged: always the same
// one of a batch, so that the other is good.
func (b *batch) mendable() uint64 {
	if b.offset/logBlockBytes%2 == 0 {
		return b.offset
	}
	return b.offset + b.bytes - b.headerBytes
}

// spares reports whether damage at an offset leaves a good copy of the header.
func (b *batch) spares(offset uint64) bool {
	body, second := b.offset+b.headerBytes, b.offset+b.bytes-b.headerBytes
	return offset >= body && offset < second || offset >= b.mendable() && offset < b.mendable()+b.headerBytes
}
