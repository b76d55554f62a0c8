package sim

import (
	"slices"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
	"github.com/driftless-raft/driftless/trace"
)

// A proposal is a command whose fate a client waits for.
type proposal struct {
	index  raft.Index
	term   raft.Term
	at     uint64 // when it was made
	client int
	serial uint64 // of the client's operation
}

// A query is a read that a client waits for.
type query struct {
	point  raft.ReadPoint
	floor  raft.Index // what had been acknowledged to any client when it began
	at     uint64     // and when that was
	where  uint8      // the register
	client *client    // nil: nobody in particular
	serial uint64     // of the client's operation
}

// queriesMax bounds the reads that wait at one server.
const queriesMax = 8

const commandBytesMax = 1 + session.HeaderBytes + register.CommandBytes

// propose proposes the commands of some clients together, each with as much filler
// behind it as makes it as long as the others.
func (s *server) propose() {
	w := s.world
	o := &w.options
	size := max(w.tape.between(8, uint64(o.CommandMax)), commandBytesMax)
	count := w.tape.between(1, uint64(o.BatchMax))
	if most := uint64(o.MaxMessageBytes) / size; count > most && w.tape.draw(8) != 7 {
		count = max(most, 1)
	}
	w.proposers = w.proposers[:0]
	w.commands = w.commands[:0]
	for range w.clients {
		if uint64(len(w.proposers)) == count {
			break
		}
		c := w.next(&w.turn)
		var command [commandBytesMax]byte
		n := w.nextCommand(c, command[1:])
		if n == 0 {
			continue
		}
		command[0] = byte(n)
		if w.tape.chance(o.LateRequests) && !w.network.calm {
			w.linger(c, command[:])
		}
		w.proposers = append(w.proposers, c)
		start := len(w.commands)
		w.commands = append(w.commands, command[:1+n]...)
		for len(w.commands)-start < int(size) {
			w.commands = append(w.commands, byte(c.serial))
		}
	}
	if len(w.proposers) > 0 {
		for i := range w.proposers {
			w.batch[i] = raft.Entry{Data: w.commands[i*int(size) : (i+1)*int(size)]}
		}
		s.submit()
	}
}

// A request is a command on its way to some server, once more.
type request struct {
	client int
	serial uint64
	data   []byte
}

// linger has a command arrive once more, some time later: whoever carried it held it
// up, and its client may be further by then.
func (w *world) linger(c *client, command []byte) {
	w.late = slices.Grow(w.late, 1)[:len(w.late)+1]
	r := &w.late[len(w.late)-1]
	r.client, r.serial, r.data = c.number, c.serial, append(r.data[:0], command...)
	at := w.now + w.tape.between(0, 4*w.options.ElectionTimeout)
	w.agenda.push(event{at: at, kind: requestEvent, value: uint64(len(w.late) - 1)})
	c.attempts++
}

// arrive hands a late request to the leader.
func (r *request) arrive(w *world) {
	s := w.leader
	if s == nil || !s.up || s.pausedUntil > w.now || w.network.calm {
		return
	}
	w.batch[0] = raft.Entry{Data: r.data}
	index, term, refusal := s.driver.Propose(w.batch[:1])
	if refusal.Code == raft.OK {
		w.coverage[lateRequests]++
		s.expectFate(&proposal{index: index, term: term, at: w.now, client: r.client, serial: r.serial})
	}
	s.settle()
}

// submit proposes what the proposers have written.
func (s *server) submit() {
	w := s.world
	for _, c := range w.proposers {
		c.attempts++ // even if the server crashes in the middle of it
	}
	first, term, refusal := s.driver.Propose(w.batch[:len(w.proposers)])
	for i, c := range w.proposers {
		if refusal.Code != raft.OK {
			c.attempts--
			c.retryAt = w.now
			continue
		}
		if c.proposed == 0 {
			c.proposed = term
		}
		s.expectFate(&proposal{index: first + raft.Index(i), term: term, at: w.now, client: c.number, serial: c.serial})
	}
	switch refusal.Code {
	case raft.OK:
		w.coverage[proposals]++
	case raft.NotLeader, raft.Transferring, raft.TooLarge, raft.TooMuchUncommitted, raft.NoRoom, raft.HasStopped:
		w.coverage[refusedProposals]++
		if refusal.Code == raft.NoRoom {
			w.coverage[fullLogs]++
		}
	default:
		w.ledger.fail("refusal", "server %d refused a proposal: %v", s.id, refusal.Code)
	}
	s.settle()
}

// expectFate keeps a proposal until its fate is known.
func (s *server) expectFate(p *proposal) {
	if waiting := s.proposals.waiting(); len(waiting) > 0 && waiting[0].term != p.term {
		s.orphans = append(s.orphans, waiting...)
		s.proposals.reset()
	}
	s.proposals.push(*p)
}

// read begins a read, by a client or, if that is nil, by nobody in particular.
func (s *server) read(mode raft.ReadMode, c *client) {
	w := s.world
	if len(s.queries) == queriesMax {
		return
	}
	where := w.chooseRegister()
	if c != nil && w.guest == nil {
		var found bool
		if where, found = w.history.choose(where); !found {
			return
		}
	}
	floor := w.ledger.acked
	if !w.fresh(mode) {
		floor = 0
	}
	point, refusal := s.driver.Read(mode)
	switch refusal.Code {
	case raft.OK:
		q := query{point: point, floor: floor, at: w.now, where: where, client: c}
		if c != nil {
			if w.guest == nil {
				w.beginRead(c, where)
			}
			q.serial = c.serial
		}
		s.queries = append(s.queries, q)
		if mode == raft.Lease {
			w.coverage[leaseReads]++
			w.ledger.leased(s)
		}
	case raft.NoLease:
		s.noticeLease()
	case raft.NotLeader, raft.NoLeader, raft.Transferring, raft.TermNotCommitted, raft.HasStopped:
		w.meet(readRefused)
	default:
		w.ledger.fail("refusal", "server %d refused a read: %v", s.id, refusal.Code)
	}
	s.settle()
}

func (w *world) beginRead(c *client, where uint8) {
	c.serial++
	c.doing, c.where, c.since, c.retryAt = reading, where, w.now, w.now+w.patience()
	c.input = linearizability.RegisterInput{Kind: linearizability.Read}
	w.invoke(c)
}

// fresh reports whether a read of a mode promises to see all that was acknowledged
// before it began.
func (w *world) fresh(mode raft.ReadMode) bool {
	return mode == raft.Linearizable || mode == raft.Lease && w.options.trusted()
}

// askDeposed asks whoever still takes itself for the leader for a read by lease or by
// a round, and whoever still follows it for one that it must be asked for, at the
// moment when it matters most: another has been elected.
func (w *world) askDeposed() {
	for i := range w.count {
		s := w.servers[i]
		if !s.up || s.pausedUntil > w.now || s.seen.term >= w.ledger.elected {
			continue
		}
		mode := raft.Linearizable
		switch {
		case s.seen.role == raft.Leader:
			mode = [...]raft.ReadMode{raft.Lease, raft.Linearizable}[w.tape.draw(2)]
		case s.driver.Node().Leader() == raft.Member{}:
			continue
		}
		w.coverage[deposedReads]++
		s.read(mode, w.nextReader())
	}
}

// answer tells clients what has become of their proposals and reads.
func (s *server) answer() {
	w := s.world
	for len(s.proposals.waiting()) > 0 && s.resolve(&s.proposals.waiting()[0]) {
		s.proposals.drop(1)
	}
	s.orphans = slices.DeleteFunc(s.orphans, func(p proposal) bool { return s.resolve(&p) })
	kept := s.queries[:0]
	for i := range s.queries {
		q := &s.queries[i]
		switch s.driver.Resolve(&q.point) {
		case raft.ReadPending:
			kept = append(kept, *q)
		case raft.ReadReady:
			w.ledger.served(s, q)
			s.serve(q)
		case raft.ReadLost:
			w.coverage[lostReads]++
			if q.waits() && w.guest == nil { // a guest's client asks again
				w.history.close(q.where)
				q.client.doing = idle
			}
		}
	}
	s.queries = kept
}

// resolve tells a client what has become of its proposal. It returns false if nobody
// can know yet.
func (s *server) resolve(p *proposal) bool {
	w := s.world
	fate := s.driver.Node().Fate(p.index, p.term)
	if fate == raft.Pending || fate == raft.Committed && s.machine.index < p.index {
		return false
	}
	w.ledger.resolved(s, p, fate)
	if response := s.response(p.index); fate == raft.Committed && response != nil {
		heard := w.answered(&w.clients[p.client], p.serial, response)
		if a := &s.machine.recent[p.index%recentMax]; heard && a.index == p.index {
			w.ledger.promised(s, p.index, a.state)
		}
		if w.unasked && heard && p.term == w.ledger.elected { // what a deposed leader lacks
			w.unasked = false
			w.agenda.push(event{at: w.now, kind: deposedEvent})
			w.agenda.push(event{at: w.soon(), kind: deposedEvent})
		}
		w.outageAfterAnswer()
	}
	return true
}

// response is what the command of an entry was answered, if that is not too long ago.
func (s *server) response(index raft.Index) []byte {
	if s.world.guest == nil {
		return s.machine.answer(index)
	}
	if a := s.book.at(index); a != nil {
		return a.Response
	}
	return nil
}

// waits reports whether the client of a read still waits for it.
func (q *query) waits() bool {
	return q.client != nil && q.client.doing == reading && q.client.serial == q.serial
}

// serve answers a read.
func (s *server) serve(q *query) {
	w := s.world
	if w.guest != nil {
		s.guestServes(q)
		return
	}
	value := s.machine.read(q.where)
	fresh := w.fresh(q.point.Mode)
	floor := uint64(0)
	if q.client != nil && fresh {
		floor = q.client.floor
	}
	if w.options.Histories && (q.client == nil || q.waits()) {
		w.doubt(w.witness.Saw(floor, uint64(s.machine.index), int(q.where), value, !fresh))
	}
	if !q.waits() {
		return
	}
	q.client.doing = idle
	if w.trace != nil {
		w.traceClient(trace.Answer, q.client, q.client.learns(linearizability.RegisterOutput{Value: value}))
	}
	if fresh {
		w.history.complete(q.client, linearizability.RegisterOutput{Value: value})
	} else {
		w.history.close(q.where)
	}
}

// resolved checks what a client is told about a proposal.
func (l *ledger) resolved(s *server, p *proposal, fate raft.Fate) {
	w := l.world
	l.looks[atFate]++
	switch fate {
	case raft.Committed:
		w.coverage[acknowledgements]++
		l.acked = max(l.acked, p.index)
		if p.index > l.tip() || l.committed[p.index].term != p.term {
			l.fail("fate", "server %d says that its proposal %d of term %d is committed, and it is not", s.id, p.index, p.term)
		}
	case raft.Superseded:
		w.coverage[superseded]++
		if p.index > l.tip() || l.committed[p.index].term == p.term {
			l.fail("fate", "server %d says that its proposal %d of term %d is superseded, and it is not", s.id, p.index, p.term)
		}
	case raft.Unknown, raft.Pending:
		w.coverage[unknownFates]++
	}
}

// served checks a read: it sees what had been acknowledged to any client when it
// began, and it sees what everybody sees at that point of the log.
func (l *ledger) served(s *server, q *query) {
	l.world.coverage[reads]++
	l.looks[atRead]++
	l.noticeRead(s, q)
	index, _ := s.driver.Node().Resolve(&q.point)
	applied := s.machine.index
	switch {
	case index < q.floor:
		l.fail("read-safety", "server %d read at %d, but %d had been acknowledged before the read began (mode %d)",
			s.id, index, q.floor, q.point.Mode)
	case applied < q.floor:
		l.fail("read-safety", "server %d served a read from a state at %d, but %d had been acknowledged before it began",
			s.id, applied, q.floor)
	case uint64(applied) < uint64(len(l.results)) && applied > 0 && l.results[applied] != s.machine.result():
		l.fail("read-safety", "server %d read another value than the log up to %d makes", s.id, applied)
	}
	if l.world.fresh(q.point.Mode) {
		l.acked = max(l.acked, applied)
	}
}

// leased checks a lease: as long as it lasts nobody else can have been elected.
// But for clocks that err more than the node was told.
func (l *ledger) leased(s *server) {
	if l.world.options.Outcomes {
		return
	}
	l.looks[atLease]++
	s.traits.leased = s.driver.Node().Term()
	switch term := s.driver.Node().Term(); {
	case l.elected <= term:
	case !l.world.options.trusted():
		l.world.coverage[brokenLeases]++
	default:
		l.fail("lease", "server %d serves a read by its lease of term %d, but %v leads in term %d",
			s.id, term, l.leaders[l.elected], l.elected)
	}
}
