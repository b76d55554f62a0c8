package sim

import (
	"math/bits"
	"runtime/debug"

	"github.com/driftless-raft/driftless/internal/panics"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/register"
)

const (
	serversMax    = 12
	clusterNumber = 0xd41f7

	// No node has so much to do at one instant that it needs more.
	stepsMax  = 10_000
	eventsMax = 100_000
)

// A world is everything of one run. It is used again for the next one.
type world struct {
	trace      *tracer   // or nil
	recorder   *recorder // or nil
	halt       *halt     // or nil
	options    Options
	tape       tape
	now        uint64 // true time since the start, in nanoseconds
	agenda     agenda
	network    network
	servers    []*server
	count      int
	graves     []grave
	lives      uint8 // of servers, counting those that lost their disk
	ledger     ledger
	refinement refinement // if the options ask for it
	scan       scan       // likewise
	samples    samples    // likewise
	faults     faults
	quiet      bool // clients don't propose
	core       core // outside which all is broken for good
	clients    []client
	turn       int  // of the clients to propose
	readTurn   int  // and to read
	unasked    bool // the deposed are to be asked when the last one elected has answered a client
	history    history
	witness    linearizability.Witness
	searches   uint64 // through histories
	undecided  uint64 // of which so many were given up
	guest      Guest  // whose clients these are, or nil
	guestLost  int    // commands of them that are lost and not over
	// guestAnswers is how many of their operations were answered since the last was lost.
	guestAnswers int
	// brought makes the machine that a scenario or a guest brings for a server; or nil.
	brought func(server int) statemachine.Machine

	hash     uint64
	sends    uint64   // messages sent
	sent     []uint64 // and how many after each action performed
	messages uint64   // and delivered
	events   uint64
	instant  uint64 // events before the present instant
	steps    uint64 // of nodes in the present event
	coverage Coverage
	met      [rarities]uint64

	leader    *server // the last one elected, if it is still up
	acting    *server // the last one that was about to make a step
	counter   uint64  // of values written
	commands  []byte
	proposers []*client
	late      []request // that arrive once more
	batch     [raft.MaxBatch]raft.Entry
	scratch   [raft.MaxBatch]raft.Entry
	image     []byte

	// For what is tried on a copy of a node.
	copied  raft.Node
	input   raft.Input
	effects raft.Effects
}

// A grave is what the oracles remember of a life that ended with its disk: what
// it had made durable, and told, it had told.
type grave struct {
	member raft.Member
	life   uint8
	log    mirror
}

// settings are the nodes'.
func (o *Options) settings() raft.Settings {
	return raft.Settings{
		ElectionTimeout:     raft.Duration(o.ElectionTimeout),
		Heartbeat:           raft.Duration(o.Heartbeat),
		MaxMessageBytes:     o.MaxMessageBytes,
		MaxInflightBytes:    o.MaxInflightBytes,
		MaxUncommittedBytes: o.MaxUncommitted,
		ChunkBytes:          o.ChunkBytes,
		Reserve:             o.Reserve,
		LeaseReads:          o.LeaseReads,
		MaxClockErrorPPM:    o.ClockErrorPPM,
	}
}

// reset prepares the world for a run.
func (w *world) reset(o *Options, t tape) {
	w.options, w.tape = *o, t
	if o.Outcomes {
		w.options.Spec, w.options.Scans = false, false
	}
	w.now, w.hash, w.sends, w.messages, w.events, w.counter, w.instant = 1, 0, 0, 0, 0, 0, 0
	w.agenda.reset()
	w.network.reset()
	w.ledger.reset(w)
	w.graves = w.graves[:0]
	w.faults = faults{}
	w.quiet, w.unasked, w.leader, w.acting, w.core = false, false, nil, nil, 0
	w.guest, w.guestLost, w.guestAnswers, w.brought = nil, 0, 0, nil
	w.resetClients()
	w.scan.count = 0
	w.samples.reset()
	w.coverage, w.met = Coverage{}, [rarities]uint64{}
	w.count = int(o.Nodes) + int(o.Spares)
	w.lives = uint8(w.count)
	for len(w.servers) < w.count {
		w.servers = append(w.servers, &server{})
	}
	for i := range w.count {
		w.resetServer(i)
	}
}

func (w *world) resetClients() {
	for len(w.clients) < int(w.options.Clients) {
		w.clients = append(w.clients, client{})
	}
	w.clients = w.clients[:w.options.Clients]
	for i := range w.clients {
		w.clients[i] = client{number: i, lost: w.clients[i].lost[:0], command: w.clients[i].command[:0]}
	}
	w.turn, w.readTurn, w.searches, w.undecided = 0, 0, 0, 0
	w.late = w.late[:0]
	w.history.reset()
	w.witness.Reset(register.Registers)
}

func (w *world) resetServer(i int) {
	s := w.servers[i]
	s.world, s.slot, s.id, s.life = w, uint8(i), raft.ID(i+1), uint8(i)
	s.member = raft.Member{ID: s.id, Incarnation: uint32(w.tape.between(1, 1<<30))}
	s.up, s.boot, s.lag, s.effects, s.pausedUntil = false, 0, 0, -1, 0
	s.clock = clock{now: &w.now, tape: &w.tape, share: uint64(i), unfit: w.tape.chance(w.options.UnfitClocks)}
	s.setClock()
	s.book, s.earlier = nil, false
	s.disk.owner = s
	s.disk.format(&w.options)
	s.proposals.reset()
	s.orphans = s.orphans[:0]
	s.queries = s.queries[:0]
	s.seen, s.traits = seen{}, traits{}
}

// begin founds the cluster and starts what goes on all the time.
func (w *world) begin() {
	defer w.rescue()
	w.found()
	o := &w.options
	w.agenda.push(event{at: o.ClientEvery, kind: clientEvent})
	w.agenda.push(event{at: o.OperatorEvery, kind: operatorEvent})
	w.agenda.push(event{at: 2 * o.ElectionTimeout, kind: nemesisEvent})
}

// found founds the cluster and starts its servers.
func (w *world) found() {
	var founding raft.Configuration
	for i := range int(w.options.Nodes) {
		founding.Members[i] = w.servers[i].member
		founding.Voters |= 1 << i
	}
	if r := w.ledger.refinement; r != nil {
		r.founded(&founding)
	}
	for i := range w.count {
		if s := w.servers[i]; i < int(w.options.Nodes) {
			s.found(&founding)
		} else {
			s.join()
		}
	}
	for i := range w.count {
		w.servers[i].start()
	}
}

// until lets the world go on up to a time, or until a rule is broken.
func (w *world) until(time uint64) {
	for w.ledger.failure == nil && len(w.agenda.heap) > 0 && w.agenda.heap[0].at <= time {
		if w.halt != nil && w.halt.reached(w, w.agenda.heap[0].at) {
			return
		}
		e := w.agenda.take(&w.tape)
		if e.at > w.now {
			w.now, w.instant = e.at, w.events
		}
		w.events++
		w.steps = 0
		if w.events-w.instant > eventsMax {
			w.ledger.fail("busy-loop", "time stands still: the last event was of kind %d for server %d (%s)", e.kind, e.server+1, w.status())
			return
		}
		if w.recorder != nil {
			w.recorder.happens(w, &e)
		} else {
			w.dispatch(&e)
		}
		if w.options.Scans && w.scan.due(w.events) && w.ledger.failure == nil {
			w.scan.run(w)
		}
		if w.options.States && w.events%sampleEvery == 0 {
			w.samples.take(w)
		}
	}
	w.now = max(w.now, time)
}

// dispatch lets one event happen.
func (w *world) dispatch(e *event) {
	defer w.rescue()
	switch e.kind {
	case clientEvent:
		w.clientActs()
		return
	case requestEvent:
		w.late[e.value].arrive(w)
		return
	case deposedEvent:
		w.askDeposed()
		return
	case operatorEvent:
		w.operatorActs()
		return
	case abortEvent:
		w.servers[e.server].giveUp(e.boot)
		return
	case nemesisEvent:
		if w.trace != nil {
			w.trace.coverage = w.coverage
			defer w.traceFault()
		}
		w.nemesisActs(e)
		return
	}
	s := w.servers[e.server]
	if e.kind != deliverEvent && e.boot != s.boot {
		return // meant for a life that has ended
	}
	if s.up && s.pausedUntil > w.now {
		w.postpone(s, e)
		return
	}
	switch e.kind {
	case deliverEvent:
		w.deliver(s, e)
	case wakeEvent:
		s.wake(e.at)
	case completeEvent:
		s.completed(e.value)
	case sealEvent:
		s.disk.engine.seal()
	case applyEvent:
		s.apply()
		s.settle()
	case restartEvent:
		w.coverage[restarts]++
		s.start()
	}
}

// postpone moves an event of a paused server to when that goes on.
func (w *world) postpone(s *server, e *event) {
	if e.kind == wakeEvent {
		if e.at != s.wakeAt {
			return
		}
		s.wakeAt = s.pausedUntil
	}
	e.at = s.pausedUntil
	w.agenda.push(*e)
}

// rescue turns a crash in the middle of a step into a crash of the server, and an
// assertion of the core or a store into a failure of the run.
func (w *world) rescue() {
	switch cause := recover().(type) {
	case nil:
	case *server:
		w.coverage[crashesInStep]++
		cause.crash()
	default:
		if w.options.Outcomes {
			w.perish()
			return
		}
		w.ledger.fail("assertion", "%v (%s)", cause, panics.Origin(string(debug.Stack()), 5, ""))
	}
}

// find is the server with an id, or nil.
func (w *world) find(id raft.ID) *server {
	if id == 0 || int(id) > w.count {
		return nil
	}
	return w.servers[id-1]
}

// durableLog is what a member has, or had, on its disk, and the number of its
// life; nil for one that nobody knows.
func (w *world) durableLog(m raft.Member) (*mirror, uint8) {
	if s := w.find(m.ID); s != nil && s.member == m {
		return &s.disk.durable, s.life
	}
	for i := range w.graves {
		if w.graves[i].member == m {
			return &w.graves[i].log, w.graves[i].life
		}
	}
	return nil, 0
}

// anyServer chooses one of the servers.
func (w *world) anyServer() *server { return w.servers[w.tape.draw(uint64(w.count))] }

// fold takes something that happened into the run's hash.
func (w *world) fold(a, b uint64) { w.hash = mix(mix(w.hash, a), b) }

// slotOf is the lowest slot in a set that is not empty.
func slotOf(s raft.Slots) int { return bits.TrailingZeros16(uint16(s)) }
