package contract

import "slices"

// roomy is a cluster of three with three more that wait to be added.
var roomy = Setup{Servers: 6, Founders: 3}

// membership is about changing the members (§4).
var membership = []Scenario{
	{Group: "membership", Name: "a new server learns, and then votes", Setup: Setup{Servers: 4, Founders: 3}, Needs: []Capability{Membership}, play: (*stage).addServer},
	{Group: "membership", Name: "learners count for nothing and never lead", Setup: roomy, Needs: []Capability{Membership}, play: (*stage).learnerCountsNot},
	{Group: "membership", Name: "a server that was not added takes no part", Setup: Setup{Servers: 4, Founders: 3}, Needs: []Capability{Membership}, play: (*stage).stranger},
	{Group: "membership", Name: "who has not caught up can't become a voter", Setup: Setup{Servers: 4, Founders: 3}, Needs: []Capability{Membership, GuardedPromotion}, play: (*stage).promoteEarly},
	{Group: "membership", Name: "a removed leader hands over", Setup: five, Needs: []Capability{Membership}, play: (*stage).removeLeader},
	{Group: "membership", Name: "a removed server that does not know it disturbs nobody", Setup: Setup{Servers: 4, Founders: 4}, Needs: []Capability{Membership}, play: (*stage).removeUnknowing},
	{Group: "membership", Name: "replaces all servers while clients write", Setup: roomy, Needs: []Capability{Membership}, play: (*stage).replaceAll},
	{Group: "membership", Name: "a change needs a majority of the old members", Setup: roomy, Needs: []Capability{Membership}, play: (*stage).needOld},
	{Group: "membership", Name: "a change needs a majority of the new members", Setup: roomy, Needs: []Capability{Membership}, play: (*stage).needNew},
	{Group: "membership", Name: "a joint majority of old members elects nobody alone", Setup: roomy, Needs: []Capability{Membership}, play: (*stage).electJointly},
	{Group: "membership", Name: "one change at a time", Setup: roomy, Needs: []Capability{Membership}, play: (*stage).changeTwice},
	{Group: "membership", Name: "a change that its leader does not live to see ends one way or the other", Setup: roomy, Needs: []Capability{Membership}, play: (*stage).crashInChange},
	{Group: "membership", Name: "shrinks to one server and grows again", Setup: three, Needs: []Capability{Membership}, play: (*stage).shrink},
	{Group: "membership", Name: "a new server catches up by snapshot", Setup: Setup{Servers: 4, Founders: 3}, Needs: []Capability{Membership, Snapshots}, play: (*stage).addBySnapshot},
	{Group: "membership", Name: "the members survive crashes and snapshots", Setup: Setup{Servers: 4, Founders: 3}, Needs: []Capability{Membership, Snapshots}, play: (*stage).crashChanged},
	{Group: "membership", Name: "a wiped server cannot vote", Setup: three, Needs: []Capability{Wipes}, play: (*stage).wipedCannotVote},
	{Group: "membership", Name: "a wiped server acknowledges nothing", Setup: three, Needs: []Capability{Wipes}, play: (*stage).wipedCannotAcknowledge},
	{Group: "membership", Name: "a wiped server is admitted again", Setup: three, Needs: []Capability{Wipes, Membership}, play: (*stage).admitAgain},
}

func (s *stage) addServer() {
	c := s.client()
	c.add(1, 1)
	s.admit(s.members(1, 2, 3), 4)
	c.add(1, 1)
	s.awaitApplied(4)
	// It counts: with one of the others away and itself, three of four commit.
	s.isolate(s.others(4, s.awaitLeader())[0])
	c.add(1, 1)
	c.expect(1, 3)
}

// learnerCountsNot has more learners than voters, so that they would be missed if
// they counted.
func (s *stage) learnerCountsNot() {
	c := s.client()
	c.add(1, 1)
	s.change(s.members(1, 2, 3), s.members(4, 5, 6))
	s.awaitApplied(4, 5, 6)
	leader := s.awaitLeader()
	s.partition([]int{leader, 4, 5, 6})
	o := c.begin(add, 1, 1, 0)
	o.send(leader)
	s.never("the learners' copies count", 6*ElectionTimeout, func() bool { return o.poll().Outcome == Done })
	s.crash(1, 2, 3)
	s.heal()
	s.never("a learner leads", 6*ElectionTimeout, func() bool { return s.leader(4, 5, 6) != 0 })
	s.restart(1)
	s.never("learners vote", 6*ElectionTimeout, func() bool { return s.leader(1, 4, 5, 6) != 0 })
	s.restart(2, 3)
	o.finish()
	c.expect(1, 2)
}

func (s *stage) stranger() {
	s.client().write(1, 1)
	s.never("a server leads that was not added, or has applied something", 8*ElectionTimeout, func() bool {
		status, ok := s.status(4)
		return ok && (status.Role != Follower || status.Applied > 0)
	})
	leader := s.awaitLeader(1, 2, 3)
	term := s.term(1, 2, 3)
	s.crash(s.others(leader, 4)...)
	s.never("a server that was not added elects somebody", 10*ElectionTimeout, func() bool {
		return s.leader(leader, 4) != 0 && s.term(leader, 4) > term
	})
}

func (s *stage) promoteEarly() {
	s.client().write(1, 1)
	leader := s.awaitLeader()
	s.isolate(4)
	s.change(s.members(1, 2, 3), s.members(4))
	s.pass(2 * ElectionTimeout)
	reply := s.ask(leader, Request{Kind: Change, Voters: s.members(1, 2, 3, 4)})
	if reply.Outcome != Refused || reply.Reason != NotCaughtUp {
		s.fail("asked to promote a server that has nothing, the leader answered %+v", reply)
	}
	s.heal()
	s.promote(s.members(1, 2, 3, 4))
}

func (s *stage) removeLeader() {
	c := s.client()
	c.add(1, 1)
	leader := s.awaitLeader()
	rest := s.others(leader)
	s.insist("remove the leader", Request{Kind: Change, Voters: s.members(rest...)})
	s.await("another leads", 10*ElectionTimeout, func() bool {
		now := s.leader(rest...)
		return now != 0 && s.follows(now, rest) == len(rest)
	})
	s.awaitMembers(s.members(rest...), nil)
	s.await("the removed leader leads no more", 10*ElectionTimeout, func() bool { return s.leader(leader) == 0 })
	c.add(1, 1)
	c.expect(1, 2)
}

func (s *stage) removeUnknowing() {
	s.client().write(1, 1)
	leader := s.awaitLeader()
	removed := s.others(leader)[0]
	s.isolate(removed)
	s.change(s.members(s.others(removed)...), nil)
	term := s.term(s.others(removed)...)
	s.heal()
	s.never("a server that was removed deposes the leader", 10*ElectionTimeout, func() bool {
		return s.leader(s.others(removed)...) != leader || s.term(s.others(removed)...) != term
	})
}

func (s *stage) replaceAll() {
	c := s.client()
	voters := []int{1, 2, 3}
	for i, newcomer := range []int{4, 5, 6} {
		c.add(1, 1)
		s.admit(s.members(voters...), newcomer)
		voters = append(slices.DeleteFunc(voters, func(server int) bool { return server == i+1 }), newcomer)
		s.insist("remove a server", Request{Kind: Change, Voters: s.members(voters...)})
		s.awaitMembers(s.members(voters...), nil)
		s.crash(i + 1)
	}
	c.add(1, 1)
	c.expect(1, 4)
}

// joint makes servers 4 to 6 learners that have caught up, cuts some off and
// begins a change from the first three to these. The leader is one of the old.
func (s *stage) joint(cut func(leader int)) int {
	s.change(s.members(1, 2, 3), s.members(4, 5, 6))
	s.awaitApplied(s.all()...)
	leader := s.awaitLeader()
	s.pass(ElectionTimeout / 4) // so that the leader knows that they have caught up
	cut(leader)
	reply := s.ask(leader, Request{Kind: Change, Voters: s.members(leader, 4, 5, 6)})
	if reply.Outcome != Done {
		s.fail("the leader would not begin a change: %+v", reply)
	}
	return leader
}

func (s *stage) needOld() {
	c := s.client()
	leader := s.joint(func(leader int) { s.partition([]int{leader, 4, 5, 6}) })
	s.neverOver(leader, c.begin(add, 1, 1, 0))
	c.expect(1, 1)
}

func (s *stage) needNew() {
	c := s.client()
	leader := s.joint(func(int) { s.partition([]int{1, 2, 3}) })
	s.await("the leader has the joint configuration", 4*ElectionTimeout, func() bool {
		status, _ := s.status(leader)
		return len(status.Outgoing) > 0
	})
	s.neverOver(leader, c.begin(add, 1, 1, 0))
	c.expect(1, 1)
}

// neverOver checks that a leader whose change can't be committed neither leaves
// the joint configuration nor commits anything; and then that it does when all is
// healed.
func (s *stage) neverOver(leader int, o *operationUnderWay) {
	o.send(leader)
	s.never("a majority of one half suffices", 4*ElectionTimeout, func() bool {
		status, _ := s.status(leader)
		over := len(status.Outgoing) == 0 && same(status.Voters, s.members(leader, 4, 5, 6))
		return over || o.poll().Outcome == Done
	})
	s.heal()
	o.finish()
	s.awaitSettled()
}

// awaitSettled waits until the leader's configuration is committed and not joint.
func (s *stage) awaitSettled() {
	s.await("the change is over", 60*ElectionTimeout, func() bool {
		status, ok := s.status(s.leader(s.all()...))
		return ok && status.Settled
	})
}

// electJointly leaves the old members alone with a joint configuration that they
// all have.
func (s *stage) electJointly() {
	c := s.client()
	leader := s.joint(func(int) { s.partition([]int{1, 2, 3}) })
	s.await("the old members have the joint configuration", 4*ElectionTimeout, func() bool {
		return !slices.ContainsFunc([]int{1, 2, 3}, func(server int) bool {
			status, _ := s.status(server)
			return len(status.Outgoing) == 0
		})
	})
	s.crash(leader)
	s.restart(leader)
	s.never("the old members elect one", 10*ElectionTimeout, func() bool { return s.leader(1, 2, 3) != 0 })
	s.heal()
	s.awaitLeader()
	s.awaitSettled()
	c.add(1, 1)
}

func (s *stage) changeTwice() {
	s.client().write(1, 1)
	leader := s.joint(func(int) { s.partition([]int{1, 2, 3}) })
	reply := s.ask(leader, Request{Kind: Change, Voters: s.members(1, 2, 3)})
	if reply.Outcome != Refused || reply.Reason != ChangePending {
		s.fail("asked for a second change, the leader answered %+v", reply)
	}
	s.heal()
	s.awaitSettled()
}

func (s *stage) crashInChange() {
	c := s.client()
	s.change(s.members(1, 2, 3), s.members(4, 5, 6))
	for _, voters := range [][]int{{4, 5, 6}, {1, 2, 3}, {2, 4, 6}} {
		now := s.voters(s.awaitLeader())
		s.change(s.members(now...), s.members(s.others(now...)...))
		s.awaitApplied(s.all()...)
		leader := s.awaitLeader()
		s.ask(leader, Request{Kind: Change, Voters: s.members(voters...), Learners: s.members(s.others(voters...)...)})
		s.pass(s.choice(3))
		s.crash(leader)
		s.awaitSettled()
		c.add(1, 1)
		s.restart(leader)
	}
	c.expect(1, 3)
}

func (s *stage) shrink() {
	c := s.client()
	c.add(1, 1)
	last := s.awaitLeader()
	s.change(s.members(last), nil)
	s.crash(s.others(last)...)
	c.add(1, 1)
	s.restart(s.others(last)...)
	s.admit(s.members(last), s.others(last)...)
	s.crash(last)
	c.add(1, 1)
	c.expect(1, 3)
}

func (s *stage) addBySnapshot() {
	c := s.client()
	for range 10 {
		c.add(1, 1)
	}
	s.awaitApplied(1, 2, 3)
	for _, server := range []int{1, 2, 3} {
		s.compact(server)
	}
	s.admit(s.members(1, 2, 3), 4)
	s.awaitSnapshot(4, 0)
	c.expect(1, 10)
}

func (s *stage) crashChanged() {
	c := s.client()
	s.admit(s.members(1, 2, 3), 4)
	s.change(s.members(2, 3, 4), nil)
	c.add(1, 1)
	s.awaitApplied(2, 3, 4)
	for _, server := range []int{2, 3} {
		s.compact(server)
	}
	s.crash(s.all()...)
	s.restart(2, 3, 4)
	s.awaitLeader(2, 3, 4)
	s.awaitMembers(s.members(2, 3, 4), nil)
	c.expect(1, 1)
}

// forget commits with one follower while the other is cut off, and takes the disk
// of that follower away. It returns the leader, the one that was cut off and the
// one that has forgotten.
func (s *stage) forget(c *client) (leader, behind, wiped int) {
	c.add(1, 1)
	s.awaitApplied(s.all()...)
	leader = s.awaitLeader()
	behind, wiped = s.others(leader)[0], s.others(leader)[1]
	s.isolate(behind)
	c.add(1, 1)
	s.wipe(wiped)
	return leader, behind, wiped
}

func (s *stage) wipedCannotVote() {
	c := s.client()
	leader, behind, wiped := s.forget(c)
	s.crash(leader)
	s.heal()
	s.restart(wiped)
	s.never("a server is elected by one that has forgotten", 12*ElectionTimeout, func() bool { return s.leader(behind, wiped) != 0 })
	s.restart(leader)
	s.awaitLeader(leader, behind)
	c.expect(1, 2)
	s.admitWiped(wiped)
}

func (s *stage) wipedCannotAcknowledge() {
	c := s.client()
	leader, behind, wiped := s.forget(c)
	s.restart(wiped)
	o := c.begin(add, 1, 1, 0)
	o.send(leader)
	s.never("a copy counts on a disk that nobody has admitted", 6*ElectionTimeout, func() bool { return o.poll().Outcome == Done })
	s.heal()
	o.finish()
	s.awaitApplied(leader, behind)
	c.expect(1, 3)
	s.admitWiped(wiped)
}

// admitWiped has a server that lost its disk take the place of what it was.
func (s *stage) admitWiped(wiped int) {
	rest := s.members(s.others(wiped)...)
	s.change(rest, s.members(wiped))
	s.promote(append(rest, s.member(wiped)))
}

func (s *stage) admitAgain() {
	c := s.client()
	for range 2 {
		_, _, wiped := s.forget(c)
		s.restart(wiped)
		s.heal()
		s.admitWiped(wiped)
		s.crash(s.others(wiped)[0])
		c.add(1, 1)
		s.restart(s.others(wiped)[0])
	}
	c.expect(1, 6)
}
