package memory_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

func onQueue(t *testing.T) (*subject, *memory.Queue) {
	t.Helper()
	q := newQueue()
	return &subject{T: t, store: q}, q
}

func durable(s store) uint64 {
	number, _ := s.Durable()
	return number
}

func TestDurableIsAsFarAsAllWritesAreComplete(t *testing.T) {
	s, q := onQueue(t)
	for range 4 {
		s.append(1, "a")
	}
	q.Complete(3)
	q.Complete(2)
	equal(t, "durable without the first", durable(q), 0)
	if got := q.Pending(); !slices.Equal(got, []uint64{1, 4}) {
		t.Errorf("pending: got %v, want 1 and 4", got)
	}
	q.Complete(1)
	equal(t, "durable with the first", durable(q), 3)
	q.Complete(4)
	equal(t, "durable with all", durable(q), 4)
	equal(t, "pending", len(q.Pending()), 0)
}

func TestOnlyAPendingWriteCanBeCompleted(t *testing.T) {
	s, q := onQueue(t)
	s.append(1, "a")
	s.append(1, "b")
	q.Complete(2)
	const want = "only a pending write can be completed"
	panics(t, "a write never made", want, func() { q.Complete(3) })
	panics(t, "a write completed already", want, func() { q.Complete(2) })
	q.Complete(1)
	panics(t, "a durable write", want, func() { q.Complete(1) })
}

func TestAFailureIsReportedUntilACrashAndNothingAfterItIsBelieved(t *testing.T) {
	s, q := onQueue(t)
	s.append(1, "a")
	s.append(1, "b")
	q.Complete(1)
	q.Fail(raft.StorageFailed)
	q.Complete(2)
	number, code := q.Durable()
	equal(t, "durable", number, 1)
	equal(t, "code", code, raft.StorageFailed)
	q.Crash()
	number, code = q.Durable()
	equal(t, "durable after a crash", number, 1)
	equal(t, "code after a crash", code, raft.OK)
	equal(t, "last", s.stored().Last, 1)
}

func TestNumbersGoOnFromWhatACrashKept(t *testing.T) {
	s, q := onQueue(t)
	for range 4 {
		s.append(1, "a")
	}
	q.Complete(1)
	q.CrashKeeping(3)
	equal(t, "written", s.stored().Written, 3)
	equal(t, "durable", durable(q), 3)
	equal(t, "pending", len(q.Pending()), 0)
	s.append(2, "b")
	equal(t, "written next", s.stored().Written, 4)
	same(t, "entries", s.texts(4, 4), []string{"b"})
	panics(t, "too few", "a crash keeps all durable writes and makes up none", func() { q.CrashKeeping(2) })
	panics(t, "too many", "a crash keeps all durable writes and makes up none", func() { q.CrashKeeping(5) })
}

func TestACrashBeforeAnInstallIsDurableBringsBackTheOldSnapshotAndLog(t *testing.T) {
	s, q := onQueue(t)
	s.append(1, "a", "b", "c")
	own := s.snapshot(2, "own")
	s.compact(1)
	q.CrashKeeping(s.stored().Written)
	room := s.Room()

	received := foreign(9, 4, "received")
	s.stage(received, 0, "received")
	s.do(raft.Write{Kind: raft.WriteInstall, Snapshot: &received})
	s.append(5, "x", "y", "z")
	q.Crash()
	stored := s.stored()
	equal(t, "snapshot", stored.Snapshot, own)
	equal(t, "bytes", string(s.SnapshotBytes()), "own")
	equal(t, "base", stored.Base, 1)
	equal(t, "base term", stored.BaseTerm, 1)
	equal(t, "last", stored.Last, 3)
	equal(t, "room", s.Room(), room)
	same(t, "entries", s.texts(2, 3), []string{"b", "c"})
}

func TestACrashBringsBackTruncatedAndOverwrittenEntries(t *testing.T) {
	s, q := onQueue(t)
	s.append(1, "a", "b", "c")
	q.Complete(1)
	s.truncate(2)
	s.append(2, "x", "y", "z")
	s.truncate(3)
	s.append(3, "w")
	q.Complete(4)
	q.Crash()
	same(t, "entries", s.texts(1, 3), []string{"a", "b", "c"})
}

func TestTheRoomOfAQueueIsItsCapacityWithoutWhatTheLogHolds(t *testing.T) {
	s, q := onQueue(t)
	s.append(1, "abc", "", "de")
	equal(t, "room", s.Room(), raft.Room{Entries: entriesMax - 3, Bytes: bytesMax - 5})
	s.truncate(3)
	equal(t, "once truncated", s.Room(), raft.Room{Entries: entriesMax - 2, Bytes: bytesMax - 3})
	s.snapshot(1, "state")
	s.compact(1)
	equal(t, "once compacted", s.Room(), raft.Room{Entries: entriesMax - 1, Bytes: bytesMax})
	q.CrashKeeping(1)
	equal(t, "after a crash", s.Room(), raft.Room{Entries: entriesMax - 3, Bytes: bytesMax - 5})
}

// script makes writes of every kind, calling after each.
func script(s *subject, after func()) {
	each := func(writes ...func()) {
		for _, write := range writes {
			write()
			after()
		}
	}
	received := foreign(9, 4, "received")
	each(
		func() {
			founding := raft.Snapshot{Configuration: members(1)}
			s.do(raft.Write{Kind: raft.WriteIdentity, Identity: raft.Identity{Cluster: 1}, Snapshot: &founding})
		},
		func() { s.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 1}}) },
		func() { s.append(1, "a", "b", "c") },
		func() { s.configure(1, members(2)) },
		func() { s.truncate(3) },
		func() { s.append(2, "d", "e") },
		func() { s.snapshot(2, "first") },
		func() { s.compact(1) },
		func() { s.snapshot(3, "second") },
		func() { s.compact(3) },
		func() { s.stage(received, 0, "recei") },
		func() { s.stage(received, 5, "ved") },
		func() { s.do(raft.Write{Kind: raft.WriteInstall, Snapshot: &received}) },
		func() { s.append(5, "x") },
		func() { s.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 5, Commit: 10}}) },
	)
}

// describe tells all that can be read from a store, but for what was staged.
func describe(s *subject) string {
	stored := s.stored()
	text := fmt.Sprintf("%+v %+v %q\n", stored, s.Room(), s.SnapshotBytes())
	for index := stored.Base; index <= stored.Last+1; index++ {
		var c raft.Configuration
		var into [1]raft.Entry
		term, kind, size, ok := s.Header(index)
		configured := s.Configuration(index, &c)
		n := s.Entries(index, index, unlimited, into[:])
		text += fmt.Sprint(index, term, kind, size, ok, configured, c, n, into[0].Index, into[0].Term, into[0].Kind, string(into[0].Data), "\n")
	}
	return text
}

func TestEveryPrefixOfTheWritesIsALegalResultOfACrash(t *testing.T) {
	s, _ := onQueue(t)
	states := []string{describe(s)}
	script(s, func() { states = append(states, describe(s)) })
	writes := len(states) - 1
	for durable := range writes + 1 {
		for kept := durable; kept <= writes; kept++ {
			s, q := onQueue(t)
			script(s, func() {})
			for number := range durable {
				q.Complete(uint64(number + 1))
			}
			q.CrashKeeping(uint64(kept))
			if got := describe(s); got != states[kept] {
				t.Fatalf("%d durable, %d kept: got\n%s\nwant\n%s", durable, kept, got, states[kept])
			}
		}
	}
}

func TestAnyNumberOfWritesCanBePending(t *testing.T) {
	s, q := onQueue(t)
	s.append(1, "a")
	for i := range 1000 {
		s.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: raft.Term(i)}})
	}
	for number := uint64(1); number <= 500; number++ {
		q.Complete(number)
	}
	q.CrashKeeping(700)
	equal(t, "term", s.stored().HardState.Term, 698)
	equal(t, "written", s.stored().Written, 700)
}

func TestACrashGivesBackTheMemoryOfWhatItKeepsAndOfWhatItTakesBack(t *testing.T) {
	q := newQueue()
	entries := []raft.Entry{{Index: 1, Term: 1, Data: []byte("01234567")}, {Index: 2, Term: 1, Data: []byte("01234567")}}
	var taken raft.Snapshot
	state := []byte("state")
	crash := func(keep uint64) {
		q.Wipe()
		q.Write(&raft.Write{Number: 1, Kind: raft.WriteEntries, Entries: entries})
		q.Write(&raft.Write{Number: 2, Kind: raft.WriteTruncate, Index: 2})
		q.Write(&raft.Write{Number: 3, Kind: raft.WriteEntries, Entries: entries[1:]})
		q.TakeSnapshot(1, state, &taken)
		q.Write(&raft.Write{Number: 4, Kind: raft.WriteSnapshot, Snapshot: &taken})
		q.Write(&raft.Write{Number: 5, Kind: raft.WriteCompact, Index: 1, Term: 1})
		q.CrashKeeping(keep)
	}
	for keep := range uint64(6) {
		crash(keep)
	}
	for keep := range uint64(6) {
		if allocations := testing.AllocsPerRun(10, func() { crash(keep) }); allocations != 0 {
			t.Errorf("a crash that keeps %d writes made %v allocations, want none", keep, allocations)
		}
	}
}
