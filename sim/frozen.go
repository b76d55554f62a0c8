package sim

// A core is a set of servers, a bit each, that are whole and hear each other, and
// enough of them to decide whatever configuration one of them goes by. When all
// outside stay broken for good, it must do without them. Zero stands for no core:
// then everybody counts.
type core uint16

func (c core) has(s *server) bool { return c == 0 || c>>s.slot&1 != 0 }

// counts reports whether a server counts in the liveness phase.
func (w *world) counts(s *server) bool { return w.core.has(s) }

// reaches reports whether clients reach a server. Outside a core they reach one whose
// disk hangs: it may lead until it is asked to write.
func (w *world) reaches(s *server) bool { return w.counts(s) || s.disk.hung == never }

// chooseCore chooses a core at random: all who are whole, and then as few of them as
// the tape will have. It returns zero if there is none, because too much is broken.
func (w *world) chooseCore() core {
	var chosen core
	for _, s := range w.servers[:w.count] {
		if s.whole() && w.belongs(s) {
			chosen |= 1 << s.slot
		}
	}
	if chosen == 0 || !w.decides(chosen) {
		return 0
	}
	first := int(w.tape.draw(uint64(w.count)))
	for i := range w.count {
		without := chosen &^ (1 << ((first + i) % w.count))
		if without != chosen && without != 0 && w.tape.draw(4) != 3 && w.decides(without) {
			chosen = without
		}
	}
	return chosen
}

// whole reports whether a server misses nothing that was on its disk: what it has
// lost it might have to ask of those outside.
func (s *server) whole() bool {
	return len(s.disk.rotten) == 0 && !s.disk.doomed && (s.disk.engine == nil || s.disk.engine.refusal == nil)
}

// belongs reports whether some server's configuration has a server as a member.
func (w *world) belongs(s *server) bool {
	for _, other := range w.servers[:w.count] {
		if other.seen.configuration.Find(s.member) != 0 {
			return true
		}
	}
	return false
}

// decides reports whether a set of servers is a quorum of both halves of every
// configuration that one of them goes by: whoever comes to lead, and whatever is
// removed from a log by that, can be followed by a majority. Where an outgoing
// majority is outside there is no core.
func (w *world) decides(set core) bool {
	for _, s := range w.servers[:w.count] {
		c := &s.seen.configuration
		if set>>s.slot&1 == 0 || c.Voters == 0 {
			continue
		}
		if !isQuorum(w.votersOf(c, func(other *server) bool { return set>>other.slot&1 != 0 }), c) {
			return false
		}
	}
	return true
}

// What is wrong for good with a server outside the core.
const (
	goneForGood = iota
	pausedForGood
	isolatedForGood
	deafForGood // it talks, and hears nobody of the core
	dumbForGood // it hears, and nobody of the core hears it
	hungForGood // its disk never completes a write
	brokenKinds
)

// freeze ends all faults within a core, and leaves those outside broken for good: as
// they are, and each in a way that keeps it from leading.
func (w *world) freeze(inside core) {
	before := w.network.links
	w.core = inside
	w.faults.partition++ // nothing heals what is cut now
	w.calmDown()
	defer w.rescue()
	for from := range w.count {
		for to := range w.count {
			if inside>>from&1 == 0 || inside>>to&1 == 0 {
				w.network.links[from][to].cut = before[from][to].cut || before[from][to].flapping.down(w.now)
			}
		}
	}
	for _, s := range w.servers[:w.count] {
		if !inside.has(s) {
			s.breakForGood()
		}
	}
}

// breakForGood leaves a server as broken as it is, or breaks it.
func (s *server) breakForGood() {
	w := s.world
	w.coverage[frozenOutside]++
	kind := w.tape.draw(brokenKinds)
	switch {
	case !s.up:
		kind = goneForGood
	case s.pausedUntil > w.now:
		kind = pausedForGood
	case s.disk.hung > w.now:
		kind = hungForGood
	}
	if kind == hungForGood && s.disk.blocks != nil {
		kind = isolatedForGood // its writes are durable at once
	}
	switch kind {
	case goneForGood:
		if s.up {
			s.down()
			s.disk.crash()
		}
		s.boot++ // nobody starts it again
	case pausedForGood:
		s.pausedUntil = never
		s.cut(true, true) // what it is sent goes to nobody
	case isolatedForGood:
		s.cut(true, true)
	case deafForGood:
		s.cut(true, false)
	case dumbForGood:
		s.cut(false, true)
	case hungForGood:
		s.disk.hung = never
		for i := range w.agenda.heap {
			if e := &w.agenda.heap[i]; e.kind == completeEvent && e.server == s.slot {
				e.at = never
			}
		}
		w.agenda.restore()
	}
}

// cut cuts a server off from the core: what comes in, what goes out, or both.
func (s *server) cut(in, out bool) {
	w := s.world
	for slot := range w.count {
		if w.core>>slot&1 != 0 {
			w.network.links[slot][s.slot].cut = w.network.links[slot][s.slot].cut || in
			w.network.links[s.slot][slot].cut = w.network.links[s.slot][slot].cut || out
		}
	}
}

// coreLiveness checks that a core goes on by itself whatever those outside do: it
// elects a leader, resolves what is pending at its members, comes to one log, and
// then keeps the leader and the term although some outside still talk to it.
func (w *world) coreLiveness(inside core) {
	w.coverage[frozenCores]++
	w.freeze(inside)
	steps := [...]func(*world){
		(*world).expectLeader, (*world).expectAnswers, (*world).expectConvergence, (*world).expectSteadiness, (*world).expectConvergence,
	}
	for _, step := range steps {
		if w.ledger.failure != nil || w.given() {
			return
		}
		step(w)
	}
}
