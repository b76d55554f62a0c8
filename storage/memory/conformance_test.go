package memory_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

// A store is what all implementations offer their owners.
type store interface {
	raft.Storage
	TakeSnapshot(index raft.Index, state []byte, taken *raft.Snapshot) bool
	SnapshotBytes() []byte
	Crash()
	Wipe()
}

var (
	_ store = (*memory.Blocks)(nil)
	_ store = (*memory.Queue)(nil)
	_ store = (*onDisk)(nil)
)

// The capacities of the stores under test, small so that tests fill them.
const (
	blockCount              = 4
	entriesPerBlock         = 4
	bytesPerBlock           = 16
	entriesMax              = blockCount * entriesPerBlock
	bytesMax                = blockCount * bytesPerBlock
	configurationsMax       = 4
	snapshotBytesMax        = 32
	unlimited               = 1<<32 - 1
	entriesPerConfiguration = entriesMax / configurationsMax // that a free configuration slot vouches for
)

func newBlocks() *memory.Blocks {
	blocks := new(memory.Blocks)
	blocks.Format(&memory.Memory{
		Blocks:         blockCount,
		Entries:        make([]memory.EntrySlot, entriesMax),
		Bytes:          make([]byte, bytesMax),
		Configurations: make([]memory.ConfigurationSlot, configurationsMax),
		Snapshots:      [2][]byte{make([]byte, snapshotBytesMax), make([]byte, snapshotBytesMax)},
	})
	return blocks
}

func newQueue() *memory.Queue { return memory.NewQueue(entriesMax, bytesMax) }

// onEach proves a sentence of each store: those of this package, and the log engine
// on a simulated disk.
func onEach(t *testing.T, prove func(*subject)) {
	t.Helper()
	onMemory(t, prove)
	t.Run("Log", func(t *testing.T) { prove(&subject{T: t, store: newLog(t, quiet{})}) })
}

// onMemory proves a sentence of the stores of this package.
func onMemory(t *testing.T, prove func(*subject)) {
	t.Helper()
	t.Run("Blocks", func(t *testing.T) { prove(&subject{T: t, store: newBlocks()}) })
	t.Run("Queue", func(t *testing.T) { prove(&subject{T: t, store: newQueue()}) })
}

// A subject is a store under test, with words for what is done to it.
type subject struct {
	*testing.T
	store
	write raft.Write
}

// do gives the store its next write and returns the write's number.
func (s *subject) do(w raft.Write) uint64 {
	w.Number = s.stored().Written + 1
	s.write = w
	s.Write(&s.write)
	return w.Number
}

func (s *subject) stored() (stored raft.Stored) {
	s.Stored(&stored)
	return stored
}

// append appends commands of a term, one for each text.
func (s *subject) append(term raft.Term, texts ...string) {
	var entries []raft.Entry
	for i, text := range texts {
		entries = append(entries, raft.Entry{Index: s.stored().Last + 1 + raft.Index(i), Term: term, Data: []byte(text)})
	}
	s.do(raft.Write{Kind: raft.WriteEntries, Entries: entries})
}

// configure appends a configuration change.
func (s *subject) configure(term raft.Term, c raft.Configuration) {
	e := raft.Entry{Index: s.stored().Last + 1, Term: term, Kind: raft.ConfigurationChange, Configuration: &c}
	s.do(raft.Write{Kind: raft.WriteEntries, Entries: []raft.Entry{e}})
}

func (s *subject) truncate(index raft.Index) {
	s.do(raft.Write{Kind: raft.WriteTruncate, Index: index})
}

// snapshot takes a snapshot after the entry at an index and makes it the store's.
func (s *subject) snapshot(index raft.Index, state string) raft.Snapshot {
	var taken raft.Snapshot
	if !s.TakeSnapshot(index, []byte(state), &taken) {
		panic("the state does not fit")
	}
	taken.Term, _, _, _ = s.Header(index)
	s.do(raft.Write{Kind: raft.WriteSnapshot, Snapshot: &taken})
	return taken
}

func (s *subject) compact(index raft.Index) {
	term, _, _, _ := s.Header(index)
	s.do(raft.Write{Kind: raft.WriteCompact, Index: index, Term: term})
}

// stage writes a chunk of a snapshot from a leader.
func (s *subject) stage(described raft.Snapshot, offset uint64, chunk string) {
	s.do(raft.Write{Kind: raft.WriteChunk, Snapshot: &described, Offset: offset, Chunk: []byte(chunk)})
}

// texts are the data of the entries from first to last.
func (s *subject) texts(first, last raft.Index) []string {
	into := make([]raft.Entry, entriesMax)
	var texts []string
	for _, e := range into[:s.Entries(first, last, unlimited, into)] {
		texts = append(texts, string(e.Data))
	}
	return texts
}

// foreign describes a snapshot that some leader took.
func foreign(index raft.Index, term raft.Term, state string) raft.Snapshot {
	var taken raft.Snapshot
	memory.NewQueue(1, 0).TakeSnapshot(index, []byte(state), &taken)
	taken.Term = term
	taken.ConfigurationIndex, taken.Configuration = index-1, members(7)
	return taken
}

// members is a configuration with one voter.
func members(id raft.ID) raft.Configuration {
	c := raft.Configuration{Voters: 1}
	c.Members[0] = raft.Member{ID: id, Incarnation: 10 * uint32(id)}
	return c
}

func equal[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func same(tb testing.TB, what string, got, want []string) {
	tb.Helper()
	if !slices.Equal(got, want) {
		tb.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// panics expects a call to be refused as a bug of the caller.
func panics(tb testing.TB, what, want string, call func()) {
	tb.Helper()
	defer func() {
		tb.Helper()
		if got := recover(); got != want {
			tb.Errorf("%s: panicked with %v, want %q", what, got, want)
		}
	}()
	call()
}

func TestAnEmptyStoreFillsInZeros(t *testing.T) {
	onEach(t, func(s *subject) {
		stored := raft.Stored{Base: 1, BaseTerm: 1, Last: 1, Written: 1, Snapshot: raft.Snapshot{Index: 1}}
		s.Stored(&stored)
		equal(s, "stored", stored, raft.Stored{})
		_, _, _, ok := s.Header(0)
		equal(s, "a header at 0", ok, false)
		_, _, _, ok = s.Header(1)
		equal(s, "a header at 1", ok, false)
		equal(s, "a configuration at 0", s.Configuration(0, new(raft.Configuration)), false)
		equal(s, "entries", s.Entries(1, 1, unlimited, make([]raft.Entry, 1)), 0)
		equal(s, "bytes of a chunk", len(s.Chunk(0, 10)), 0)
		number, code := s.Durable()
		equal(s, "durable", number, 0)
		equal(s, "code", code, raft.OK)
	})
}

func TestAnIdentityComesWithTheFirstConfiguration(t *testing.T) {
	onEach(t, func(s *subject) {
		identity := raft.Identity{Cluster: 5, Self: raft.Member{ID: 1, Incarnation: 10}}
		founding := raft.Snapshot{Configuration: members(1)}
		s.do(raft.Write{Kind: raft.WriteIdentity, Identity: identity, Snapshot: &founding})
		equal(s, "stored", s.stored(), raft.Stored{Identity: identity, Snapshot: founding, Written: 1})
	})
}

func TestTheHardStateIsReplacedAsAWhole(t *testing.T) {
	onEach(t, func(s *subject) {
		s.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 1, Vote: raft.Member{ID: 2}, Commit: 3}})
		s.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 4}})
		equal(s, "hard state", s.stored().HardState, raft.HardState{Term: 4})
	})
}

func TestWhatIsWrittenCanBeReadBackAtOnce(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a", "bc", "")
		same(s, "entries", s.texts(1, 3), []string{"a", "bc", ""})
		term, kind, size, ok := s.Header(2)
		equal(s, "term", term, 1)
		equal(s, "kind", kind, raft.Command)
		equal(s, "size", size, 2)
		equal(s, "there is one", ok, true)
		_, _, _, ok = s.Header(4)
		equal(s, "a header after the last", ok, false)
		equal(s, "last", s.stored().Last, 3)
	})
}

func TestNothingOfAWriteIsKept(t *testing.T) {
	onEach(t, func(s *subject) {
		c := members(1)
		w := raft.Write{Number: 1, Kind: raft.WriteEntries, Entries: []raft.Entry{
			{Index: 1, Term: 1, Data: []byte("abc")},
			{Index: 2, Term: 1, Kind: raft.ConfigurationChange, Configuration: &c},
		}}
		s.Write(&w)
		copy(w.Entries[0].Data, "xyz")
		w.Entries[0].Term = 9
		c = members(2)
		same(s, "entries", s.texts(1, 1), []string{"abc"})
		var got raft.Configuration
		equal(s, "there is a configuration", s.Configuration(2, &got), true)
		equal(s, "configuration", got, members(1))

		described := foreign(5, 1, "state")
		chunk := []byte("state")
		s.Write(&raft.Write{Number: 2, Kind: raft.WriteChunk, Snapshot: &described, Chunk: chunk})
		copy(chunk, "xxxxx")
		asked := described
		described = raft.Snapshot{}
		equal(s, "intact", s.Intact(&asked), true)
	})
}

func TestEntriesAreReadAsFarAsTheSliceGoes(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a", "b", "c")
		equal(s, "into two", s.Entries(1, 3, unlimited, make([]raft.Entry, 2)), 2)
		equal(s, "into none", s.Entries(1, 3, unlimited, nil), 0)
		equal(s, "up to the second", s.Entries(1, 2, unlimited, make([]raft.Entry, 5)), 2)
		equal(s, "beyond the last", s.Entries(2, 9, unlimited, make([]raft.Entry, 5)), 2)
		equal(s, "backwards", s.Entries(3, 2, unlimited, make([]raft.Entry, 5)), 0)
	})
}

func TestTheFirstEntryOverTheBytesIsLeftOutUnlessItIsTheFirstOfAll(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "abc", "de", "f", "")
		into := make([]raft.Entry, 5)
		equal(s, "0 bytes", s.Entries(1, 4, 0, into), 1)
		equal(s, "4 bytes", s.Entries(1, 4, 4, into), 1)
		equal(s, "5 bytes", s.Entries(1, 4, 5, into), 2)
		equal(s, "6 bytes", s.Entries(1, 4, 6, into), 4)
	})
}

func TestNoEntryFollowsOneOfAnotherTerm(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a", "b")
		s.append(3, "c")
		same(s, "from the first", s.texts(1, 3), []string{"a", "b"})
		same(s, "from the third", s.texts(3, 3), []string{"c"})
	})
}

func TestNoEntryFollowsAConfigurationChange(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a")
		s.configure(1, members(2))
		s.append(1, "b")
		into := make([]raft.Entry, 3)
		equal(s, "count", s.Entries(1, 3, unlimited, into), 2)
		equal(s, "kind", into[1].Kind, raft.ConfigurationChange)
		equal(s, "configuration", *into[1].Configuration, members(2))
		equal(s, "size", len(into[1].Data), 0)
		equal(s, "after it", s.Entries(3, 3, unlimited, into), 1)
		equal(s, "no configuration", into[0].Configuration, nil)
	})
}

func TestAConfigurationIsFoundAtItsIndexOnly(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a")
		s.configure(1, members(2))
		var got raft.Configuration
		equal(s, "at the command before", s.Configuration(1, &got), false)
		equal(s, "after the last", s.Configuration(3, &got), false)
		equal(s, "untouched", got, raft.Configuration{})
		equal(s, "at its index", s.Configuration(2, &got), true)
		equal(s, "configuration", got, members(2))
		s.truncate(2)
		equal(s, "once truncated", s.Configuration(2, &got), false)
		s.append(2, "b")
		equal(s, "once replaced", s.Configuration(2, &got), false)
		into := make([]raft.Entry, 1)
		s.Entries(2, 2, unlimited, into)
		equal(s, "no configuration", into[0].Configuration, nil)
	})
}

func TestATruncationRemovesTheEntriesFromItsIndexOn(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a", "b", "c")
		s.truncate(2)
		equal(s, "last", s.stored().Last, 1)
		_, _, _, ok := s.Header(2)
		equal(s, "a header at 2", ok, false)
		s.append(1, "d", "e")
		same(s, "entries", s.texts(1, 3), []string{"a", "d", "e"})
		s.truncate(1)
		equal(s, "last of an empty log", s.stored().Last, 0)
		equal(s, "room of an empty log", s.Room(), raft.Room{Entries: entriesMax, Bytes: bytesMax})
	})
}

func TestASnapshotLeavesTheLogAsItIs(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a", "b", "c")
		taken := s.snapshot(2, "state")
		stored := s.stored()
		equal(s, "snapshot", stored.Snapshot, taken)
		equal(s, "base", stored.Base, 0)
		same(s, "entries", s.texts(1, 3), []string{"a", "b", "c"})
		equal(s, "bytes", string(s.SnapshotBytes()), "state")
	})
}

func TestASnapshotPutAsideIsNotYetTheStores(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a", "b")
		s.snapshot(1, "one")
		var taken raft.Snapshot
		equal(s, "taken", s.TakeSnapshot(2, []byte("two"), &taken), true)
		equal(s, "index", taken.Index, 2)
		equal(s, "size", taken.Size, 3)
		equal(s, "bytes", string(s.SnapshotBytes()), "one")
		equal(s, "chunk", string(s.Chunk(0, 10)), "one")
		s.snapshot(2, "two again")
		equal(s, "bytes", string(s.SnapshotBytes()), "two again")
	})
}

func TestAChunkIsAtMostAsLongAsAskedAndEndsWithTheSnapshot(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a")
		s.snapshot(1, "abcdef")
		equal(s, "at the start", string(s.Chunk(0, 4)), "abcd")
		equal(s, "at the end", string(s.Chunk(4, 4)), "ef")
		equal(s, "after the end", string(s.Chunk(6, 4)), "")
		equal(s, "far after the end", string(s.Chunk(1<<63, unlimited)), "")
	})
}

func TestACompactionRemovesTheEntriesUpToItsIndex(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a")
		s.append(2, "b", "c")
		s.configure(2, members(3))
		s.snapshot(4, "state")
		s.compact(2)
		stored := s.stored()
		equal(s, "base", stored.Base, 2)
		equal(s, "base term", stored.BaseTerm, 2)
		equal(s, "last", stored.Last, 4)
		_, _, _, ok := s.Header(2)
		equal(s, "a header at the base", ok, false)
		equal(s, "entries from the base", s.Entries(2, 4, unlimited, make([]raft.Entry, 5)), 0)
		equal(s, "entries from after it", s.Entries(3, 4, unlimited, make([]raft.Entry, 5)), 2)
		s.compact(4)
		equal(s, "a configuration compacted", s.Configuration(4, new(raft.Configuration)), false)
		equal(s, "base at the last", s.stored().Base, 4)
		equal(s, "room of an empty log", s.Room(), raft.Room{Entries: entriesMax, Bytes: bytesMax})
		s.append(3, "d")
		same(s, "entries", s.texts(5, 5), []string{"d"})
	})
}

func TestAReceivedSnapshotLiesApartUntilItIsInstalled(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a", "b")
		own := s.snapshot(1, "own")
		received := foreign(9, 4, "received")
		s.stage(received, 0, "recei")
		s.stage(received, 5, "ved")
		equal(s, "snapshot before", s.stored().Snapshot, own)
		equal(s, "bytes before", string(s.SnapshotBytes()), "own")
		equal(s, "intact", s.Intact(&received), true)
		s.do(raft.Write{Kind: raft.WriteInstall, Snapshot: &received})
		stored := s.stored()
		equal(s, "snapshot after", stored.Snapshot, received)
		equal(s, "bytes after", string(s.SnapshotBytes()), "received")
		equal(s, "still lying apart", s.Intact(&received) || s.Intact(&own), false)
		equal(s, "base", stored.Base, 9)
		equal(s, "base term", stored.BaseTerm, 4)
		equal(s, "last", stored.Last, 9)
		_, _, _, ok := s.Header(1)
		equal(s, "the old log", ok, false)
		s.append(5, "c")
		same(s, "the new log", s.texts(10, 10), []string{"c"})
	})
}

func TestAReceivedSnapshotIsIntactOnlyIfAllOfItIsThereAndRight(t *testing.T) {
	onEach(t, func(s *subject) {
		received := foreign(9, 4, "received")
		equal(s, "nothing", s.Intact(&received), false)
		s.stage(received, 0, "recei")
		equal(s, "a part", s.Intact(&received), false)
		s.stage(received, 6, "ed")
		equal(s, "a gap", s.Intact(&received), false)
		s.stage(received, 0, "receives")
		equal(s, "another byte", s.Intact(&received), false)
		s.stage(received, 0, "received!")
		equal(s, "a byte too many", s.Intact(&received), false)
		s.stage(received, 0, "received")
		equal(s, "all of it", s.Intact(&received), true)
		other := received
		other.Index++
		equal(s, "another snapshot", s.Intact(&other), false)
		other = received
		other.Digest++
		equal(s, "another digest", s.Intact(&other), false)
	})
}

func TestOffsetZeroStartsAnew(t *testing.T) {
	onEach(t, func(s *subject) {
		s.stage(foreign(5, 1, "an older one"), 0, "an ol")
		newer := foreign(9, 2, "newer")
		s.stage(newer, 0, "new")
		s.stage(newer, 3, "er")
		equal(s, "intact", s.Intact(&newer), true)
	})
}

func TestAnEmptySnapshotCanBeTakenAndReceived(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, "a")
		taken := s.snapshot(1, "")
		equal(s, "size", taken.Size, 0)
		received := foreign(9, 2, "")
		s.stage(received, 0, "")
		equal(s, "intact", s.Intact(&received), true)
		s.do(raft.Write{Kind: raft.WriteInstall, Snapshot: &received})
		equal(s, "last", s.stored().Last, 9)
	})
}

func TestACrashForgetsASnapshotBeingReceived(t *testing.T) {
	onEach(t, func(s *subject) {
		received := foreign(9, 4, "received")
		s.stage(received, 0, "received")
		s.Crash()
		equal(s, "intact", s.Intact(&received), false)
		s.stage(received, 4, "ived")
		equal(s, "intact after another piece", s.Intact(&received), false)
	})
}

func TestAWipedStoreIsEmpty(t *testing.T) {
	onEach(t, func(s *subject) {
		s.do(raft.Write{Kind: raft.WriteIdentity, Identity: raft.Identity{Cluster: 1}, Snapshot: &raft.Snapshot{}})
		s.append(1, "a", "b", "c")
		s.configure(1, members(1))
		s.snapshot(3, "state")
		s.compact(2)
		received := foreign(9, 4, "received")
		s.stage(received, 0, "received")
		s.Wipe()
		equal(s, "stored", s.stored(), raft.Stored{})
		equal(s, "intact", s.Intact(&received), false)
		equal(s, "bytes", len(s.SnapshotBytes()), 0)
		equal(s, "room", s.Room(), raft.Room{Entries: entriesMax, Bytes: bytesMax})
		number, _ := s.Durable()
		equal(s, "durable", number, 0)
		s.append(1, "x")
		same(s, "entries", s.texts(1, 1), []string{"x"})
	})
}

func TestEntriesWithoutDataFitAsLongAsThereIsRoomForAnEntry(t *testing.T) {
	onEach(t, func(s *subject) {
		s.append(1, string(make([]byte, s.Room().Bytes)))
		equal(s, "bytes", s.Room().Bytes, 0)
		s.configure(1, members(1))
		for s.Room().Entries > 0 {
			noOp := raft.Entry{Index: s.stored().Last + 1, Term: 1, Kind: raft.NoOp}
			s.do(raft.Write{Kind: raft.WriteEntries, Entries: []raft.Entry{noOp}})
		}
		equal(s, "last", s.stored().Last >= entriesMax-entriesPerConfiguration, true)
	})
}

func TestABrokenContractPanics(t *testing.T) {
	const (
		gap      = "entries must follow the last one without a gap"
		number   = "the numbers of writes must be consecutive"
		cut      = "a truncation must be within the log and above the snapshot"
		base     = "a compaction must be within the log and the snapshot"
		aside    = "a snapshot must be taken or received before it can be the store's"
		identity = "only an empty store can be given an identity"
		kind     = "a write must be of a known kind"
		noEntry  = "there was no room for an entry"
		noData   = "there was no room for an entry's data"
	)
	entry := func(index raft.Index, data []byte) []raft.Entry {
		return []raft.Entry{{Index: index, Term: 1, Data: data}}
	}
	described := foreign(4, 1, "state")
	received := foreign(9, 1, "received")
	spoilt := received
	spoilt.Digest++
	cases := []struct {
		name, want string
		write      raft.Write
	}{
		{"entries after a gap", gap, raft.Write{Kind: raft.WriteEntries, Entries: entry(5, nil)}},
		{"entries there already", gap, raft.Write{Kind: raft.WriteEntries, Entries: entry(3, nil)}},
		{"a number again", number, raft.Write{Number: 5, Kind: raft.WriteHardState}},
		{"a number left out", number, raft.Write{Number: 7, Kind: raft.WriteHardState}},
		{"a truncation at the base", cut, raft.Write{Kind: raft.WriteTruncate, Index: 1}},
		{"a truncation of what the snapshot covers", cut, raft.Write{Kind: raft.WriteTruncate, Index: 2}},
		{"a truncation beyond the log", cut, raft.Write{Kind: raft.WriteTruncate, Index: 5}},
		{"a compaction again", base, raft.Write{Kind: raft.WriteCompact, Index: 1, Term: 1}},
		{"a compaction beyond the snapshot", base, raft.Write{Kind: raft.WriteCompact, Index: 3, Term: 1}},
		{"a snapshot never taken", aside, raft.Write{Kind: raft.WriteSnapshot, Snapshot: &described}},
		{"a snapshot never received", aside, raft.Write{Kind: raft.WriteInstall, Snapshot: &described}},
		{"a snapshot of another digest than the received one", aside, raft.Write{Kind: raft.WriteInstall, Snapshot: &spoilt}},
		{"a second identity", identity, raft.Write{Kind: raft.WriteIdentity, Snapshot: &raft.Snapshot{}}},
		{"no kind", kind, raft.Write{}},
		{"too much data", noData, raft.Write{Kind: raft.WriteEntries, Entries: entry(4, make([]byte, bytesMax))}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(s *subject) {
				identity := raft.Identity{Cluster: 1, Self: raft.Member{ID: 1}}
				s.do(raft.Write{Kind: raft.WriteIdentity, Identity: identity, Snapshot: &raft.Snapshot{}})
				s.append(1, "a", "b", "c")
				s.snapshot(2, "state")
				s.compact(1)
				s.stage(received, 0, "received")
				if c.write.Number == 0 {
					c.write.Number = s.stored().Written + 1
				}
				panics(s, c.name, c.want, func() { s.Write(&c.write) })
			})
		})
	}
	t.Run("too many entries", func(t *testing.T) {
		onEach(t, func(s *subject) {
			panics(s, "one more", noEntry, func() { s.append(1, make([]string, entriesMax+1)...) })
		})
	})
}

func TestNothingIsAllocatedOnceTheStoreHasBeenFull(t *testing.T) {
	onMemory(t, func(s *subject) {
		c := members(2)
		var entries [5]raft.Entry
		for i := range entries {
			entries[i] = raft.Entry{Term: 1, Data: []byte("01234567")}
		}
		entries[4] = raft.Entry{Term: 1, Kind: raft.ConfigurationChange, Configuration: &c}
		var into [8]raft.Entry
		var taken raft.Snapshot
		var stored raft.Stored
		state := []byte("the state of the machine")
		write := func(w raft.Write) {
			s.Stored(&stored)
			s.write = w
			s.write.Number = stored.Written + 1
			s.Write(&s.write)
		}
		round := func() {
			s.Stored(&stored)
			last := stored.Last
			for i := range entries {
				entries[i].Index = last + 1 + raft.Index(i)
			}
			write(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 1, Commit: last}})
			write(raft.Write{Kind: raft.WriteEntries, Entries: entries[:]})
			write(raft.Write{Kind: raft.WriteTruncate, Index: last + 4})
			write(raft.Write{Kind: raft.WriteEntries, Entries: entries[3:]})
			s.Entries(last+1, last+5, unlimited, into[:])
			s.TakeSnapshot(last+5, state, &taken)
			taken.Term = 1
			write(raft.Write{Kind: raft.WriteSnapshot, Snapshot: &taken})
			write(raft.Write{Kind: raft.WriteCompact, Index: last + 4, Term: 1})
			taken.Index = last + 9
			write(raft.Write{Kind: raft.WriteChunk, Snapshot: &taken, Chunk: state})
			if !s.Intact(&taken) {
				s.Fatal("the snapshot is not intact")
			}
			write(raft.Write{Kind: raft.WriteInstall, Snapshot: &taken})
			if q, ok := s.store.(*memory.Queue); ok {
				for _, number := range q.Pending() {
					q.Complete(number)
				}
			}
		}
		round()
		if allocations := testing.AllocsPerRun(100, round); allocations != 0 {
			s.Errorf("a round made %v allocations, want none", allocations)
		}
		if !bytes.Equal(s.SnapshotBytes(), state) {
			s.Error("the snapshot's bytes are not the state's")
		}
	})
}
