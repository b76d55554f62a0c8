package contract

// reads are about what a client may see (§6.4).
var reads = []Scenario{
	{Group: "reads", Name: "a read sees what was written before it", Setup: three, play: (*stage).readWritten},
	{Group: "reads", Name: "no stale read from an isolated leader", Setup: three, play: (*stage).readIsolated},
	{Group: "reads", Name: "no stale read from a paused leader", Setup: three, Needs: []Capability{Pauses}, play: (*stage).readPaused},
	{Group: "reads", Name: "no stale read from a new leader", Setup: three, play: (*stage).readElected},
	{Group: "reads", Name: "a new leader answers no read before its term's first entry is committed", Setup: three, Needs: []Capability{UnsyncedData, Disturbances}, play: (*stage).readBeforeCommit},
	{Group: "reads", Name: "a read at a follower sees what was written before it", Setup: three, Needs: []Capability{FollowerReads}, play: (*stage).readFollowers},
	{Group: "reads", Name: "no read at a follower without a leader", Setup: three, Needs: []Capability{FollowerReads}, play: (*stage).readFollowerAlone},
	{Group: "reads", Name: "a lease serves reads, and ends", Setup: three, Needs: []Capability{LeaseReads}, play: (*stage).readByLease},
	{Group: "reads", Name: "a leader that hands over serves no more reads by lease", Setup: three, Needs: []Capability{LeaseReads, Transfers, OneWayCuts}, play: (*stage).readAfterTransfer},
	{Group: "reads", Name: "a voter that restarts keeps to the lease it has granted", Setup: three, Needs: []Capability{LeaseReads}, play: (*stage).readAfterRestart},
	{Group: "reads", Name: "a stale read is answered by anybody at any time", Setup: three, play: (*stage).readStale},
	{Group: "reads", Name: "reads stay linearizable while leaders come and go", Setup: five, play: (*stage).readWhileElecting},
}

func (s *stage) readWritten() {
	c, other := s.client(), s.client()
	for i := range uint64(10) {
		c.write(1, i)
		other.expect(1, i)
	}
}

func (s *stage) readIsolated() {
	c := s.client()
	c.write(1, 1)
	first := s.awaitLeader()
	s.isolate(first)
	read := c.beginRead(first, 1, Linearizable)
	s.never("a leader that is cut off answers", 2, func() bool { return read.poll().Outcome == Done })
	s.awaitLeader(s.others(first)...)
	other := s.client()
	other.write(1, 2)
	late := c.beginRead(first, 1, Linearizable)
	s.never("a leader that was deposed answers", 4*ElectionTimeout, func() bool { return late.poll().Outcome == Done })
	s.heal()
	c.expect(1, 2)
}

func (s *stage) readPaused() {
	c := s.client()
	c.write(1, 1)
	first := s.awaitLeader()
	s.pause(first)
	s.awaitLeader(s.others(first)...)
	c.write(1, 2)
	s.resume(first)
	for range 8 {
		// Whatever comes, it must not be the old value: the history tells.
		c.beginRead(first, 1, Linearizable).wait()
	}
	c.expect(1, 2)
}

// readElected asks everybody for what was acknowledged right before its leader
// crashed, from then on until another answers.
func (s *stage) readElected() {
	c := s.client()
	for i := range uint64(6) {
		first := s.awaitLeader()
		c.near = first
		c.write(1, i+1)
		s.crash(first)
		answered := false
		var list []*readUnderWay
		for deadline := s.now + 20*ElectionTimeout; !answered && s.now < deadline; s.pass(1) {
			for _, server := range s.others(first) {
				list = append(list, c.beginRead(server, 1, Linearizable))
			}
			for _, r := range list {
				answered = r.poll().Outcome == Done || answered
			}
		}
		s.restart(first)
	}
}

// readBeforeCommit elects a leader that does not know that the last entry is
// committed, and can't commit: a read must not miss that entry.
func (s *stage) readBeforeCommit() {
	c, other := s.client(), s.client()
	for i := range uint64(4) {
		first := s.awaitLeader()
		s.awaitApplied(s.all()...)
		s.disturb(Disturbance{DelayMax: ElectionTimeout / 16})
		o := c.begin(write, 1, i+1, 0)
		o.send(first)
		s.await("it is acknowledged", ElectionTimeout, func() bool { return o.poll().Outcome == Done })
		s.isolate(first)
		s.crash(first)
		s.disturb(Disturbance{})
		rest := s.others(first)
		second := 0
		s.await("another leads", 20*ElectionTimeout, func() bool {
			second = s.leader(rest...)
			return second != 0
		})
		s.holdDisk(rest...)
		read := other.beginRead(second, 1, Linearizable)
		for range ElectionTimeout / 2 {
			read.poll()
			s.pass(1)
		}
		s.releaseDisk(rest...)
		s.heal()
		s.restart(first)
	}
	c.expect(1, 4)
}

func (s *stage) readFollowers() {
	c := s.client()
	for i := range uint64(6) {
		c.write(1, i+1)
		leader := s.awaitLeader()
		for _, follower := range s.others(leader) {
			r := c.beginRead(follower, 1, Linearizable)
			if reply := r.wait(); reply.Outcome != Done || r.act.answer.value != i+1 {
				s.fail("follower %d, asked for what was written as %d, answered %d: %+v", follower, i+1, r.act.answer.value, reply)
			}
		}
	}
}

func (s *stage) readFollowerAlone() {
	c := s.client()
	c.write(1, 1)
	follower := s.others(s.awaitLeader())[0]
	s.isolate(follower)
	c.write(1, 2)
	r := c.beginRead(follower, 1, Linearizable)
	s.never("a follower that is cut off answers", 4*ElectionTimeout, func() bool { return r.poll().Outcome == Done })
}

func (s *stage) readByLease() {
	c := s.client()
	c.write(1, 1)
	leader := s.awaitLeader()
	s.await("a read by lease is served", 4*ElectionTimeout, func() bool {
		return c.beginRead(leader, 1, Lease).wait().Outcome == Done
	})
	s.isolate(leader)
	s.pass(2 * ElectionTimeout)
	if reply := c.beginRead(leader, 1, Lease).wait(); reply.Outcome != Refused {
		s.fail("two election timeouts after it was cut off the leader answered a read by lease with %+v", reply)
	}
	second := s.awaitLeader(s.others(leader)...)
	c.write(1, 2)
	// As long as the lease may last nobody else was elected: the history tells.
	c.beginRead(second, 1, Lease).wait()
	c.beginRead(leader, 1, Lease).wait()
}

// readAfterTransfer lets a leader that has told another to campaign hear nothing
// more, so that it does not know when it is deposed.
func (s *stage) readAfterTransfer() {
	c := s.client()
	for i := range uint64(4) {
		c.write(1, 2*i+1)
		first := s.awaitLeader()
		second := s.others(first)[0]
		s.awaitApplied(s.all()...)
		s.pass(ElectionTimeout / 2) // so that there is a lease and nothing under way
		s.transfer(first, second)
		if i%2 == 1 {
			s.ask(first, Request{Kind: Transfer}) // gives it up, too late
		}
		for _, other := range s.others(first) {
			s.cutOneWay(other, first)
		}
		s.readOldWhileWriting(c, first, s.others(first), 2*i+2)
		s.heal()
	}
}

// readAfterRestart has the one voter that a leader's lease rests on restart, when
// another waits for its vote.
func (s *stage) readAfterRestart() {
	c := s.client()
	for i := range uint64(16) {
		c.write(1, 2*i+1)
		first := s.awaitLeader()
		voter, rival := s.others(first)[0], s.others(first)[1]
		s.awaitApplied(s.all()...)
		s.partition([]int{first, voter})
		s.pass(ElectionTimeout + s.choice(ElectionTimeout))
		s.crash(voter)
		s.partition([]int{voter, rival})
		s.restart(voter)
		s.readOldWhileWriting(c, first, []int{voter, rival}, 2*i+2)
		s.heal()
	}
}

// readOldWhileWriting reads by lease from a leader that has been, or will be,
// replaced, while a client writes to whoever leads among the others. No read may
// miss what was acknowledged before: the history tells.
func (s *stage) readOldWhileWriting(c *client, old int, others []int, value uint64) {
	o := c.begin(write, 1, value, 0)
	for range ElectionTimeout {
		if leader := s.leader(others...); leader != 0 && len(o.calls) == 0 {
			o.send(leader)
		}
		if len(o.calls) > 0 {
			o.poll()
		}
		c.beginRead(old, 1, Lease).poll()
		s.pass(1)
	}
	s.heal()
	o.finish()
}

func (s *stage) readStale() {
	c := s.client()
	c.write(1, 1)
	s.awaitApplied(s.all()...)
	s.isolate(s.all()...)
	s.pass(3 * ElectionTimeout)
	for _, server := range s.all() {
		r := c.beginRead(server, 1, Stale)
		if reply := r.wait(); reply.Outcome != Done || r.act.answer.value != 1 {
			s.fail("server %d answered a stale read with %+v, value %d", server, reply, r.act.answer.value)
		}
	}
}

func (s *stage) readWhileElecting() {
	writer, reader := s.client(), s.client()
	var list []*readUnderWay
	for range 12 {
		leader := s.awaitLeader()
		o := writer.begin(add, 1, 1, 0)
		o.send(leader)
		s.isolate(leader)
		for range 3 * ElectionTimeout / 4 {
			for _, server := range s.some(2, s.all()) {
				list = append(list, reader.beginRead(server, 1, Linearizable))
			}
			s.pass(1)
			for _, r := range list {
				r.poll()
			}
			list = list[max(0, len(list)-40):]
		}
		s.heal()
		o.finish()
	}
	reader.expect(1, 12)
}
