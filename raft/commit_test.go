package raft_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// §3.6.2, Figure 3.7
func TestALeaderCommitsEntriesOfEarlierTermsOnlyAlongWithOneOfItsOwn(t *testing.T) {
	lab := newLaboratory(t, 3)
	for _, s := range lab.servers[:2] { // both have an entry of term 2 that is not known to be committed
		s.receiveAppend(3, 2, 0, 0, 0, commands(1, 2, "x")...)
	}
	lab.flight = nil
	leader := lab.winAmong(1, cutOff(3))
	lab.flight = nil
	leader.receive(raft.Message{Kind: raft.AppendReply, From: first(2), Term: 3, Index: 1})
	lab.check(leader.node().Commit() == 0, "that a majority has entry 1 should not commit it")
	leader.receive(raft.Message{Kind: raft.AppendReply, From: first(2), Term: 3, Index: 2})
	lab.check(leader.node().Commit() == 2, "that a majority has the leader's no-op should commit both")
}

// §6.4
func TestANewLeaderAppendsANoOp(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	term, entry, _, ok := leader.Header(1)
	lab.check(ok && term == 1 && entry == raft.NoOp, "entry 1 should be a no-op of term 1")
}

// §3.5
func TestAFollowerLearnsTheCommitIndexOnlyAsFarAsItsLogAgrees(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.receiveAppend(1, 1, 0, 0, 0, commands(1, 1, "a", "b", "c")...)
	s.receiveAppend(2, 2, 0, 0, 9, commands(1, 1, "a")...)
	lab.check(s.node().Commit() == 1, "only entry 1 is known to agree")
}

func TestTheCommitIndexNeverFalls(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.propose("x")
	lab.run(beat)
	s := lab.server(2)
	commit := s.node().Commit()
	s.receive(raft.Message{Kind: raft.Heartbeat, From: first(1), Term: 1, Round: 1})
	lab.check(s.node().Commit() == commit, "a heartbeat that comes late should not take commit back")
}

// §10.2.1: a leader may commit what it has not yet written itself.
func TestAQuorumWithoutTheLeadersOwnDiskCommits(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.slow = true
	index, _ := leader.propose("x")
	lab.run(2 * beat)
	lab.check(leader.node().Commit() == index && leader.node().Durable() < index, "two followers are a quorum")
}

func TestAProposalIsCommittedWhenItsTermIsAtItsIndex(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	index, term := leader.propose("x")
	lab.check(leader.node().Fate(index, term) == raft.Pending, "not yet")
	lab.run(beat)
	for _, s := range lab.servers {
		if s.node().Commit() >= index {
			lab.check(s.node().Fate(index, term) == raft.Committed, "at server %d", s.member.ID)
		}
	}
}

// §3.6: that an entry was removed from one log decides nothing.
func TestAProposalIsSupersededOnlyWhenAnotherEntryIsCommittedInItsPlace(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	index, term := leader.propose("x")
	lab.flight = nil
	leader.receiveAppend(2, 2, index-1, term, 0, commands(index, 2, "y")...)
	lab.check(leader.node().Fate(index, term) == raft.Pending, "that it was removed here should not decide its fate")
	leader.receiveAppend(2, 2, index, 2, index)
	lab.check(leader.node().Fate(index, term) == raft.Superseded, "that another entry is committed there should")
	lab.check(leader.node().Fate(index, 2) == raft.Committed, "and that one is")
}

func TestAProposalsFateIsUnknownWhenTheLogNoLongerTells(t *testing.T) {
	lab := newLaboratory(t, 1)
	s := lab.server(1)
	lab.run(timeout)
	index, term := s.propose("x")
	s.propose("y")
	s.snapshotAt(s.node().Commit())
	lab.check(s.node().Fate(index, term) == raft.Unknown, "entry %d was compacted", index)
}

// Backpressure on uncommitted bytes, with an honest counter.
func TestALeaderRefusesProposalsBeyondItsUncommittedBytes(t *testing.T) {
	lab := newLaboratory(t, 3, func(l *laboratory) {
		l.settings.MaxMessageBytes, l.settings.MaxInflightBytes, l.settings.MaxUncommittedBytes = 10, 10, 30
	})
	leader := lab.elect(1)
	for round := range 4 {
		for range 3 {
			leader.propose("0123456789")
		}
		_, _, refusal := leader.tryPropose("!")
		lab.check(refusal.Code == raft.TooMuchUncommitted, "round %d: got %v", round, refusal)
		lab.run(4 * beat)
	}
	lab.check(len(leader.machine) == 12, "what was taken should be applied, %d commands are", len(leader.machine))
}

func TestOnlyALeaderTakesProposals(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	_, _, refusal := lab.server(2).tryPropose("x")
	lab.check(refusal.Code == raft.NotLeader && refusal.Node == 1, "got %v", refusal)
	_, _, refusal = leader.driver.Propose(make([]raft.Entry, raft.MaxBatch+1))
	lab.check(refusal.Code == raft.TooLarge, "got %v", refusal)
	_, _, refusal = leader.driver.Propose(nil)
	lab.check(refusal.Code == raft.TooLarge, "got %v", refusal)
	_, _, refusal = leader.tryPropose(string(make([]byte, lab.settings.MaxMessageBytes+1)))
	lab.check(refusal.Code == raft.TooLarge, "got %v", refusal)
}

// What a new leader finds in its log, before or after a restart, counts as well.
func TestALeaderCountsTheUncommittedBytesThatItInherits(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		lab := newLaboratory(t, 3, func(l *laboratory) {
			l.settings.MaxMessageBytes, l.settings.MaxInflightBytes, l.settings.MaxUncommittedBytes = 10, 10, 30
		})
		s := lab.server(1)
		s.receiveAppend(2, 1, 0, 0, 0, commands(1, 1, "0123456789", "0123456789")...)
		if restarted {
			s.restart()
		}
		lab.flight = nil
		leader := lab.winAmong(1, cutOff(3))
		leader.propose("0123456789")
		_, _, refusal := leader.tryPropose("!")
		lab.check(refusal.Code == raft.TooMuchUncommitted, "restarted is %v: got %v", restarted, refusal)
		lab.run(4 * beat)
		leader.propose("!")
	}
}
