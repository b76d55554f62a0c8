package kv

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/driftless-raft/driftless/statemachine"
)

// The body of a snapshot, numbers little endian:
//
//	8 bytes  the store's revision
//	8 bytes  how many items there are
//	         for each, by rising key:
//	8 bytes    its revision
//	2 bytes    the length of its key
//	4 bytes    the length of its value
//	…          key and value
//
// The checksum at the end of the frame (CRC-32C) serves as its digest.
var format = statemachine.Format{Name: [4]byte{'k', 'v', 's', 't'}, Version: 1}

const storeBytes = 16

func (v View) bodyBytes() uint64 { return storeBytes + itemBytes*uint64(v.items) + v.bytes }

// SnapshotBytes is how many bytes WriteTo writes.
func (v View) SnapshotBytes() uint64 { return statemachine.FrameBytes + v.bodyBytes() }

// WriteTo implements [io.WriterTo]: it writes the view as a snapshot, which
// [Store.Load] loads, without ever holding more of it than an item. Equal views are
// written as equal bytes.
func (v View) WriteTo(w io.Writer) (int64, error) {
	out := stream{to: w}
	head := make([]byte, 16)
	format.PutHeader(head, v.bodyBytes())
	head = binary.LittleEndian.AppendUint64(head, v.revision)
	out.write(binary.LittleEndian.AppendUint64(head, uint64(v.items)))
	var buffer []byte
	v.root.ascend("", "", func(item *Item) bool {
		buffer = appendItem(buffer[:0], item)
		return out.write(buffer)
	})
	out.write(binary.LittleEndian.AppendUint32(nil, out.checksum))
	return out.written, out.err
}

// A stream counts and sums up what is written, until something can't be.
type stream struct {
	to       io.Writer
	written  int64
	checksum uint32
	err      error
}

func (s *stream) write(b []byte) bool {
	if s.err != nil {
		return false
	}
	n, err := s.to.Write(b)
	s.written += int64(n)
	s.checksum = statemachine.Checksum(s.checksum, b)
	s.err = err
	return err == nil
}

// SnapshotBytes implements [statemachine.Machine].
func (s *Store) SnapshotBytes() int { return int(s.view.SnapshotBytes()) }

// Save implements [statemachine.Machine]. [View.WriteTo] does the same to a stream.
func (s *Store) Save(into []byte) int {
	if len(into) < s.SnapshotBytes() {
		return 0
	}
	n, _ := s.view.WriteTo(&buffer{into})
	return int(n)
}

// A buffer is a writer into memory of a length that is known to do.
type buffer struct{ rest []byte }

// Write implements [io.Writer].
func (b *buffer) Write(p []byte) (int, error) {
	n := copy(b.rest, p)
	b.rest = b.rest[n:]
	if n < len(p) {
		return n, errors.New("kv: the buffer is too short")
	}
	return n, nil
}

// Load implements [statemachine.Machine]. It keeps nothing of the bytes.
func (s *Store) Load(from []byte) statemachine.Damage {
	body, damage := format.Open(from)
	switch {
	case damage != statemachine.Intact:
		return damage
	case len(body) < storeBytes:
		return statemachine.Truncated
	}
	loaded := Store{view: View{revision: binary.LittleEndian.Uint64(body)}}
	count, rest := binary.LittleEndian.Uint64(body[8:]), body[storeBytes:]
	for before := ""; uint64(loaded.view.items) < count; {
		item, after, ok := cutItem(rest)
		switch {
		case !ok:
			return statemachine.Truncated
		case item.Key <= before, len(item.Key) > KeyBytesMax, len(item.Value) > ValueBytesMax,
			item.Revision == 0, item.Revision > loaded.view.revision:
			return statemachine.Contradictory
		}
		item.Value = append([]byte{}, item.Value...)
		loaded.view.root = loaded.view.root.with(&item, priority(item.Key))
		loaded.count(&item, 1)
		before, rest = item.Key, after
	}
	if len(rest) != 0 {
		return statemachine.Truncated
	}
	s.view = loaded.view
	s.history.forget(s.view.revision)
	return statemachine.Intact
}
