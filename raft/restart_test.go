package raft_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

// A shelf is either of the stores, every write to which is durable at once.
type shelf interface {
	raft.Storage
	Crash()
	Wipe()
	TakeSnapshot(raft.Index, []byte, *raft.Snapshot) bool
}

// A promptQueue completes every write at once.
type promptQueue struct{ *memory.Queue }

func (q promptQueue) Write(w *raft.Write) {
	q.Queue.Write(w)
	for _, number := range slices.Clone(q.Pending()) {
		q.Complete(number)
	}
}

func newBlocks(entries uint32) shelf {
	b := new(memory.Blocks)
	b.Format(&memory.Memory{
		Blocks:  8,
		Entries: make([]memory.EntrySlot, entries), Bytes: make([]byte, 1<<14),
		Configurations: make([]memory.ConfigurationSlot, 4),
		Snapshots:      [2][]byte{make([]byte, 256), make([]byte, 256)},
	})
	return b
}

func newQueue(entries uint32) shelf { return promptQueue{memory.NewQueue(entries, 1<<14)} }

// onBothStores runs a test on either store.
func onBothStores(t *testing.T, test func(t *testing.T, fresh func(entries uint32) shelf)) {
	t.Run("Blocks", func(t *testing.T) { test(t, newBlocks) })
	t.Run("Queue", func(t *testing.T) { test(t, newQueue) })
}

// A seat is a server on either store. What it sends goes into the flight of a
// laboratory that has no servers of its own.
type seat struct {
	shelf
	lab     *laboratory
	member  raft.Member
	driver  raft.Driver
	applied raft.Index
	down    bool
}

func (s *seat) Now() raft.Instant                     { return s.lab.now }
func (s *seat) CountsSuspendedTime() bool             { return true }
func (s *seat) node() *raft.Node                      { return s.driver.Node() }
func (s *seat) Send(m *raft.Message, p *raft.Payload) { (&server{lab: s.lab}).Send(m, p) }
func (s *seat) Jitter(raft.Duration) raft.Duration {
	return raft.Duration(s.member.ID-1) * 15 * millisecond
}

// newSeat bootstraps and starts one server of a cluster of some.
func newSeat(lab *laboratory, storage shelf, id raft.ID, count int) *seat {
	lab.t.Helper()
	s := &seat{shelf: storage, lab: lab, member: first(id)}
	founding := configurationOf(count)
	if refusal := new(raft.Driver).Bootstrap(s, &raft.Identity{Cluster: cluster, Self: s.member}, &founding); refusal.Code != raft.OK {
		lab.t.Fatalf("bootstrap of %d: %v", id, refusal)
	}
	s.start()
	return s
}

func (s *seat) start() {
	s.lab.t.Helper()
	s.driver, s.applied, s.down = raft.Driver{}, 0, false
	if refusal := s.driver.Start(&s.lab.settings, s, s, s); refusal.Code != raft.OK {
		s.lab.t.Fatalf("start of %d: %v", s.member.ID, refusal)
	}
	s.settled()
}

// settled applies what is committed.
func (s *seat) settled() {
	var into [8]raft.Entry
	for {
		n, snapshot := s.driver.Next(into[:])
		switch {
		case snapshot != nil:
			s.applied = snapshot.Index
		case n > 0:
			s.applied = into[n-1].Index
		default:
			return
		}
		s.driver.Applied(s.applied)
	}
}

// tell gives a server a message made by hand, with its entries.
func (s *seat) tell(m raft.Message, entries ...raft.Entry) {
	s.lab.t.Helper()
	m.Cluster, m.To = cluster, s.member
	for _, e := range entries {
		m.EntryTerm, m.Configured = e.Term, e.Kind == raft.ConfigurationChange
		m.Bytes += uint32(len(e.Data))
	}
	if m.Kind == raft.Append {
		m.Last = m.Index + raft.Index(len(entries))
	}
	if refusal := s.driver.Receive(&m, &raft.Payload{Entries: entries}); refusal.Code != raft.OK {
		s.lab.t.Fatalf("server %d refuses %s: %v", s.member.ID, &packet{Message: m}, refusal)
	}
	s.settled()
}

// snapshot takes a snapshot of what is applied and drops the log up to an index.
func (s *seat) snapshot(through raft.Index) {
	s.lab.t.Helper()
	var taken raft.Snapshot
	if !s.TakeSnapshot(s.applied, []byte("state"), &taken) {
		s.lab.t.Fatal("the snapshot does not fit")
	}
	if refusal := s.driver.Compact(&taken, through); refusal.Code != raft.OK {
		s.lab.t.Fatalf("server %d refuses a snapshot at %d: %v", s.member.ID, s.applied, refusal)
	}
}

// emptyLaboratory has time and a network, but no servers.
func emptyLaboratory(t testing.TB) *laboratory {
	return &laboratory{t: t, now: 1000 * millisecond, settings: defaultSettings()}
}

// A liar is a store that says something else than it holds.
type liar struct {
	raft.Storage
	stored        func(*raft.Stored)
	header        func(index raft.Index, term *raft.Term, kind *raft.EntryKind, ok *bool)
	configuration func(*raft.Configuration) bool
	failure       raft.Code
}

func (l *liar) Stored(into *raft.Stored) {
	l.Storage.Stored(into)
	if l.stored != nil {
		l.stored(into)
	}
}

func (l *liar) Header(index raft.Index) (raft.Term, raft.EntryKind, uint32, bool) {
	term, kind, bytes, ok := l.Storage.Header(index)
	if l.header != nil {
		l.header(index, &term, &kind, &ok)
	}
	return term, kind, bytes, ok
}

func (l *liar) Configuration(index raft.Index, into *raft.Configuration) bool {
	if l.configuration != nil {
		return l.configuration(into)
	}
	return l.Storage.Configuration(index, into)
}

func (l *liar) Durable() (uint64, raft.Code) {
	number, code := l.Storage.Durable()
	if l.failure != raft.OK {
		code = l.failure
	}
	return number, code
}

// §3.8: what a restart relies on must fit together.
func TestAStorageThatContradictsItselfIsRefusedWithTheContradiction(t *testing.T) {
	for _, c := range []struct {
		name string
		liar liar
		want raft.Refusal
	}{
		{"nobody's store", liar{stored: func(s *raft.Stored) { *s = raft.Stored{} }}, raft.Refusal{Code: raft.EmptyStore}},
		{"a commit index above the last entry", liar{stored: func(s *raft.Stored) { s.HardState.Commit = 4 }}, raft.Refusal{Code: raft.CommitBeyondLog, Index: 3}},
		{"a first entry that is missing", liar{header: func(i raft.Index, _ *raft.Term, _ *raft.EntryKind, ok *bool) { *ok = *ok && i != 1 }}, raft.Refusal{Code: raft.LogGap, Index: 1}},
		{"an entry in the middle that is missing", liar{header: func(i raft.Index, _ *raft.Term, _ *raft.EntryKind, ok *bool) { *ok = *ok && i != 2 }}, raft.Refusal{Code: raft.LogGap, Index: 2}},
		{"a last entry that is missing", liar{stored: func(s *raft.Stored) { s.Last = 4 }}, raft.Refusal{Code: raft.LogGap, Index: 4}},
		{"a log that begins above the snapshot", liar{stored: func(s *raft.Stored) { s.Base = 2 }}, raft.Refusal{Code: raft.LogGap, Index: 3}},
		{"a log that ends below the snapshot", liar{stored: func(s *raft.Stored) { s.Snapshot.Index = 9 }}, raft.Refusal{Code: raft.LogGap, Index: 1}},
		{"a configuration that is missing", liar{header: func(i raft.Index, _ *raft.Term, kind *raft.EntryKind, _ *bool) {
			if i == 3 {
				*kind = raft.ConfigurationChange
			}
		}}, raft.Refusal{Code: raft.LogGap, Index: 3, Term: 2}},
		{"a configuration of nobody", liar{
			header: func(i raft.Index, _ *raft.Term, kind *raft.EntryKind, _ *bool) {
				if i == 3 {
					*kind = raft.ConfigurationChange
				}
			},
			configuration: func(c *raft.Configuration) bool { *c = raft.Configuration{}; return true },
		}, raft.Refusal{Code: raft.BadConfiguration, Index: 3, Term: 2}},
		{"a configuration above its snapshot", liar{stored: func(s *raft.Stored) { s.Snapshot.ConfigurationIndex = 2 }}, raft.Refusal{Code: raft.BadConfiguration, Index: 2}},
		{"a snapshot's configuration without voters", liar{stored: func(s *raft.Stored) {
			s.Snapshot.Configuration.Learners, s.Snapshot.Configuration.Voters = s.Snapshot.Configuration.Voters, 0
		}}, raft.Refusal{Code: raft.BadConfiguration}},
		{"a term below the last entry's", liar{stored: func(s *raft.Stored) { s.HardState.Term = 1 }}, raft.Refusal{Code: raft.TermBelowLog, Index: 3, Term: 2}},
		{"a term that falls along the log", liar{header: func(i raft.Index, term *raft.Term, _ *raft.EntryKind, _ *bool) {
			if i == 1 {
				*term = 2
			}
		}}, raft.Refusal{Code: raft.TermsOutOfOrder, Index: 2, Term: 1}},
		{"an entry of no term", liar{header: func(i raft.Index, term *raft.Term, _ *raft.EntryKind, _ *bool) {
			if i == 1 {
				*term = 0
			}
		}}, raft.Refusal{Code: raft.TermsOutOfOrder, Index: 1}},
		{"a snapshot of another term than its entry", liar{stored: func(s *raft.Stored) { s.Snapshot.Index, s.Snapshot.Term = 2, 2 }}, raft.Refusal{Code: raft.TermsOutOfOrder, Index: 2, Term: 1}},
		{"more runs of terms than fit", liar{
			stored: func(s *raft.Stored) { s.Last, s.HardState.Term = raft.MaxRuns+1, raft.MaxRuns+1 },
			header: func(i raft.Index, term *raft.Term, kind *raft.EntryKind, ok *bool) {
				*term, *kind, *ok = raft.Term(i), raft.Command, true
			},
		}, raft.Refusal{Code: raft.TooManyRuns, Index: raft.MaxRuns + 1, Term: raft.MaxRuns + 1}},
		{"a failed storage", liar{failure: raft.StorageFailed}, raft.Refusal{Code: raft.StorageFailed}},
		{"no contradiction", liar{}, raft.Refusal{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
				s := newSeat(emptyLaboratory(t), fresh(64), 1, 3)
				s.tell(raft.Message{Kind: raft.Append, From: first(2), Term: 1}, commands(1, 1, "a", "b")...)
				s.tell(raft.Message{Kind: raft.Append, From: first(2), Term: 2, Index: 2, LogTerm: 1}, commands(3, 2, "c")...)
				c.liar.Storage = s.shelf
				if got := new(raft.Driver).Start(&s.lab.settings, s, &c.liar, s); got != c.want {
					t.Errorf("got %+v (%v), want %+v", got, got.Code, c.want)
				}
			})
		})
	}
}

func TestAnEmptyStoreIsNotStarted(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		s := &seat{shelf: fresh(64), lab: emptyLaboratory(t)}
		if refusal := s.driver.Start(&s.lab.settings, s, s, s); refusal != (raft.Refusal{Code: raft.EmptyStore}) {
			t.Errorf("got %+v", refusal)
		}
	})
}

func TestASettingOutOfItsRangeIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*raft.Settings)
		want   raft.Code
	}{
		{"as they are", func(*raft.Settings) {}, raft.OK},
		{"no heartbeat", func(s *raft.Settings) { s.Heartbeat = 0 }, raft.BadSettings},
		{"a heartbeat of a third of the election timeout", func(s *raft.Settings) { s.Heartbeat = s.ElectionTimeout / 3 }, raft.OK},
		{"a heartbeat of more than that", func(s *raft.Settings) { s.Heartbeat = s.ElectionTimeout/3 + 1 }, raft.BadSettings},
		{"an election timeout of weeks", func(s *raft.Settings) { s.ElectionTimeout = 1<<50 + 1 }, raft.BadSettings},
		{"messages of nothing", func(s *raft.Settings) { s.MaxMessageBytes = 0 }, raft.BadSettings},
		{"less in flight than one message", func(s *raft.Settings) { s.MaxInflightBytes = s.MaxMessageBytes - 1 }, raft.BadSettings},
		{"less uncommitted than one message", func(s *raft.Settings) { s.MaxUncommittedBytes = s.MaxMessageBytes - 1 }, raft.BadSettings},
		{"too much uncommitted to be counted", func(s *raft.Settings) { s.MaxUncommittedBytes = 1 << 31 }, raft.BadSettings},
		{"chunks of nothing", func(s *raft.Settings) { s.ChunkBytes = 0 }, raft.BadSettings},
		{"no reserve", func(s *raft.Settings) { s.Reserve = 0 }, raft.BadSettings},
		{"a reserve of nearly all runs", func(s *raft.Settings) { s.Reserve = raft.MaxRuns - 1 }, raft.OK},
		{"a reserve of all runs", func(s *raft.Settings) { s.Reserve = raft.MaxRuns }, raft.BadSettings},
		{"a clock that errs by all", func(s *raft.Settings) { s.MaxClockErrorPPM = 1_000_000 }, raft.BadSettings},
		{"a clock that errs by nearly all", func(s *raft.Settings) { s.MaxClockErrorPPM = 999_999 }, raft.OK},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSeat(emptyLaboratory(t), newQueue(64), 1, 3)
			settings := s.lab.settings
			c.change(&settings)
			if refusal := new(raft.Driver).Start(&settings, s, s, s); refusal != (raft.Refusal{Code: c.want}) {
				t.Errorf("got %+v, want %v", refusal, c.want)
			}
		})
	}
}

// §6.4.1
func TestAClockThatStopsWithTheMachineIsUnfitForLeasesOnly(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(1)
	s.unfit = true
	settings := lab.settings
	lab.check(new(raft.Driver).Start(&settings, s, s, s).Code == raft.OK, "without leases it should do")
	settings.LeaseReads = true
	refusal := new(raft.Driver).Start(&settings, s, s, s)
	lab.check(refusal == raft.Refusal{Code: raft.ClockUnfit}, "got %+v", refusal)
}

func TestAStoreThatBelongsToSomebodyIsGivenToNobodyElse(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		founding := configurationOf(3)
		other := raft.Identity{Cluster: 5, Self: first(2)}
		for _, joined := range []bool{false, true} {
			storage := fresh(64)
			identity := raft.Identity{Cluster: cluster, Self: first(1)}
			if joined {
				new(raft.Driver).Join(storage, &identity)
			} else {
				new(raft.Driver).Bootstrap(storage, &identity, &founding)
			}
			var before, after raft.Stored
			storage.Stored(&before)
			want := raft.Refusal{Code: raft.NotEmpty, Node: 1}
			for _, id := range []raft.Identity{identity, other} {
				if refusal := new(raft.Driver).Bootstrap(storage, &id, &founding); refusal != want {
					t.Errorf("bootstrap: got %+v, want %+v", refusal, want)
				}
				if refusal := new(raft.Driver).Join(storage, &id); refusal != want {
					t.Errorf("join: got %+v, want %+v", refusal, want)
				}
			}
			storage.Stored(&after)
			if before != after {
				t.Errorf("the store was %+v and is %+v", before, after)
			}
		}
	})
}

// remembered is what a server must not forget (§3.8).
type remembered struct {
	self, vote         raft.Member
	term               raft.Term
	last, durable      raft.Index
	configuration      raft.Configuration
	configurationIndex raft.Index
	stored             raft.Stored
	log                []raft.Entry
}

func (s *seat) remembers() remembered {
	n := s.node()
	configuration, index := n.Configuration()
	r := remembered{
		self: n.Self(), vote: n.Vote(), term: n.Term(), last: n.Last(), durable: n.Durable(),
		configuration: *configuration, configurationIndex: index,
	}
	s.Stored(&r.stored)
	for i := r.stored.Base + 1; i <= r.stored.Last; i++ {
		var into [1]raft.Entry
		if s.Entries(i, i, 1<<20, into[:]) != 1 {
			s.lab.t.Fatalf("entry %d is missing", i)
		}
		e := into[0]
		e.Data = append([]byte{}, e.Data...)
		if e.Configuration != nil {
			c := *e.Configuration
			e.Configuration = &c
		}
		r.log = append(r.log, e)
	}
	return r
}

// §3.8
func TestANodeRebuiltFromItsStorageContinuesExactly(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		lab := emptyLaboratory(t)
		s := newSeat(lab, fresh(64), 1, 3)
		check := func(stage string) {
			t.Helper()
			before, commit := s.remembers(), s.node().Commit()
			s.Crash()
			s.start()
			if after := s.remembers(); !reflect.DeepEqual(before, after) {
				t.Errorf("%s: before %+v, after %+v", stage, before, after)
			}
			if s.node().Role() != raft.Follower || s.node().Leader() != (raft.Member{}) {
				t.Errorf("%s: a node should start as a follower of nobody", stage)
			}
			if got := s.node().Commit(); got > commit || got < before.stored.Snapshot.Index || got < before.stored.HardState.Commit {
				t.Errorf("%s: commit %d after %d", stage, got, commit)
			}
		}
		check("founded")
		s.tell(raft.Message{Kind: raft.Append, From: first(2), Term: 1}, commands(1, 1, "a", "b", "c")...)
		check("with a log")
		s.tell(raft.Message{Kind: raft.Append, From: first(3), Term: 4, Index: 2, LogTerm: 1, Commit: 1}, commands(3, 4, "d")...)
		check("with an entry replaced")
		lab.now += 2 * timeout
		s.tell(raft.Message{Kind: raft.Vote, From: first(2), Term: 6, Index: 9, LogTerm: 5})
		check("with a vote")
		if s.node().Vote() != first(2) || s.node().Term() != 6 {
			t.Errorf("vote %v in term %d", s.node().Vote(), s.node().Term())
		}
		joint := membersOf([]raft.ID{1, 2, 4})
		joint.Outgoing = 3
		s.tell(raft.Message{Kind: raft.Append, From: first(2), Term: 6, Index: 3, LogTerm: 4, Commit: 4},
			raft.Entry{Index: 4, Term: 6, Kind: raft.ConfigurationChange, Configuration: &joint})
		check("with a committed configuration")
		next := membersOf([]raft.ID{1, 2, 4})
		s.tell(raft.Message{Kind: raft.Append, From: first(2), Term: 6, Index: 4, LogTerm: 6, Commit: 4},
			raft.Entry{Index: 5, Term: 6, Kind: raft.ConfigurationChange, Configuration: &next})
		check("with an uncommitted configuration")
		if c, index := s.node().Configuration(); *c != next || index != 5 {
			t.Errorf("the configuration is %v of entry %d", c, index)
		}
		s.tell(raft.Message{Kind: raft.Heartbeat, From: first(2), Term: 6, Commit: 4})
		s.snapshot(3)
		check("with a snapshot and a shorter log")
		s.tell(raft.Message{Kind: raft.Append, From: first(4), Term: 7, Index: 4, LogTerm: 6, Commit: 4}, commands(5, 7, "e")...)
		check("with the configuration removed")
		if c, index := s.node().Configuration(); *c != joint || index != 4 {
			t.Errorf("the configuration is %v of entry %d", c, index)
		}
	})
}

// §4.1
func TestAVoteForANonMemberSurvivesARestartOnEitherStore(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		lab := emptyLaboratory(t)
		s := newSeat(lab, fresh(64), 3, 3)
		lab.now += timeout
		stranger := raft.Member{ID: 99, Incarnation: 7}
		s.tell(raft.Message{Kind: raft.Vote, From: stranger, Term: 5})
		s.Crash()
		s.start()
		if s.node().Vote() != stranger || s.node().Term() != 5 {
			t.Fatalf("the vote is %v in term %d", s.node().Vote(), s.node().Term())
		}
		lab.now += timeout
		lab.flight = nil
		s.tell(raft.Message{Kind: raft.Vote, From: first(2), Term: 5})
		if len(lab.flight) != 1 || !lab.flight[0].Reject {
			t.Errorf("nobody else should get the vote: %v", lab.flight)
		}
	})
}

// §3.8: who forgot its vote must not vote again.
func TestAServerWhoseStoreWasWipedDoesNotVote(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.elect(1)
	lab.server(2).crash()
	s := lab.server(3)
	s.crash()
	s.Wipe()
	refusal := s.driver.Start(&lab.settings, s, s, s)
	lab.check(refusal.Code == raft.EmptyStore, "got %v", refusal)
	s.member.Incarnation = 2
	refusal = new(raft.Driver).Join(s, &raft.Identity{Cluster: cluster, Self: s.member})
	lab.check(refusal.Code == raft.OK, "got %v", refusal)
	lab.start(s)
	lab.run(2 * timeout)
	m := raft.Message{Kind: raft.Vote, From: first(1), To: first(3), Term: 9, Index: 9, LogTerm: 8}
	refusal = s.receive(m)
	lab.check(refusal.Code == raft.WrongMember, "got %v", refusal)
	s.silent(raft.VoteReply)
	lab.run(5 * timeout)
	lab.check(lab.server(1).node().Role() != raft.Leader, "server 1 should find no quorum")
	lab.check(s.node().Term() == 0 && s.node().Role() == raft.Follower, "server 3 should neither vote nor campaign")
}

// A running node forgets committed runs of terms, and a restart must be able to.
// Found in review: after MaxRuns elections without a snapshot no server started.
func TestManyElectionsDoNotPreventARestart(t *testing.T) {
	lab := newLaboratory(t, 3, func(l *laboratory) { l.entries = 1024 })
	lab.elect(1)
	for i := range raft.MaxRuns + 1 {
		from, to := lab.server(raft.ID(1+i%2)), first(raft.ID(2-i%2))
		refusal := from.driver.Transfer(to)
		lab.check(refusal.Code == raft.OK, "transfer %d: %v", i, refusal)
		lab.run(3 * beat)
	}
	for _, s := range lab.servers {
		lab.check(s.driver.WantsSnapshot(), "server %d should want a snapshot", s.member.ID)
		s.restart()
	}
	lab.elect(1)
}

// A fragile store loses power before a write.
type fragile struct {
	shelf
	writes int // that are still made
}

// A powerCut is what a fragile store panics with.
type powerCut struct{}

func (f *fragile) Write(w *raft.Write) {
	if f.writes == 0 {
		panic(powerCut{})
	}
	f.writes--
	f.shelf.Write(w)
}

// until runs a server's life until the power fails, and reports whether it did.
func (f *fragile) until(life func()) (failed bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(powerCut); !ok {
				panic(r)
			}
			failed = true
		}
	}()
	life()
	return false
}

// §3.8: a crash between any two writes leaves what a server can start from, in which
// nothing is missing that it has told anybody.
func TestACrashBeforeAnyWriteLosesNothingThatWasTold(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		failures := 0
		for writes := 1; writes < 100; writes++ { // the first is the identity
			lab := emptyLaboratory(t)
			store := &fragile{shelf: fresh(64), writes: 1}
			s := newSeat(lab, store, 1, 3)
			store.writes = writes - 1
			failed := store.until(func() { s.live() })
			store.writes = 1 << 30
			told := lab.flight
			s.Crash()
			s.start()
			s.stands(told)
			if !failed {
				break
			}
			failures++
		}
		if failures < 12 {
			t.Errorf("only %d writes were tried", failures)
		}
	})
}

// live is a life with every kind of write.
func (s *seat) live() {
	s.tell(raft.Message{Kind: raft.Append, From: first(2), Term: 1, Probe: true}, commands(1, 1, "a", "b", "c")...)
	s.tell(raft.Message{Kind: raft.Append, From: first(3), Term: 4, Index: 2, LogTerm: 1, Commit: 1}, commands(3, 4, "d")...)
	s.lab.now += 2 * timeout
	s.tell(raft.Message{Kind: raft.Vote, From: first(2), Term: 6, Index: 9, LogTerm: 5})
	learner := membersOf([]raft.ID{1, 2, 3}, 4)
	s.tell(raft.Message{Kind: raft.Append, From: first(2), Term: 6, Index: 3, LogTerm: 4, Commit: 3},
		raft.Entry{Index: 4, Term: 6, Kind: raft.ConfigurationChange, Configuration: &learner})
	s.snapshot(2)
	s.tell(raft.Message{Kind: raft.Append, From: first(3), Term: 7, Index: 3, LogTerm: 4, Commit: 3}, commands(4, 7, "e")...)
	s.lab.now += 2 * timeout
	s.driver.Wake()
	s.tell(raft.Message{Kind: raft.PreVoteReply, From: first(2), Term: 8})
	s.tell(raft.Message{Kind: raft.VoteReply, From: first(2), Term: 8})
	s.tell(raft.Message{Kind: raft.AppendReply, From: first(2), Term: 8, Index: 5})
	s.offer()
	s.tell(raft.Message{Kind: raft.AppendReply, From: first(2), Term: 8, Index: 6})
	if s.node().Commit() != 6 {
		s.lab.t.Fatalf("its life did not go as it should: commit %d", s.node().Commit())
	}
}

// stands fails the test if the server has forgotten what it told others.
func (s *seat) stands(told []*packet) {
	s.lab.t.Helper()
	var stored raft.Stored
	s.Stored(&stored)
	for _, p := range told {
		switch {
		case p.Kind != raft.PreVote && p.Term > s.node().Term():
			s.lab.t.Errorf("it is in term %d, but has sent %s", s.node().Term(), p)
		case p.Kind == raft.VoteReply && !p.Reject && p.Term == s.node().Term() && s.node().Vote() != p.To:
			s.lab.t.Errorf("its vote is %v, but it has sent %s", s.node().Vote(), p)
		case p.Kind == raft.Vote && p.Term == s.node().Term() && s.node().Vote() != s.member:
			s.lab.t.Errorf("its vote is %v, but it has sent %s", s.node().Vote(), p)
		case p.Kind == raft.AppendReply && !p.Reject && p.Term == s.node().Term() && p.Index > s.node().Last():
			s.lab.t.Errorf("its log ends at %d, but it has sent %s", s.node().Last(), p)
		}
	}
	if stored.HardState.Commit > stored.Last || s.node().Durable() != s.node().Last() {
		s.lab.t.Errorf("the recorded commit index is %d, the durable log ends at %d of %d", stored.HardState.Commit, s.node().Durable(), stored.Last)
	}
}

// §3.8, §4: who lost its disk is another member, and counts for nothing until it is
// added as a learner, has caught up, and is made a voter.
func TestAServerThatLostItsDiskIsReadmittedAsAnotherMember(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		lab, seats := smallCluster(t, fresh)
		exchange(lab, seats, 2*timeout)
		leader, lost := leaderOf(t, seats), seats[2]
		index, _ := leader.offer()
		exchange(lab, seats, 3*beat)
		lost.Wipe()
		lost.driver = raft.Driver{}
		if refusal := lost.driver.Start(&lab.settings, lost, lost, lost); refusal.Code != raft.EmptyStore {
			t.Fatalf("an empty store: got %v", refusal)
		}
		lost.member.Incarnation = 2
		if refusal := new(raft.Driver).Join(lost, &raft.Identity{Cluster: cluster, Self: lost.member}); refusal.Code != raft.OK {
			t.Fatalf("join: got %v", refusal)
		}
		lost.start()
		exchange(lab, seats, 3*timeout)
		if lost.node().Term() != 0 || lost.node().Last() != 0 {
			t.Fatalf("before it is readmitted nobody should speak to it: term %d, last %d", lost.node().Term(), lost.node().Last())
		}
		learner := membersOf([]raft.ID{1, 2}, 3)
		learner.Members[2] = lost.member
		voter := learner
		voter.Voters, voter.Learners = 0b111, 0
		if _, refusal := leader.driver.Change(&voter); refusal.Code != raft.NotCaughtUp {
			t.Fatalf("at once a voter: got %v", refusal)
		}
		for _, c := range []raft.Configuration{learner, voter} {
			if _, refusal := leader.driver.Change(&c); refusal.Code != raft.OK {
				t.Fatalf("the change to %b and %b: got %v", c.Voters, c.Learners, refusal)
			}
			exchange(lab, seats, timeout)
		}
		if lost.applied < index {
			t.Errorf("it has applied %d of %d", lost.applied, leader.applied)
		}
		for _, s := range seats[:2] { // it is needed now
			s.down = s != leader
		}
		index, _ = leader.offer()
		exchange(lab, seats, 3*beat)
		if leader.node().Commit() < index {
			t.Errorf("with its acknowledgement %d of %d should be committed", leader.node().Commit(), index)
		}
	})
}
