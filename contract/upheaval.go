package contract

// upheaval is everything at once, as the labs' tests of unreliable churn have it,
// and what operators do to a cluster.
var upheaval = []Scenario{
	{Group: "upheaval", Name: "reliable churn: servers come and go while clients write", Setup: five, play: (*stage).reliableChurn},
	{Group: "upheaval", Name: "unreliable churn: and messages are lost, doubled and late", Setup: five, Needs: []Capability{Disturbances}, play: (*stage).unreliableChurn},
	{Group: "upheaval", Name: "Figure 8 unreliable: leaders come and go and messages are lost", Setup: five, Needs: []Capability{Disturbances}, play: (*stage).figure8Unreliable},
	{Group: "upheaval", Name: "links come and go, each for itself", Setup: five, Needs: []Capability{OneWayCuts}, play: (*stage).flappingLinks},
	{Group: "upheaval", Name: "paused servers come back into another time", Setup: five, Needs: []Capability{Pauses}, play: (*stage).pauseChurn},
	{Group: "upheaval", Name: "members change while servers come and go", Setup: roomy, Needs: []Capability{Membership}, play: (*stage).memberChurn},
	{Group: "upheaval", Name: "mixed versions", Setup: Setup{Servers: 3, Founders: 3, Earlier: true}, Needs: []Capability{Releases}, play: (*stage).mixedVersions},
}

// churn lets clients write and read to whoever is there while something happens,
// for a number of rounds.
func (s *stage) churn(rounds int, happens func()) {
	clients := s.clients(4)
	under := make([]*operationUnderWay, len(clients))
	for range rounds {
		for i, c := range clients {
			if o := under[i]; o == nil || o.poll().Outcome == Done {
				under[i] = c.begin(add, 1+i%2, 1, 0)
			}
			c.near = s.some(1, s.all())[0]
			if leader := s.leader(s.all()...); leader != 0 && s.choices.IntN(2) == 0 {
				c.near = leader
			}
			under[i].send(c.near)
			if s.choices.IntN(3) == 0 {
				c.beginRead(c.near, 1, Linearizable).wait()
			}
		}
		happens()
		s.pass(s.choice(ElectionTimeout))
	}
	s.heal()
	s.restart(s.down()...)
	for _, o := range under {
		o.finish()
	}
}

// comeAndGo crashes one server, brings another back, and cuts a third off.
func (s *stage) comeAndGo() {
	down := s.down()
	switch s.choices.IntN(4) {
	case 0:
		if len(down) < 2 {
			s.crash(s.some(1, s.others(down...))[0])
		}
	case 1:
		if len(down) > 0 {
			s.restart(s.some(1, down)[0])
		}
	case 2:
		s.isolate(s.some(1, s.all())[0])
	case 3:
		s.heal()
	}
}

func (s *stage) reliableChurn() { s.churn(20, s.comeAndGo) }

func (s *stage) unreliableChurn() {
	s.disturb(Disturbance{LossPercent: 10, DuplicationPercent: 10, DelayMax: ElectionTimeout / 8})
	s.churn(20, s.comeAndGo)
}

func (s *stage) figure8Unreliable() {
	s.disturb(Disturbance{LossPercent: 10, DuplicationPercent: 10, DelayMax: ElectionTimeout / 4})
	hoarder := s.client()
	for round := range 40 {
		if leader := s.leader(s.all()...); leader != 0 {
			hoarder.hoard(leader, 1)
			if s.choices.IntN(2) == 0 {
				s.isolate(s.some(1+s.choices.IntN(2), s.all())...)
			}
		}
		s.pass(s.choice(ElectionTimeout))
		if round%8 == 7 {
			s.heal()
		}
	}
	s.heal()
	s.client().add(1, 1)
}

func (s *stage) flappingLinks() {
	s.churn(20, func() {
		pair := s.some(2, s.all())
		s.cutOneWay(pair[0], pair[1])
		if s.choices.IntN(4) == 0 {
			s.heal()
		}
	})
}

func (s *stage) pauseChurn() {
	paused := 0
	s.churn(16, func() {
		switch {
		case paused != 0:
			s.resume(paused)
			paused = 0
		case s.choices.IntN(2) == 0 && s.leader(s.all()...) != 0:
			paused = s.leader(s.all()...)
			s.pause(paused)
		default:
			paused = s.some(1, s.all())[0]
			s.pause(paused)
		}
	})
	if paused != 0 {
		s.resume(paused)
	}
}

// memberChurn asks for one set of voters after the other, by way of learners.
func (s *stage) memberChurn() {
	s.change(s.members(1, 2, 3), s.members(4, 5, 6))
	s.churn(24, func() {
		down := s.down()
		switch {
		case len(down) > 0:
			s.restart(down...)
		case s.choices.IntN(3) == 0:
			s.crash(s.some(1, s.all())[0])
		}
		leader := s.leader(s.all()...)
		status, ok := s.status(leader)
		if !ok || !status.Settled {
			return
		}
		voters := s.some(3, s.all())
		s.cluster.Ask(leader, Request{Kind: Change, Voters: s.members(voters...), Learners: s.members(s.others(voters...)...)})
	})
}

// mixedVersions upgrades one server after the other while a client writes, and
// has every mixture elect a leader.
func (s *stage) mixedVersions() {
	c := s.client()
	for i, server := range s.all() {
		c.add(1, 1)
		s.upgrade(server)
		s.crash(s.awaitLeader())
		c.add(1, 1)
		s.restart(s.down()...)
		s.awaitApplied(s.all()...)
		c.expect(1, 2*uint64(i+1))
	}
}
