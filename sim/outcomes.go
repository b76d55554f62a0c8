package sim

import "github.com/driftless-raft/driftless/raft"

// With Options.Outcomes a run is judged as its users would: by what clients were
// told, what the state machines hold, and whether the cluster gets on. A node that
// breaks an invariant goes on, one that fails an assertion is a process that ends
// and is started again. So what the ledger notes of such a run may be wrong where the
// core is, and is used for nothing but to choose faults.

// tableMax is more than any index, term or place in a log of a run that makes sense.
const tableMax = 1 << 24

// watched follows a node through a step without judging it.
func (l *ledger) watched(s *server, in *raft.Input, out *raft.Effects) {
	n := s.driver.Node()
	if in.Kind == raft.Receive && out.Count > 0 {
		l.covered(s, &in.Message, out) // which says what may be lost
	}
	if n.Role() != raft.Leader {
		return
	}
	if before := &s.seen; before.role != raft.Leader || before.term != n.Term() {
		l.world.coverage[elections]++
		l.leads(s, n.Term())
	}
	log := &s.disk.written
	for next := l.tip() + 1; next <= min(n.Commit(), log.last) && log.holds(next); next++ {
		l.committed = append(l.committed, commitment{mark: log.at(next), in: n.Term()})
	}
}

// perish ends the process of the server that was about to make a step.
func (w *world) perish() {
	if s := w.acting; s != nil && s.up {
		s.crash()
	}
}

// promised notes that a client was told what its command at an index came to, by a
// machine whose state was this after it. From then on every machine must come to
// that.
func (l *ledger) promised(s *server, index raft.Index, state uint64) {
	l.promises = grow(l.promises, uint64(index))
	first := state
	if uint64(index) < uint64(len(l.results)) && l.results[index] != 0 {
		first = l.results[index]
	}
	if before := l.promises[index]; before != 0 {
		first = before
	}
	l.promises[index] = state
	if first != state {
		l.fail("durability", "server %d told a client that its command is done at %d, where another server had done something else", s.id, index)
	}
}

// kept checks that a machine has come to what clients were told.
func (l *ledger) kept(s *server) {
	index := uint64(s.machine.index)
	if index < uint64(len(l.promises)) && l.promises[index] != 0 && l.promises[index] != s.machine.result() {
		l.fail("durability", "server %d has another state after entry %d than the one a client was told of: what was acknowledged is lost there", s.id, index)
	}
}

// agreed checks that members that have applied as much as others have come to the
// same.
func (l *ledger) agreed() {
	w := l.world
	for i, s := range w.servers[:w.count] {
		for _, other := range w.servers[:i] {
			if s.up && other.up && s.machine.index == other.machine.index && s.machine.result() != other.machine.result() {
				l.fail("durability", "servers %d and %d have applied everything up to %d and hold different states", other.id, s.id, s.machine.index)
			}
		}
	}
}
