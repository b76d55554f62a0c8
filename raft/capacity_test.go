package raft_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

const (
	smallLog     = 32 // entries a small store has place for
	smallReserve = 6
)

// smallCluster is three servers on stores with little place.
func smallCluster(t *testing.T, fresh func(entries uint32) shelf) (*laboratory, []*seat) {
	t.Helper()
	lab := emptyLaboratory(t)
	lab.settings.Reserve = smallReserve
	var seats []*seat
	for id := raft.ID(1); id <= 3; id++ {
		seats = append(seats, newSeat(lab, fresh(smallLog), id, 3))
	}
	return lab, seats
}

// exchange lets time pass and delivers every message between servers that are up.
func exchange(lab *laboratory, seats []*seat, d raft.Duration) {
	until := lab.now + raft.Instant(d)
	for ; lab.now < until; lab.now += millisecond {
		for _, s := range seats {
			if !s.down && s.driver.Deadline() <= lab.now {
				s.driver.Wake()
				s.settled()
			}
		}
		for rounds := 0; len(lab.flight) > 0; rounds++ {
			if rounds > 100_000 {
				lab.t.Fatalf("messages do not come to an end; the next is %s", lab.flight[0])
			}
			p := lab.flight[0]
			lab.flight = lab.flight[1:]
			for _, s := range seats {
				if s.member == p.To && !s.down {
					s.driver.Receive(&p.Message, &raft.Payload{Entries: p.entries, Snapshot: p.snapshot, Chunk: p.chunk})
					s.settled()
				}
			}
		}
	}
}

// leaderOf is the leader of the highest term among the servers that are up.
func leaderOf(t *testing.T, seats []*seat) *seat {
	t.Helper()
	var leader *seat
	for _, s := range seats {
		if !s.down && s.node().Role() == raft.Leader && (leader == nil || s.node().Term() > leader.node().Term()) {
			leader = s
		}
	}
	if leader == nil {
		t.Fatal("nobody leads")
	}
	return leader
}

func (s *seat) offer() (raft.Index, raft.Refusal) { return s.offerMany(1) }

func (s *seat) offerMany(count int) (raft.Index, raft.Refusal) {
	entries := make([]raft.Entry, count)
	for i := range entries {
		entries[i].Data = []byte("x")
	}
	index, _, refusal := s.driver.Propose(entries)
	s.settled()
	return index, refusal
}

// fill proposes until the log has no room and returns how many were taken.
func (s *seat) fill(between func()) int {
	s.lab.t.Helper()
	for taken := range smallLog + 1 {
		if _, refusal := s.offer(); refusal.Code == raft.NoRoom {
			return taken
		} else if refusal.Code != raft.OK {
			s.lab.t.Fatalf("proposal %d: %v", taken, refusal)
		}
		between()
	}
	s.lab.t.Fatal("the log took more than it has place for")
	return 0
}

func TestProposalsAreRefusedAtTheReserveAndNoOpsStillFit(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		lab, seats := smallCluster(t, fresh)
		exchange(lab, seats, 2*timeout)
		leader := leaderOf(t, seats)
		taken := leader.fill(func() { exchange(lab, seats, millisecond) })
		if want := smallLog - smallReserve - 1; taken != want { // one is the no-op
			t.Errorf("%d proposals were taken, want %d", taken, want)
		}
		if room := leader.Room(); room.Entries != smallReserve {
			t.Errorf("there is room for %d entries, want the reserve of %d", room.Entries, smallReserve)
		}
		if !leader.driver.WantsSnapshot() {
			t.Error("a snapshot should be wanted")
		}
		for i, to := range []raft.ID{2, 3, 1} {
			if refusal := leaderOf(t, seats).driver.Transfer(first(to)); refusal.Code != raft.OK {
				t.Fatalf("transfer to %d: %v", to, refusal)
			}
			exchange(lab, seats, 3*beat)
			leader = leaderOf(t, seats)
			want := raft.Index(smallLog - smallReserve + i + 1)
			if leader.member != first(to) || leader.node().Last() != want || leader.node().Commit() != want {
				t.Fatalf("server %d leads and has committed %d of %d entries; want server %d with %d",
					leader.member.ID, leader.node().Commit(), leader.node().Last(), to, want)
			}
			if _, refusal := leader.offer(); refusal.Code != raft.NoRoom {
				t.Errorf("in the reserve: got %v", refusal)
			}
		}
	})
}

func TestAFullClusterIsWritableAgainWhenAQuorumIsBackAndASnapshotIsTaken(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		lab, seats := smallCluster(t, fresh)
		exchange(lab, seats, 2*timeout)
		leader := leaderOf(t, seats)
		for _, s := range seats {
			s.down = s != leader
		}
		commit := leader.node().Commit()
		for range 5 { // with the no-op that is all but the reserve
			if _, refusal := leader.offerMany((smallLog - smallReserve - 1) / 5); refusal.Code != raft.OK {
				t.Fatalf("the leader alone refuses: %v", refusal)
			}
		}
		if _, refusal := leader.offer(); refusal.Code != raft.NoRoom {
			t.Fatalf("at the reserve: got %v", refusal)
		}
		exchange(lab, seats, 3*timeout)
		if leader.node().Role() == raft.Leader || leader.node().Commit() != commit {
			t.Fatal("a leader alone should commit nothing and step down")
		}
		for _, s := range seats { // one after the other, so that the full log is in each quorum
			if s.down {
				s.Crash()
				s.start()
				exchange(lab, seats, 4*timeout)
			}
		}
		if last := leader.node().Last(); last <= smallLog-smallReserve || leader.node().Commit() != last {
			t.Fatalf("a quorum should commit the full log: %d of %d", leader.node().Commit(), last)
		}
		for range 3 { // leaders come and go
			exchange(lab, seats, 4*timeout)
			leader = leaderOf(t, seats)
			if leader.node().Commit() != leader.node().Last() {
				t.Fatalf("the leader has committed %d of %d", leader.node().Commit(), leader.node().Last())
			}
			leader.Crash()
			leader.start()
		}
		exchange(lab, seats, 4*timeout)
		leader = leaderOf(t, seats)
		if _, refusal := leader.offer(); refusal.Code != raft.NoRoom {
			t.Fatalf("before the snapshot: got %v", refusal)
		}
		for _, s := range seats {
			s.snapshot(s.applied)
		}
		index, refusal := leader.offer()
		if refusal.Code != raft.OK {
			t.Fatalf("after the snapshot: got %v", refusal)
		}
		exchange(lab, seats, 3*beat)
		for _, s := range seats {
			if s.applied < index {
				t.Errorf("server %d has applied %d, want %d", s.member.ID, s.applied, index)
			}
		}
	})
}

// A leader knows first what is committed, and compacts it. What it has filled another
// log with must not keep that server from leading when it is gone.
func TestAFollowerKeepsHalfTheReserveForWhatBeginsATermAndForConfigurations(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		lab := emptyLaboratory(t)
		lab.settings.Reserve = smallReserve
		s := newSeat(lab, fresh(smallLog), 1, 3)
		for range smallLog {
			last := s.node().Last()
			lab.flight = nil
			s.tell(raft.Message{Kind: raft.Append, From: first(2), Term: 1, Index: last, LogTerm: min(raft.Term(last), 1)}, commands(last+1, 1, "x")...)
		}
		if room := s.Room(); room.Entries != smallReserve/2 || !lab.flight[0].Full || lab.flight[0].Index != s.node().Last() {
			t.Fatalf("there is room for %d entries, want half the reserve, %d; the last answer is %s", room.Entries, smallReserve/2, lab.flight[0])
		}
		last := s.node().Last()
		s.tell(raft.Message{Kind: raft.Append, From: first(3), Term: 2, Index: last, LogTerm: 1}, commands(last+1, 2, "", "x")...)
		if s.node().Last() != last {
			t.Error("a no-op with a command after it should not go into the reserve")
		}
		s.tell(raft.Message{Kind: raft.Append, From: first(3), Term: 2, Index: last, LogTerm: 1}, commands(last+1, 2, "")...)
		members := membersOf([]raft.ID{1, 2, 3})
		change := raft.Entry{Index: last + 2, Term: 2, Kind: raft.ConfigurationChange, Configuration: &members}
		s.tell(raft.Message{Kind: raft.Append, From: first(3), Term: 2, Index: last + 1, LogTerm: 2}, change)
		if s.node().Last() != last+2 {
			t.Errorf("the log ends with %d, want a no-op and a configuration after %d", s.node().Last(), last)
		}
		lab.now = s.driver.Deadline()
		s.driver.Wake()
		if s.node().Role() != raft.PreCandidate {
			t.Errorf("a server at its reserve is %s", s.node().Role())
		}
	})
}

func TestAServerWithoutRoomForANoOpDoesNotCampaignUntilASnapshotMakesRoom(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		lab := emptyLaboratory(t)
		s := newSeat(lab, fresh(smallLog), 1, 3)
		for i := range raft.Index(smallLog) {
			s.addRun(i+1, i)
		}
		lab.now = s.driver.Deadline()
		s.driver.Wake()
		if s.node().Role() != raft.Follower {
			t.Fatalf("a full server is %s", s.node().Role())
		}
		s.snapshot(s.applied)
		lab.now = s.driver.Deadline()
		s.driver.Wake()
		if s.node().Role() != raft.PreCandidate {
			t.Errorf("a server with room again is %s", s.node().Role())
		}
	})
}

// withRuns returns server 1 of three, whose log has runs of one entry each, of
// the terms from 1 on, committed as far as a test says.
func withRuns(t *testing.T, fresh func(entries uint32) shelf, runs int, commit func(last raft.Index) raft.Index) *seat {
	t.Helper()
	lab := emptyLaboratory(t)
	lab.settings.Reserve = 2
	s := newSeat(lab, fresh(2*raft.MaxRuns), 1, 3)
	for i := range raft.Index(runs) {
		s.addRun(i+1, commit(i+1))
	}
	return s
}

// addRun gives the server the entry at an index, of the same term, by its leader.
func (s *seat) addRun(index, commit raft.Index) {
	s.lab.t.Helper()
	s.lab.flight = nil
	m := raft.Message{Kind: raft.Append, From: first(2), Term: raft.Term(index), Index: index - 1, LogTerm: raft.Term(index - 1), Commit: commit}
	s.tell(m, commands(index, raft.Term(index), "x")...)
}

func nothing(raft.Index) raft.Index           { return 0 }
func everything(last raft.Index) raft.Index   { return last }
func onlyTheFirst(last raft.Index) raft.Index { return min(last, 1) }

func TestAFullTableOfTermRunsForgetsCommittedRuns(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		s := withRuns(t, fresh, raft.MaxRuns, everything)
		if fate := s.node().Fate(1, 1); fate != raft.Committed {
			t.Errorf("of a full table the first run is %d, want it committed", fate)
		}
		for index := raft.Index(raft.MaxRuns + 1); index <= raft.MaxRuns+5; index++ {
			s.addRun(index, index)
			if s.node().Last() != index || s.node().Commit() != index {
				t.Fatalf("entry %d should be taken: last %d, commit %d", index, s.node().Last(), s.node().Commit())
			}
		}
		for index := raft.Index(1); index <= raft.MaxRuns+5; index++ {
			want := raft.Committed
			if index < 5 { // of entry 5 the term is still known
				want = raft.Unknown
			}
			if fate := s.node().Fate(index, raft.Term(index)); fate != want {
				t.Errorf("the fate of entry %d is %d, want %d", index, fate, want)
			}
		}
		s.lab.now = s.driver.Deadline()
		s.driver.Wake()
		if s.node().Role() != raft.PreCandidate {
			t.Errorf("at its deadline the server is %s", s.node().Role())
		}
	})
}

// The limit: a log with MaxRuns uncommitted runs can take no further term.
func TestAFullTableOfUncommittedTermRunsTakesNoFurtherTerm(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		s := withRuns(t, fresh, raft.MaxRuns, nothing)
		for range 3 {
			s.lab.now = s.driver.Deadline()
			s.driver.Wake()
			if s.node().Role() != raft.Follower || s.node().Term() != raft.MaxRuns {
				t.Fatalf("the server is %s in term %d", s.node().Role(), s.node().Term())
			}
		}
		s.tell(raft.Message{Kind: raft.TimeoutNow, From: first(2), Term: raft.MaxRuns})
		if s.node().Role() != raft.Follower {
			t.Errorf("asked to campaign the server is %s", s.node().Role())
		}
		s.addRun(raft.MaxRuns+1, 0)
		if s.node().Last() != raft.MaxRuns {
			t.Errorf("the log goes up to %d", s.node().Last())
		}
		if len(s.lab.flight) != 1 || !s.lab.flight[0].Full || s.lab.flight[0].Index != raft.MaxRuns {
			t.Errorf("the answer is %v", s.lab.flight)
		}
		// The leader's next message commits what is there; then there is room.
		s.addRun(raft.MaxRuns+1, raft.MaxRuns)
		s.tell(raft.Message{Kind: raft.Heartbeat, From: first(2), Term: raft.MaxRuns + 1, Commit: raft.MaxRuns})
		s.addRun(raft.MaxRuns+1, raft.MaxRuns)
		if s.node().Last() != raft.MaxRuns+1 {
			t.Errorf("once all is committed the log goes up to %d", s.node().Last())
		}
	})
}

func TestAFullTableOfTermRunsWhoseFirstIsCommittedTakesOneMore(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		s := withRuns(t, fresh, raft.MaxRuns, onlyTheFirst)
		s.addRun(raft.MaxRuns+1, 1)
		if s.node().Last() != raft.MaxRuns+1 {
			t.Errorf("the log goes up to %d", s.node().Last())
		}
		s.addRun(raft.MaxRuns+2, 1)
		if s.node().Last() != raft.MaxRuns+1 {
			t.Errorf("with none committed but the forgotten one the log goes up to %d", s.node().Last())
		}
	})
}

// The reserve counts for runs as it does for entries. A board has fewer marks
// than runs, so that there the marks are used up before.
func TestALeaderRefusesProposalsAtTheReserveOfTermRunsAndIsStillElected(t *testing.T) {
	for _, c := range []struct {
		name string
		runs int // before the leader's own
		want raft.Code
	}{
		{"one more run is left than the reserve", raft.MaxRuns - 4, raft.OK},
		{"the reserve is left", raft.MaxRuns - 3, raft.OK},
		{"less than the reserve is left", raft.MaxRuns - 2, raft.NoRoom},
		{"nothing is left", raft.MaxRuns - 1, raft.TooMuchUncommitted},
	} {
		const board = 64
		if raft.MaxRuns == board {
			c.want = raft.TooMuchUncommitted
		}
		t.Run(c.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
				s := withRuns(t, fresh, c.runs, nothing)
				term := raft.Term(c.runs + 1)
				s.lab.now = s.driver.Deadline()
				s.driver.Wake()
				s.tell(raft.Message{Kind: raft.PreVoteReply, From: first(2), Term: term})
				s.tell(raft.Message{Kind: raft.VoteReply, From: first(2), Term: term})
				if s.node().Role() != raft.Leader || s.node().Last() != raft.Index(term) {
					t.Fatalf("the server is %s and its log goes up to %d", s.node().Role(), s.node().Last())
				}
				if _, refusal := s.offer(); refusal.Code != c.want {
					t.Errorf("before anything is committed: got %v, want %v", refusal, c.want)
				}
				s.tell(raft.Message{Kind: raft.AppendReply, From: first(2), Term: term, Index: raft.Index(term)})
				if s.node().Commit() != raft.Index(term) {
					t.Fatalf("the commit index is %d", s.node().Commit())
				}
				if _, refusal := s.offer(); refusal.Code != raft.OK {
					t.Errorf("once all is committed: got %v", refusal)
				}
			})
		})
	}
}

// A running node forgets committed runs of terms, and a restart must be able to: so
// what is committed is recorded before, also where no term has to be.
func TestARestartMayForgetTheTermRunsThatWereForgottenBefore(t *testing.T) {
	onBothStores(t, func(t *testing.T, fresh func(uint32) shelf) {
		s := withRuns(t, fresh, raft.MaxRuns, nothing)
		const last, term = raft.MaxRuns, raft.MaxRuns + 1
		s.tell(raft.Message{Kind: raft.Heartbeat, From: first(2), Term: term})
		s.tell(raft.Message{Kind: raft.Append, From: first(2), Term: term, Index: last, LogTerm: last, Commit: last})
		s.addRun(last+1, last)
		if s.node().Last() != last+1 {
			t.Fatalf("the log goes up to %d", s.node().Last())
		}
		s.Crash()
		s.start()
		if s.node().Last() != last+1 || s.node().Commit() != last {
			t.Errorf("it starts with a log up to %d, committed up to %d", s.node().Last(), s.node().Commit())
		}
	})
}
