package sim

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/trace"
)

// A server is one machine of the simulated cluster: a driver with its node, a
// disk, a clock and a state machine, and what clients have asked of it.
type server struct {
	world  *world
	id     raft.ID
	slot   uint8
	member raft.Member // its present life
	life   uint8       // that life's number in the whole cluster
	up     bool
	boot   uint32 // counts its starts and crashes

	driver  raft.Driver
	clock   clock
	disk    disk
	machine machine
	journal *trace.Journal // or nil

	wakeAt      uint64       // when a wake event is due, or 0
	dueAt       raft.Instant // for what that was worked out, 0 if the clock has turned
	pausedUntil uint64
	lag         uint64 // what a slow node adds to every message's delay
	effects     int64  // how many effects until it crashes; negative: no crash
	applies     bool   // an apply event is due
	readSoon    bool   // it has just been elected and is to be asked
	snapshotAt  uint64 // no snapshot before

	seen      seen
	traits    traits
	proposals fifo[proposal] // of its newest term as a leader, by rising index
	orphans   []proposal     // of earlier terms
	queries   []query
	book      *book // a scenario's or a guest's state machine, or nil
	earlier   bool  // runs the release before
}

// seen is what the oracles saw of a node after its last step.
type seen struct {
	term          raft.Term
	vote          raft.Member
	role          raft.Role
	commit        raft.Index
	last          raft.Index
	checked       raft.Index // the commit index that was compared with the log
	configuration raft.Configuration
	configured    raft.Index // the entry that brought it
}

// spendEffect counts one write or message; where a crash falls right before it,
// the server goes down in the middle of its step, and nothing after is done.
func (s *server) spendEffect() {
	if s.effects < 0 {
		return
	}
	if s.effects == 0 {
		panic(s)
	}
	s.effects--
}

// start starts the server's process on what its disk holds.
func (s *server) start() {
	w := s.world
	w.acting = s
	if e := s.disk.engine; e != nil && !e.recovers() {
		return
	}
	s.boot++
	s.up, s.applies, s.readSoon, s.wakeAt, s.snapshotAt = true, false, false, 0, 0
	s.machine.format(w.options.Sessions)
	if w.brought != nil {
		s.book = &book{machine: w.brought(int(s.id))}
	}
	s.driver = raft.Driver{}
	if w.tape.draw(2) == 1 { // the machine, not only the process
		s.clock.begin(raft.Instant(w.tape.between(0, 1000) * millisecond))
	}
	w.ledger.recovered(s)
	if refusal := s.run(); refusal.Code != raft.OK {
		w.ledger.fail("restart", "server %d refused to start on its own store: %v at index %d term %d",
			s.id, refusal.Code, refusal.Index, refusal.Term)
		s.up = false
		return
	}
	s.driver.Observe(s)
	if s.journal != nil {
		s.journal.Begin(s.driver.Node())
	}
	w.ledger.started(s)
	if s.disk.engine != nil {
		s.disk.engine.begin()
	}
	w.fold(uint64(s.slot)|1<<32, w.now)
	if w.trace != nil {
		e := w.event(trace.Start, s)
		w.traceState(&e, s)
	}
	s.settle()
}

// run starts the driver. By a clock that stands still at times a node refuses to
// hold leases, so it is started without.
func (s *server) run() raft.Refusal {
	w := s.world
	settings := w.options.settings()
	if s.earlier {
		settings = earlierSettings(settings)
	}
	refusal := s.driver.Start(&settings, &s.clock, &s.disk, s)
	if settings.LeaseReads && s.clock.unfit {
		w.coverage[unfitClocks]++
		if refusal.Code != raft.ClockUnfit {
			w.ledger.fail("lease", "server %d may hold leases by a clock that does not count suspended time", s.id)
		}
		settings.LeaseReads = false
		refusal = s.driver.Start(&settings, &s.clock, &s.disk, s)
	}
	return refusal
}

// crash ends the server's process: what was not durable is lost, and whoever
// waits for an answer from it will never know. It starts again some time later.
func (s *server) crash() {
	w := s.world
	w.coverage[crashes]++
	o := &w.options
	switch {
	case w.network.calm:
		s.restart(o.ElectionTimeout / 10)
	case w.tape.chance(o.QuickRestarts):
		s.restart(w.tape.between(millisecond, o.Heartbeat))
	default:
		s.restart(w.tape.between(o.ElectionTimeout/50, 2*o.FaultLength))
	}
}

// restart ends the server's process and has another begin some time later.
func (s *server) restart(after uint64) {
	s.noticeCrash()
	s.down()
	s.disk.crash()
	if !s.world.counts(s) {
		return // it stays down
	}
	s.world.agenda.push(event{at: s.world.now + after, kind: restartEvent, server: s.slot, boot: s.boot})
}

func (s *server) down() {
	s.world.fold(uint64(s.slot)|2<<32, s.world.now)
	if s.world.trace != nil {
		e := s.world.event(trace.Crash, s)
		s.world.trace.tell(&e)
	}
	s.up = false
	s.boot++
	s.effects, s.pausedUntil = -1, 0
	s.traits = traits{}
	s.proposals.reset()
	s.orphans = s.orphans[:0]
	s.queries = s.queries[:0]
}

// wipe replaces the disk of a server that is down by an empty one. It is another
// member from then on.
func (s *server) wipe() {
	w := s.world
	w.coverage[wipes]++
	w.graves = append(w.graves, grave{member: s.member, life: s.life})
	w.graves[len(w.graves)-1].log.copyFrom(&s.disk.durable)
	s.life = w.lives
	w.lives++
	s.disk.wipe()
	s.member.Incarnation += uint32(w.tape.between(1, 1000))
	s.join()
}

// join makes the empty store a joiner's.
func (s *server) join() {
	if r := s.driver.Join(&s.disk, &raft.Identity{Cluster: clusterNumber, Self: s.member}); r.Code != raft.OK {
		s.world.ledger.fail("restart", "server %d could not join with an empty store: %v", s.id, r.Code)
	}
	s.disk.drain()
}

// found makes the empty store a founding member's.
func (s *server) found(c *raft.Configuration) {
	if r := s.driver.Bootstrap(&s.disk, &raft.Identity{Cluster: clusterNumber, Self: s.member}, c); r.Code != raft.OK {
		s.world.ledger.fail("restart", "server %d could not be bootstrapped: %v", s.id, r.Code)
	}
	s.disk.drain()
}

// settle does what follows every call of the driver: check, apply, answer whoever
// waits, and see when the node wants to be woken.
func (s *server) settle() {
	w := s.world
	s.disk.flush()
	w.ledger.settled(s)
	if s.driver.Node().Role() == raft.Stopped {
		s.stopped()
		return
	}
	if !s.applies && s.driver.Node().Commit() > s.machine.index {
		s.applySoon()
		if s.driver.Node().Role() == raft.Stopped {
			s.stopped()
			return
		}
	}
	s.answer()
	if s.driver.WantsSnapshot() && w.now >= s.snapshotAt {
		s.takeSnapshot()
	}
	s.schedule()
	if s.readSoon {
		s.readSoon = false
		w.coverage[electedReads]++
		s.read(raft.Linearizable, w.nextReader())
	}
}

// stopped restarts a node that has refused to go on, if there was a reason.
func (s *server) stopped() {
	if code := s.driver.Node().Stopped(); code != raft.StorageFailed {
		s.world.ledger.fail("refusal", "server %d stopped: %v", s.id, code)
	}
	s.crash()
}

// schedule sees to it that the node is woken by its deadline. An event that is
// already due earlier is left alone and looks again then.
func (s *server) schedule() {
	w := s.world
	deadline := s.driver.Deadline()
	if deadline == 1<<64-1 || s.wakeAt != 0 && deadline == s.dueAt {
		return
	}
	s.dueAt = deadline
	at := max(w.now, s.clock.truth(deadline))
	if s.wakeAt != 0 && s.wakeAt <= at {
		return
	}
	s.wakeAt = at
	w.agenda.push(event{at: at, kind: wakeEvent, server: s.slot, boot: s.boot})
}

// wake is the event that schedule has asked for.
func (s *server) wake(at uint64) {
	if at != s.wakeAt {
		return // an earlier one took its place
	}
	s.wakeAt = 0
	if s.driver.Deadline() <= s.clock.Now() {
		s.driver.Wake()
		s.settle()
		return
	}
	s.schedule()
}

// completed is the event of a completion: of a write, or of an operation of the log
// engine.
func (s *server) completed(number uint64) {
	if s.disk.complete(number) {
		s.driver.Wake()
		s.settle()
	}
	if s.disk.engine != nil && s.up {
		s.tookSnapshot()
	}
}

// applySoon applies what is committed, now or a little later.
func (s *server) applySoon() {
	w := s.world
	if w.options.ApplyDelay != 0 && !w.network.calm {
		if delay := w.tape.between(0, w.options.ApplyDelay); delay > 0 {
			s.applies = true
			w.agenda.push(event{at: w.now + delay, kind: applyEvent, server: s.slot, boot: s.boot})
			return
		}
	}
	s.apply()
}

// apply brings the state machine up to the commit index.
func (s *server) apply() {
	s.applies = false
	w := s.world
	for w.ledger.failure == nil {
		count, snapshot := s.driver.Next(w.scratch[:])
		if snapshot != nil {
			if s.load(snapshot) {
				continue
			}
			return
		}
		if count == 0 {
			return
		}
		for i := range w.scratch[:count] {
			e := &w.scratch[i]
			if e.Index != s.machine.index+1 {
				w.ledger.fail("state-machine-safety", "server %d was given entry %d to apply after %d", s.id, e.Index, s.machine.index)
			}
			s.machine.apply(e)
			if s.book != nil {
				s.book.apply(e)
			}
			if w.ledger.applied(s) && w.options.Histories {
				w.executed(s, e)
			}
		}
		s.driver.Applied(s.machine.index)
		if w.trace != nil {
			e := w.event(trace.Apply, s)
			w.traceState(&e, s)
		}
	}
}

// load replaces the state by the present snapshot's. It returns false if that has
// rotted: then the store has failed.
func (s *server) load(snapshot *raft.Snapshot) bool {
	w := s.world
	w.coverage[loads]++
	image := s.disk.Chunk(0, uint32(snapshot.Size))
	if _, code := s.disk.Durable(); code != raft.OK {
		s.driver.Wake()
		return false
	}
	damage := s.machine.load(image)
	if damage == statemachine.Intact && s.book != nil {
		damage = s.book.load(image)
	}
	if damage != statemachine.Intact || s.machine.index != snapshot.Index {
		w.ledger.fail("state-machine-safety", "server %d could not load the snapshot at %d: it is one at %d, and %v",
			s.id, snapshot.Index, s.machine.index, damage)
		if w.options.Outcomes {
			panic(s) // it can't go on
		}
		return false
	}
	w.ledger.applied(s)
	s.driver.Applied(s.machine.index)
	return true
}

// save appends the state to b.
func (s *server) save(b []byte) []byte {
	if s.book != nil {
		return s.book.save(s.machine.save(b, 0))
	}
	return s.machine.save(b, int(s.world.options.SnapshotBytes))
}

// takeSnapshot saves the state machine and lets the log go, or nearly all of it.
func (s *server) takeSnapshot() {
	w := s.world
	s.snapshotAt = w.now + w.options.ElectionTimeout/10
	var stored raft.Stored
	if s.disk.Stored(&stored); s.machine.index <= stored.Snapshot.Index {
		return // there is one already, and taking another may cost the one being received
	}
	if s.disk.engine != nil && s.disk.engine.taking {
		s.awaitSnapshot()
		return
	}
	var taken raft.Snapshot
	w.image = s.save(w.image[:0])
	w.ledger.imaged(s, mixBytes(0, w.image))
	if !s.disk.takeSnapshot(s.machine.index, w.image, &taken) {
		w.ledger.fail("store", "server %d: a snapshot of %d bytes does not fit", s.id, len(w.image))
		return
	}
	through := s.machine.index - min(s.machine.index, raft.Index(w.tape.draw(4)*w.tape.draw(8)))
	if s.disk.engine != nil {
		s.disk.engine.take(&taken, through)
		return
	}
	s.compact(&taken, through)
}

// compact hands a snapshot over.
func (s *server) compact(taken *raft.Snapshot, through raft.Index) {
	w := s.world
	refusal := s.driver.Compact(taken, through)
	switch refusal.Code {
	case raft.OK:
		w.coverage[compactions]++
	case raft.SnapshotOutOfRange, raft.SnapshotPinned, raft.SnapshotPending, raft.HasStopped, raft.StorageFailed:
	default:
		w.ledger.fail("refusal", "server %d refused a snapshot at %d: %v", s.id, taken.Index, refusal.Code)
	}
	s.settle()
}
