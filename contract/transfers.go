package contract

// transfers are about handing leadership over (§3.10).
var transfers = []Scenario{
	{Group: "transfers", Name: "leadership goes where it is sent", Setup: three, Needs: []Capability{Transfers}, play: (*stage).transferAround},
	{Group: "transfers", Name: "leadership goes to a server that lags once it has caught up", Setup: three, Needs: []Capability{Transfers}, play: (*stage).transferToLagging},
	{Group: "transfers", Name: "a transfer to a server that is down is given up", Setup: three, Needs: []Capability{Transfers}, play: (*stage).transferToDown},
	{Group: "transfers", Name: "leadership is not handed to who is no voter", Setup: Setup{Servers: 4, Founders: 3}, Needs: []Capability{Transfers}, play: (*stage).transferToStranger},
	{Group: "transfers", Name: "transfers lose no command", Setup: three, Needs: []Capability{Transfers}, play: (*stage).transferUnderLoad},
}

// transfer asks a leader to hand over.
func (s *stage) transfer(from, to int) {
	if reply := s.ask(from, Request{Kind: Transfer, Target: s.member(to)}); reply.Outcome != Done {
		s.fail("leader %d would not hand over to %d: %+v", from, to, reply)
	}
}

func (s *stage) transferAround() {
	c := s.client()
	for range 4 {
		c.add(1, 1)
		leader := s.awaitLeader()
		to := s.some(1, s.others(leader))[0]
		s.transfer(leader, to)
		s.await("the target leads", 2*ElectionTimeout, func() bool { return s.leader(s.all()...) == to })
	}
	c.expect(1, 4)
}

func (s *stage) transferToLagging() {
	c := s.client()
	leader := s.awaitLeader()
	to := s.others(leader)[0]
	s.isolate(to)
	for range 20 {
		c.add(1, 1)
	}
	s.heal()
	s.insistOn(to)
	c.expect(1, 20)
}

// insistOn asks for transfers until a server leads.
func (s *stage) insistOn(to int) {
	s.await("the target leads", 40*ElectionTimeout, func() bool {
		leader := s.leader(s.all()...)
		if leader != 0 && leader != to {
			s.ask(leader, Request{Kind: Transfer, Target: s.member(to)})
			s.pass(ElectionTimeout / 2)
		}
		return s.leader(s.all()...) == to
	})
}

func (s *stage) transferToDown() {
	c := s.client()
	leader := s.awaitLeader()
	to := s.others(leader)[0]
	term := s.term(s.all()...)
	s.crash(to)
	s.ask(leader, Request{Kind: Transfer, Target: s.member(to)})
	s.pass(2 * ElectionTimeout)
	c.add(1, 1)
	if s.leader(s.all()...) != leader || s.term(s.all()...) != term {
		s.fail("leader %d of term %d lost its place to a server that is down", leader, term)
	}
}

func (s *stage) transferToStranger() {
	s.client().write(1, 1)
	leader := s.awaitLeader(1, 2, 3)
	for _, to := range []int{4, leader} {
		reply := s.ask(leader, Request{Kind: Transfer, Target: s.member(to)})
		if reply.Outcome != Refused {
			s.fail("leader %d, asked to hand over to %d, answered %+v", leader, to, reply)
		}
	}
	s.client().write(1, 2)
}

func (s *stage) transferUnderLoad() {
	c := s.client()
	for range 10 {
		leader := s.awaitLeader()
		o := c.begin(add, 1, 1, 0)
		o.send(leader)
		s.ask(leader, Request{Kind: Transfer, Target: s.member(s.some(1, s.others(leader))[0])})
		o.finish()
	}
	c.expect(1, 10)
}
