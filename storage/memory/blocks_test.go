package memory_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

func onBlocks(t *testing.T) *subject {
	t.Helper()
	return &subject{T: t, store: newBlocks()}
}

func TestEveryWriteToBlocksIsDurableAtOnce(t *testing.T) {
	s := onBlocks(t)
	s.append(1, "a")
	s.Crash()
	number, code := s.Durable()
	equal(t, "durable", number, 1)
	equal(t, "code", code, raft.OK)
	same(t, "entries", s.texts(1, 1), []string{"a"})
}

func TestACompactionFreesWholeBlocksOnly(t *testing.T) {
	s := onBlocks(t)
	for range entriesMax {
		s.append(1, "1234")
	}
	s.snapshot(entriesMax, "state")
	for _, c := range []struct {
		index  raft.Index
		blocks uint32
	}{
		{entriesPerBlock - 1, 0},
		{entriesPerBlock, 1},
		{2*entriesPerBlock + 1, 2},
		{entriesMax - 1, blockCount - 1},
		{entriesMax, blockCount},
	} {
		s.compact(c.index)
		equal(t, "room", s.Room(), raft.Room{Entries: c.blocks * entriesPerBlock, Bytes: c.blocks * bytesPerBlock})
	}
}

func TestATruncationRewritesTheBlockItCuts(t *testing.T) {
	s := onBlocks(t)
	s.append(1, "12", "345")
	room := s.Room()
	s.append(1, "6", "789", "0")
	s.truncate(3)
	equal(t, "room", s.Room(), room)
}

func TestDataThatDoesNotFitBeforeTheEndGoesToTheStartAndRoomSaysSo(t *testing.T) {
	s := onBlocks(t)
	for range 7 {
		s.append(1, "12345678") // 56 of 64 bytes
	}
	equal(t, "bytes before the end", s.Room().Bytes, 8)
	s.snapshot(6, "state")
	s.compact(4) // two blocks of bytes
	equal(t, "the longer piece", s.Room().Bytes, 2*bytesPerBlock)
	long := "this goes to the start, in one"
	s.append(1, long)
	same(t, "entries", s.texts(7, 8), []string{"12345678", long})
	equal(t, "bytes left", s.Room().Bytes, 2*bytesPerBlock-uint32(len(long)))
	s.truncate(8)
	equal(t, "bytes once truncated", s.Room().Bytes, 2*bytesPerBlock)
	s.append(1, "12345678")
	equal(t, "bytes with the end filled", s.Room().Bytes, 2*bytesPerBlock)
}

func TestEveryFreeConfigurationSlotVouchesForItsShareOfEntries(t *testing.T) {
	s := onBlocks(t)
	for i := range configurationsMax {
		equal(t, "entries", s.Room().Entries, uint32(min(entriesMax-i, (configurationsMax-i)*entriesPerConfiguration)))
		s.configure(1, members(raft.ID(i+1)))
	}
	equal(t, "entries without a free slot", s.Room().Entries, 0)
	s.snapshot(2, "state")
	s.compact(2)
	equal(t, "entries with two free slots", s.Room().Entries, 2*entriesPerConfiguration)
}

func TestASnapshotThatDoesNotFitIsRefused(t *testing.T) {
	s := onBlocks(t)
	s.append(1, "a")
	var taken raft.Snapshot
	equal(t, "a full one", s.TakeSnapshot(1, make([]byte, snapshotBytesMax), &taken), true)
	equal(t, "a byte more", s.TakeSnapshot(1, make([]byte, snapshotBytesMax+1), &taken), false)
	state := string(make([]byte, snapshotBytesMax+1))
	received := foreign(9, 1, state)
	s.stage(received, 0, state[:20])
	s.stage(received, 20, state[20:])
	equal(t, "a received one", s.Intact(&received), false)
}

func TestTakingASnapshotGivesUpTheOneBeingReceived(t *testing.T) {
	s := onBlocks(t)
	s.append(1, "a")
	received := foreign(9, 1, "received")
	s.stage(received, 0, "rece")
	s.snapshot(1, "state")
	s.stage(received, 4, "ived")
	equal(t, "intact", s.Intact(&received), false)
	s.stage(received, 0, "received")
	equal(t, "intact from the start", s.Intact(&received), true)
}

func TestMemoryThatCannotBeCutIntoBlocksIsRefused(t *testing.T) {
	good := func() memory.Memory {
		return memory.Memory{
			Blocks:         2,
			Entries:        make([]memory.EntrySlot, 4),
			Bytes:          make([]byte, 4),
			Configurations: make([]memory.ConfigurationSlot, 2),
		}
	}
	for _, c := range []struct {
		want  string
		spoil func(*memory.Memory)
	}{
		{"there must be a block", func(m *memory.Memory) { m.Blocks = 0 }},
		{"every block must have place for the same number of entries", func(m *memory.Memory) { m.Entries = m.Entries[:3] }},
		{"every block must have place for the same number of bytes", func(m *memory.Memory) { m.Bytes = m.Bytes[:3] }},
		{"there must be place for two configurations", func(m *memory.Memory) { m.Configurations = m.Configurations[:1] }},
	} {
		m := good()
		c.spoil(&m)
		panics(t, "Format", c.want, func() { new(memory.Blocks).Format(&m) })
	}
}
