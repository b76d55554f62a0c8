package sim

import "github.com/driftless-raft/driftless/raft"

// How long a healed cluster may take, in election timeouts. An election takes two
// or three; split votes are possible, but not many in a row.
const (
	leaderBound      = 40
	membershipBound  = 60
	answersBound     = 60
	convergenceBound = 60
	steadyLength     = 5
)

// liveness ends all faults and checks that the cluster recovers for good; or those
// within a core only, and checks that the core does.
func (w *world) liveness() {
	if w.recorder != nil {
		w.recorder.heals(w)
	}
	if w.tape.chance(w.options.FrozenCore) {
		if inside := w.chooseCore(); inside != 0 {
			w.coreLiveness(inside)
			return
		}
		w.coverage[coreless]++
	}
	w.calmDown()
	steps := []func(*world){
		(*world).expectLeader, (*world).expectMembership, (*world).expectAnswers, (*world).expectConvergence,
		(*world).expectSteadiness, (*world).isolateFollower, (*world).deafenFollower,
		(*world).expectConvergence,
	}
	if w.guest != nil {
		steps = steps[:4] // the others concern Raft alone
	}
	for _, step := range steps {
		if w.ledger.failure != nil || w.given() {
			return
		}
		step(w)
	}
}

// calmDown heals everything, or everybody who counts.
func (w *world) calmDown() {
	if w.recorder != nil {
		defer w.recorder.calms(w)()
	}
	if w.trace != nil {
		w.traceHealed()
	}
	w.network.calmDown()
	w.faults.lull = 0
	w.options.ClientEvery = w.options.ElectionTimeout / 10
	w.options.OperatorEvery = w.options.ElectionTimeout / 2
	w.options.BatchMax = min(w.options.BatchMax, 2) // or a small log fills faster than a snapshot gets across
	for i := range w.count {
		if s := w.servers[i]; w.counts(s) {
			s.calmDown()
		} else {
			s.lag, s.effects = 0, -1
		}
	}
}

// calmDown heals a server.
func (s *server) calmDown() {
	w := s.world
	defer w.rescue()
	s.lag, s.effects = 0, -1
	s.disk.calmDown()
	s.pausedUntil = min(s.pausedUntil, w.now+w.options.ElectionTimeout)
	s.clock.since = min(s.clock.since, max(s.pausedUntil, w.now))
	s.setClock()
	switch {
	case !s.up:
		w.coverage[restarts]++
		s.start()
	case s.disk.doomed:
		s.crash() // whoever runs it restarts it to find out
	}
}

// await lets the world go on until a condition holds, for at most a number of
// election timeouts. It returns false if it never does.
func (w *world) await(timeouts uint64, holds func() bool) bool {
	deadline := w.now + timeouts*w.options.ElectionTimeout
	for w.ledger.failure == nil && !holds() {
		if w.now >= deadline {
			return false
		}
		w.until(w.now + w.options.ElectionTimeout/8)
	}
	return true
}

// leads is the leader that nobody's term exceeds, with something of its own term
// committed; or nil.
func (w *world) leads() *server {
	s := w.leader
	if s == nil || !s.up || !w.counts(s) || s.seen.role != raft.Leader || s.seen.commit == 0 {
		return nil
	}
	if log := &s.disk.written; !log.holds(s.seen.commit) || log.at(s.seen.commit).term != s.seen.term {
		return nil
	}
	return s
}

// expectLeader waits for a leader that commits something proposed after the
// faults have ended.
func (w *world) expectLeader() {
	w.ledger.looks[atLeaderAwaited]++
	before := w.ledger.acked
	if !w.await(leaderBound, func() bool { return w.leads() != nil && w.ledger.acked > before }) {
		if w.excused() {
			return
		}
		w.ledger.fail("liveness-leader", "%d election timeouts after all was healed nobody leads and commits proposals (%s)",
			leaderBound, w.status())
	}
}

// expectMembership waits until the membership is one that can stay.
func (w *world) expectMembership() {
	w.ledger.looks[atMembershipAwaited]++
	if !w.await(membershipBound, func() bool {
		s := w.leads()
		return s != nil && !w.faults.ghost && s.votes() && s.seen.configuration.Outgoing == 0 && s.seen.configured <= s.seen.commit &&
			(s.seen.configuration.Learners == 0 || len(listedVoters(&s.seen.configuration)) >= 3)
	}) {
		w.ledger.fail("liveness-membership", "%d election timeouts after all was healed the membership has not settled (%s)",
			membershipBound, w.status())
	}
}

// expectConvergence waits, with nobody proposing, until nothing is pending and
// all members have the same log and state.
func (w *world) expectConvergence() {
	w.ledger.looks[atConvergenceAwaited]++
	w.quiet = true
	if !w.await(convergenceBound, w.converged) {
		w.ledger.agreed()
		w.ledger.fail("liveness-convergence", "%d election timeouts after the last proposal members differ (%s)",
			convergenceBound, w.status())
	}
	w.quiet = false
}

// votes reports whether a server is a voter of its own configuration. A leader
// that has removed itself is not, and about to go.
func (s *server) votes() bool {
	return s.seen.configuration.Find(s.member)&s.seen.configuration.Voters != 0
}

// expectAnswers waits until whoever has proposed something knows what became of
// it. That needs further proposals: the place of one that was lost may be beyond
// the end of the log, and that far beyond it as a leader whom nobody heard went on
// to take proposals.
func (w *world) expectAnswers() {
	w.ledger.looks[atAnswersAwaited]++
	before := w.now
	// Clients propose more than two entries in an election timeout, one client after the other.
	bound := answersBound + w.missing()/2 + uint64(len(w.clients))
	if !w.await(bound, func() bool { return !w.pending(before) }) {
		w.ledger.fail("liveness-pending", "%d election timeouts after all was well somebody still waits for an answer (%s)",
			bound, w.status())
	}
}

// missing is how many entries lie between the end of what is committed and the
// last proposal that somebody waits for.
func (w *world) missing() uint64 {
	farthest := w.ledger.tip()
	for i := range w.count {
		s := w.servers[i]
		if waiting := s.proposals.waiting(); len(waiting) > 0 {
			farthest = max(farthest, waiting[len(waiting)-1].index)
		}
		for _, p := range s.orphans {
			farthest = max(farthest, p.index)
		}
	}
	return uint64(farthest - w.ledger.tip())
}

// pending reports whether a client of a member still waits for what it proposed or
// read before a time.
func (w *world) pending(before uint64) bool {
	leader := w.leads()
	if leader == nil {
		return true
	}
	for i := range w.count {
		s := w.servers[i]
		if leader.seen.configuration.Find(s.member) == 0 || !w.counts(s) {
			continue // nobody tells it
		}
		if waiting := s.proposals.waiting(); len(waiting) > 0 && waiting[0].at < before {
			return true
		}
		if len(s.orphans) > 0 && s.orphans[0].at < before {
			return true
		}
		if len(s.queries) > 0 && s.queries[0].at < before {
			return true
		}
	}
	return w.waitingClient(before) != nil
}

// waitingClient is a client that still waits for the answer to an operation it began
// before a time, or nil.
func (w *world) waitingClient(before uint64) *client {
	for i := range w.clients {
		if c := &w.clients[i]; c.doing != idle && c.since < before {
			return c
		}
	}
	return nil
}

func (w *world) converged() bool {
	leader := w.leads()
	if leader == nil || leader.seen.commit != leader.seen.last {
		return false
	}
	c := &leader.seen.configuration
	for rest := c.Everybody(); rest != 0; rest &= rest - 1 {
		s := w.find(c.Members[slotOf(rest)].ID)
		if s != nil && (!w.counts(s) || s.member != c.Members[slotOf(rest)] && w.core != 0) {
			continue
		}
		if s == nil || !s.up || s.seen.term != leader.seen.term || s.seen.commit != leader.seen.commit ||
			s.seen.last != leader.seen.last || s.machine.index != leader.seen.commit ||
			s.machine.result() != leader.machine.result() {
			return false
		}
	}
	return true
}

// expectSteadiness checks that a leader whom everybody hears stays, when the last
// of what was clogged, or waited for a hung disk, has come through.
func (w *world) expectSteadiness() {
	w.until(max(w.now, w.options.SafetyPhase+4*w.options.FaultLength))
	leader, term := w.leads(), w.highestTerm()
	if leader == nil {
		w.ledger.fail("stability", "the leader was lost although all is well (%s)", w.status())
		return
	}
	w.pass(steadyLength)
	w.expectSame(leader, term, "although all was well")
}

// isolateFollower cuts a voter off for several election timeouts. When it comes
// back nobody may notice (PreVote, §9.6).
func (w *world) isolateFollower() {
	leader, term := w.leads(), w.highestTerm()
	follower := w.follower(leader)
	if follower == nil {
		return
	}
	w.coverage[isolations]++
	w.quiet = w.tape.draw(2) == 1
	for other := range w.count {
		w.network.links[follower.slot][other].cut = true
		w.network.links[other][follower.slot].cut = true
	}
	w.pass(w.tape.between(4, 8))
	w.expectSame(leader, term, "when a follower was cut off")
	w.network.heal()
	w.pass(3)
	w.quiet = false
	w.expectSame(leader, term, "when a follower that was cut off came back")
}

// deafenFollower lets a voter hear everybody but the leader, with nobody
// proposing, so that its log stays as good as any. It will campaign; but the
// others hear the leader and must not help (leader stickiness, §4.2.3).
func (w *world) deafenFollower() {
	leader, term := w.leads(), w.highestTerm()
	follower := w.follower(leader)
	if follower == nil {
		return
	}
	w.coverage[deafenings]++
	w.quiet = true
	if !w.await(convergenceBound, w.converged) {
		w.ledger.fail("liveness-convergence", "members differ with nobody proposing (%s)", w.status())
		return
	}
	w.network.links[leader.slot][follower.slot].cut = true
	w.pass(w.tape.between(4, 8))
	w.expectSame(leader, term, "when a follower did not hear it, but the others did")
	w.network.heal()
	w.pass(3)
	w.quiet = false
	w.expectSame(leader, term, "when a follower heard it again")
}

// follower chooses a voter without whom the leader has a quorum; nil if there is
// none.
func (w *world) follower(leader *server) *server {
	if leader == nil {
		return nil
	}
	voters := listedVoters(&leader.seen.configuration)
	if len(voters) < 3 {
		return nil
	}
	s := w.find(voters[w.tape.draw(uint64(len(voters)))].ID)
	if s == leader {
		if s = w.find(voters[0].ID); s == leader {
			s = w.find(voters[1].ID)
		}
	}
	return s
}

// pass lets a number of election timeouts pass.
func (w *world) pass(timeouts uint64) { w.until(w.now + timeouts*w.options.ElectionTimeout) }

// expectSame checks that the leader still leads and that no member's term grew.
func (w *world) expectSame(leader *server, term raft.Term, when string) {
	w.ledger.looks[atSteadiness]++
	if w.ledger.failure == nil && (leader == nil || w.leads() != leader || w.highestTerm() != term) {
		w.ledger.fail("stability", "the leader of term %d was deposed or the term grew %s (%s)", term, when, w.status())
	}
}

// highestTerm is the highest term of a member.
func (w *world) highestTerm() raft.Term {
	highest := raft.Term(0)
	if w.leader == nil {
		return 0
	}
	c := &w.leader.seen.configuration
	for rest := c.Everybody(); rest != 0; rest &= rest - 1 {
		if s := w.find(c.Members[slotOf(rest)].ID); s != nil && s.up && w.counts(s) {
			highest = max(highest, s.seen.term)
		}
	}
	return highest
}
