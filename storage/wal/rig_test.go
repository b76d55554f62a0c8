package wal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// The options of a small store. Nothing of what is durable stays in memory.
func small() wal.Options {
	return wal.Options{Entries: 64, Bytes: 1 << 14, SegmentBytes: 64 << 10, BlockBytes: 512, CacheBytes: 1, Salt: 7}
}

// random is a disk's choices made up from a seed (splitmix64).
type random uint64

func (r *random) Draw(bound uint64) uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return (z ^ z>>31) % bound
}

// always is a disk's choices where the last possibility is always taken, or any
// other that a number names.
type always uint64

func (a always) Draw(bound uint64) uint64 { return min(uint64(a), bound-1) }

// A rig is a log on a simulated disk.
type rig struct {
	*wal.Log
	tb      testing.TB
	disk    *disk.Disk
	options wal.Options
	report  *wal.Report
}

func newRig(tb testing.TB, d *disk.Disk) *rig {
	tb.Helper()
	r := &rig{tb: tb, disk: d, options: small()}
	r.open()
	return r
}

func fresh(tb testing.TB) *rig {
	tb.Helper()
	return newRig(tb, disk.New(disk.Options{Fates: disk.AnyFate}, always(0)))
}

// open opens what is on the disk.
func (r *rig) open() {
	r.tb.Helper()
	if err := r.tryOpen(); err != nil {
		r.tb.Fatal(err)
	}
}

func (r *rig) tryOpen() (err error) {
	r.Log, r.report, err = wal.Open(r.options, r.disk, r.disk)
	return err
}

// reopen ends the log without losing anything, and opens it again.
func (r *rig) reopen() {
	r.tb.Helper()
	r.drain()
	r.open()
}

// step carries out the first operation that waits.
func (r *rig) step() { r.Complete(r.disk.Perform(r.disk.Waiting()[0].Number)) }

// drain carries out all operations there are.
func (r *rig) drain() {
	for len(r.disk.Waiting()) > 0 {
		r.step()
	}
}

func (r *rig) stored() (stored raft.Stored) {
	r.Stored(&stored)
	return stored
}

// give gives the log its next write.
func (r *rig) give(w raft.Write) {
	w.Number = r.stored().Written + 1
	r.Write(&w)
}

// do gives the log a write and has it durable.
func (r *rig) do(w raft.Write) {
	r.tb.Helper()
	r.give(w)
	r.Flush()
	r.drain()
	if number, code := r.Durable(); number != r.stored().Written || code != raft.OK {
		r.tb.Fatalf("durable: got %d and %v, want %d: %v", number, code, r.stored().Written, r.Cause())
	}
}

// entries are commands that follow the last entry.
func (r *rig) entries(term raft.Term, texts ...string) raft.Write {
	w := raft.Write{Kind: raft.WriteEntries}
	for _, text := range texts {
		w.Entries = append(w.Entries, raft.Entry{Index: r.stored().Last + 1 + raft.Index(len(w.Entries)), Term: term, Data: []byte(text)})
	}
	return w
}

// founded writes the identity.
func founded() raft.Write {
	founding := raft.Snapshot{Configuration: members(1)}
	identity := raft.Identity{Cluster: 5, Self: raft.Member{ID: 1, Incarnation: 10}}
	return raft.Write{Kind: raft.WriteIdentity, Identity: identity, Snapshot: &founding}
}

func members(id raft.ID) raft.Configuration {
	c := raft.Configuration{Voters: 1}
	c.Members[0] = raft.Member{ID: id, Incarnation: 10 * uint32(id)}
	return c
}

// taken puts a snapshot aside and is the write that makes it the store's.
func (r *rig) taken(index raft.Index, state string) raft.Write {
	var s raft.Snapshot
	r.TakeSnapshot(index, []byte(state), &s)
	s.Term, _, _, _ = r.Header(index)
	s.Configuration = members(1)
	return raft.Write{Kind: raft.WriteSnapshot, Snapshot: &s}
}

func (r *rig) compaction(index raft.Index) raft.Write {
	term, _, _, _ := r.Header(index)
	return raft.Write{Kind: raft.WriteCompact, Index: index, Term: term}
}

// foreign describes a snapshot that some leader took.
func foreign(index raft.Index, term raft.Term, state string) *raft.Snapshot {
	s := raft.Snapshot{Index: index, Term: term, Size: uint64(len(state)), Digest: 14695981039346656037}
	for _, b := range []byte(state) {
		s.Digest = (s.Digest ^ uint64(b)) * 1099511628211
	}
	s.ConfigurationIndex, s.Configuration = index-1, members(7)
	return &s
}

// describe tells all that can be read, a line for each thing.
func (r *rig) describe() string {
	var text strings.Builder
	stored := r.stored()
	fmt.Fprintf(&text, "%+v\nsnapshot %q\n", stored, r.Chunk(0, uint32(stored.Snapshot.Size)))
	for index := stored.Base; index <= stored.Last+1; index++ {
		var c raft.Configuration
		var into [1]raft.Entry
		term, kind, size, ok := r.Header(index)
		configured := r.Configuration(index, &c)
		n := r.Entries(index, index, 1<<32-1, into[:])
		fmt.Fprintln(&text, index, term, kind, size, ok, configured, c, n, string(into[0].Data))
	}
	return text.String()
}

// script is a history with a write of every kind, a function for each write: what it
// puts aside, and what it then gives the log.
func (r *rig) script() []func() {
	received := foreign(12, 4, "received")
	adopted := foreign(11, 3, "adopted")
	change := raft.Entry{Term: 2, Kind: raft.ConfigurationChange}
	return []func(){
		func() { r.give(founded()) },
		func() {
			r.give(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 1, Vote: raft.Member{ID: 1}}})
		},
		func() { r.give(r.entries(1, "a", "bb", "ccc")) },
		func() { r.give(r.entries(1, "", strings.Repeat("long", 300))) },
		func() { r.give(raft.Write{Kind: raft.WriteTruncate, Index: 3}) },
		func() {
			c := members(2)
			change.Index, change.Configuration = 3, &c
			r.give(raft.Write{Kind: raft.WriteEntries, Entries: []raft.Entry{change}})
		},
		func() { r.give(r.entries(2, "dd", "e", "f")) },
		func() { r.give(r.taken(4, "first state")) },
		func() { r.give(r.compaction(2)) },
		func() { r.give(r.entries(2, "g")) },
		func() { r.give(r.taken(6, "second state")) },
		func() { r.give(r.compaction(6)) },
		func() { r.give(r.entries(3, "h", "i", "j", "k", "l")) },
		func() { r.give(raft.Write{Kind: raft.WriteChunk, Snapshot: adopted, Chunk: []byte("ado")}) },
		func() { r.give(raft.Write{Kind: raft.WriteChunk, Snapshot: adopted, Offset: 3, Chunk: []byte("pted")}) },
		func() { r.give(raft.Write{Kind: raft.WriteAdopt, Snapshot: adopted}) },
		func() { r.give(raft.Write{Kind: raft.WriteChunk, Snapshot: received, Chunk: []byte("received")}) },
		func() { r.give(raft.Write{Kind: raft.WriteInstall, Snapshot: received}) },
		func() { r.give(r.entries(5, "m", "n")) },
		func() { r.give(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 5, Commit: 13}}) },
	}
}

// prefixes are what a log holds after each of a script's writes, from none on.
func prefixes(tb testing.TB) []string {
	tb.Helper()
	r := fresh(tb)
	states := []string{r.describe()}
	for _, write := range r.script() {
		write()
		states = append(states, r.describe())
	}
	return states
}

func equal[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// damage expects an error that says that something is damaged.
func damage(tb testing.TB, err error) *wal.DamageError {
	tb.Helper()
	var d *wal.DamageError
	if !errors.As(err, &d) {
		tb.Fatalf("got %v, want it to be refused", err)
	}
	return d
}

// newMisdirecting is a disk one sector in some hundred of which goes astray.
func newMisdirecting(c disk.Choices) *disk.Disk {
	return disk.New(disk.Options{MisdirectedWrites: 10_000}, c)
}
