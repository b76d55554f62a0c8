package sim

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
)

// A proposal is a batch of commands whose fate a client waits for.
type proposal struct {
	first raft.Index
	last  raft.Index
	term  raft.Term
	at    uint64 // when it was made
}

// A reading is a read that a client waits for.
type reading struct {
	point raft.ReadPoint
	floor raft.Index // what had been acknowledged to any client when it began
	at    uint64     // and when that was
}

// readingsMax bounds the reads that wait at one server.
const readingsMax = 8

// clientActs is the event of a client's next operation.
func (w *world) clientActs() {
	o := &w.options
	w.agenda.push(event{at: w.now + w.tape.between(o.ClientEvery/2, 2*o.ClientEvery), kind: clientEvent})
	s := w.leader
	if s == nil || w.tape.draw(8) == 7 {
		s = w.anyServer()
	}
	if w.tape.chance(o.Reads) {
		mode := [...]raft.ReadMode{raft.Linearizable, raft.Linearizable, raft.Lease, raft.Stale}[w.tape.draw(4)]
		if w.tape.draw(2) == 1 {
			s = w.anyServer()
		}
		if s.up && s.pausedUntil <= w.now {
			s.read(mode)
		}
		return
	}
	if s.up && s.pausedUntil <= w.now && !w.quiet && w.now >= w.faults.lull {
		s.propose()
	}
}

// propose proposes a batch of commands nobody has proposed before.
func (s *server) propose() {
	w := s.world
	o := &w.options
	size := w.tape.between(8, uint64(o.CommandMax))
	count := w.tape.between(1, uint64(o.BatchMax))
	if most := uint64(o.MaxMessageBytes) / size; count > most && w.tape.draw(8) != 7 {
		count = max(most, 1)
	}
	w.commands = w.commands[:0]
	for range count {
		w.counter++
		start := len(w.commands)
		w.commands = binary.LittleEndian.AppendUint64(w.commands, mix(w.counter, 0))
		for len(w.commands)-start < int(size) {
			w.commands = append(w.commands, byte(w.counter))
		}
	}
	for i := range count {
		w.batch[i] = raft.Entry{Data: w.commands[i*size : (i+1)*size]}
	}
	first, term, refusal := s.driver.Propose(w.batch[:count])
	switch refusal.Code {
	case raft.OK:
		w.coverage[proposals]++
		s.proposals.push(proposal{first: first, last: first + raft.Index(count) - 1, term: term, at: w.now})
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

// read begins a read.
func (s *server) read(mode raft.ReadMode) {
	w := s.world
	if len(s.readings) == readingsMax {
		return
	}
	floor := w.ledger.acked
	if !w.fresh(mode) {
		floor = 0
	}
	point, refusal := s.driver.Read(mode)
	switch refusal.Code {
	case raft.OK:
		s.readings = append(s.readings, reading{point: point, floor: floor, at: w.now})
		if mode == raft.Lease {
			w.coverage[leaseReads]++
			w.ledger.leased(s)
		}
	case raft.NotLeader, raft.NoLeader, raft.NoLease, raft.Transferring, raft.TermNotCommitted, raft.HasStopped:
	default:
		w.ledger.fail("refusal", "server %d refused a read: %v", s.id, refusal.Code)
	}
	s.settle()
}

// fresh reports whether a read of a mode promises to see all that was acknowledged
// before it began.
func (w *world) fresh(mode raft.ReadMode) bool {
	return mode == raft.Linearizable || mode == raft.Lease && w.options.trusted()
}

// askDeposed asks whoever still takes itself for the leader for a read by lease,
// at the moment when it matters most: another has been elected.
func (w *world) askDeposed() {
	for i := range w.count {
		if s := w.servers[i]; s.up && s.pausedUntil <= w.now && s.seen.role == raft.Leader && s.seen.term < w.ledger.elected {
			w.coverage[deposedReads]++
			s.read(raft.Lease)
		}
	}
}

// answer tells clients what has become of their proposals and reads.
func (s *server) answer() {
	for _, p := range s.proposals.waiting() {
		fate := s.driver.Node().Fate(p.last, p.term)
		if fate == raft.Pending || fate == raft.Committed && s.machine.index < p.last {
			break
		}
		s.world.ledger.resolved(s, &p, fate)
		s.proposals.drop(1)
	}
	kept := s.readings[:0]
	for i := range s.readings {
		r := &s.readings[i]
		switch s.driver.Resolve(&r.point) {
		case raft.ReadPending:
			kept = append(kept, *r)
		case raft.ReadReady:
			s.world.ledger.served(s, r)
		case raft.ReadLost:
			s.world.coverage[lostReads]++
		}
	}
	s.readings = kept
}

// resolved checks what a client is told about a proposal.
func (l *ledger) resolved(s *server, p *proposal, fate raft.Fate) {
	w := l.world
	switch fate {
	case raft.Committed:
		w.coverage[acknowledgements]++
		if p.last > l.tip() || l.committed[p.last].term != p.term || l.committed[p.first].term != p.term {
			l.fail("fate", "server %d says that its proposal %d to %d of term %d is committed, and it is not", s.id, p.first, p.last, p.term)
			return
		}
		l.acked = max(l.acked, p.last)
	case raft.Superseded:
		w.coverage[superseded]++
		if p.last > l.tip() || l.committed[p.last].term == p.term {
			l.fail("fate", "server %d says that its proposal %d of term %d is superseded, and it is not", s.id, p.last, p.term)
		}
	case raft.Unknown, raft.Pending:
		w.coverage[unknownFates]++
	}
}

// served checks a read: it sees what had been acknowledged to any client when it
// began, and it sees what everybody sees at that point of the log.
func (l *ledger) served(s *server, r *reading) {
	l.world.coverage[reads]++
	index, _ := s.driver.Node().Resolve(&r.point)
	applied := s.machine.index
	switch {
	case index < r.floor:
		l.fail("read-safety", "server %d read at %d, but %d had been acknowledged before the read began (mode %d)",
			s.id, index, r.floor, r.point.Mode)
	case applied < r.floor:
		l.fail("read-safety", "server %d served a read from a state at %d, but %d had been acknowledged before it began",
			s.id, applied, r.floor)
	case uint64(applied) < uint64(len(l.results)) && applied > 0 && l.results[applied] != s.machine.result():
		l.fail("read-safety", "server %d read another value than the log up to %d makes", s.id, applied)
	}
	if l.world.fresh(r.point.Mode) {
		l.acked = max(l.acked, applied)
	}
}

// leased checks a lease: as long as it lasts nobody else can have been elected.
// But for clocks that err more than the node was told.
func (l *ledger) leased(s *server) {
	switch term := s.driver.Node().Term(); {
	case l.elected <= term:
	case !l.world.options.trusted():
		l.world.coverage[brokenLeases]++
	default:
		l.fail("lease", "server %d serves a read by its lease of term %d, but %v leads in term %d",
			s.id, term, l.leaders[l.elected], l.elected)
	}
}
