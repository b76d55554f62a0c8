package memory_test

import (
	"bytes"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// onDisk is the log engine on a simulated disk, as a store that has the same contract
// as those in memory. Its writes are durable at once, unless it is slow.
type onDisk struct {
	*wal.Log
	tb   fataler
	disk *disk.Disk
	slow bool // somebody else carries the operations out
}

// A fataler is a test or a check of a property.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// quiet is a disk's choices where nothing goes wrong.
type quiet struct{}

func (quiet) Draw(uint64) uint64 { return 0 }

func newLog(tb fataler, choices disk.Choices) *onDisk {
	tb.Helper()
	s := &onDisk{tb: tb, disk: disk.New(disk.Options{Fates: disk.AnyFate}, choices)}
	s.open()
	return s
}

// open opens the store that is on the disk, with no cache but for what is pending.
func (s *onDisk) open() {
	s.tb.Helper()
	options := wal.Options{
		Entries: entriesMax, Bytes: bytesMax, SegmentBytes: 64 << 10, BlockBytes: 512, CacheBytes: 1,
	}
	log, report, err := wal.Open(options, s.disk, s.disk)
	if err != nil {
		s.tb.Fatal(err)
	}
	if len(report.Damaged) > 0 {
		s.tb.Fatalf("a crash alone should damage nothing: %+v", *report)
	}
	s.Log = log
}

// drain carries out all operations there are.
func (s *onDisk) drain() {
	for len(s.disk.Waiting()) > 0 {
		s.Complete(s.disk.Perform(s.disk.Waiting()[0].Number))
	}
}

func (s *onDisk) Write(w *raft.Write) {
	s.Log.Write(w)
	s.Flush()
	if s.slow {
		return
	}
	s.drain()
	if number, _ := s.Durable(); number != w.Number {
		s.tb.Fatalf("write %d is not durable: %v", w.Number, s.Cause())
	}
}

func (s *onDisk) SnapshotBytes() []byte { return bytes.Clone(s.Chunk(0, snapshotBytesMax)) }

func (s *onDisk) Crash() {
	s.disk.Crash()
	s.open()
}

func (s *onDisk) Wipe() {
	s.disk = disk.New(disk.Options{}, quiet{})
	s.open()
}
