package contract

// agreement is about what is committed (§3.5, §3.6).
var agreement = []Scenario{
	{Group: "agreement", Name: "commits what is proposed", Setup: three, play: (*stage).commit},
	{Group: "agreement", Name: "commits while a minority is down, which then catches up", Setup: five, play: (*stage).commitWithoutMinority},
	{Group: "agreement", Name: "acknowledges nothing without a majority", Setup: five, play: (*stage).commitNothing},
	{Group: "agreement", Name: "answers clients that all write at once", Setup: three, play: (*stage).manyClients},
	{Group: "agreement", Name: "a follower takes no proposals", Setup: three, play: (*stage).proposeToFollower},
	{Group: "agreement", Name: "what only a cut-off leader had gives way", Setup: three, play: (*stage).rejoin},
	{Group: "agreement", Name: "backs up over long logs that differ", Setup: five, play: (*stage).backUp},
	{Group: "agreement", Name: "what a deposed leader left behind counts for nothing", Setup: five, play: (*stage).matchOnly},
	{Group: "agreement", Name: "commits although messages are lost, doubled and late", Setup: five, Needs: []Capability{Disturbances}, play: (*stage).commitUnderLoss},
	{Group: "agreement", Name: "late and doubled messages undo nothing", Setup: three, Needs: []Capability{Disturbances}, play: (*stage).lateMessages},
	{Group: "agreement", Name: "Figure 8: an entry of an earlier term is not committed by counting", Setup: five, Needs: []Capability{OneWayCuts, Disturbances}, play: (*stage).figure8},
}

func (s *stage) commit() {
	c := s.client()
	for i := range uint64(10) {
		c.write(1, i)
	}
	c.expect(1, 9)
	s.awaitApplied(s.all()...)
}

func (s *stage) commitWithoutMinority() {
	c := s.client()
	leader := s.awaitLeader()
	down := s.some(2, s.others(leader))
	s.crash(down[0])
	c.add(1, 1)
	s.isolate(down[1])
	for range 10 {
		c.add(1, 1)
	}
	s.restart(down[0])
	s.heal()
	s.awaitApplied(s.all()...)
	c.expect(1, 11)
}

func (s *stage) commitNothing() {
	c := s.client()
	leader := s.awaitLeader()
	c.write(1, 1)
	s.isolate(s.some(3, s.others(leader))...)
	o := c.begin(write, 1, 2, 0)
	o.send(leader)
	s.never("a minority acknowledges", 8*ElectionTimeout, func() bool { return o.poll().Outcome == Done })
	s.heal()
	o.finish()
	c.expect(1, 2)
}

func (s *stage) manyClients() {
	var list []*operationUnderWay
	for i, c := range s.clients(12) {
		list = append(list, c.begin(add, 1, 1<<i, 0))
	}
	leader := s.awaitLeader()
	for _, o := range list {
		o.send(leader)
	}
	for _, o := range list {
		if o.wait().Outcome != Done {
			o.finish()
		}
	}
	list[0].client.expect(1, 1<<12-1)
}

func (s *stage) proposeToFollower() {
	c := s.client()
	leader := s.awaitLeader()
	for _, follower := range s.others(leader) {
		o := c.begin(write, 1, 7, 0)
		o.send(follower)
		if reply := o.wait(); reply.Outcome != Refused || reply.Reason != NotLeader || reply.Leader != leader {
			s.fail("follower %d, of leader %d, answered a proposal by %+v", follower, leader, reply)
		}
	}
	c.expect(1, 0)
}

func (s *stage) rejoin() {
	c, other := s.client(), s.client()
	first := s.awaitLeader()
	c.write(1, 1)
	s.isolate(first)
	var lost []*operationUnderWay
	for i := range 3 {
		o := other.begin(write, 2, uint64(100+i), 0)
		o.send(first)
		lost = append(lost, o)
	}
	second := s.awaitLeader(s.others(first)...)
	c.write(1, 2)
	s.isolate(second)
	s.partition([]int{first, s.others(first, second)[0]})
	s.awaitLeader(first, s.others(first, second)[0])
	c.write(1, 3)
	s.heal()
	s.awaitApplied(s.all()...)
	for _, o := range lost {
		if o.poll().Outcome == Done {
			s.fail("%v was acknowledged by a leader that was cut off", &o.act.command)
		}
	}
	c.expect(2, 0)
	c.expect(1, 3)
}

// backUp gives leaders long logs that nobody else has, two in a row, as the labs'
// test of fast back-up does.
func (s *stage) backUp() {
	const many = 40
	c, hoarder := s.client(), s.client()
	c.write(1, 1)
	first := s.awaitLeader()
	with := s.others(first)[0]
	rest := s.others(first, with)
	s.partition([]int{first, with}, rest)
	hoarder.hoard(first, many)
	second := s.awaitLeader(rest...)
	for range many {
		c.add(1, 1)
	}
	lone := s.others(first, with, second)[0]
	s.partition([]int{second, lone}, []int{first, with})
	hoarder.hoard(second, many)
	last := s.others(first, with, second, lone)[0]
	s.partition([]int{first, with, last}, []int{second, lone})
	s.awaitLeader(first, with, last)
	for range many {
		c.add(1, 1)
	}
	s.heal()
	s.awaitApplied(s.all()...)
	c.expect(1, 1+2*many)
}

// hoard proposes many commands at once, of which each gives up the one before.
func (c *client) hoard(leader, count int) {
	for range count {
		c.begin(add, 2, 1, 0).send(leader)
	}
}

// matchOnly has a follower hold more entries than the next leader has, all of a
// leader before: they must not count as copies of what that one appends.
func (s *stage) matchOnly() {
	c, hoarder := s.client(), s.client()
	for round := range uint64(4) {
		first := s.awaitLeader()
		with := s.some(1, s.others(first))[0]
		rest := s.others(first, with)
		s.partition([]int{first, with}, rest)
		hoarder.hoard(first, 4)
		s.await("the follower holds what can't be committed", 4*ElectionTimeout, func() bool {
			mine, _ := s.status(first)
			return s.holds(with, mine.Last)
		})
		second := s.awaitLeader(rest...)
		s.crash(first)
		s.partition([]int{second, with})
		o := c.begin(add, 1, 1, 0)
		o.send(second)
		s.never("two of five commit", 3*ElectionTimeout, func() bool { return o.poll().Outcome == Done })
		s.heal()
		s.restart(first)
		o.finish()
		c.expect(1, round+1)
	}
}

func (s *stage) commitUnderLoss() {
	s.disturb(Disturbance{LossPercent: 20, DuplicationPercent: 20, DelayMax: ElectionTimeout / 8})
	c := s.client()
	for range 30 {
		c.add(1, 1)
	}
	c.expect(1, 30)
}

// lateMessages has many messages overtake each other, so that old ones arrive
// after newer ones have been acknowledged.
func (s *stage) lateMessages() {
	clients := s.clients(3)
	s.disturb(Disturbance{DuplicationPercent: 60, DelayMax: ElectionTimeout / 4})
	for range 15 {
		leader := s.awaitLeader()
		var list []*operationUnderWay
		for _, c := range clients {
			o := c.begin(add, 1, 1, 0)
			o.send(leader)
			list = append(list, o)
			s.pass(1)
		}
		for _, o := range list {
			o.finish()
		}
	}
	clients[0].expect(1, 45)
}

// figure8 is Figure 3.7 of the dissertation (Figure 8 of the paper), step by
// step: an entry comes to stand on a majority under a later leader, and then a
// server that lacks it, with an entry of a term in between, is elected.
func (s *stage) figure8() {
	c, hoarder := s.client(), s.client()
	for range 3 {
		s.figure8Once(hoarder)
		s.disturb(Disturbance{})
		s.heal()
		s.restart(s.down()...)
		c.add(1, 1)
		s.awaitApplied(s.all()...)
	}
}

func (s *stage) figure8Once(hoarder *client) {
	// (a) A leader has an entry on one follower only.
	a := s.awaitLeader()
	s.awaitApplied(s.all()...)
	b := s.others(a)[0]
	rest := s.others(a, b)
	s.partition([]int{a, b}, rest)
	hoarder.hoard(a, 1)
	mine, _ := s.status(a)
	old := mine.Last
	s.await("a follower has the entry", 4*ElectionTimeout, func() bool { return s.holds(b, old) })
	s.isolate(a, b)
	// (b) Another is elected, and cut off before anybody has its first entry.
	s.disturb(Disturbance{DelayMax: ElectionTimeout / 8})
	e := 0
	s.await("another is elected", 40*ElectionTimeout, func() bool {
		e = s.leader(rest...)
		return e != 0
	})
	s.isolate(a, b, e)
	s.crash(e)
	// (c) The first two come back with a third, which gets the old entry, and then
	// loses touch before it gets the new leader's own.
	c, d := s.others(a, b, e)[0], s.others(a, b, e)[1]
	s.partition([]int{a, b, c})
	s.await("the third server has the old entry", 40*ElectionTimeout, func() bool { return s.holds(c, old) })
	s.cutOneWay(a, c)
	s.cutOneWay(b, c)
	s.pass(ElectionTimeout / 2)
	// (d) The one elected in between is elected again, by those who are left.
	s.isolate(a, b)
	s.restart(e)
	s.await("one of the others leads", 40*ElectionTimeout, func() bool { return s.leader(c, d, e) != 0 })
	s.pass(2 * ElectionTimeout)
}
