package sim

import "github.com/driftless-raft/driftless/raft"

// faults is the state of what goes wrong.
type faults struct {
	partition uint64 // how many there were
	ghost     bool   // a member that lost its disk is not yet replaced
	lull      uint64 // nothing is proposed and no member changed before this time
	patience  uint64 // no other fault comes in turn before this time
}

// What a nemesis event is for.
const (
	nextFault = iota
	oneFault  // beside those that come in turn
	healPartition
	endSlowness
	endFullness // of a disk
	deafenSome  // the rest of the value says whom
	clogServer  // until the time that is the rest of the value
	powerFails
)

// nemesisActs is the event of the next fault, or of the end of one.
func (w *world) nemesisActs(e *event) {
	switch e.value & 0xff {
	case healPartition:
		if e.value>>8 == w.faults.partition {
			w.network.heal()
		}
		return
	case endSlowness:
		w.servers[e.server].lag = 0
		return
	case endFullness:
		w.servers[e.server].disk.engine.device.Limit(0)
		return
	}
	if w.network.calm {
		return
	}
	switch e.value & 0xff {
	case clogServer:
		w.clogAround(e.server, e.value>>8)
		return
	case deafenSome:
		w.deafen(e.value >> 8)
		return
	case powerFails:
		w.outage()
		return
	case nextFault:
		o := &w.options
		w.agenda.push(event{at: w.now + w.tape.between(o.FaultEvery/2, 2*o.FaultEvery), kind: nemesisEvent})
		if w.now < w.faults.patience {
			return
		}
	}
	w.inflict()
}

// tempt has a fault come with what has just begun, now or a little later: any, or
// links around the leader that are cut.
func (w *world) tempt(deaf uint64) {
	if w.network.calm || !w.tape.chance(w.options.FaultOnEvent) {
		return
	}
	e := event{at: w.soon(), kind: nemesisEvent, value: oneFault}
	if w.options.Deafnesses > 0 && w.tape.draw(2) == 1 {
		e.value = deafenSome | deaf<<8
	}
	w.agenda.push(e)
}

// soon is a time within a heartbeat, most often within a message's delay.
func (w *world) soon() uint64 {
	if w.tape.draw(4) == 3 {
		return w.now + w.tape.between(0, w.options.Heartbeat)
	}
	return w.now + w.tape.between(0, w.options.DelayMin)
}

// inflict chooses a fault.
func (w *world) inflict() {
	o := &w.options
	weights := [...]uint32{
		o.Partitions, o.Deafnesses, o.Flaps, o.Clogs, o.Swizzles, o.Filters, o.Crashes, o.Pauses, o.SlowNodes, o.Drifts, o.Jumps,
		o.DiskFailures, o.HungDisks, o.Wipes, o.Rot, o.Lulls, o.Outages,
		o.FailedSyncs, o.FailedWrites, o.FullDisks, o.SlowDisks, o.StraySectors, o.Decay,
	}
	acts := [...]func(*world){
		(*world).partition, (*world).deafenSoon, (*world).flap, (*world).clog, (*world).swizzle, (*world).filterSome, (*world).crashOne,
		(*world).pause, (*world).slow, (*world).drift, (*world).jump,
		(*world).failDisk, (*world).hangDisk, (*world).wipeOne, (*world).rot, (*world).lull, (*world).outage,
		(*world).failSync, (*world).failWrite, (*world).fillDisk, (*world).slowDisk, (*world).mislead, (*world).decay,
	}
	total := uint32(0)
	for _, weight := range weights {
		total += weight
	}
	if total == 0 {
		return
	}
	choice := uint32(w.tape.draw(uint64(total)))
	for i, weight := range weights {
		if choice < weight {
			acts[i](w)
			return
		}
		choice -= weight
	}
}

// faultLength is how long a fault lasts.
func (w *world) faultLength() uint64 {
	return w.tape.between(w.options.FaultLength/4, 2*w.options.FaultLength)
}

// partition cuts links: around one server, between two halves, or anywhere; in
// both directions or in one. A partition replaces the one before.
func (w *world) partition() {
	w.coverage[partitions]++
	w.network.heal()
	w.faults.partition++
	oneWay := w.tape.chance(w.options.OneWay)
	var side uint64
	switch w.tape.draw(4) {
	case 0: // one, preferably the leader
		s := w.leader
		if s == nil || w.tape.draw(2) == 1 {
			s = w.anyServer()
		}
		side = 1 << s.slot
	case 1: // two sides
		side = w.tape.draw(1 << w.count)
	case 2: // single links
		for from := range w.count {
			for to := range w.count {
				w.network.links[from][to].cut = w.tape.draw(4) == 3
			}
		}
	case 3: // one server does not hear one other
		w.network.links[w.tape.draw(uint64(w.count))][w.tape.draw(uint64(w.count))].cut = true
	}
	for from := range w.count {
		for to := range w.count {
			if inside, outside := side>>from&1 != 0, side>>to&1 == 0; inside && outside {
				w.network.links[from][to].cut = true
				w.network.links[to][from].cut = !oneWay
			}
		}
	}
	if oneWay && w.tape.draw(2) == 1 { // the other way
		links := &w.network.links
		for from := range w.count {
			for to := range from {
				links[from][to].cut, links[to][from].cut = links[to][from].cut, links[from][to].cut
			}
		}
	}
	w.agenda.push(event{at: w.now + w.faultLength(), kind: nemesisEvent, value: healPartition | w.faults.partition<<8})
}

// Who no longer hears whom, while all others hear both.
const (
	leaderDeaf   = iota // the leader anybody
	leaderDumb          // anybody the leader
	followerDeaf        // one follower the leader, as for all higher numbers
	deafKinds    = 5
)

// deafenSoon cuts some links around the leader within a heartbeat; perhaps clients
// have fallen silent by then, so that the logs are equal, or else whoever hears
// nothing of the leader could be of no use as one.
func (w *world) deafenSoon() {
	if w.tape.draw(4) != 3 {
		w.lull()
	}
	w.agenda.push(event{
		at: w.now + w.tape.between(0, w.options.Heartbeat), kind: nemesisEvent, value: deafenSome | w.tape.draw(deafKinds)<<8,
	})
}

// deafen cuts some links around the leader, for longer than an election timeout.
func (w *world) deafen(kind uint64) {
	s := w.leader
	other := w.follower(s)
	if other == nil {
		return
	}
	w.coverage[deafnesses]++
	w.network.heal()
	w.faults.partition++
	oneWay := w.tape.chance(w.options.OneWay)
	for slot := range w.count {
		in, out := &w.network.links[slot][s.slot], &w.network.links[s.slot][slot]
		switch {
		case kind == leaderDeaf:
			in.cut = true
		case kind == leaderDumb:
			out.cut = true
		case slot == int(other.slot):
			out.cut, in.cut = true, !oneWay
		}
	}
	end := w.now + 2*w.options.ElectionTimeout + w.faultLength()
	w.agenda.push(event{at: end, kind: nemesisEvent, value: healPartition | w.faults.partition<<8})
	if w.tape.draw(2) == 1 {
		w.faults.patience = end // or something else would soon take its place
	}
}

// lull lets clients and operators do nothing for a while, so that logs stay equal whatever
// happens to the network.
func (w *world) lull() {
	w.coverage[lulls]++
	w.faults.lull = w.now + 2*w.options.ElectionTimeout + w.faultLength()
}

// clog holds up everything to, from or between servers.
func (w *world) clog() {
	w.coverage[clogs]++
	until := w.now + w.faultLength()
	one := w.anyServer().slot
	kind := w.tape.draw(3)
	for other := range w.count {
		switch kind {
		case 0:
			w.network.links[one][other].clogged = until
		case 1:
			w.network.links[other][one].clogged = until
		case 2:
			if w.tape.draw(4) == 3 {
				w.network.links[one][other].clogged = until
			}
		}
	}
}

// victim chooses a server that is up, above all one that has writes pending or
// leads.
func (w *world) victim() *server {
	best := w.anyServer()
	for range 3 {
		s := w.anyServer()
		if !best.up || s.up && len(s.disk.pending.waiting()) > len(best.disk.pending.waiting()) {
			best = s
		}
	}
	if w.leader != nil && w.tape.draw(4) == 3 {
		best = w.leader
	}
	return best
}

// crashOne crashes a server, at once or between two effects of a step to come.
func (w *world) crashOne() {
	s := w.victim()
	if !s.up {
		return
	}
	if w.tape.chance(w.options.CrashInStep) {
		s.effects = int64(w.tape.draw(12))
		return
	}
	s.crash()
}

// pause stops a server while the world goes on; its clock goes on too, or does
// not. Whoever led is asked for a read first of all when it goes on.
func (w *world) pause() {
	s := w.victim()
	if !s.up {
		return
	}
	w.coverage[pauses]++
	s.pausedUntil = w.now + w.faultLength()
	if s.clock.unfit {
		w.coverage[suspensions]++
		s.clock.stand(s.pausedUntil)
	}
	if w.tape.chance(w.options.ReadDeposed) {
		w.agenda.push(event{at: s.pausedUntil, kind: deposedEvent})
	}
}

// slow makes all messages to a server take longer.
func (w *world) slow() {
	w.coverage[slowNodes]++
	s := w.victim()
	s.lag = w.tape.between(0, w.options.ElectionTimeout/2)
	w.agenda.push(event{at: w.now + w.faultLength(), kind: nemesisEvent, value: endSlowness, server: s.slot})
}

// failDisk has a server's disk fail: nothing pending can be believed.
func (w *world) failDisk() {
	s := w.victim()
	if !s.up || s.disk.queue == nil || s.pausedUntil > w.now {
		return
	}
	w.coverage[diskFailures]++
	s.disk.queue.Fail(raft.StorageFailed)
	s.driver.Wake()
	s.settle()
}

// hangDisk lets nothing become durable for a while.
func (w *world) hangDisk() {
	s := w.victim()
	w.coverage[hungDisks]++
	s.disk.hung = w.now + w.faultLength()
}

// wipeOne takes a server's disk away. With those who have lost a body there must be
// fewer than half of the voters who miss something. As long as it counts as a voter
// it is one failure that does not heal, so there is one at a time, and only where
// the others can go on without it.
func (w *world) wipeOne() {
	if !w.expendable() {
		return
	}
	s := w.anyServer()
	if s.up {
		s.down()
		w.agenda.push(event{at: w.now + w.faultLength(), kind: restartEvent, server: s.slot, boot: s.boot})
	}
	s.disk.crash()
	s.wipe()
	w.faults.ghost = true
}

// listedVoters are a configuration's voters.
func listedVoters(c *raft.Configuration) []raft.Member {
	r := listed(c)
	return r.voters[:r.v]
}
