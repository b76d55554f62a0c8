package sim

import (
	"fmt"

	"github.com/driftless-raft/driftless/raft"
)

// A ledger holds what the oracles know about the cluster as a whole. They look on
// at every step, write and message, and each look costs the same however long the
// logs are.
type ledger struct {
	world      *world
	failure    *Failure
	refinement *refinement // or nil
	looks      looks

	entries   entryTable
	committed []commitment  // by index
	results   []uint64      // of the state machine, by index; zero: nobody has applied it
	promises  []uint64      // the results that clients were told of, by index
	images    []uint64      // digests of snapshots, by index; zero: nobody has taken one
	leaders   []raft.Member // by term
	ballots   ballots
	acked     raft.Index // the highest index acknowledged to any client
	elected   raft.Term  // the highest term somebody has led in
}

// A commitment is an entry that was committed, once and for all.
type commitment struct {
	mark
	in raft.Term // in which it was
}

func (l *ledger) reset(w *world) {
	l.world, l.failure, l.refinement, l.looks = w, nil, nil, looks{}
	if w.options.Spec {
		l.refinement = &w.refinement
		l.refinement.world = w
	}
	l.entries.reset()
	l.committed = append(l.committed[:0], commitment{})
	l.results = append(l.results[:0], machineStart)
	l.promises = l.promises[:0]
	l.images = l.images[:0]
	l.leaders = l.leaders[:0]
	l.ballots.reset()
	l.acked, l.elected = 0, 0
}

// machineStart stands for the empty state machine.
const machineStart = 1

// fail records that a rule is broken. The first failure counts: others follow
// from it. Where only outcomes count, an invariant may be broken.
func (l *ledger) fail(rule, format string, arguments ...any) {
	if l.failure == nil && (!l.world.options.Outcomes || Rules[rule] != Invariant) {
		l.failure = &Failure{Rule: rule, What: fmt.Sprintf(format, arguments...), At: l.world.now}
		if l.world.trace != nil {
			l.world.traceVerdict(l.failure)
		}
	}
}

// tip is the highest index known to be committed.
func (l *ledger) tip() raft.Index { return raft.Index(len(l.committed) - 1) }

// Stepped implements [raft.Observer]: it looks at the node after each step, when
// its effects have not been carried out yet.
func (s *server) Stepped(now raft.Instant, in *raft.Input, out *raft.Effects) {
	w := s.world
	l := &w.ledger
	l.looks[atStep]++
	if w.steps++; w.steps > stepsMax {
		l.fail("busy-loop", "server %d makes step after step at one instant, as %v of term %d, the last with input %d",
			s.id, s.seen.role, s.seen.term, in.Kind)
		panic("a busy loop")
	}
	n := s.driver.Node()
	if s.journal != nil {
		s.journal.Stepped(n, now, in, out)
	}
	if !w.options.Outcomes {
		l.settled(s) // the step before
	}
	w.fold(uint64(n.Term())<<32|uint64(n.Role())<<16|uint64(in.Kind)<<8|uint64(s.slot), uint64(n.Commit())<<32|uint64(n.Last()))
	if w.trace != nil {
		w.traceStep(s, in, out)
	}
	if w.options.Outcomes {
		l.watched(s, in, out)
	} else {
		l.stepped(s, in, out)
	}
	before := &s.seen
	before.term, before.vote, before.role, before.commit, before.last = n.Term(), n.Vote(), n.Role(), n.Commit(), n.Last()
	if configuration, index := n.Configuration(); index != before.configured || *configuration != before.configuration {
		before.configuration, before.configured = *configuration, index
	}
}

// stepped checks a step.
func (l *ledger) stepped(s *server, in *raft.Input, out *raft.Effects) {
	n, before := s.driver.Node(), &s.seen
	term, commit := n.Term(), n.Commit()
	if out.Refusal.Code == raft.Diverged {
		l.fail("diverged", "server %d found that its peers diverged, at index %d term %d, by %s",
			s.id, out.Refusal.Index, out.Refusal.Term, brief(&in.Message))
	}
	switch {
	case term < before.term:
		l.fail("term-monotonic", "server %d went back from term %d to %d", s.id, before.term, term)
	case commit < before.commit:
		l.fail("commit-monotonic", "server %d went back from commit index %d to %d", s.id, before.commit, commit)
	case term == before.term && before.vote != raft.Member{} && n.Vote() != before.vote:
		l.fail("one-vote", "server %d changed its vote in term %d from %v to %v", s.id, term, before.vote, n.Vote())
	}
	if out.Truncate != 0 {
		l.conflicted(s, in, out.Truncate)
	}
	if in.Kind == raft.Receive && out.Count > 0 {
		l.covered(s, &in.Message, out)
	}
	if n.Role() == raft.Leader {
		l.led(s, in)
		if in.Kind == raft.Propose && out.Refusal.Code == raft.OK {
			l.throttled(s, in)
		}
	}
	l.notice(s, in, out)
	if l.refinement != nil {
		l.looks[atRefinement]++
		l.refinement.stepped(s, in, out)
	}
}

// started begins to watch a node that has just been rebuilt.
func (l *ledger) started(s *server) {
	l.looks[atRestart]++
	n := s.driver.Node()
	configuration, index := n.Configuration()
	s.seen = seen{
		term: n.Term(), vote: n.Vote(), role: n.Role(), commit: n.Commit(), last: n.Last(),
		configuration: *configuration, configured: index,
	}
	if l.refinement != nil {
		l.refinement.started(s)
	}
	hard := &s.disk.durable.hard
	switch {
	case n.Term() != hard.Term || n.Vote() != hard.Vote:
		l.fail("restart", "server %d came back in term %d with vote %v, but had stored %d and %v",
			s.id, n.Term(), n.Vote(), hard.Term, hard.Vote)
	case n.Last() != s.disk.durable.last || n.Commit() < hard.Commit:
		l.fail("restart", "server %d came back with last index %d and commit index %d, but had stored %d and %d",
			s.id, n.Last(), n.Commit(), s.disk.durable.last, hard.Commit)
	}
}

// crashed is told when a server's process is gone and with it what was not durable.
func (l *ledger) crashed(s *server) {
	if l.refinement != nil {
		l.refinement.crashed(s)
	}
}

// recovered checks that a store holds after a crash what was durable before.
func (l *ledger) recovered(s *server) {
	var stored raft.Stored
	s.disk.Stored(&stored)
	durable := &s.disk.durable
	if stored.HardState != durable.hard || stored.Base != durable.base || stored.Last != durable.last ||
		stored.Snapshot.Index != durable.snapshot {
		l.fail("store", "the store of server %d holds %+v, a snapshot at %d and the log from %d to %d, but %+v, one at %d and from %d to %d were durable",
			s.id, stored.HardState, stored.Snapshot.Index, stored.Base, stored.Last, durable.hard, durable.snapshot, durable.base, durable.last)
		return
	}
	if s.disk.engine != nil {
		s.disk.engine.read(&s.disk)
	}
}

// grow makes a table long enough for a number.
func grow[T any](table []T, number uint64) []T {
	var zero T
	if number > tableMax {
		panic("a number that makes no sense")
	}
	for uint64(len(table)) <= number {
		table = append(table, zero)
	}
	return table
}
