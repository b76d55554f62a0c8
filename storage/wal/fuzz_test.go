package wal_test

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// seal gives a header the checksum that belongs to it, as somebody would who means
// to deceive.
func seal(header []byte) {
	count := binary.LittleEndian.Uint32(header[12:])
	if count < 56 || uint64(count) > uint64(len(header)) {
		return
	}
	binary.LittleEndian.PutUint32(header[4:], crc32.Checksum(header[8:count], crc32.MakeTable(crc32.Castagnoli)))
}

// FuzzOpen opens whatever bytes: it must refuse or recover, never panic, and what it
// recovers it must be able to read and to go on from.
func FuzzOpen(f *testing.F) {
	for _, sealed := range []bool{true, false} {
		r := written(f, sealed)
		content := make([]byte, 64<<10)
		r.disk.ReadAt(firstSegment, content, 0)
		_, end := r.lastBatch()
		f.Add(content[:end+2048], uint16(0), false)
		for _, b := range batchesOf(content) {
			f.Add(content[:end+2048], uint16(b.begin), true)
		}
	}
	f.Add([]byte("DWAL"), uint16(0), true)
	f.Fuzz(func(t *testing.T, content []byte, at uint16, deceive bool) {
		if deceive && int(at)+56 <= len(content) {
			seal(content[at:])
		}
		d := disk.New(disk.Options{}, always(0))
		for i, o := range []wal.Operation{
			{Kind: wal.Create, File: firstSegment},
			{Kind: wal.Write, File: firstSegment, Bytes: content},
			{Kind: wal.Create, File: wal.File{Kind: wal.SnapshotFile, Number: 2}},
			{Kind: wal.Write, File: wal.File{Kind: wal.SnapshotFile, Number: 2}, Bytes: []byte("the state after the second entry")},
		} {
			o.Number = 1<<60 + uint64(i)
			d.Submit(o)
			if _, err := d.Perform(o.Number); err != nil {
				t.Fatal(err)
			}
		}
		r := &rig{tb: t, disk: d, options: small()}
		if err := r.tryOpen(); err != nil {
			return
		}
		if stored := r.stored(); stored.Last-stored.Base < 1<<12 {
			r.describe()
		}
		r.drain()
		if r.stored().Written < 1<<63 && r.Cause() == nil {
			r.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 7}})
		}
	})
}
