package wal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// A pace is how a test goes through a script: when it flushes and seals, and which
// operations it carries out after each write.
type pace struct {
	name  string
	after func(r *rig, write int, perform func())
}

// paces are: each write durable before the next; all of them given at once; and
// something in between, with seals.
var paces = []pace{
	{"one by one", func(r *rig, _ int, perform func()) {
		for r.Flush(); len(r.disk.Waiting()) > 0; {
			perform()
		}
	}},
	{"at once", func(r *rig, write int, perform func()) {
		for r.Flush(); write == len(r.script()) && len(r.disk.Waiting()) > 0; {
			perform()
		}
	}},
	{"mixed", func(r *rig, write int, perform func()) {
		r.Flush()
		for range write % 7 {
			if len(r.disk.Waiting()) > 0 {
				perform()
			}
		}
		if write%4 == 0 {
			for len(r.disk.Waiting()) > 0 {
				perform()
			}
			r.Seal()
		}
	}},
}

// runUntil goes through the script and stops after so many operations. It returns
// whether there were as many.
func (r *rig) runUntil(p pace, operations int) bool {
	type stop struct{}
	left := operations
	reached := false
	func() {
		defer func() {
			if got := recover(); got != nil {
				if _, is := got.(stop); !is {
					panic(got)
				}
				reached = true
			}
		}()
		perform := func() {
			if left == 0 {
				panic(stop{})
			}
			left--
			r.step()
		}
		for i, write := range r.script() {
			write()
			p.after(r, i+1, perform)
		}
	}()
	return reached
}

// The prefix rule: §3.8, and what Storage promises. A crash falls between any two
// operations, and leaves of what was not synced whatever the disk likes.
func TestACrashAtAnyPointLeavesAPrefixOfTheWrites(t *testing.T) {
	states := prefixes(t)
	seeds := 12
	if testing.Short() {
		seeds = 5
	}
	for _, p := range paces {
		t.Run(p.name, func(t *testing.T) {
			kept := map[uint64]bool{}
			for operations := 0; ; operations++ {
				reached := false
				for seed := range seeds {
					var choices disk.Choices
					if seed < 4 {
						choices = always(seed) // all kept, lost, torn, or garbage
					} else {
						r := random(seed*1_000_003 + operations)
						choices = &r
					}
					r := newRig(t, disk.New(disk.Options{Fates: disk.AnyFate}, choices))
					reached = r.runUntil(p, operations)
					kept[r.crashAndCheck(states, fmt.Sprintf("%d operations, seed %d", operations, seed))] = true
				}
				if !reached {
					t.Logf("%d crash points, %d different prefixes", operations+1, len(kept))
					break
				}
			}
		})
	}
}

// crashAndCheck crashes the disk, opens what is left, and goes on with it for a
// while: what was recovered must still be there after that, and after more crashes.
func (r *rig) crashAndCheck(states []string, when string) uint64 {
	r.tb.Helper()
	durable, _ := r.Durable()
	written := r.stored().Written
	r.disk.Crash()
	if err := r.tryOpen(); err != nil {
		r.tb.Fatalf("%s: %v", when, err)
	}
	if files, _ := r.disk.List(); r.stored().Identity != (raft.Identity{}) && !slices.Contains(files, markerFile) {
		r.tb.Fatalf("%s: the log says whose it is, and there is no marker", when)
	}
	kept := r.stored().Written
	if kept < durable || kept > written {
		r.tb.Fatalf("%s: %d writes are left of %d, of which %d were durable", when, kept, written, durable)
	}
	if got := r.describe(); got != states[kept] {
		r.tb.Fatalf("%s: got\n%s\nwant\n%s", when, got, states[kept])
	}
	r.disk.Crash() // in the middle of what recovery writes
	r.open()
	if got := r.describe(); got != states[kept] {
		r.tb.Fatalf("%s, and crashed again: got\n%s\nwant\n%s", when, got, states[kept])
	}
	r.drain()
	r.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 99}})
	r.do(r.entries(99, "after the crash"))
	want := r.describe()
	r.disk.Crash()
	r.open()
	if got := r.describe(); got != want {
		r.tb.Fatalf("%s, written to and crashed again: got\n%s\nwant\n%s", when, got, want)
	}
	return kept
}

// A batch that begins a segment and was torn would, if it came back, follow from what
// is no longer the end of the log. So it must be gone before the log goes on in the
// segment before, whatever further crashes bring back.
func TestATornBatchThatBeganASegmentNeverComesBack(t *testing.T) {
	torn := fresh(t)
	torn.options.Bytes = 1 << 20
	torn.reopen()
	second := wal.File{Kind: wal.SegmentFile, Number: 2}
	torn.do(torn.entries(1, strings.Repeat("x", 40_000)))
	want := torn.describe()
	torn.do(torn.entries(1, strings.Repeat("y", 30_000)))
	torn.disk.Rot(second, 5000, 1)
	for operations := 0; ; operations++ {
		performed := 0
		for seed := range random(20) {
			r := &rig{tb: t, options: torn.options, disk: torn.disk.Clone(&seed)}
			r.open()
			equal(t, "what is left", r.describe() == want, true)
			equal(t, "torn", r.report.Torn, second)
			r.give(r.entries(1, "z"))
			r.Flush()
			with := r.describe()
			for performed = 0; performed < operations && len(r.disk.Waiting()) > 0; performed++ {
				r.step()
			}
			durable, _ := r.Durable()
			r.disk.Crash()
			r.open()
			if got := r.describe(); got != with && (got != want || durable > 1) {
				t.Fatalf("after %d operations, seed %d: got\n%.200s", operations, seed, got)
			}
		}
		if performed < operations {
			break
		}
	}
}

// What a batch lets go is removed when a later one is durable: until then a restart
// may find this one rotten, and need it.
func TestNothingIsRemovedThatTheLogNeedsWithoutItsLastBatch(t *testing.T) {
	for _, last := range []func(*rig) raft.Write{
		func(r *rig) raft.Write { return r.taken(5, "a newer state") },
		func(r *rig) raft.Write { return r.compaction(3) },
	} {
		r := fresh(t)
		r.options.Bytes = 1 << 20
		r.reopen()
		for range 5 { // each in a segment of its own
			r.do(r.entries(1, strings.Repeat("x", 30_000)))
		}
		r.do(r.taken(4, "state"))
		want := r.describe()
		r.do(last(r))
		files, _ := r.disk.List()
		segment := files[len(files)-1]
		for _, file := range files { // the one before the reserved one
			if file.Kind == wal.SegmentFile {
				segment = wal.File{Kind: wal.SegmentFile, Number: file.Number - 1}
			}
		}
		content := make([]byte, 64<<10)
		r.disk.ReadAt(segment, content, 0)
		batches := batchesOf(content)
		b := batches[len(batches)-1]
		r.disk.Rot(segment, b.begin+20, 1)
		r.disk.Rot(segment, b.second+20, 1)
		r.open()
		equal(t, "without the last batch", r.describe() == want, true)
	}
}
