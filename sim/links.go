package sim

import "github.com/driftless-raft/driftless/raft"

// linkCapacityMax bounds Options.LinkCapacity.
const linkCapacityMax = 16

// queueShift is where, in a deliver event's value, its ticket begins.
const queueShift = 32

// A queue is the bounded memory of a link: a place for each message under way.
// One that finds no place drives another out, whichever the tape says. Its
// ticket, the place and how often that was given away, tells who was: the event
// of its arrival stays where it is.
type queue struct {
	taken  uint32 // the places in use
	issues [linkCapacityMax]uint16
}

const ticketValid = 1 << 31

// enqueue gives a message a place and returns its ticket, which is not zero.
func (w *world) enqueue(q *queue) uint64 {
	place := w.tape.draw(uint64(w.options.LinkCapacity))
	if q.taken != 1<<w.options.LinkCapacity-1 {
		for q.taken>>place&1 != 0 {
			place = (place + 1) % uint64(w.options.LinkCapacity)
		}
	}
	q.taken |= 1 << place
	q.issues[place]++
	return ticketValid | uint64(q.issues[place])<<8 | place
}

// dequeue frees the place of a message that arrives, and returns false if it has
// been driven out.
func (w *world) dequeue(to *server, m *raft.Message, ticket uint64) bool {
	if ticket == 0 {
		return true
	}
	q := &w.network.links[m.From.ID-1][to.slot].queue
	place := ticket & 0xff
	if q.issues[place] != uint16(ticket>>8) {
		return false
	}
	q.taken &^= 1 << place
	return true
}

// A flapping is a link's coming and going, at equal intervals up to a time.
type flapping struct {
	until  uint64
	period uint64
}

// down reports whether a flapping link is down.
func (f *flapping) down(now uint64) bool { return now < f.until && (f.until-now)/f.period&1 == 0 }

// A filter takes messages of some kinds off the links between some servers, or
// holds them up, until a time.
type filter struct {
	kinds uint32 // bits
	from  uint32 // bits of slots
	to    uint32
	until uint64
	hold  bool
}

// takes reports whether a message meets the filter.
func (f *filter) takes(kind raft.MessageKind, from, to uint8, now uint64) bool {
	return now < f.until && f.kinds>>kind&1 != 0 && f.from>>from&1 != 0 && f.to>>to&1 != 0
}

// Kinds of messages that belong together.
var filterKinds = [...]uint32{
	1 << raft.TimeoutNow,
	1<<raft.PreVote | 1<<raft.Vote,
	1<<raft.PreVoteReply | 1<<raft.VoteReply,
	1<<raft.Append | 1<<raft.SnapshotChunk,
	1<<raft.AppendReply | 1<<raft.SnapshotReply,
	1 << raft.Heartbeat,
	1 << raft.HeartbeatReply,
	1<<raft.ReadIndex | 1<<raft.ReadIndexReply,
}

// filterSome begins a filter, which takes the place of the one before: of kinds
// that belong together or of any, on all links or on those to or from one server.
func (w *world) filterSome() {
	w.coverage[filters]++
	f := &w.network.filter
	*f = filter{from: 1<<serversMax - 1, to: 1<<serversMax - 1, until: w.now + w.faultLength(), hold: w.tape.draw(2) == 1}
	if choice := w.tape.draw(uint64(len(filterKinds)) + 2); choice < uint64(len(filterKinds)) {
		f.kinds = filterKinds[choice]
	} else {
		f.kinds = uint32(w.tape.draw(1 << (raft.ReadIndexReply + 1)))
	}
	switch w.tape.draw(3) {
	case 1:
		f.from = 1 << w.anyServer().slot
	case 2:
		f.to = 1 << w.anyServer().slot
	}
}

// flap makes links come and go: one, or all of one server.
func (w *world) flap() {
	w.coverage[flaps]++
	length := w.faultLength()
	f := flapping{until: w.now + length, period: w.tape.between(length/16, length/3) + 1}
	one, other := w.anyServer().slot, w.anyServer().slot
	all, oneWay := w.tape.draw(2) == 1, w.tape.chance(w.options.OneWay)
	for to := range uint8(w.count) {
		if to != one && (all || to == other) {
			w.network.links[one][to].flapping = f
			if !oneWay {
				w.network.links[to][one].flapping = f
			}
		}
	}
}

// swizzle clogs a random set of servers one by one, and frees them in another
// order.
func (w *world) swizzle() {
	w.coverage[swizzles]++
	length := w.faultLength()
	for slot := range uint8(w.count) {
		if w.tape.draw(2) == 1 {
			continue
		}
		until := w.now + length + w.tape.draw(length+1)
		w.agenda.push(event{
			at: w.now + w.tape.draw(length+1), kind: nemesisEvent, server: slot, value: clogServer | until<<8,
		})
	}
}

// clogAround holds up everything to and from a server until a time.
func (w *world) clogAround(slot uint8, until uint64) {
	for other := range w.count {
		for _, l := range [...]*link{&w.network.links[slot][other], &w.network.links[other][slot]} {
			l.clogged = max(l.clogged, until)
		}
	}
}
