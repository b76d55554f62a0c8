package wal_test

import (
	"fmt"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/disk"
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
