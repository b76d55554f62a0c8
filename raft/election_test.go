package raft_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// §3.4
func TestAServerWithoutALeaderBecomesOneByAMajorityOfVotes(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.run(timeout)
	lab.check(lab.server(1).node().Role() == raft.Leader, "server 1 should lead")
	for _, s := range lab.servers {
		lab.check(s.node().Leader() == first(1) && s.node().Term() == 1, "all should follow server 1 in term 1")
	}
}

// §3.4
func TestAServerVotesOnceATerm(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.now += timeout - 1
	lab.now += 2 // the start is forgotten, the election not yet due for server 3
	s := lab.server(3)
	s.receive(raft.Message{Kind: raft.Vote, From: first(1), Term: 5})
	lab.check(!s.reply(raft.VoteReply).Reject, "the first candidate should get the vote")
	s.receive(raft.Message{Kind: raft.Vote, From: first(2), Term: 5})
	lab.check(s.reply(raft.VoteReply).Reject, "the second candidate should not")
	s.receive(raft.Message{Kind: raft.Vote, From: first(1), Term: 5})
	lab.check(!s.reply(raft.VoteReply).Reject, "the first one should get it again when it asks again")
}

// §3.4, §3.8
func TestAVoteIsToldOnlyWhenItIsDurable(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.now += timeout + 1
	s := lab.server(3)
	s.slow = true
	s.receive(raft.Message{Kind: raft.Vote, From: first(1), Term: 5})
	s.silent(raft.VoteReply)
	s.restart()
	lab.now += timeout + 1
	s.receive(raft.Message{Kind: raft.Vote, From: first(2), Term: 5})
	s.silent(raft.VoteReply)
	s.persist()
	lab.check(!s.reply(raft.VoteReply).Reject, "the vote that was lost before it was told should be free")
	s.restart()
	lab.now += timeout + 1
	s.receive(raft.Message{Kind: raft.Vote, From: first(1), Term: 5})
	lab.check(s.reply(raft.VoteReply).Reject, "a vote that was told should be remembered")
}

// slowCandidate returns server 1 of three, a candidate whose term and vote are not
// durable yet.
func slowCandidate(t *testing.T) (*laboratory, *server) {
	t.Helper()
	lab := newLaboratory(t, 3)
	s := lab.server(1)
	s.slow = true
	lab.pass(timeout)
	lab.deliver(kind(raft.PreVote))
	lab.deliver(kind(raft.PreVoteReply))
	lab.check(s.node().Role() == raft.Candidate, "server 1 should campaign")
	return lab, s
}

// §3.4, §10.2.1
func TestACandidateCountsItsOwnVoteOnlyWhenItIsDurable(t *testing.T) {
	lab, s := slowCandidate(t)
	s.silent(raft.Vote)
	s.receive(raft.Message{Kind: raft.VoteReply, From: first(2), Term: 1})
	lab.check(s.node().Role() == raft.Candidate, "one other vote should not be enough before its own is durable")
	s.persist()
	lab.check(s.node().Role() == raft.Leader, "with its own it should be")
}

// §3.6.1
func TestAServerDeniesItsVoteToACandidateWithAnOlderLog(t *testing.T) {
	for _, c := range []struct {
		name     string
		index    raft.Index
		term     raft.Term
		upToDate bool
	}{
		{"an earlier last term, though a longer log", 9, 2, false},
		{"the same last term and a shorter log", 2, 3, false},
		{"the same log", 3, 3, true},
		{"the same last term and a longer log", 4, 3, true},
		{"a later last term, though a shorter log", 1, 4, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := newLaboratory(t, 3)
			s := lab.server(3)
			s.receiveAppend(2, 3, 0, 0, 0, commands(1, 3, "a", "b", "c")...)
			lab.now += timeout + 1
			s.receive(raft.Message{Kind: raft.PreVote, From: first(1), Term: 7, Index: c.index, LogTerm: c.term})
			lab.check(s.reply(raft.PreVoteReply).Reject != c.upToDate, "pre-vote")
			s.receive(raft.Message{Kind: raft.Vote, From: first(1), Term: 7, Index: c.index, LogTerm: c.term})
			lab.check(s.reply(raft.VoteReply).Reject != c.upToDate, "vote")
		})
	}
}

// §9.6
func TestACandidateAsksFirstAndRaisesNoTermByAsking(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(1)
	lab.pass(timeout)
	lab.check(s.node().Role() == raft.PreCandidate && s.node().Term() == 0, "server 1 should ask first")
	lab.deliver(kind(raft.PreVote))
	for _, other := range lab.servers[1:] {
		lab.check(other.node().Term() == 0 && other.node().Vote() == (raft.Member{}), "a pre-vote should bind nobody")
	}
}

// §9.6
func TestAServerThatWasCutOffComesBackWithoutRaisingTheTerm(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.runWhere(10*timeout, cutOff(3))
	lab.check(lab.server(3).node().Term() == 1, "the server alone should still be in term 1")
	lab.run(timeout)
	lab.check(leader.node().Role() == raft.Leader && leader.node().Term() == 1, "the leader should not be deposed")
	lab.check(lab.server(3).node().Leader() == first(1), "the server should follow again")
}

// §9.6
func TestAPreVoteThatWasGrantedForAnEarlierTermCountsForNothing(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(1)
	lab.pass(timeout)
	lab.deliver(kind(raft.PreVote))
	late := lab.take(kind(raft.PreVoteReply))
	lab.handOver(late[0])
	lab.check(s.node().Role() == raft.Candidate && s.node().Term() == 1, "one pre-vote should be enough")
	lab.flight = nil
	for s.node().Role() != raft.PreCandidate {
		lab.pass(millisecond)
		lab.flight = nil
	}
	lab.handOver(late[1])
	lab.check(s.node().Term() == 1, "a pre-vote for term 1 should not count for term 2")
}

// §9.6
func TestARefusedPreVoteOfTermZeroIsNoReasonToStop(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.pass(timeout - millisecond)
	lab.server(2).restart() // begins its quiet time anew, and still is in term 0
	lab.run(2 * timeout)
	for _, s := range lab.servers {
		lab.check(s.node().Stopped() == raft.OK, "server %d has stopped", s.member.ID)
	}
}

// §4.2.3
func TestAServerThatHearsFromALeaderHelpsNobodyToDeposeIt(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.elect(1)
	s := lab.server(3)
	lab.flight = nil
	s.receive(raft.Message{Kind: raft.PreVote, From: first(2), Term: 9, Index: 9, LogTerm: 8})
	lab.check(s.reply(raft.PreVoteReply).Reject, "no pre-vote")
	s.receive(raft.Message{Kind: raft.Vote, From: first(2), Term: 9, Index: 9, LogTerm: 8})
	s.silent(raft.VoteReply)
	lab.check(s.node().Term() == 1, "the term should stay")
	lab.server(1).receive(raft.Message{Kind: raft.Vote, From: first(2), Term: 9, Index: 9, LogTerm: 8})
	lab.check(lab.server(1).node().Role() == raft.Leader, "the leader itself should not listen either")
	lab.now += window
	s.receive(raft.Message{Kind: raft.PreVote, From: first(2), Term: 9, Index: 9, LogTerm: 8})
	lab.check(!s.reply(raft.PreVoteReply).Reject, "once the leader has been silent, a pre-vote")
	s.receive(raft.Message{Kind: raft.Vote, From: first(2), Term: 9, Index: 9, LogTerm: 8})
	lab.check(!s.reply(raft.VoteReply).Reject, "and a vote")
}

// §6.4.1: it may have supported a lease that it has forgotten.
func TestARestartedServerGrantsNoVoteForOneElectionTimeout(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	for _, c := range []struct {
		after   raft.Instant
		granted bool
	}{{0, false}, {timeout - 1, false}, {timeout, true}} {
		lab.now += 10 * timeout
		s.restart()
		lab.now += c.after
		s.receive(raft.Message{Kind: raft.PreVote, From: first(2), Term: 9, Index: 9, LogTerm: 8})
		lab.check(s.reply(raft.PreVoteReply).Reject != c.granted, "pre-vote %d ns after the start", c.after)
		s.receive(raft.Message{Kind: raft.Vote, From: first(2), Term: 9, Index: 9, LogTerm: 8})
		lab.check(len(s.replies(raft.VoteReply)) > 0 == c.granted, "vote %d ns after the start", c.after)
	}
}

// §4.1
func TestAVoteForAServerOutsideTheConfigurationIsLegalAndSurvivesARestart(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	lab.now += timeout
	stranger := raft.Member{ID: 99, Incarnation: 7}
	s.receive(raft.Message{Kind: raft.Vote, From: stranger, Term: 5})
	lab.check(!s.reply(raft.VoteReply).Reject, "the stranger should get the vote")
	s.restart()
	lab.check(s.node().Vote() == stranger && s.node().Term() == 5, "the vote should be remembered")
	lab.now += timeout
	s.receive(raft.Message{Kind: raft.Vote, From: first(1), Term: 5})
	lab.check(s.reply(raft.VoteReply).Reject, "nobody else should get it")
}

// §6.2
func TestALeaderThatHearsFromNoQuorumStepsDown(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.runWhere(timeout+2*beat, cutOff(1))
	lab.check(leader.node().Role() != raft.Leader && leader.node().Term() == 1, "server 1 should have stepped down in its term")
}

// §3.3
func TestALeaderThatHearsOfAHigherTermStepsDown(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.receive(raft.Message{Kind: raft.AppendReply, Reject: true, From: first(2), Term: 4})
	lab.check(leader.node().Role() == raft.Follower && leader.node().Term() == 4, "server 1 should follow in term 4")
}

// §3.6.3, Election Safety
func TestASecondLeaderInATermIsRefusedAndTheServerStops(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.elect(1)
	s := lab.server(3)
	before := s.Pending()
	refusal := s.receive(raft.Message{Kind: raft.Heartbeat, From: first(2), Term: 1})
	lab.check(refusal.Code == raft.Diverged && s.node().Role() == raft.Stopped, "got %v", refusal)
	lab.check(len(before) == len(s.Pending()), "nothing should be written")
	refusal = s.receive(raft.Message{Kind: raft.Heartbeat, From: first(1), Term: 1})
	lab.check(refusal.Code == raft.HasStopped, "got %v", refusal)
}

// The messages of another cluster mean nothing, whatever their term.
func TestMessagesOfAnotherClusterOrIncarnationAreRefusedBeforeTheirTerm(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.elect(1)
	s := lab.server(3)
	for _, c := range []struct {
		name string
		m    raft.Message
		code raft.Code
	}{
		{"another cluster", raft.Message{Kind: raft.Heartbeat, From: first(1), Term: 9, Cluster: cluster + 1}, raft.WrongCluster},
		{"to another server", raft.Message{Kind: raft.Heartbeat, From: first(1), Term: 9, To: first(2)}, raft.WrongMember},
		{"to an earlier life", raft.Message{Kind: raft.Heartbeat, From: first(1), Term: 9, To: raft.Member{ID: 3}}, raft.WrongMember},
		{"from another life of its own", raft.Message{Kind: raft.Heartbeat, From: raft.Member{ID: 3, Incarnation: 9}, Term: 9}, raft.WrongMember},
	} {
		refusal := s.receive(c.m)
		lab.check(refusal.Code == c.code, "%s: got %v, want %v", c.name, refusal.Code, c.code)
		lab.check(s.node().Term() == 1 && s.node().Role() == raft.Follower, "%s: the term should stay", c.name)
	}
}

// A server whose configuration is old may know a member by an earlier life only.
// It must follow the member's new life all the same, or it would never learn of
// it (§4.1: requests are judged without consulting the configuration).
func TestAMemberIsFollowedInALifeThatTheReceiverDoesNotKnow(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.elect(1)
	s := lab.server(3)
	second := raft.Member{ID: 2, Incarnation: 2}
	refusal := s.receive(raft.Message{Kind: raft.Heartbeat, From: second, Term: 9})
	lab.check(refusal.Code == raft.OK, "got %v", refusal.Code)
	lab.check(s.node().Term() == 9 && s.node().Leader() == second, "it should follow the new life")
}

// A node without room for a no-op could commit nothing as a leader.
func TestAServerThatCouldNotLeadDoesNotCampaign(t *testing.T) {
	for name, hinder := range map[string]func(*server){
		"full":    func(s *server) { s.full = true },
		"damaged": func(s *server) { s.damaged = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			lab := newLaboratory(t, 3)
			hinder(lab.server(1))
			lab.pass(timeout)
			lab.server(1).silent(raft.PreVote)
			lab.run(timeout)
			lab.check(lab.server(2).node().Role() == raft.Leader, "server 2 should lead")
		})
	}
}

// §3.8: a leader's entries are sent before they are durable, so its term must be.
// Here votes come that no server can have given yet, but the one who counts them
// cannot know.
func TestACandidateLeadsOnlyWhenItsTermIsDurable(t *testing.T) {
	lab, s := slowCandidate(t)
	for _, id := range []raft.ID{2, 3} {
		s.receive(raft.Message{Kind: raft.VoteReply, From: first(id), Term: 1})
	}
	lab.check(s.node().Role() == raft.Candidate, "the votes of both others should wait for its term")
	s.silent(raft.Append)
	s.persist()
	lab.check(s.node().Role() == raft.Leader, "then they should count")
}
