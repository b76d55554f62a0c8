package wal_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

func TestAfterAFailedSyncNothingIsBelieved(t *testing.T) {
	r := fresh(t)
	r.do(founded())
	r.give(r.entries(1, "a"))
	r.Flush()
	r.give(r.entries(1, "b"))
	r.Flush()
	r.disk.Fail(wal.Sync)
	r.drain()
	number, code := r.Durable()
	equal(t, "durable", number, 1)
	equal(t, "code", code, raft.StorageFailed)
	equal(t, "room", r.Room(), raft.Room{})
	var failed *wal.OperationError
	if !errors.As(r.Cause(), &failed) || failed.File != firstSegment || !strings.Contains(failed.Error(), "restart") {
		t.Errorf("the cause is %v", r.Cause())
	}
	r.give(r.entries(1, "c"))
	r.Flush()
	r.Seal()
	equal(t, "operations submitted after the failure", len(r.disk.Waiting()), 0)
	number, code = r.Durable()
	equal(t, "durable later", number, 1)
	equal(t, "code later", code, raft.StorageFailed)
}

// Linux takes the pages for clean after a sync that failed: the process that starts
// next would read from the cache what the disk does not have.
func TestARestartAfterAFailedSyncBelievesTheDiskAndNotTheCache(t *testing.T) {
	for seed := range 50 {
		choices := random(seed)
		r := newRig(t, disk.New(disk.Options{Fates: disk.AnyFate}, &choices))
		r.do(founded())
		r.give(r.entries(1, "a"))
		r.Flush()
		r.disk.Fail(wal.Sync)
		r.drain()
		r.open()
		want := r.describe()
		r.drain()
		r.disk.Crash() // the power fails before anything else is written
		r.open()
		equal(t, fmt.Sprintf("seed %d", seed), r.describe(), want)
	}
}

// Whichever operation fails, the store says so, and what it had said before holds.
func TestAnyFailedOperationIsToldAndLosesNothingDurable(t *testing.T) {
	states := prefixes(t)
	for _, p := range paces {
		for failing := 1; ; failing++ {
			r := fresh(t)
			performed := 0
			var broken wal.Operation
			fail := errors.New("it failed")
			r.onEach(p, func(o wal.Operation) error {
				performed++
				if performed == failing {
					broken = o
					return fail
				}
				return nil
			})
			if performed < failing {
				break
			}
			number, code := r.Durable()
			if code != raft.StorageFailed || !errors.Is(r.Cause(), fail) {
				t.Fatalf("%v %v failed: got %v, %v", broken.Kind, broken.File, code, r.Cause())
			}
			r.disk.Crash()
			r.open()
			if kept := r.stored().Written; kept < number || r.describe() != states[kept] {
				t.Fatalf("%v %v failed, %d durable: got\n%s\nwant\n%s", broken.Kind, broken.File, number, r.describe(), states[kept])
			}
		}
	}
}

// onEach goes through the script; before is asked whether an operation fails.
func (r *rig) onEach(p pace, before func(wal.Operation) error) {
	perform := func() {
		o := r.disk.Waiting()[0]
		if err := before(o); err != nil {
			number, _ := r.disk.Perform(o.Number)
			r.Complete(number, err)
			return
		}
		r.step()
	}
	for i, write := range r.script() {
		write()
		p.after(r, i+1, perform)
	}
}

func TestWithoutSpaceForAnotherSegmentThereIsNoRoomUntilACompactionMakesSome(t *testing.T) {
	r := newRig(t, disk.New(disk.Options{CapacityBytes: 3*64<<10 + 40<<10, Fates: disk.AnyFate}, always(0)))
	r.options.Bytes = 1 << 20
	r.reopen()
	r.do(founded())
	for range 100 {
		if r.Room().Entries == 0 {
			break
		}
		r.do(r.entries(1, strings.Repeat("x", 5000)))
	}
	equal(t, "room", r.Room(), raft.Room{})
	_, code := r.Durable()
	equal(t, "code", code, raft.OK)
	last := r.stored().Last
	r.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 2}})
	r.do(r.taken(last, "a small state"))
	r.do(r.compaction(last))
	r.Seal()
	r.drain()
	if room := r.Room(); room.Entries == 0 {
		t.Fatalf("a compaction should have made room: %+v, %v", room, r.Cause())
	}
	r.do(r.entries(2, strings.Repeat("y", 5000)))
	want := r.describe()
	r.disk.Crash()
	r.open()
	equal(t, "afterwards", r.describe(), want)
}

func TestWhenNothingFitsAnyMoreTheStoreFails(t *testing.T) {
	r := newRig(t, disk.New(disk.Options{CapacityBytes: 64 << 10}, always(0)))
	for range 200 {
		r.give(raft.Write{Kind: raft.WriteHardState})
		r.Flush()
		r.drain()
	}
	_, code := r.Durable()
	equal(t, "code", code, raft.StorageFailed)
	if !errors.Is(r.Cause(), wal.ErrNoSpace) {
		t.Errorf("the cause is %v", r.Cause())
	}
}

func TestASnapshotForWhichThereIsNoSpaceIsNoFailureUntilItIsNeeded(t *testing.T) {
	r := newRig(t, disk.New(disk.Options{CapacityBytes: 2*64<<10 + 40<<10}, always(0)))
	r.do(founded())
	r.do(r.entries(1, "a", "b"))
	r.taken(1, strings.Repeat("x", 50<<10))
	r.drain()
	durable, err := r.Taken()
	equal(t, "durable", durable, false)
	if !errors.Is(err, wal.ErrNoSpace) {
		t.Errorf("got %v", err)
	}
	_, code := r.Durable()
	equal(t, "code", code, raft.OK)
	r.do(r.taken(1, "a smaller one"))
	equal(t, "snapshot", string(r.Chunk(0, 100)), "a smaller one")

	r.give(r.taken(2, strings.Repeat("x", 50<<10)))
	r.Flush()
	r.drain()
	_, code = r.Durable()
	equal(t, "code once it is the store's", code, raft.StorageFailed)

	received := foreign(9, 2, strings.Repeat("x", 50<<10))
	r = newRig(t, disk.New(disk.Options{CapacityBytes: 2*64<<10 + 40<<10}, always(0)))
	r.do(r.entries(1, "a"))
	r.do(raft.Write{Kind: raft.WriteChunk, Snapshot: received, Chunk: []byte(strings.Repeat("x", 50<<10))})
	equal(t, "a received one is intact", r.Intact(received), false)
}

func TestATakenSnapshotIsDurableWithoutAnyWrite(t *testing.T) {
	r := fresh(t)
	r.do(r.entries(1, "a"))
	durable, _ := r.Taken()
	equal(t, "none taken", durable, false)
	write := r.taken(1, "state")
	durable, _ = r.Taken()
	equal(t, "at first", durable, false)
	r.drain()
	durable, err := r.Taken()
	equal(t, "when all is carried out", durable, true)
	equal(t, "error", err, nil)
	r.give(write)
	r.Flush()
	equal(t, "operations for the write that makes it the store's", len(r.disk.Waiting()), 2)
}

// A log that is lost must not look like a store that never had one: an empty store
// may be given a new life, and with it a second vote in a term.
func TestAStoreThatLostItsLogIsRefused(t *testing.T) {
	r := written(t, true)
	files, _ := r.disk.List()
	for _, file := range files {
		if file.Kind == wal.SegmentFile {
			r.removeFile(file)
		}
	}
	if d := damage(t, r.tryOpen()); !strings.Contains(d.Error(), "re-admit") {
		t.Errorf("got %v", d)
	}
}

// removeFile removes a file behind the log's back.
func (r *rig) removeFile(file wal.File) {
	r.disk.Submit(wal.Operation{Number: 1 << 60, Kind: wal.Remove, File: file})
	r.disk.Perform(1 << 60)
}

func TestAMissingFileIsRefused(t *testing.T) {
	long := func() *rig {
		r := fresh(t)
		r.do(founded())
		for range 12 {
			r.do(r.entries(1, strings.Repeat("x", 1000)))
		}
		r.options.Bytes = 1 << 20
		r.reopen()
		for range 10 {
			r.do(r.entries(1, strings.Repeat("x", 12_000)))
		}
		r.do(r.taken(1, "state"))
		return r
	}
	r := long()
	files, _ := r.disk.List()
	segments := 0
	for _, file := range files {
		switch file.Kind {
		case wal.SegmentFile:
			segments++
		case wal.SnapshotFile:
			r := long()
			r.removeFile(file)
			equal(t, "a snapshot", damage(t, r.tryOpen()).File, file)
		}
	}
	if segments < 4 {
		t.Fatalf("there are %d segments", segments)
	}
	for number := uint64(1); number < uint64(segments-1); number++ { // the last one is only reserved
		r := long()
		r.removeFile(wal.File{Kind: wal.SegmentFile, Number: number})
		equal(t, "a segment", damage(t, r.tryOpen()).File, wal.File{Kind: wal.SegmentFile, Number: number})
	}
}

func TestFilesOfTwoStoresAreRefused(t *testing.T) {
	other := fresh(t)
	w := founded()
	w.Identity.Self.Incarnation++
	other.do(w)
	content := make([]byte, 10_000)
	n, _ := other.disk.ReadAt(markerFile, content, 0)
	r := written(t, true)
	r.disk.Submit(wal.Operation{Number: 1 << 60, Kind: wal.Write, File: markerFile, Bytes: content[:n]})
	r.disk.Perform(1 << 60)
	if d := damage(t, r.tryOpen()); d.File != markerFile || !strings.Contains(d.Error(), "two stores") {
		t.Errorf("got %v", d)
	}
}

// Salt: a batch of another store at the very place where the next one is due.
func TestABatchOfAnotherStoreIsNotTakenForTheNext(t *testing.T) {
	longer, shorter := fresh(t), fresh(t)
	shorter.options.Salt++
	shorter.disk = disk.New(disk.Options{}, always(0))
	shorter.open()
	for _, r := range []*rig{longer, shorter} {
		r.do(founded())
		r.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 1}})
	}
	begin, end := longer.lastBatch()
	want := shorter.describe()
	_, afterwards := longer.lastBatch()
	longer.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 2}})
	equal(t, "the same layout", afterwards, end)
	stray := make([]byte, end-begin)
	longer.disk.ReadAt(firstSegment, stray, end)
	shorter.disk.Submit(wal.Operation{Number: 1 << 60, Kind: wal.Write, File: firstSegment, Offset: end, Bytes: stray})
	shorter.disk.Perform(1 << 60)
	shorter.open()
	equal(t, "what is stored", shorter.describe(), want)
	equal(t, "torn", shorter.report.TornOffset, end)
}

func TestAFormatOfAnotherVersionIsRefusedByName(t *testing.T) {
	r := written(t, true)
	header := make([]byte, 512)
	r.disk.ReadAt(firstSegment, header, 0)
	header[8] = 9
	seal(header)
	r.disk.Submit(wal.Operation{Number: 1 << 60, Kind: wal.Write, File: firstSegment, Bytes: header})
	r.disk.Perform(1 << 60)
	var version *wal.VersionError
	if err := r.tryOpen(); !errors.As(err, &version) || version.Version != 9 || !strings.Contains(err.Error(), "version 9") {
		t.Errorf("got %v", err)
	}
}

func TestOptionsOutOfRangeAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name    string
		options wal.Options
	}{
		{"SegmentBytes", wal.Options{SegmentBytes: 1000}},
		{"SegmentBytes", wal.Options{SegmentBytes: 2 << 30}},
		{"BlockBytes", wal.Options{BlockBytes: 1000}},
		{"BlockBytes", wal.Options{BlockBytes: 256}},
		{"BlockBytes", wal.Options{BlockBytes: 1 << 14}},
	} {
		d := disk.New(disk.Options{}, always(0))
		_, _, err := wal.Open(c.options, d, d)
		var refused *wal.OptionsError
		if !errors.As(err, &refused) || refused.Option != c.name || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%+v: got %v", c.options, err)
		}
	}
}

func TestOperationsHaveWords(t *testing.T) {
	var words []string
	for kind := wal.Create; kind <= wal.SyncDirectory; kind++ {
		words = append(words, kind.String())
	}
	slices.Sort(words)
	equal(t, "different ones", len(slices.Compact(words)), int(wal.SyncDirectory))
	equal(t, "of none", wal.OperationKind(99).String(), "unknown operation")
}
