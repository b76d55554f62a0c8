package contract

// The clusters most scenarios need.
var (
	three = Setup{Servers: 3, Founders: 3}
	five  = Setup{Servers: 5, Founders: 5}
)

// elections are about who leads (§3.4, §4.2.3, §6.2, §9.6).
var elections = []Scenario{
	{Group: "elections", Name: "elects one leader", Setup: three, play: (*stage).electOneLeader},
	{Group: "elections", Name: "a single server leads itself", Setup: Setup{Servers: 1, Founders: 1}, play: (*stage).electOneLeader},
	{Group: "elections", Name: "keeps its leader as long as all is well", Setup: five, play: (*stage).keepLeader},
	{Group: "elections", Name: "elects another leader when the first crashes", Setup: three, play: (*stage).replaceCrashedLeader},
	{Group: "elections", Name: "elects another leader when the first is cut off", Setup: three, play: (*stage).replaceIsolatedLeader},
	{Group: "elections", Name: "elects nobody without a majority", Setup: three, play: (*stage).electNobody},
	{Group: "elections", Name: "elects nobody when split in equal halves", Setup: Setup{Servers: 4, Founders: 4}, play: (*stage).splitEvenly},
	{Group: "elections", Name: "always has a leader while any three of seven are away", Setup: Setup{Servers: 7, Founders: 7}, play: (*stage).electManyTimes},
	{Group: "elections", Name: "a server that comes back deposes nobody", Setup: three, play: (*stage).returnQuietly},
	{Group: "elections", Name: "a server that does not hear the leader deposes nobody", Setup: three, Needs: []Capability{OneWayCuts}, play: (*stage).deafFollower},
	{Group: "elections", Name: "a leader whom nobody answers steps down", Setup: three, Needs: []Capability{OneWayCuts}, play: (*stage).deafLeader},
	{Group: "elections", Name: "a paused leader is replaced and comes back as a follower", Setup: three, Needs: []Capability{Pauses}, play: (*stage).pausedLeader},
	{Group: "elections", Name: "only a server with all that is committed is elected", Setup: five, play: (*stage).electComplete},
}

func (s *stage) electOneLeader() {
	leader := s.awaitLeader()
	s.await("all follow it", 10*ElectionTimeout, func() bool { return s.follows(leader, s.all()) == len(s.all()) })
	s.client().write(1, 1)
}

func (s *stage) keepLeader() {
	leader := s.awaitLeader()
	term := s.term(s.all()...)
	s.never("another leads or a term grows", 20*ElectionTimeout, func() bool {
		return s.leader(s.all()...) != leader || s.term(s.all()...) != term
	})
}

func (s *stage) replaceCrashedLeader() {
	first := s.awaitLeader()
	s.client().write(1, 1)
	s.crash(first)
	s.awaitLeader(s.others(first)...)
	s.client().expect(1, 1)
	s.restart(first)
	s.await("the old leader follows", 10*ElectionTimeout, func() bool {
		status, ok := s.status(first)
		return ok && status.Role == Follower && status.Leader != 0
	})
}

func (s *stage) replaceIsolatedLeader() {
	first := s.awaitLeader()
	s.isolate(first)
	second := s.awaitLeader(s.others(first)...)
	term := s.term(second)
	s.await("the leader that is cut off steps down", 10*ElectionTimeout, func() bool {
		status, _ := s.status(first)
		return status.Role != Leader
	})
	s.heal()
	s.await("the old leader follows the new one", 10*ElectionTimeout, func() bool { return s.follows(second, s.all()) == 3 })
	if now := s.term(s.all()...); now != term {
		s.fail("the term grew from %d to %d when the old leader came back", term, now)
	}
}

func (s *stage) electNobody() {
	leader := s.awaitLeader()
	s.crash(s.others(leader)...)
	s.await("the leader steps down", 10*ElectionTimeout, func() bool { return s.leader(s.all()...) == 0 })
	s.never("one of three leads", 10*ElectionTimeout, func() bool { return s.leader(s.all()...) != 0 })
	s.restart(s.others(leader)[0])
	s.awaitLeader(leader, s.others(leader)[0])
}

func (s *stage) splitEvenly() {
	s.awaitLeader()
	s.partition([]int{1, 2}, []int{3, 4})
	s.await("the leader steps down", 10*ElectionTimeout, func() bool { return s.leader(s.all()...) == 0 })
	s.never("two of four elect one", 10*ElectionTimeout, func() bool { return s.leader(s.all()...) != 0 })
	s.partition([]int{1, 2, 3})
	s.awaitLeader(1, 2, 3)
}

func (s *stage) electManyTimes() {
	s.awaitLeader()
	for range 8 {
		away := s.some(3, s.all())
		s.isolate(away...)
		s.awaitLeader(s.others(away...)...)
	}
}

func (s *stage) returnQuietly() {
	leader := s.awaitLeader()
	s.client().write(1, 1)
	term := s.term(s.all()...)
	away := s.others(leader)[0]
	s.isolate(away)
	s.pass(8 * ElectionTimeout)
	s.heal()
	s.never("the leader is deposed or a term grows", 8*ElectionTimeout, func() bool {
		return s.leader(s.all()...) != leader || s.term(s.all()...) != term
	})
}

func (s *stage) deafFollower() {
	leader := s.awaitLeader()
	s.client().write(1, 1)
	s.awaitApplied(s.all()...)
	s.pass(2 * ElectionTimeout)
	term := s.term(s.all()...)
	s.cutOneWay(leader, s.others(leader)[0])
	s.never("the leader is deposed or a term grows", 12*ElectionTimeout, func() bool {
		return s.leader(s.all()...) != leader || s.term(s.all()...) != term
	})
}

func (s *stage) deafLeader() {
	leader := s.awaitLeader()
	for _, follower := range s.others(leader) {
		s.cutOneWay(follower, leader)
	}
	s.await("the leader steps down", 10*ElectionTimeout, func() bool {
		status, _ := s.status(leader)
		return status.Role != Leader
	})
	s.awaitLeader(s.others(leader)...)
}

func (s *stage) pausedLeader() {
	c := s.client()
	first := s.awaitLeader()
	c.write(1, 1)
	s.pause(first)
	s.awaitLeader(s.others(first)...)
	c.write(1, 2)
	s.resume(first)
	s.await("the old leader follows", 10*ElectionTimeout, func() bool {
		status, ok := s.status(first)
		return ok && status.Role == Follower && status.Leader != first
	})
	c.expect(1, 2)
}

// electComplete leaves three of five of which one lacks what is committed, time
// and again: it must not be the one to lead.
func (s *stage) electComplete() {
	c := s.client()
	for round := range 6 {
		leader := s.awaitLeader()
		lagging := s.some(2, s.others(leader))
		s.isolate(lagging...)
		c.add(1, uint64(round+1))
		s.crash(leader, s.others(append(lagging, leader)...)[0])
		s.heal()
		own := s.record.highest + 1 // a new leader's own first entry comes after
		s.never("a server leads that lacks what is committed", 6*ElectionTimeout, func() bool {
			return s.leader(lagging...) != 0 && !s.holds(s.leader(lagging...), own)
		})
		s.restart(s.down()...)
	}
}

// holds reports whether a server's log reaches an index.
func (s *stage) holds(server int, index uint64) bool {
	status, ok := s.status(server)
	return ok && status.Last >= index
}

// down lists the servers that are down.
func (s *stage) down() []int {
	var list []int
	for _, server := range s.all() {
		if !s.servers[server].up {
			list = append(list, server)
		}
	}
	return list
}
