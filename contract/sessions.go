package contract

// sessions are about clients that try again (§6.3).
var sessions = []Scenario{
	{Group: "sessions", Name: "exactly once across leader change", Setup: three, play: (*stage).onceAcrossLeaders},
	{Group: "sessions", Name: "a command sent again has the answer it had", Setup: three, play: (*stage).sameAnswer},
	{Group: "sessions", Name: "a command that comes late is not carried out", Setup: three, play: (*stage).lateCommand},
	{Group: "sessions", Name: "one of many compare-and-swaps wins", Setup: three, play: (*stage).oneSwapWins},
	{Group: "sessions", Name: "exactly once although clients ask everybody at once", Setup: five, play: (*stage).askEverybody},
}

func (s *stage) onceAcrossLeaders() {
	c := s.client()
	for i := range 8 {
		leader := s.awaitLeader()
		o := c.begin(add, 1, 1, 0)
		o.send(leader)
		s.pass(Span(i % 3)) // long enough to commit, or too short
		s.isolate(leader)
		o.send(s.awaitLeader(s.others(leader)...))
		o.finish()
		s.heal()
	}
	c.expect(1, 8)
}

// sentAgain sends a command again that was done before, and reports whether it
// was answered.
func (o *operationUnderWay) sentAgain() bool {
	s := o.client.stage
	reply := s.ask(o.client.near, Request{Kind: Propose, Body: o.act.command.encode()})
	if reply.Outcome != Done {
		o.client.turn(reply)
		return false
	}
	if result, ok := parseResponse(reply.Body); !ok || result != o.act.answer {
		s.fail("%v was answered %+v, and when sent again % x", &o.act.command, o.act.answer, reply.Body)
	}
	return true
}

func (s *stage) sameAnswer() {
	c, other := s.client(), s.client()
	o := c.begin(add, 1, 5, 0)
	o.finish()
	other.write(1, 100)
	s.crash(s.awaitLeader())
	s.awaitLeader(s.others(s.down()...)...)
	s.await("a command sent again is answered", 20*ElectionTimeout, o.sentAgain)
	other.expect(1, 100)
}

func (s *stage) lateCommand() {
	c := s.client()
	o := c.begin(write, 1, 1, 0)
	o.finish()
	c.write(1, 2)
	late := s.ask(s.awaitLeader(), Request{Kind: Propose, Body: o.act.command.encode()})
	if _, carriedOut := parseResponse(late.Body); late.Outcome == Done && carriedOut {
		s.fail("a command that the session has gone beyond was answered % x", late.Body)
	}
	c.expect(1, 2)
}

func (s *stage) oneSwapWins() {
	list := s.clients(6)
	for round := range uint64(5) {
		before := list[0].read(1)
		leader := s.awaitLeader()
		var under []*operationUnderWay
		for i, c := range list {
			o := c.begin(compareAndSwap, 1, 10*(round+1)+uint64(i), before)
			o.send(leader)
			under = append(under, o)
		}
		winners := 0
		for _, o := range under {
			if !o.finish().refused {
				winners++
			}
		}
		if winners != 1 {
			s.fail("%d of %d compare-and-swaps from one value took place", winners, len(under))
		}
	}
}

// askEverybody sends every command to all servers, of which two think that they
// lead, so that it may stand in the log several times.
func (s *stage) askEverybody() {
	c := s.client()
	for range 8 {
		leader := s.awaitLeader()
		s.isolate(leader)
		second := s.awaitLeader(s.others(leader)...)
		o := c.begin(add, 1, 1, 0)
		for _, server := range []int{leader, second, leader, second, second} {
			o.send(server)
		}
		s.heal()
		o.finish()
	}
	c.expect(1, 8)
}
