package memory_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

const benchmarkEntries = 1024

// appendAndRead appends and reads back an entry of 16 bytes at a time, and
// empties the log whenever it is full.
func appendAndRead(b *testing.B, s store, durable func(number uint64)) {
	b.Helper()
	entries := []raft.Entry{{Term: 1, Data: make([]byte, 16)}}
	var into [1]raft.Entry
	var write raft.Write
	b.ReportAllocs()
	b.SetBytes(16)
	for range b.N {
		write.Number++
		if s.Room().Entries == 0 {
			write.Kind, write.Index, write.Entries = raft.WriteTruncate, 1, nil
			entries[0].Index = 0
		} else {
			entries[0].Index++
			write.Kind, write.Entries = raft.WriteEntries, entries
		}
		s.Write(&write)
		durable(write.Number)
		s.Entries(entries[0].Index, entries[0].Index, 16, into[:])
	}
}

func BenchmarkBlocks(b *testing.B) {
	blocks := new(memory.Blocks)
	blocks.Format(&memory.Memory{
		Blocks:         16,
		Entries:        make([]memory.EntrySlot, benchmarkEntries),
		Bytes:          make([]byte, 16*benchmarkEntries),
		Configurations: make([]memory.ConfigurationSlot, 4),
	})
	appendAndRead(b, blocks, func(uint64) {})
}

func BenchmarkQueue(b *testing.B) {
	queue := memory.NewQueue(benchmarkEntries, 16*benchmarkEntries)
	appendAndRead(b, queue, queue.Complete)
}
