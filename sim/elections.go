package sim

import (
	"math/bits"

	"github.com/driftless-raft/driftless/raft"
)

// ballots are who has been told of a vote, for whom and in which term. What has
// been told can't be taken back, whatever a crash does to a disk.
type ballots struct {
	byTerm     []int32 // the first candidacy of a term, plus one
	candidates []candidacy
}

// A candidacy is one candidate's votes in a term, a bit for each life.
type candidacy struct {
	member raft.Member
	voters uint64
	next   int32
}

func (b *ballots) reset() { b.byTerm, b.candidates = b.byTerm[:0], b.candidates[:0] }

// of is a member's candidacy in a term.
func (b *ballots) of(term raft.Term, m raft.Member) *candidacy {
	b.byTerm = grow(b.byTerm, uint64(term))
	for at := b.byTerm[term]; at != 0; at = b.candidates[at-1].next {
		if b.candidates[at-1].member == m {
			return &b.candidates[at-1]
		}
	}
	b.candidates = append(b.candidates, candidacy{member: m, next: b.byTerm[term]})
	b.byTerm[term] = int32(len(b.candidates))
	return &b.candidates[len(b.candidates)-1]
}

// add notes a vote. It returns false if the life has voted for another already.
func (b *ballots) add(term raft.Term, m raft.Member, life uint8) bool {
	b.of(term, m).voters |= 1 << life
	for at := b.byTerm[term]; at != 0; at = b.candidates[at-1].next {
		if c := &b.candidates[at-1]; c.member != m && c.voters>>life&1 != 0 {
			return false
		}
	}
	return true
}

// sent checks a message that leaves a server: what it says must be durable.
func (l *ledger) sent(s *server, m *raft.Message) {
	if l.world.options.Outcomes {
		return
	}
	if l.refinement != nil {
		l.refinement.sent(s, m)
	}
	l.looks[atSend]++
	l.bounded(s, m)
	hard := &s.disk.durable.hard
	claims := m.Kind != raft.PreVote && (m.Kind != raft.PreVoteReply || m.Reject)
	if claims && hard.Term < m.Term {
		l.fail("persist-before-send", "server %d sent a message of kind %d in term %d, but has only term %d on its disk",
			s.id, m.Kind, m.Term, hard.Term)
		return
	}
	switch {
	case m.Kind == raft.Vote:
		l.voted(s, m.Term, s.member)
	case m.Kind == raft.VoteReply && !m.Reject:
		l.voted(s, m.Term, m.To)
	case m.Kind == raft.AppendReply && !m.Reject && !m.Full:
		l.acknowledged(s, m)
	}
}

// voted checks that a vote that is being told is durable, and the only one of its
// term.
func (l *ledger) voted(s *server, term raft.Term, candidate raft.Member) {
	l.looks[atVote]++
	hard := &s.disk.durable.hard
	if hard.Term == term && hard.Vote != candidate {
		l.fail("persist-before-send", "server %d tells of its vote for %v in term %d, but has %v on its disk",
			s.id, candidate, term, hard.Vote)
		return
	}
	if !l.ballots.add(term, candidate, s.life) {
		l.fail("one-vote", "server %d voted for %v in term %d, having voted for another", s.id, candidate, term)
	}
}

// won checks an election: one leader a term, elected by a quorum of both halves
// of its configuration, with everything committed before.
func (l *ledger) won(s *server) {
	w := l.world
	w.coverage[elections]++
	l.looks[atElection]++
	n := s.driver.Node()
	term := n.Term()
	l.leaders = grow(l.leaders, uint64(term))
	if other := l.leaders[term]; other != (raft.Member{}) {
		l.fail("election-safety", "server %d leads in term %d, in which %v has led", s.id, term, other)
		return
	}
	l.noticeElection(s, term)
	l.leaders[term] = s.member
	if hard := &s.disk.durable.hard; hard.Term == term && hard.Vote == s.member {
		l.voted(s, term, s.member)
	}
	if voters := l.ballots.of(term, s.member).voters; !w.quorum(&s.seen.configuration, func(_ *mirror, life uint8) bool {
		return voters>>life&1 != 0
	}) {
		l.fail("vote-quorum", "server %d leads in term %d with %d votes, which are no quorum of %s",
			s.id, term, bits.OnesCount64(voters), describe(&s.seen.configuration))
		return
	}
	l.complete(s, term)
	l.leads(s, term)
}

// leads is what comes with an election.
func (l *ledger) leads(s *server, term raft.Term) {
	w := l.world
	if term > l.elected { // an election may be won late
		l.elected = term
		w.leader = s
	}
	o := &w.options
	s.readSoon = w.tape.chance(o.ReadElected)
	if w.tape.chance(o.ReadDeposed) {
		w.unasked = true
		w.agenda.push(event{at: w.now, kind: deposedEvent})
		w.agenda.push(event{at: w.now + w.tape.between(0, o.Heartbeat), kind: deposedEvent})
	}
	w.tempt(w.tape.draw(deafKinds))
	if !w.network.calm && w.tape.chance(o.CrashOnElected) {
		s.effects = int64(w.tape.draw(16))
	}
}

// complete checks that a new leader has all that was committed in earlier terms
// (Leader Completeness, §3.6.3). What was committed in later ones says nothing:
// an election may be won late.
func (l *ledger) complete(s *server, term raft.Term) {
	index := l.tip()
	for index > 0 && l.committed[index].in >= term {
		index--
	}
	log := &s.disk.written
	if index <= log.base {
		return
	}
	if !log.holds(index) || log.at(index).hash != l.committed[index].hash {
		l.fail("leader-completeness", "server %d leads in term %d without entry %d of term %d, committed in term %d",
			s.id, term, index, l.committed[index].term, l.committed[index].in)
	}
}

// quorum reports whether the members of whom something holds are a majority of
// the voters and, in a joint configuration, of the outgoing voters. It does not
// rely on the core's own counting.
func (w *world) quorum(c *raft.Configuration, holds func(*mirror, uint8) bool) bool {
	var set raft.Slots
	for rest := c.Voters | c.Outgoing; rest != 0; rest &= rest - 1 {
		slot := slotOf(rest)
		if log, life := w.durableLog(c.Members[slot]); log != nil && holds(log, life) {
			set |= 1 << slot
		}
	}
	return isQuorum(set, c)
}

// votersOf are the slots of a configuration's voters, outgoing ones included, whose
// members still live and of whom something holds.
func (w *world) votersOf(c *raft.Configuration, holds func(*server) bool) raft.Slots {
	var set raft.Slots
	for rest := c.Voters | c.Outgoing; rest != 0; rest &= rest - 1 {
		slot := slotOf(rest)
		if s := w.find(c.Members[slot].ID); s != nil && s.member == c.Members[slot] && holds(s) {
			set |= 1 << slot
		}
	}
	return set
}

// isQuorum reports whether a set is a majority of the voters and, in a joint
// configuration, of the outgoing voters (§4.3).
func isQuorum(set raft.Slots, c *raft.Configuration) bool {
	return majority(set, c.Voters) && (c.Outgoing == 0 || majority(set, c.Outgoing))
}

// majority reports whether a set holds more than half of some slots.
func majority(set, of raft.Slots) bool {
	return 2*bits.OnesCount16(uint16(set&of)) > bits.OnesCount16(uint16(of))
}
