package sim

import (
	"slices"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/trace"
)

// A stage is where a list of actions is performed: nothing happens but what the
// list says. It is a run like any other, of the same servers under the same
// oracles, in which the network loses what is not delivered, timers fire late and
// whoever does nothing was slow, so that leaving an action out of the list leaves
// a run that a correct cluster must survive.
type stage struct {
	world   *world
	sent    [serversMax][]event // messages, by whom they are for
	pending []event             // what waits for something else than time
	shift   uint64              // by how much messages' numbers differ from those in the list, modulo 2⁶⁴
}

// push takes an event that the world wants to happen.
func (g *stage) push(e event) {
	switch e.kind {
	case deliverEvent:
		g.sent[e.server] = append(g.sent[e.server], e)
	case wakeEvent, applyEvent, restartEvent, clientEvent, requestEvent, deposedEvent, operatorEvent, abortEvent, nemesisEvent:
		// These happen whenever an action says so.
	default:
		g.pending = append(g.pending, e)
	}
}

// perform runs a list of actions and returns those that could be performed, up to
// where a rule was broken. That is then the world's failure.
func (w *world) perform(o *Options, actions []trace.Action) []trace.Action {
	w.agenda.stage = &stage{world: w}
	defer func() { w.agenda.stage = nil }()
	var founding []uint64
	if len(actions) > 0 && actions[0].Kind == foundAction {
		founding = actions[0].Choices
	}
	w.reset(o, replayTape(founding))
	w.sent = w.sent[:0]
	taken := make([]trace.Action, 0, len(actions))
	defer w.rescue()
	w.begin()
	for i := 0; i < len(actions) && w.ledger.failure == nil; i++ {
		a := actions[i]
		if w.halt != nil && w.halt.reached(w, max(w.now, a.At)) {
			break
		}
		w.tape = replayTape(a.Choices)
		if w.performs(&a) {
			taken = append(taken, a)
			w.sent = append(w.sent, w.sends)
		}
	}
	w.tape = replayTape(nil)
	return taken
}

// performs has an action happen, and returns false if it can't.
func (w *world) performs(a *trace.Action) bool {
	switch a.Kind {
	case foundAction:
		return w.events == 0
	case calmAction:
		w.now = max(w.now, a.At)
		w.calmDown()
		return true
	case healAction:
		w.now = max(w.now, a.At)
		w.agenda.stage.leave()
		w.liveness()
		return true
	case judgeAction:
		w.judge()
		return true
	}
	kind := slices.Index(eventNames[:], a.Kind)
	if kind < 0 || int(a.Server) > w.count || w.agenda.stage == nil {
		return false
	}
	e := event{kind: eventKind(kind), value: a.Value}
	var s *server
	if a.Server > 0 {
		s = w.servers[a.Server-1]
		e.server, e.boot = s.slot, s.boot
	}
	now := max(w.now, a.At)
	if s != nil && s.up && s.pausedUntil > now && e.kind != nemesisEvent {
		return false
	}
	w.now = now
	return w.agenda.stage.happens(a, &e, s)
}

// happens finds the event that an action is about and lets it happen.
func (g *stage) happens(a *trace.Action, e *event, s *server) bool {
	w := g.world
	switch e.kind {
	case clientEvent:
		w.quiet = a.Value == 1
	case requestEvent:
		if a.Value >= uint64(len(w.late)) {
			return false
		}
	case nemesisEvent:
		if a.Value&0xff == endFullness && (s == nil || s.disk.engine == nil) {
			return false
		}
	case deposedEvent, operatorEvent:
	default:
		if s == nil || !g.ready(a, e, s) {
			return false
		}
	}
	w.events++
	w.steps = 0
	e.at = w.now
	w.dispatch(e)
	if w.options.Scans && w.ledger.failure == nil {
		w.scan.run(w)
	}
	return true
}

// ready reports whether what an action has a server do can be done now.
func (g *stage) ready(a *trace.Action, e *event, s *server) bool {
	switch e.kind {
	case deliverEvent:
		return s.up && g.find(a, e, s)
	case wakeEvent:
		return s.due()
	case applyEvent:
		return s.up && s.applies
	case restartEvent:
		return !s.up
	case abortEvent:
		return s.up
	}
	return g.take(e)
}

// due lets time pass until a server's timer fires. It returns false if none will.
func (s *server) due() bool {
	w := s.world
	if !s.up {
		return false
	}
	deadline := s.driver.Deadline()
	if deadline == 1<<64-1 {
		return false
	}
	w.now = max(w.now, s.clock.truth(deadline))
	s.wakeAt = w.now
	return true
}

// find takes a message off the stage: the one whose number the action says, or, where
// others were left out before it, the one that is most like it, and says in the action
// which.
func (g *stage) find(a *trace.Action, e *event, s *server) bool {
	best, least := -1, ^uint64(0)
	sent := g.sent[s.slot]
	for i := range sent {
		k := g.world.network.packets.all[uint32(sent[i].value)]
		if unlikeness := g.unlikeness(a, k); unlikeness < least {
			best, least = i, unlikeness
		}
	}
	if best < 0 {
		return false
	}
	e.value = sent[best].value & (1<<queueShift - 1)
	k := g.world.network.packets.all[uint32(e.value)]
	g.shift = k.number - a.Value
	describeDelivery(a, k)
	g.sent[s.slot] = slices.Delete(sent, best, best+1)
	return true
}

// unlikeness is how badly a message fits an action: it should be of the same term, and
// its number as far from the action's as was the one delivered before.
func (g *stage) unlikeness(a *trace.Action, k *packet) uint64 {
	m := &k.message
	if uint8(m.From.ID) != a.From || messageNames[m.Kind] != a.Message {
		return ^uint64(0)
	}
	distance := int64(k.number - a.Value - g.shift)
	unlikeness := uint64(max(distance, -distance))
	if m.Term != raft.Term(a.Term) {
		unlikeness |= 1 << 62
	}
	return unlikeness
}

// take takes another event off the stage: the same, or the first of its kind.
func (g *stage) take(e *event) bool {
	found := -1
	for i := range g.pending {
		p := &g.pending[i]
		if p.kind != e.kind || p.server != e.server || p.boot != e.boot {
			continue
		}
		if p.value == e.value {
			found = i
			break
		}
		if found < 0 {
			found = i
		}
	}
	if found < 0 {
		return false
	}
	*e = g.pending[found]
	g.pending = slices.Delete(g.pending, found, found+1)
	return true
}

// leave ends the performance: from now on things happen by themselves again. What
// should have arrived by now is lost.
func (g *stage) leave() {
	w := g.world
	w.agenda.stage = nil
	for _, e := range g.pending {
		e.at = max(e.at, w.now)
		w.agenda.push(e)
	}
	for _, sent := range g.sent {
		for _, e := range sent {
			if e.at > w.now {
				w.agenda.push(e)
			}
		}
	}
	for _, s := range w.servers[:w.count] {
		s.wakeAt = 0
		if !s.up {
			continue
		}
		if s.applies {
			w.agenda.push(event{at: w.now, kind: applyEvent, server: s.slot, boot: s.boot})
		}
		s.schedule()
	}
	w.agenda.push(event{at: w.now, kind: clientEvent})
	w.agenda.push(event{at: w.now, kind: operatorEvent})
}
