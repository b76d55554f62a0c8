package sim

import "github.com/driftless-raft/driftless/raft"

// flyingMax is more messages on their way than there can be reason for.
const flyingMax = 5000

// A link is one direction between two servers.
type link struct {
	cut     bool
	clogged uint64 // nothing arrives before this time
	latest  uint64 // when the last message arrives, where order is kept
}

// A network carries messages, most of them.
type network struct {
	links   [serversMax][serversMax]link
	packets packets
	calm    bool // the faults are over
}

func (n *network) reset() {
	n.links = [serversMax][serversMax]link{}
	n.packets.reset()
	n.calm = false
}

// heal ends all faults of the network. What is clogged stays on its way.
func (n *network) heal() {
	for from := range n.links {
		for to := range n.links[from] {
			n.links[from][to].cut = false
		}
	}
}

// Send implements [raft.Transport]. A crash may fall before any message.
func (s *server) Send(m *raft.Message, payload *raft.Payload) {
	s.spendEffect()
	w := s.world
	if w.trace != nil {
		w.say(s, "  sends %s", brief(m))
	}
	w.ledger.sent(s, m)
	w.fold(uint64(m.Kind)|uint64(s.slot)<<8|uint64(m.To.ID)<<16, uint64(m.Term)^uint64(m.Index)<<20)
	to := w.find(m.To.ID)
	if to == nil {
		w.ledger.fail("addressing", "server %d sent a message of kind %d to %v, whom nobody knows", s.id, m.Kind, m.To)
		return
	}
	l := &w.network.links[s.slot][to.slot]
	if l.cut {
		return
	}
	o := &w.options
	if !w.network.calm && w.tape.chance(o.Loss) {
		return
	}
	if w.network.packets.flying() > flyingMax {
		w.ledger.fail("message-storm", "more than %d messages are on their way; the last is %s",
			flyingMax, brief(m))
		return
	}
	handle := w.network.packets.copy(m, payload)
	packet := w.network.packets.all[handle]
	for {
		packet.references++
		w.agenda.push(event{at: w.arrival(l, to), kind: deliverEvent, server: to.slot, value: uint64(handle)})
		if w.network.calm || packet.references == 4 || !w.tape.chance(o.Duplication) {
			return
		}
	}
}

// arrival is when a message sent now over a link arrives.
func (w *world) arrival(l *link, to *server) uint64 {
	o := &w.options
	if w.network.calm {
		return w.now + w.tape.between(o.DelayMin, o.DelayMin+o.ElectionTimeout/200)
	}
	delay := w.tape.between(o.DelayMin, o.DelayMax)
	for delay < 2*o.ElectionTimeout && w.tape.chance(o.Tail) {
		delay *= 4
	}
	at := max(w.now, l.clogged) + delay + to.lag
	if o.InOrder {
		at = max(at, l.latest+1)
		l.latest = at
	}
	return at
}

// deliver hands a packet to its server, or loses it if that is down.
func (w *world) deliver(s *server, handle uint32) {
	k := w.network.packets.all[handle]
	if s.up {
		m := &k.message
		w.messages++
		w.fold(uint64(m.Kind)|uint64(s.slot)<<8|uint64(m.Last)<<16, w.now^uint64(m.Term)<<40)
		s.driver.Receive(m, &k.payload)
		s.settle()
	}
	w.network.packets.release(handle)
}
