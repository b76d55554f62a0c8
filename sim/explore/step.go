package explore

import (
	"fmt"

	"github.com/driftless-raft/driftless/raft"
)

// A call is what happens to a server.
type call uint8

const (
	receive      call = iota // a packet arrives
	receiveLate              // likewise, so long after the leader was heard that it is protected no more
	electionDue              // the election timer fires
	heartbeatDue             // the heartbeat timer fires
	pauseEnds                // likewise, after a pause in which the peers fell silent
	diskHangs                // likewise, while a write has been pending for long
	propose                  // a client's command, by number, arrives
	persist                  // the oldest pending write becomes durable
	restart                  // it crashes, loses all but so many of its pending writes, and starts again
	change                   // it is asked to make some servers the voters
	compact                  // it takes a snapshot of its state machine
)

// An input is a call with its argument, and whether the writes it causes are
// delayed: what makes a step, together with the server's state.
type input uint32

func inputOf(c call, argument uint32, delays bool) input {
	i := input(c)<<28 | input(argument)<<1
	if delays {
		i |= 1
	}
	return i
}

func (i input) call() call       { return call(i >> 28) }
func (i input) argument() uint32 { return uint32(i) << 4 >> 5 }
func (i input) delays() bool     { return i&1 != 0 }

// step makes a step on the state that was decoded, brings the state machine up to
// date and normalizes the state. What happened is in s.sent and s.event.
func (s *server) step(in input) {
	if s.perform(in); s.event.failure == "" {
		s.normalize()
	}
}

// perform is step without what it does to the state afterwards.
func (s *server) perform(in input) {
	s.sent, s.event = s.sent[:0], event{}
	s.disk.delays = in.delays() || s.disk.pending > 0
	s.notice()
	defer func() {
		if broken := recover(); broken != nil {
			s.event.fail("assertion: server %d: %v", s.disk.self.ID, broken)
		}
	}()
	s.await(in.call())
	switch in.call() {
	case receive, receiveLate:
		s.receive(in.argument())
	case electionDue, heartbeatDue, pauseEnds, diskHangs:
		s.driver.Wake()
	case propose:
		s.refused(s.driver.Propose([]raft.Entry{{Data: values[in.argument() : in.argument()+1]}}))
	case persist:
		s.disk.complete()
		s.driver.Wake()
	case restart:
		s.restart(in.argument())
	case change:
		s.change(raft.Slots(in.argument()))
	case compact:
		s.compact()
	}
	s.apply()
	s.checkStep()
}

// await sets the clock to when a call happens: now, or when a timer is due.
func (s *server) await(c call) {
	t := value[instant](&s.driver, s.layout.instant)
	s.time = t.now
	switch c {
	case receiveLate:
		s.time = max(t.now, t.heard+electionTimeout-heartbeat, t.quiet)
	case electionDue:
		s.time = t.election
	case heartbeatDue:
		s.time = t.heartbeat
	case pauseEnds:
		s.time = t.now + electionTimeout
	case diskHangs:
		t.writing = 0
		s.time = t.heartbeat
	case receive, propose, persist, restart, change, compact:
	}
}

// receive hands over a packet.
func (s *server) receive(id uint32) {
	p := *s.packets.load(id)
	payload := raft.Payload{}
	var entries [logMax]raft.Entry
	var configurations [logMax]raft.Configuration
	for i := range p.count {
		index := p.message.Index + 1 + raft.Index(i)
		p.entries[i].entry(index, &entries[i], &configurations[i])
	}
	payload.Entries = entries[:p.count]
	var snapshot raft.Snapshot
	if p.message.Kind == raft.SnapshotChunk {
		p.snapshot.describe(&snapshot)
		payload.Snapshot, payload.Chunk = &snapshot, p.chunk[:p.message.Bytes]
	}
	if refusal := s.driver.Receive(&p.message, &payload); refusal.Code != raft.OK {
		s.event.fail("refusal: server %d refuses a message of server %d: %v", p.message.To.ID, p.message.From.ID, refusal.Code)
	}
}

// refused notes a refusal that is no business of a correct cluster's.
func (s *server) refused(_ raft.Index, _ raft.Term, refusal raft.Refusal) {
	switch refusal.Code {
	case raft.OK, raft.NotLeader, raft.Transferring, raft.TooMuchUncommitted:
	default:
		s.event.fail("refusal: server %d refuses a proposal: %v", s.driver.Node().Self().ID, refusal.Code)
	}
}

// restart crashes the server and starts it again.
func (s *server) restart(keep uint32) {
	s.disk.crash(keep)
	s.disk.delays = false
	s.state = machine{}
	if refusal := s.start(); refusal.Code != raft.OK {
		s.event.fail("restart: server %d refuses to start on its own disk: %v", s.disk.self.ID, refusal.Code)
	}
}

// change asks for other voters; all others are to be learners.
func (s *server) change(voters raft.Slots) {
	now, _ := s.driver.Node().Configuration()
	wanted := new(raft.Configuration)
	masks{voters: voters, learners: now.Everybody() &^ voters}.expand(wanted)
	s.driver.Change(wanted) // it may well be refused
}

// compact takes a snapshot of the state machine.
func (s *server) compact() {
	applied := raft.Index(s.chains.depth(s.state.applied))
	s.driver.Compact(&raft.Snapshot{Index: applied, Digest: uint64(s.state.applied), Size: imageBytes}, applied)
}

// apply hands the state machine all that is committed.
func (s *server) apply() {
	if s.driver.Node().Role() == raft.Stopped {
		return
	}
	var into [logMax]raft.Entry
	for {
		count, snapshot := s.driver.Next(into[:])
		switch {
		case snapshot != nil:
			s.state.applied = s.disk.now().snapshot.state
			if uint32(snapshot.Index) != s.chains.depth(s.state.applied) {
				s.event.fail("state-machine-safety: server %d has a snapshot at %d of another state", s.disk.self.ID, snapshot.Index)
				return
			}
		case count == 0:
			return
		}
		for i := range into[:count] {
			if next := s.chains.depth(s.state.applied) + 1; uint32(into[i].Index) != next {
				s.event.fail("state-machine-safety: server %d is given entry %d to apply, not %d", s.disk.self.ID, into[i].Index, next)
				return
			}
			r := recordOf(&into[i])
			s.state.applied = s.chains.extend(s.state.applied, &r)
		}
		s.driver.Applied(raft.Index(s.chains.depth(s.state.applied)))
	}
}

// notice remembers what the node is like before its next step.
func (s *server) notice() {
	n, b := s.driver.Node(), &s.event.before
	b.role, b.term, b.vote, b.commit, b.last = n.Role(), n.Term(), n.Vote(), n.Commit(), n.Last()
	c, _ := n.Configuration()
	b.configuration = masksOf(c)
}

// Stepped implements [raft.Observer].
func (s *server) Stepped(_ raft.Instant, _ *raft.Input, out *raft.Effects) {
	n, e, b := s.driver.Node(), &s.event, &s.event.before
	id := n.Self().ID
	switch {
	case out.Refusal.Code == raft.Diverged:
		e.fail("diverged: server %d found that its peers diverged, at index %d of term %d", id, out.Refusal.Index, out.Refusal.Term)
	case n.Term() < b.term:
		e.fail("term-monotonic: server %d goes back from term %d to %d", id, b.term, n.Term())
	case n.Commit() < b.commit:
		e.fail("commit-monotonic: server %d goes back from commit index %d to %d", id, b.commit, n.Commit())
	case n.Term() == b.term && b.vote != raft.Member{} && n.Vote() != b.vote:
		e.fail("one-vote: server %d changes its vote in term %d from server %d to %d", id, n.Term(), b.vote.ID, n.Vote().ID)
	}
	if n.Role() == raft.Leader {
		led := b.role == raft.Leader && b.term == n.Term()
		if !led {
			e.won = n.Term()
		}
		if led && n.Last() < b.last {
			e.fail("leader-append-only: server %d, leader of term %d, removes entries from its log", id, n.Term())
		}
		if n.Commit() > b.commit && led {
			e.committed, e.quorum = n.Term(), b.configuration
		}
	}
	s.notice()
}

// checkSent checks that what a message says is durable: together with votes that
// don't change in a term, a server then votes once a term whatever it forgets in a
// crash (§3.8).
func (s *server) checkSent(m *raft.Message) {
	hard := &s.disk.kept().hard
	if claims := m.Kind != raft.PreVote && (m.Kind != raft.PreVoteReply || m.Reject); claims && hard.Term < m.Term {
		s.event.fail("persist-before-send: server %d sends a %s of term %d, but has only term %d on its disk",
			m.From.ID, messageNames[m.Kind], m.Term, hard.Term)
	}
	vote := m.From
	if m.Kind == raft.VoteReply {
		vote = m.To
	}
	if votes := m.Kind == raft.Vote || m.Kind == raft.VoteReply && !m.Reject; votes && hard.Term == m.Term && hard.Vote != vote {
		s.event.fail("persist-before-send: server %d tells of its vote for server %d in term %d, but has not that on its disk", m.From.ID, vote.ID, m.Term)
	}
}

// checkStep checks the state that a step has led to against itself.
func (s *server) checkStep() {
	n, c := s.driver.Node(), s.disk.now()
	switch log := c.chain(s.chains); {
	case n.Role() == raft.Stopped:
		s.event.fail("refusal: server %d stops: %v", n.Self().ID, n.Stopped())
	case n.Commit() > c.last:
		s.event.fail("commit-safety: server %d takes %d to be committed, but its log ends at %d", n.Self().ID, n.Commit(), c.last)
	case !s.chains.holds(log, s.state.applied), s.chains.depth(s.state.applied) != uint32(n.Commit()):
		s.event.fail("state-machine-safety: server %d has not applied what its log holds", n.Self().ID)
	case s.disk.kept().hard.Commit > s.disk.kept().last:
		s.event.fail("durable-commit: server %d has commit index %d on its disk, but the log only up to %d",
			n.Self().ID, s.disk.kept().hard.Commit, s.disk.kept().last)
	}
}

// describe tells the server's state in words.
func (s *server) describe() string {
	n, c := s.driver.Node(), s.disk.now()
	text := fmt.Sprintf("%v, term %d", n.Role(), n.Term())
	if vote := n.Vote(); vote.ID != 0 {
		text += fmt.Sprintf(", vote %d", vote.ID)
	}
	log := ""
	if c.base > 0 {
		log = fmt.Sprintf("%d+", c.base)
	}
	text += fmt.Sprintf(", log %s%s, commit %d", log, describeRecords(c.entries[c.base:c.last]), n.Commit())
	if s.disk.pending > 0 {
		text += fmt.Sprintf(", %d writes pending", s.disk.pending)
	}
	return text
}
