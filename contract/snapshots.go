package contract

// snapshots are about compaction and catching up by snapshot (§5).
var snapshots = []Scenario{
	{Group: "snapshots", Name: "a compacted log goes on", Setup: three, Needs: []Capability{Snapshots}, play: (*stage).compactAll},
	{Group: "snapshots", Name: "a lagging server catches up by snapshot", Setup: three, Needs: []Capability{Snapshots}, play: (*stage).catchUp},
	{Group: "snapshots", Name: "a lagging server catches up by snapshot under loss", Setup: three, Needs: []Capability{Snapshots, Disturbances}, play: (*stage).catchUpUnderLoss},
	{Group: "snapshots", Name: "everything survives when all crash after compaction", Setup: three, Needs: []Capability{Snapshots}, play: (*stage).crashCompacted},
	{Group: "snapshots", Name: "a new leader goes on with a snapshot that the old one began to send", Setup: three, Needs: []Capability{Snapshots, Disturbances}, play: (*stage).changeLeaderWhileSending},
	{Group: "snapshots", Name: "a server that crashes while it is sent a snapshot catches up", Setup: three, Needs: []Capability{Snapshots, Disturbances}, play: (*stage).crashWhileReceiving},
	{Group: "snapshots", Name: "a snapshot takes the place of a log that differs", Setup: five, Needs: []Capability{Snapshots}, play: (*stage).replaceLog},
	{Group: "snapshots", Name: "sessions survive in snapshots", Setup: three, Needs: []Capability{Snapshots}, play: (*stage).sessionsInSnapshots},
	{Group: "snapshots", Name: "servers compact, crash and lag under load", Setup: three, Needs: []Capability{Snapshots}, play: (*stage).compactUnderLoad},
}

// fillAndCompact has register 1 written, the last time with 9, and every server
// compact that.
func (s *stage) fillAndCompact(c *client) {
	for i := range uint64(10) {
		c.write(1, i)
	}
	s.awaitApplied(s.all()...)
	for _, server := range s.all() {
		s.compact(server)
	}
}

func (s *stage) compactAll() {
	c := s.client()
	s.fillAndCompact(c)
	c.write(2, 2)
	c.expect(1, 9)
}

// lag leaves a server behind what the others have compacted.
func (s *stage) lag(c *client, server int) {
	s.isolate(server)
	for i := range uint64(10) {
		c.write(1, 100+i)
	}
	s.awaitApplied(s.others(server)...)
	for _, other := range s.others(server) {
		s.compact(other)
	}
}

// awaitSnapshot waits until a server has caught up, and checks that it was by
// snapshot: its log begins after what it had.
func (s *stage) awaitSnapshot(server int, had uint64) {
	s.awaitApplied(server)
	if status, _ := s.status(server); status.First <= had+1 {
		s.fail("server %d has its log from %d on: it had up to %d, and should have been sent a snapshot", server, status.First, had)
	}
}

func (s *stage) catchUp() {
	c := s.client()
	server := s.others(s.awaitLeader())[0]
	before, _ := s.status(server)
	s.lag(c, server)
	s.heal()
	s.awaitSnapshot(server, before.Last)
	c.expect(1, 109)
}

func (s *stage) catchUpUnderLoss() {
	c := s.client()
	server := s.others(s.awaitLeader())[0]
	before, _ := s.status(server)
	s.lag(c, server)
	s.disturb(Disturbance{LossPercent: 25, DuplicationPercent: 20, DelayMax: ElectionTimeout / 16})
	s.heal()
	s.awaitSnapshot(server, before.Last)
	c.write(1, 1)
	c.expect(1, 1)
}

func (s *stage) crashCompacted() {
	c := s.client()
	s.fillAndCompact(c)
	c.write(2, 5)
	s.crash(s.all()...)
	s.restart(s.all()...)
	c.expect(1, 9)
	c.expect(2, 5)
}

func (s *stage) changeLeaderWhileSending() {
	c := s.client()
	first := s.awaitLeader()
	server := s.others(first)[0]
	before, _ := s.status(server)
	s.lag(c, server)
	s.disturb(Disturbance{DelayMax: ElectionTimeout / 8})
	s.heal()
	s.pass(s.choice(ElectionTimeout))
	s.crash(s.awaitLeader(s.others(server)...))
	s.awaitLeader(s.others(s.down()...)...)
	s.awaitSnapshot(server, before.Last)
	c.expect(1, 109)
}

func (s *stage) crashWhileReceiving() {
	c := s.client()
	server := s.others(s.awaitLeader())[0]
	before, _ := s.status(server)
	s.lag(c, server)
	s.disturb(Disturbance{DelayMax: ElectionTimeout / 8})
	s.heal()
	for range 4 {
		s.pass(s.choice(ElectionTimeout))
		s.crash(server)
		s.restart(server)
	}
	s.awaitSnapshot(server, before.Last)
	c.expect(1, 109)
}

// replaceLog gives a server entries that never come to be committed, and has it
// sent a snapshot of others in their place.
func (s *stage) replaceLog() {
	c, hoarder := s.client(), s.client()
	first := s.awaitLeader()
	s.awaitApplied(s.all()...)
	before, _ := s.status(first)
	s.isolate(first)
	hoarder.hoard(first, 20)
	s.awaitLeader(s.others(first)...)
	for i := range uint64(10) {
		c.write(1, i)
	}
	s.awaitApplied(s.others(first)...)
	for _, other := range s.others(first) {
		s.compact(other)
	}
	s.heal()
	s.awaitSnapshot(first, before.Last)
	c.expect(1, 9)
	c.expect(2, 0)
}

func (s *stage) sessionsInSnapshots() {
	c := s.client()
	server := s.others(s.awaitLeader())[0]
	o := c.begin(add, 1, 1, 0)
	o.finish()
	s.lag(s.client(), server)
	s.heal()
	s.awaitApplied(s.all()...)
	s.crash(s.all()...)
	s.restart(s.all()...)
	s.await("a command from before the snapshot is answered as it was", 20*ElectionTimeout, o.sentAgain)
	c.expect(1, 109)
}

// compactUnderLoad is the labs' test of snapshots: everybody compacts all the
// time, and one after the other lags or crashes.
func (s *stage) compactUnderLoad() {
	c := s.client()
	for round := range uint64(6) {
		leader := s.awaitLeader()
		victim := s.some(1, s.all())[0]
		if s.choices.IntN(2) == 0 {
			s.isolate(victim)
		} else {
			s.crash(victim)
		}
		for range 5 {
			c.add(1, 1)
		}
		if leader == victim {
			s.awaitLeader(s.others(victim)...)
		}
		for _, other := range s.others(victim) {
			s.compact(other)
		}
		s.heal()
		s.restart(s.down()...)
		s.awaitApplied(s.all()...)
		c.expect(1, 5*(round+1))
	}
}
