package sim

import "github.com/driftless-raft/driftless/raft"

// flyingMax is more messages on their way than there can be reason for.
const flyingMax = 5000

// heldMax is how many messages may be under way for a filter to hold up more.
const heldMax = 500

// A link is one direction between two servers.
type link struct {
	cut      bool
	clogged  uint64 // nothing arrives before this time
	latest   uint64 // when the last message arrives, where order is kept
	flapping flapping
	queue    queue
}

// A network carries messages, most of them.
type network struct {
	links   [serversMax][serversMax]link
	packets packets
	filter  filter
	calm    bool // the faults are over
}

func (n *network) reset() {
	n.links = [serversMax][serversMax]link{}
	n.packets.reset()
	n.filter = filter{}
	n.calm = false
}

// heal joins what a partition has cut.
func (n *network) heal() {
	for from := range n.links {
		for to := range n.links[from] {
			n.links[from][to].cut = false
		}
	}
}

// calmDown ends all faults of the network. What was held up stays on its way.
func (n *network) calmDown() {
	n.calm = true
	n.heal()
	n.filter = filter{}
	for from := range n.links {
		for to := range n.links[from] {
			n.links[from][to].flapping = flapping{}
		}
	}
}

// Send implements [raft.Transport]. A crash may fall before any message.
func (s *server) Send(m *raft.Message, payload *raft.Payload) {
	w := s.world
	if s.effects == 0 && s.traits.wrote == w.events {
		w.meet(crashBeforeMessage)
	}
	s.spendEffect()
	w.sends++
	w.ledger.sent(s, m)
	if m.Kind == raft.TimeoutNow {
		s.handedOver()
	}
	w.fold(uint64(m.Kind)|uint64(s.slot)<<8|uint64(m.To.ID)<<16, uint64(m.Term)^uint64(m.Index)<<20)
	to := w.find(m.To.ID)
	if to == nil {
		w.ledger.fail("addressing", "server %d sent a message of kind %d to %v, whom nobody knows", s.id, m.Kind, m.To)
		return
	}
	s.noticeSent(m, to.slot)
	n := &w.network
	l := &n.links[s.slot][to.slot]
	held := n.filter.takes(m.Kind, s.slot, to.slot, w.now)
	staged := w.agenda.stage != nil // where it depends on the actions what is lost
	lost := l.cut || l.flapping.down(w.now) || held && (!n.filter.hold || !staged && n.packets.flying() > heldMax)
	lost = lost || !n.calm && w.tape.chance(w.options.Loss)
	if w.trace != nil {
		w.traceSend(s, m, lost && !staged)
	}
	if lost {
		if !n.calm {
			w.coverage[lostMessages]++
		}
		if staged {
			handle := w.pack(m, payload)
			n.packets.all[handle].references++
			w.agenda.push(event{at: w.now, kind: deliverEvent, server: to.slot, value: uint64(handle)})
		}
		return
	}
	if n.packets.flying() > flyingMax && !staged {
		w.ledger.fail("message-storm", "more than %d messages are on their way; the last is %s",
			flyingMax, brief(m))
		return
	}
	earliest := w.now
	if held {
		w.coverage[heldMessages]++
		earliest = n.filter.until
	}
	w.post(l, to, w.pack(m, payload), earliest)
}

// pack makes a packet of a message.
func (w *world) pack(m *raft.Message, payload *raft.Payload) uint32 {
	handle := w.network.packets.copy(m, payload)
	w.network.packets.all[handle].number = w.sends
	return handle
}

// post puts a packet on a link, once or several times.
func (w *world) post(l *link, to *server, handle uint32, earliest uint64) {
	o := &w.options
	packet := w.network.packets.all[handle]
	for {
		packet.references++
		e := event{at: w.arrival(l, to, earliest), kind: deliverEvent, server: to.slot, value: uint64(handle)}
		if o.LinkCapacity > 0 && !w.network.calm {
			e.value |= w.enqueue(&l.queue) << queueShift
		}
		w.agenda.push(e)
		if w.network.calm || packet.references == 4 || !w.tape.chance(o.Duplication) {
			return
		}
		w.coverage[duplicates]++
	}
}

// arrival is when a message sent now over a link arrives.
func (w *world) arrival(l *link, to *server, earliest uint64) uint64 {
	o := &w.options
	if w.network.calm {
		return w.now + w.tape.between(o.DelayMin, o.DelayMin+o.ElectionTimeout/200)
	}
	delay := w.tape.between(o.DelayMin, o.DelayMax)
	for delay < 2*o.ElectionTimeout && w.tape.chance(o.Tail) {
		delay *= 4
	}
	at := max(earliest, l.clogged) + delay + to.lag
	if o.InOrder {
		at = max(at, l.latest+1)
		l.latest = at
	}
	return at
}

// deliver hands a packet to its server, or loses it on the last stretch.
func (w *world) deliver(s *server, e *event) {
	handle := uint32(e.value)
	k := w.network.packets.all[handle]
	m := &k.message
	switch {
	case !w.dequeue(s, m, e.value>>queueShift):
		w.coverage[evictions]++
	case !s.up:
	case w.network.calm:
		w.hand(s, k)
	case w.tape.chance(w.options.Corruption):
		w.coverage[corruptions]++
	case asksForVote(m) && s.driver.Node().Leader() != (raft.Member{}) && w.tape.chance(w.options.RestartOnVote):
		w.restartBefore(s, e)
		return
	default:
		if w.tape.chance(w.options.Garbling) && !w.options.Outcomes {
			w.garble(s, k)
		}
		w.hand(s, k)
	}
	w.network.packets.release(handle)
}

// hand gives a server a message.
func (w *world) hand(s *server, k *packet) {
	m := &k.message
	w.messages++
	w.fold(uint64(m.Kind)|uint64(s.slot)<<8|uint64(m.Last)<<16, w.now^uint64(m.Term)<<40)
	if w.trace != nil {
		w.trace.carried = k.number
	}
	s.driver.Receive(m, &k.payload)
	s.settle()
}

// restartBefore has a server restart, and get the message right when it is back:
// what it may have promised before it no longer remembers.
func (w *world) restartBefore(s *server, e *event) {
	w.coverage[restartsOnVote]++
	w.coverage[crashes]++
	pause := w.tape.between(1, w.options.Heartbeat/4)
	s.restart(pause)
	e.at = w.now + pause + 1
	w.agenda.push(*e)
}

func asksForVote(m *raft.Message) bool { return m.Kind == raft.PreVote || m.Kind == raft.Vote }
