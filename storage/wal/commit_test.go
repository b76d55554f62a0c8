package wal_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// syncs counts the syncs of a log's segments.
type syncs struct {
	*disk.Disk
	count int
}

func (s *syncs) Submit(o wal.Operation) {
	if o.Kind == wal.Sync && o.File.Kind == wal.SegmentFile {
		s.count++
	}
	s.Disk.Submit(o)
}

func TestWritesGivenWhileASyncIsUnderWayShareTheNextOne(t *testing.T) {
	d := &syncs{Disk: disk.New(disk.Options{}, always(0))}
	r := &rig{tb: t, disk: d.Disk, options: small()}
	var err error
	if r.Log, _, err = wal.Open(r.options, d, d); err != nil {
		t.Fatal(err)
	}
	r.do(r.entries(1, "a"))
	d.count = 0
	r.give(r.entries(1, "b"))
	r.Flush()
	for range 20 {
		r.give(r.entries(1, "c"))
		r.Flush()
	}
	r.drain()
	number, _ := r.Durable()
	equal(t, "durable", number, 22)
	equal(t, "syncs of 21 writes", d.count, 2)
}

func TestNothingIsWrittenBeforeFlush(t *testing.T) {
	r := fresh(t)
	r.drain()
	r.give(r.entries(1, "a"))
	equal(t, "operations", len(r.disk.Waiting()), 0)
	r.Flush()
	equal(t, "operations once flushed", len(r.disk.Waiting()), 2)
}

func TestALogIsSealedOnceAndOnlyWhenNothingIsUnderWay(t *testing.T) {
	r := fresh(t)
	r.drain()
	equal(t, "an empty log", r.Unsealed(), false)
	r.give(r.entries(1, "a"))
	r.Flush()
	equal(t, "with a write under way", r.Unsealed(), false)
	r.drain()
	equal(t, "with the write durable", r.Unsealed(), true)
	r.Seal()
	equal(t, "operations of a seal", len(r.disk.Waiting()), 2)
	r.drain()
	equal(t, "sealed", r.Unsealed(), false)
	r.Seal()
	equal(t, "operations of a second seal", len(r.disk.Waiting()), 0)
	r.open()
	equal(t, "sealed, after a restart", r.Unsealed(), false)
	r.drain()
	r.do(r.entries(1, "b"))
	r.open()
	equal(t, "unsealed, after a restart", r.Unsealed(), true)
}

// What is pending is read from memory, whatever the cache's size.
func TestWhatIsNotYetOnDiskIsReadFromMemory(t *testing.T) {
	r := fresh(t)
	for range 3 {
		r.give(r.entries(1, "abc", "de"))
		r.Flush()
		r.step()
	}
	into := make([]raft.Entry, 10)
	equal(t, "entries", r.Entries(1, 6, 1<<20, into), 6)
	equal(t, "the last", string(into[5].Data), "de")
	r.give(r.taken(2, "state"))
	equal(t, "snapshot", string(r.Chunk(1, 3)), "tat")
	r.step()
	equal(t, "snapshot with its file created", string(r.Chunk(1, 3)), "tat")
	r.drain()
	equal(t, "snapshot on disk", string(r.Chunk(1, 3)), "tat")
}

// endless is an executor and files for measuring: nothing but the engine costs
// anything.
type endless struct{ last uint64 }

func (e *endless) Submit(o wal.Operation)                     { e.last = o.Number }
func (*endless) Settle() error                                { return nil }
func (*endless) List() ([]wal.File, error)                    { return nil, nil }
func (*endless) Size(wal.File) (uint64, error)                { return 0, nil }
func (*endless) ReadAt(wal.File, []byte, uint64) (int, error) { return 0, nil }
func (e *endless) drain(l *wal.Log, done uint64) (completed uint64) {
	for done < e.last {
		done++
		l.Complete(done, nil)
	}
	return done
}

// appending is a log on which each call appends a batch of entries, has it durable
// and reads it back, and truncates what it can so that the log stays short.
func appending(tb testing.TB, count, size int) func() {
	tb.Helper()
	e := &endless{}
	l, _, err := wal.Open(wal.Options{Entries: 1024, SegmentBytes: 1 << 30, CacheBytes: 64 << 10}, e, e)
	if err != nil {
		tb.Fatal(err)
	}
	done := e.drain(l, 0)
	entries := make([]raft.Entry, count)
	for i := range entries {
		entries[i] = raft.Entry{Index: raft.Index(i + 1), Term: 1, Data: make([]byte, size)}
	}
	into := make([]raft.Entry, count)
	var w raft.Write
	return func() {
		w = raft.Write{Number: w.Number + 1, Kind: raft.WriteEntries, Entries: entries}
		l.Write(&w)
		l.Flush()
		if l.Entries(1, raft.Index(count), 1<<30, into) != count {
			tb.Fatal("the entries are not there")
		}
		w = raft.Write{Number: w.Number + 1, Kind: raft.WriteTruncate, Index: 1}
		l.Write(&w)
		l.Flush()
		done = e.drain(l, done)
		if number, code := l.Durable(); number != w.Number || code != raft.OK {
			tb.Fatalf("durable: %d of %d, %v", number, w.Number, l.Cause())
		}
	}
}

func TestAppendingAllocatesNothing(t *testing.T) {
	round := appending(t, 8, 100)
	for range 1000 {
		round()
	}
	if allocations := testing.AllocsPerRun(2000, round); allocations != 0 {
		t.Errorf("a round made %v allocations, want none", allocations)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name        string
		count, size int
	}{{"1x100", 1, 100}, {"64x100", 64, 100}, {"1x64KiB", 1, 64 << 10}} {
		b.Run(c.name, func(b *testing.B) {
			round := appending(b, c.count, c.size)
			b.ReportAllocs()
			b.SetBytes(int64(c.count * c.size))
			for b.Loop() {
				round()
			}
		})
	}
}
