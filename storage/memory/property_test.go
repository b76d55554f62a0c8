package memory_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
	"github.com/driftless-raft/driftless/storage/wal"
)

// A naive store keeps a whole copy of itself for every write.
type naive struct {
	stored raft.Stored
	log    []raft.Entry // after Base
	bytes  string       // of the present snapshot
}

func (n naive) copy() naive {
	n.log = slices.Clone(n.log)
	return n
}

// at is the entry at an index, or nil.
func (n *naive) at(index raft.Index) *raft.Entry {
	if index <= n.stored.Base || index > n.stored.Last {
		return nil
	}
	return &n.log[index-n.stored.Base-1]
}

func (n *naive) cut(base, last raft.Index) {
	if last <= base {
		n.log = nil
	} else {
		n.log = slices.Clone(n.log[base-n.stored.Base : last-n.stored.Base])
	}
	n.stored.Base, n.stored.Last = base, last
}

// entries reads as the contract says, word by word.
func (n *naive) entries(first, last raft.Index, maxBytes uint32, room int) []raft.Entry {
	var read []raft.Entry
	bytes := uint32(0)
	for index := first; index <= last && len(read) < room; index++ {
		e := n.at(index)
		if e == nil {
			break
		}
		bytes += uint32(len(e.Data))
		if len(read) > 0 {
			before := read[len(read)-1]
			if bytes > maxBytes || before.Kind == raft.ConfigurationChange || before.Term != e.Term {
				break
			}
		}
		read = append(read, *e)
	}
	return read
}

// A staging is a snapshot being received, as far as it has come.
type staging struct {
	described raft.Snapshot
	state     []byte // all of it
	arrived   int
}

// A comparison drives a store and its naive model alike.
type comparison struct {
	*subject
	queue   *memory.Queue // or nil
	log     *onDisk       // or nil
	states  []naive       // after each write, by number
	done    map[uint64]bool
	durable uint64
	failure raft.Code
	staged  *staging
}

func compare(s store) *comparison {
	c := &comparison{subject: &subject{store: s}, states: []naive{{}}, done: map[uint64]bool{}}
	c.queue, _ = s.(*memory.Queue)
	c.log, _ = s.(*onDisk)
	return c
}

func (c *comparison) now() *naive { return &c.states[len(c.states)-1] }

// next copies the present state for a write to change.
func (c *comparison) next(w raft.Write) *naive {
	state := c.now().copy()
	state.stored.Written++
	c.states = append(c.states, state)
	number := c.do(w)
	switch {
	case c.log != nil:
		c.durable, _ = c.Durable()
	case c.queue == nil:
		c.durable = number
	}
	return c.now()
}

func (c *comparison) identify(t *rapid.T) {
	if c.now().stored.Written != 0 {
		t.Skip("not empty")
	}
	identity := raft.Identity{Cluster: rapid.Uint64Min(1).Draw(t, "cluster"), Self: raft.Member{ID: 1}}
	founding := raft.Snapshot{Configuration: members(1)}
	n := c.next(raft.Write{Kind: raft.WriteIdentity, Identity: identity, Snapshot: &founding})
	n.stored.Identity, n.stored.Snapshot = identity, founding
}

func (c *comparison) saveHardState(t *rapid.T) {
	hard := raft.HardState{Term: raft.Term(rapid.Uint64().Draw(t, "term")), Commit: c.now().stored.Last}
	c.next(raft.Write{Kind: raft.WriteHardState, HardState: hard}).stored.HardState = hard
}

// append writes as much as Room allows at times, so that a store that promises
// too much is found out.
func (c *comparison) append(t *rapid.T) {
	room := c.Room()
	count := rapid.Uint32Range(0, min(room.Entries, 6)).Draw(t, "count")
	if count == 0 {
		t.Skip("no room")
	}
	term := c.now().stored.BaseTerm
	if last := c.now().at(c.now().stored.Last); last != nil {
		term = last.Term
	}
	term += raft.Term(rapid.IntRange(0, 5).Draw(t, "term raised") / 5)
	entries := make([]raft.Entry, count)
	left := room.Bytes
	for i := range entries {
		e := &entries[i]
		e.Index, e.Term, e.Kind = c.now().stored.Last+1+raft.Index(i), max(term, 1), raft.Command
		switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
		case what == 0 && i == len(entries)-1:
			configuration := members(raft.ID(rapid.Uint32Range(1, 9).Draw(t, "member")))
			e.Kind, e.Configuration = raft.ConfigurationChange, &configuration
		case what == 1:
			e.Kind = raft.NoOp
		default:
			size := left
			if what < 9 {
				size = min(left, rapid.Uint32Range(0, 7).Draw(t, "size"))
			}
			left -= size
			e.Data = make([]byte, size)
			fill := rapid.Byte().Draw(t, "data")
			for j := range e.Data {
				e.Data[j] = fill + byte(j)
			}
		}
	}
	n := c.next(raft.Write{Kind: raft.WriteEntries, Entries: entries})
	n.log = append(n.log, entries...)
	n.stored.Last += raft.Index(count)
}

func (c *comparison) truncate(t *rapid.T) {
	index := c.index(t, max(c.now().stored.Base, c.now().stored.Snapshot.Index)+1, c.now().stored.Last+1)
	n := c.next(raft.Write{Kind: raft.WriteTruncate, Index: index})
	n.cut(n.stored.Base, index-1)
}

func (c *comparison) snapshot(t *rapid.T) {
	index := c.index(t, max(c.now().stored.Base, c.now().stored.Snapshot.Index)+1, c.now().stored.Last)
	state := rapid.SliceOfN(rapid.Byte(), 0, snapshotBytesMax).Draw(t, "state")
	var taken raft.Snapshot
	if !c.TakeSnapshot(index, state, &taken) {
		t.Fatal("the state was refused")
	}
	if _, one := c.store.(*memory.Blocks); one {
		c.staged = nil // there is one place for both
	}
	taken.Term = c.now().at(index).Term
	n := c.next(raft.Write{Kind: raft.WriteSnapshot, Snapshot: &taken})
	n.stored.Snapshot, n.bytes = taken, string(state)
}

func (c *comparison) compact(t *rapid.T) {
	stored := &c.now().stored
	index := c.index(t, stored.Base+1, min(stored.Last, stored.Snapshot.Index))
	term := c.now().at(index).Term
	n := c.next(raft.Write{Kind: raft.WriteCompact, Index: index, Term: term})
	n.stored.BaseTerm = term
	n.cut(index, n.stored.Last)
}

func (c *comparison) receive(t *rapid.T) {
	if c.staged == nil || rapid.IntRange(0, 9).Draw(t, "anew") == 0 {
		state := rapid.SliceOfN(rapid.Byte(), 0, snapshotBytesMax).Draw(t, "state")
		index := c.now().stored.Last + raft.Index(rapid.Uint64Range(1, 9).Draw(t, "ahead"))
		c.staged = &staging{foreign(index, c.now().stored.BaseTerm+1, string(state)), state, 0}
	}
	s := c.staged
	to := rapid.IntRange(s.arrived, len(s.state)).Draw(t, "to")
	chunk := string(s.state[s.arrived:to])
	offset := uint64(s.arrived)
	s.arrived = to
	c.next(raft.Write{Kind: raft.WriteChunk, Snapshot: &s.described, Offset: offset, Chunk: []byte(chunk)})
	if got, want := c.Intact(&s.described), to == len(s.state); got != want {
		t.Fatalf("%d of %d bytes received: intact %v", to, len(s.state), got)
	}
}

func (c *comparison) install(t *rapid.T) {
	if c.staged == nil || !c.Intact(&c.staged.described) {
		t.Skip("nothing to install")
	}
	described := c.staged.described
	n := c.next(raft.Write{Kind: raft.WriteInstall, Snapshot: &described})
	n.cut(described.Index, described.Index)
	n.stored.BaseTerm = described.Term
	n.stored.Snapshot, n.bytes = described, string(c.staged.state)
	c.staged = nil
}

func (c *comparison) complete(t *rapid.T) {
	pending := c.queue.Pending()
	if len(pending) == 0 {
		t.Skip("nothing is pending")
	}
	number := rapid.SampledFrom(slices.Clone(pending)).Draw(t, "number")
	c.queue.Complete(number)
	if c.failure != raft.OK {
		return
	}
	c.done[number] = true
	for c.done[c.durable+1] {
		c.durable++
	}
}

// perform carries out an operation on the log's disk: any that is the first of its
// file.
func (c *comparison) perform(t *rapid.T) {
	waiting := c.log.disk.Waiting()
	var ready []uint64
	busy := map[wal.File]bool{}
	for i := range waiting {
		if file := waiting[i].File; !busy[file] {
			busy[file] = true
			ready = append(ready, waiting[i].Number)
		}
	}
	if len(ready) == 0 {
		t.Skip("nothing is under way")
	}
	c.log.Complete(c.log.disk.Perform(rapid.SampledFrom(ready).Draw(t, "operation")))
	c.durable, _ = c.Durable()
}

// seal marks the end of the log.
func (c *comparison) seal(*rapid.T) { c.log.Seal() }

func (c *comparison) fail(*rapid.T) {
	c.queue.Fail(raft.StorageFailed)
	c.failure = raft.StorageFailed
}

func (c *comparison) crash(t *rapid.T) {
	kept := uint64(len(c.states) - 1)
	switch {
	case c.queue != nil:
		kept = rapid.Uint64Range(c.durable, kept).Draw(t, "kept")
		c.queue.CrashKeeping(kept)
	case c.log != nil:
		c.Crash()
		last := kept
		if kept = c.stored().Written; kept < c.durable || kept > last {
			t.Fatalf("a crash kept the writes up to %d of %d, of which %d were durable", kept, last, c.durable)
		}
	default:
		c.Crash()
	}
	c.states = c.states[:kept+1]
	c.durable, c.failure, c.staged = kept, raft.OK, nil
	clear(c.done)
}

func (c *comparison) wipe(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "rarely") != 0 {
		t.Skip("not now")
	}
	c.Wipe()
	c.states = []naive{{}}
	c.durable, c.failure, c.staged = 0, raft.OK, nil
	clear(c.done)
}

func (*comparison) index(t *rapid.T, from, to raft.Index) raft.Index {
	if from > to {
		t.Skip("no such index")
	}
	return raft.Index(rapid.Uint64Range(uint64(from), uint64(to)).Draw(t, "index"))
}

// check reads everything there is to read, and some of it in random pieces.
func (c *comparison) check(t *rapid.T) {
	n := c.now()
	if got := c.stored(); got != n.stored {
		t.Fatalf("stored: got\n%+v\nwant\n%+v", got, n.stored)
	}
	if number, code := c.Durable(); number != c.durable || code != c.failure {
		t.Fatalf("durable: got %d and %v, want %d and %v", number, code, c.durable, c.failure)
	}
	if got := string(c.SnapshotBytes()); got != n.bytes {
		t.Fatalf("the snapshot's bytes: got %q, want %q", got, n.bytes)
	}
	offset := rapid.IntRange(0, len(n.bytes)).Draw(t, "offset")
	length := rapid.IntRange(0, snapshotBytesMax).Draw(t, "length")
	if got, want := string(c.Chunk(uint64(offset), uint32(length))), n.bytes[offset:min(offset+length, len(n.bytes))]; got != want {
		t.Fatalf("a chunk: got %q, want %q", got, want)
	}
	for index := n.stored.Base; index <= n.stored.Last+1; index++ {
		c.checkEntry(t, index)
	}
	first := c.index(t, n.stored.Base+1, n.stored.Last+1)
	last := c.index(t, first, n.stored.Last+2)
	into := make([]raft.Entry, rapid.IntRange(0, 8).Draw(t, "into"))
	maxBytes := rapid.Uint32Range(0, 24).Draw(t, "maxBytes")
	got, want := into[:c.Entries(first, last, maxBytes, into)], n.entries(first, last, maxBytes, len(into))
	if !slices.EqualFunc(got, want, equalEntries) {
		t.Fatalf("entries %d to %d of %d bytes into %d: got\n%v\nwant\n%v", first, last, maxBytes, len(into), got, want)
	}
	c.checkRoom(t)
}

func (c *comparison) checkEntry(t *rapid.T, index raft.Index) {
	want := c.now().at(index)
	term, kind, size, ok := c.Header(index)
	var configuration raft.Configuration
	configured := c.Configuration(index, &configuration)
	switch {
	case want == nil:
		if ok || configured {
			t.Fatalf("an entry at %d, where there is none", index)
		}
	case !ok || term != want.Term || kind != want.Kind || int(size) != len(want.Data) || configured != (want.Configuration != nil):
		t.Fatalf("at %d: got term %d, kind %d, size %d, configuration %v, want %+v", index, term, kind, size, configured, want)
	case configured && configuration != *want.Configuration:
		t.Fatalf("configuration at %d: got %+v, want %+v", index, configuration, *want.Configuration)
	}
}

// checkRoom checks what Room promises at most; that it keeps its promise is for
// append to find.
func (c *comparison) checkRoom(t *rapid.T) {
	n := c.now()
	most := raft.Room{Entries: entriesMax - uint32(len(n.log)), Bytes: bytesMax}
	for _, e := range n.log {
		most.Bytes -= uint32(len(e.Data))
	}
	got := c.Room()
	exact := c.queue != nil || c.log != nil || len(n.log) == 0
	if exact && got != most || got.Entries > most.Entries || got.Bytes > most.Bytes {
		t.Fatalf("room: got %+v, at most there is %+v", got, most)
	}
}

func equalEntries(a, b raft.Entry) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Kind == b.Kind && string(a.Data) == string(b.Data) &&
		reflect.DeepEqual(a.Configuration, b.Configuration)
}

func TestAStoreDoesWhatANaiveOneDoes(t *testing.T) {
	actions := func(c *comparison) map[string]func(*rapid.T) {
		return map[string]func(*rapid.T){
			"": c.check, "identify": c.identify, "hard state": c.saveHardState,
			"append": c.append, "append more": c.append, "truncate": c.truncate,
			"snapshot": c.snapshot, "compact": c.compact, "receive": c.receive, "receive more": c.receive,
			"install": c.install, "crash": c.crash, "wipe": c.wipe,
		}
	}
	t.Run("Blocks", rapid.MakeCheck(func(t *rapid.T) {
		t.Repeat(actions(compare(newBlocks())))
	}))
	t.Run("Queue", rapid.MakeCheck(func(t *rapid.T) {
		c := compare(newQueue())
		all := actions(c)
		all["complete"], all["complete more"], all["fail"] = c.complete, c.complete, c.fail
		t.Repeat(all)
	}))
	t.Run("Log", rapid.MakeCheck(func(t *rapid.T) {
		c := compare(newLog(t, drawn{t}))
		c.log.slow = true
		all := actions(c)
		all["perform"], all["perform more"], all["perform yet more"], all["seal"] = c.perform, c.perform, c.perform, c.seal
		t.Repeat(all)
	}))
}

// drawn is a disk's choices as a property draws them.
type drawn struct{ *rapid.T }

func (d drawn) Draw(bound uint64) uint64 { return rapid.Uint64Range(0, bound-1).Draw(d.T, "choice") }
