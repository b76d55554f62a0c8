package raft_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// addLearners has joiners added as learners, and lets them catch up.
func (lab *laboratory) addLearners(leader *server, ids ...raft.ID) {
	lab.t.Helper()
	for _, id := range ids {
		lab.join(id)
	}
	leader.change(membersOf([]raft.ID{1, 2, 3}, ids...))
	lab.run(5 * beat)
}

// §4.3: a joint configuration commits by a majority of both halves.
func TestAJointConfigurationNeedsBothMajorities(t *testing.T) {
	for _, c := range []struct {
		name  string
		reach []raft.ID // whom the leader reaches
		does  bool
	}{
		{"the old half alone", []raft.ID{1, 2, 3}, false},
		{"the new half alone", []raft.ID{1, 4, 5}, false},
		{"both", []raft.ID{1, 2, 4}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := newLaboratory(t, 3)
			leader := lab.elect(1)
			lab.addLearners(leader, 4, 5)
			index := leader.change(membersOf([]raft.ID{1, 4, 5}))
			for _, id := range []raft.ID{2, 3, 4, 5} {
				reached := false
				for _, r := range c.reach {
					reached = reached || r == id
				}
				if reached {
					leader.receive(raft.Message{Kind: raft.AppendReply, From: first(id), Term: 1, Index: index})
				}
			}
			lab.check(leader.node().Commit() >= index == c.does, "committed: %v, want %v", !c.does, c.does)
		})
	}
}

// §4.3: elections likewise.
func TestACandidateInAJointConfigurationNeedsBothMajorities(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.addLearners(leader, 4, 5)
	leader.change(membersOf([]raft.ID{1, 4, 5}))
	lab.flight = nil
	s := leader
	s.receive(raft.Message{Kind: raft.AppendReply, Reject: true, From: first(2), Term: 1 + 1}) // deposed
	for s.node().Role() != raft.PreCandidate {
		lab.now += millisecond
		s.driver.Wake()
	}
	for _, id := range []raft.ID{4, 5} {
		s.receive(raft.Message{Kind: raft.PreVoteReply, From: first(id), Term: 3})
	}
	lab.check(s.node().Role() == raft.PreCandidate, "the new half alone should not be enough")
	s.receive(raft.Message{Kind: raft.PreVoteReply, From: first(2), Term: 3})
	lab.check(s.node().Role() == raft.Candidate, "both halves should be")
}

// §4.2.1
func TestALearnerIsCountedForNothing(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.addLearners(leader, 4, 5)
	lab.runWhere(beat, cutOff(2, 3))
	index, _ := leader.propose("x")
	lab.runWhere(3*beat, cutOff(2, 3))
	lab.check(leader.node().Match(3) >= index && leader.node().Match(4) >= index, "the learners should have the entry")
	lab.check(leader.node().Commit() < index, "one voter of three should commit nothing")
	lab.runWhere(2*timeout, cutOff(2, 3))
	lab.check(leader.node().Role() != raft.Leader, "nor lead on")
}

// §4.2.1
func TestALearnerDoesNotCampaign(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.addLearners(leader, 4)
	leader.crash()
	s := lab.server(4)
	lab.runWhere(5*timeout, cutOff(1, 2, 3))
	lab.check(s.node().Role() == raft.Follower && s.node().Term() == 1, "server 4 should wait")
}

// §4.1: a configuration is in force as soon as it is in the log, and no longer
// when its entry is removed.
func TestAConfigurationIsRolledBackWhenItsEntryIsRemoved(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.addLearners(leader, 4)
	before, _ := leader.node().Configuration()
	held := *before
	index := leader.change(membersOf([]raft.ID{1, 2, 3, 4}))
	lab.flight = nil
	now, at := leader.node().Configuration()
	lab.check(at == index && now.Outgoing != 0, "the joint configuration should be in force")
	leader.receiveAppend(2, 2, index-1, 1, 0, commands(index, 2, "y")...)
	now, _ = leader.node().Configuration()
	lab.check(*now == held, "the one before should be in force again, not %+v", now)
}

// §4.3: nobody has to ask for the second step.
func TestAJointConfigurationIsLeftByItself(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.addLearners(leader, 4)
	leader.change(membersOf([]raft.ID{1, 2, 3, 4}))
	lab.run(5 * beat)
	for _, s := range lab.servers {
		c, _ := s.node().Configuration()
		lab.check(c.Outgoing == 0 && c.Voters == 0b1111, "server %d is in %+v", s.member.ID, c)
	}
}

// The correction of §4.1 of July 2015.
func TestNoChangeBeginsBeforeTheLeaderHasCommittedInItsTerm(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.winAmong(1, cutOff(3))
	c := membersOf([]raft.ID{1, 2})
	_, refusal := leader.driver.Change(&c)
	lab.check(refusal.Code == raft.TermNotCommitted, "got %v", refusal)
}

// §4.1
func TestOneChangeIsMadeAtATime(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.change(membersOf([]raft.ID{1, 2}))
	c := membersOf([]raft.ID{1, 3})
	_, refusal := leader.driver.Change(&c)
	lab.check(refusal.Code == raft.ChangePending, "got %v", refusal)
}

// §4.2.1
func TestOnlyALearnerThatHasCaughtUpIsPromoted(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	c := membersOf([]raft.ID{1, 2, 3, 4})
	_, refusal := leader.driver.Change(&c)
	lab.check(refusal.Code == raft.NotCaughtUp && refusal.Node == 4, "got %v", refusal)
}

// §4.2.2
func TestALeaderThatRemovesItselfLeavesWhenTheOthersKnow(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.change(membersOf([]raft.ID{2, 3}))
	lab.run(timeout)
	lab.check(leader.node().Role() == raft.Follower, "server 1 should have gone")
	found := 0
	for _, s := range lab.servers[1:] {
		c, _ := s.node().Configuration()
		lab.check(c.Outgoing == 0 && c.Find(first(1)) == 0, "server %d is in %+v", s.member.ID, c)
		if s.node().Role() == raft.Leader {
			found++
		}
	}
	lab.check(found == 1, "%d of the others lead", found)
}

// §4.2.2: a server that is not part of its own latest configuration still starts
// elections, as it may be needed until that configuration is committed: here only
// server 1's log holds the leave. Found by the simulator (4 nodes, seed 48).
func TestAServerThatIsLeavingCampaignsUntilItsLeaveIsCommitted(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(1)
	leave := membersOf([]raft.ID{1, 2, 3})
	leave.Voters &^= leave.Find(first(1))
	s.receiveAppend(2, 1, 0, 0, 0, raft.Entry{Index: 1, Term: 1, Kind: raft.ConfigurationChange, Configuration: &leave})
	s.persist()
	s.replies(raft.AppendReply)
	lab.check(s.node().Last() == 1 && s.node().Commit() == 0, "it should hold the leave, uncommitted: %s", s)
	lab.pass(3 * timeout)
	lab.check(s.node().Role() == raft.PreCandidate, "it should ask for votes: %s", s)

	s.receiveAppend(2, 1, 1, 1, 1)
	lab.check(s.node().Commit() == 1, "it should know of the commit: %s", s)
	lab.pass(3 * timeout)
	lab.check(s.node().Role() == raft.Follower, "it has left: %s", s)
}

func TestAChangeIsRefusedWithTheReason(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.addLearners(leader, 4)
	refuses := func(name string, s *server, c raft.Configuration, want raft.Code, node raft.ID) {
		t.Helper()
		last := s.node().Last()
		_, refusal := s.driver.Change(&c)
		lab.check(refusal.Code == want && refusal.Node == node, "%s: got %+v, want %v", name, refusal, want)
		lab.check(s.node().Last() == last, "%s: nothing should be appended", name)
	}
	refuses("at a follower", lab.server(2), membersOf([]raft.ID{1, 2}), raft.NotLeader, 1)
	refuses("no voters", leader, membersOf(nil, 1, 2), raft.BadConfiguration, 1)
	refuses("nobody", leader, membersOf([]raft.ID{1, 0}), raft.BadConfiguration, 1)
	refuses("a member twice", leader, membersOf([]raft.ID{1, 2, 2}), raft.BadConfiguration, 1)
	refuses("a voter and a learner at once", leader, membersOf([]raft.ID{1, 2}, 2), raft.BadConfiguration, 1)
	another := membersOf([]raft.ID{1, 2, 3})
	another.Members[3], another.Learners = raft.Member{ID: 3, Incarnation: 2}, 1<<3
	refuses("two lives of a member", leader, another, raft.BadConfiguration, 1)
	joint := membersOf([]raft.ID{1, 2})
	joint.Outgoing = 0b111
	refuses("a joint one", leader, joint, raft.BadConfiguration, 1)
	many := membersOf([]raft.ID{1, 2, 3}, 4)
	for slot := 4; slot < raft.MaxMembers; slot++ {
		many.Members[slot], many.Learners = first(raft.ID(slot+1)), many.Learners|1<<slot
	}
	many.Members[0] = first(99) // a stranger in the place of a voter, whose slot is not yet free
	many.Learners |= 1
	many.Voters &^= 1
	refuses("more members at once than slots", leader, many, raft.NoSlot, raft.MaxMembers)
	leader.full = true
	refuses("a full log", leader, membersOf([]raft.ID{1, 2}), raft.NoRoom, 1)
	leader.full = false
	leader.driver.Transfer(first(2))
	refuses("a transfer under way", leader, membersOf([]raft.ID{1, 2}), raft.Transferring, 2)
}

// §4.2.1
func TestALearnerThatIsBehindOrSilentIsNotPromoted(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.addLearners(leader, 4)
	voters := membersOf([]raft.ID{1, 2, 3, 4})
	leader.propose("x")
	lab.runWhere(2*beat, func(p *packet) bool { return p.To.ID != 4 || p.Kind != raft.Append })
	_, refusal := leader.driver.Change(&voters)
	lab.check(refusal.Code == raft.NotCaughtUp && refusal.Node == 4, "it lacks what is committed: got %v", refusal)
	lab.run(3 * beat)
	lab.runWhere(timeout+beat, cutOff(4))
	_, refusal = leader.driver.Change(&voters)
	lab.check(refusal.Code == raft.NotCaughtUp && refusal.Node == 4, "it is silent: got %v", refusal)
	lab.run(3 * beat)
	leader.change(voters)
}
