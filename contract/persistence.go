package contract

// persistence is about what survives crashes (§3.8).
var persistence = []Scenario{
	{Group: "persistence", Name: "everything survives when all crash", Setup: three, play: (*stage).crashAll},
	{Group: "persistence", Name: "what is committed survives crashes of everybody in turn", Setup: five, play: (*stage).crashInTurn},
	{Group: "persistence", Name: "the leader crashes with every command", Setup: three, play: (*stage).crashLeaders},
	{Group: "persistence", Name: "a follower that crashes again and again catches up", Setup: three, play: (*stage).crashFollower},
	{Group: "persistence", Name: "terms and votes survive crashes in elections", Setup: three, play: (*stage).crashInElections},
	{Group: "persistence", Name: "a rolling restart loses nothing", Setup: three, play: (*stage).rollingRestart},
	{Group: "persistence", Name: "Figure 8: leaders crash before what they have is committed", Setup: five, play: (*stage).figure8Crashes},
}

func (s *stage) crashAll() {
	c := s.client()
	for i := range uint64(5) {
		c.write(int(i), i)
	}
	s.crash(s.all()...)
	s.restart(s.all()...)
	for i := range uint64(5) {
		c.expect(int(i), i)
	}
}

func (s *stage) crashInTurn() {
	c := s.client()
	for round := range uint64(3) {
		c.add(1, 1)
		leader := s.awaitLeader()
		down := s.some(2, s.others(leader))
		s.crash(down...)
		c.add(1, 1)
		s.crash(leader)
		s.restart(down...)
		s.awaitLeader(s.others(leader)...)
		c.add(1, 1)
		s.restart(leader)
		c.expect(1, 3*(round+1))
	}
}

func (s *stage) crashLeaders() {
	c := s.client()
	for i := range uint64(8) {
		leader := s.awaitLeader()
		o := c.begin(add, 1, 1, 0)
		o.send(leader)
		s.pass(Span(i % 4))
		s.crash(leader)
		s.awaitLeader(s.others(leader)...)
		o.finish()
		s.restart(leader)
	}
	c.expect(1, 8)
}

func (s *stage) crashFollower() {
	c := s.client()
	leader := s.awaitLeader()
	follower := s.others(leader)[0]
	for range 8 {
		s.crash(follower)
		c.add(1, 1)
		s.restart(follower)
		s.pass(s.choice(4))
	}
	s.awaitApplied(follower)
	c.expect(1, 8)
}

// crashInElections crashes whoever campaigns or has just voted: that no term has
// two leaders is checked all the time.
func (s *stage) crashInElections() {
	c := s.client()
	for range 10 {
		leader := s.awaitLeader()
		s.crash(leader)
		s.pass(ElectionTimeout + s.choice(ElectionTimeout))
		victim := s.some(1, s.others(leader))[0]
		s.crash(victim)
		s.restart(leader, victim)
	}
	c.add(1, 1)
}

// choice is a length of time below limit.
func (s *stage) choice(limit Span) Span { return Span(s.choices.IntN(int(limit))) }

func (s *stage) rollingRestart() {
	c := s.client()
	for _, server := range s.all() {
		o := c.begin(add, 1, 1, 0)
		o.send(s.awaitLeader())
		s.crash(server)
		s.pass(2)
		s.restart(server)
		o.finish()
		s.awaitApplied(s.all()...)
	}
	c.expect(1, 3)
}

// figure8Crashes is the labs' test of Figure 8: leaders come and go, most of them
// before what they were given is committed.
func (s *stage) figure8Crashes() {
	hoarder := s.client()
	for range 40 {
		if leader := s.leader(s.all()...); leader != 0 {
			hoarder.hoard(leader, 1)
			s.pass(s.choice(4))
			if s.choices.IntN(3) > 0 {
				s.crash(leader)
			}
		}
		s.pass(s.choice(ElectionTimeout))
		for down := s.down(); len(down) > 2; down = s.down() {
			s.restart(s.some(1, down)[0])
		}
	}
	s.restart(s.down()...)
	s.client().add(1, 1)
}
