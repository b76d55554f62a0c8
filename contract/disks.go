package contract

// disks are about what is written and not yet durable (§3.8, §10.2.1).
var disks = []Scenario{
	{Group: "disks", Name: "three of five disks lose their unsynced tail", Setup: five, Needs: []Capability{UnsyncedData}, play: (*stage).loseTails},
	{Group: "disks", Name: "acknowledges nothing that is not durable on a majority", Setup: three, Needs: []Capability{UnsyncedData}, play: (*stage).acknowledgeDurable},
	{Group: "disks", Name: "a vote counts only when it is durable", Setup: three, Needs: []Capability{UnsyncedData}, play: (*stage).voteDurable},
	{Group: "disks", Name: "a leader whose disk hangs is replaced", Setup: three, Needs: []Capability{UnsyncedData}, play: (*stage).hungLeader},
	{Group: "disks", Name: "commits while the leader's own disk is slow", Setup: three, Needs: []Capability{UnsyncedData}, play: (*stage).slowLeader},
	{Group: "disks", Name: "crashes between write and sync lose nothing acknowledged", Setup: three, Needs: []Capability{UnsyncedData}, play: (*stage).crashBeforeSync},
}

// loseTails has the leader and two followers crash with entries that they have
// written, and told nobody of, because they were not durable.
func (s *stage) loseTails() {
	c, hoarder := s.client(), s.client()
	for round := range uint64(4) {
		c.add(1, 1)
		leader := s.awaitLeader()
		losers := append(s.some(2, s.others(leader)), leader)
		s.holdDisk(losers...)
		o := hoarder.begin(add, 2, 1, 0)
		o.send(leader)
		s.never("two of five disks suffice", ElectionTimeout/2, func() bool { return o.poll().Outcome == Done })
		s.crash(losers...)
		s.pass(ElectionTimeout / 2)
		s.restart(losers...)
		s.awaitLeader()
		c.expect(1, round+1)
	}
}

func (s *stage) acknowledgeDurable() {
	c := s.client()
	leader := s.awaitLeader()
	s.holdDisk(s.others(leader)...)
	o := c.begin(write, 1, 1, 0)
	o.send(leader)
	s.never("one disk of three suffices", 2*ElectionTimeout, func() bool { return o.poll().Outcome == Done })
	s.releaseDisk(s.others(leader)...)
	o.finish()
	c.expect(1, 1)
}

// voteDurable leaves a candidate with one voter, whose disk makes nothing durable;
// several times, for it may be the voter that campaigns first.
func (s *stage) voteDurable() {
	c := s.client()
	for range 4 {
		leader := s.awaitLeader()
		c.add(1, 1)
		s.awaitApplied(s.all()...)
		voter := s.some(1, s.others(leader))[0]
		s.holdDisk(voter)
		s.crash(leader)
		s.never("a vote counts that is not durable", 4*ElectionTimeout, func() bool { return s.leader(s.others(leader)...) != 0 })
		s.releaseDisk(voter)
		s.awaitLeader(s.others(leader)...)
		s.restart(leader)
	}
	c.expect(1, 4)
}

func (s *stage) hungLeader() {
	c := s.client()
	leader := s.awaitLeader()
	c.add(1, 1)
	s.holdDisk(leader)
	o := c.begin(add, 1, 1, 0)
	o.send(leader)
	s.await("another leads", 20*ElectionTimeout, func() bool {
		now := s.leader(s.all()...)
		return now != 0 && now != leader
	})
	o.finish()
	s.releaseDisk(leader)
	s.awaitApplied(s.all()...)
	c.expect(1, 2)
}

func (s *stage) slowLeader() {
	c := s.client()
	leader := s.awaitLeader()
	s.holdDisk(leader)
	o := c.begin(add, 1, 1, 0)
	o.send(leader)
	s.await("the others' disks suffice", ElectionTimeout, func() bool { return o.poll().Outcome == Done })
	s.releaseDisk(leader)
	c.expect(1, 1)
}

// crashBeforeSync holds a disk for a moment and crashes its server, time and
// again, while a client goes on.
func (s *stage) crashBeforeSync() {
	c := s.client()
	for range 12 {
		leader := s.awaitLeader()
		victim := s.some(1, s.all())[0]
		s.holdDisk(victim)
		o := c.begin(add, 1, 1, 0)
		o.send(leader)
		s.pass(s.choice(8))
		o.poll()
		s.crash(victim)
		s.pass(s.choice(ElectionTimeout))
		s.restart(victim)
		o.finish()
	}
	c.expect(1, 12)
}
