package raft_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// §3.5
func TestACommittedEntryIsAppliedByAll(t *testing.T) {
	lab := newLaboratory(t, 5)
	leader := lab.elect(2)
	leader.propose("x")
	leader.propose("y")
	lab.run(2 * beat)
	for _, s := range lab.servers {
		lab.check(slices.Equal(s.machine, []string{"x", "y"}), "server %d has applied %q", s.member.ID, s.machine)
	}
}

// §3.5: "If an existing entry conflicts with a new one (same index but different
// terms), delete the existing entry and all that follow it": and only then.
func TestEntriesAreRemovedOnlyWhereTheyConflict(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.receiveAppend(1, 1, 0, 0, 0, commands(1, 1, "a", "b", "c")...)
	s.reply(raft.AppendReply)
	s.receiveAppend(1, 1, 0, 0, 0, commands(1, 1, "a")...)
	lab.check(s.reply(raft.AppendReply).Index == 1, "a delayed Append says what it says")
	lab.check(s.node().Last() == 3, "and removes nothing that follows it")
	s.receiveAppend(1, 1, 1, 1, 0)
	lab.check(s.node().Last() == 3, "neither does an empty one")
	s.receiveAppend(2, 2, 1, 1, 0, commands(2, 2, "B")...)
	lab.check(s.node().Last() == 2, "an entry of another term removes what it contradicts, and all that follows")
}

// §3.5
func TestAnAppendThatDoesNotFollowIsRejectedWithAHint(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.receiveAppend(1, 1, 0, 0, 0, commands(1, 1, "a", "b")...)
	s.reply(raft.AppendReply)
	s.receiveAppend(2, 4, 5, 3, 0, commands(6, 4, "f")...)
	r := s.reply(raft.AppendReply)
	lab.check(r.Reject && r.Index == 5 && r.Last == 2 && r.LogTerm == 1, "got %s", r)
	s.receiveAppend(2, 4, 2, 3, 0, commands(3, 4, "c")...)
	r = s.reply(raft.AppendReply)
	lab.check(r.Reject && r.Index == 2 && s.node().Last() == 2, "got %s", r)
}

// §3.5, p. 21
func TestALeaderBacksUpOverWholeConflictingTerms(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	next := raft.Index(1)
	for term := raft.Term(1); term <= 6; term++ { // thirty entries that nobody else has
		s.receiveAppend(2, term, next-1, term-1, 0, commands(next, term, "a", "b", "c", "d", "e")...)
		next += 5
	}
	lab.flight = nil
	leader := lab.server(1)
	leader.receive(raft.Message{Kind: raft.AppendReply, Reject: true, From: first(2), Term: 6})
	rejections := 0
	lab.sent = func(p *packet) {
		if p.Kind == raft.AppendReply && p.Reject && p.From.ID == 3 {
			rejections++
		}
	}
	lab.winAmong(1, cutOff(3))
	for range 5 {
		leader.propose("z")
	}
	lab.run(5 * beat)
	lab.check(s.node().Last() == leader.node().Last() && s.node().Commit() == leader.node().Commit(), "the logs should agree")
	lab.check(rejections <= 3, "it took %d rejections to go back over 30 entries of 6 terms", rejections)
}

// §3.5, p. 22: the match index comes from what the Append held, not from what
// the follower has beside it.
func TestAFollowerAcknowledgesWhatTheAppendHeldAndNoMore(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.receiveAppend(1, 1, 0, 0, 0, commands(1, 1, "a", "b", "old", "old")...)
	s.reply(raft.AppendReply)
	s.receiveAppend(2, 2, 1, 1, 0, commands(2, 1, "b")...)
	lab.check(s.reply(raft.AppendReply).Index == 2, "entries 3 and 4 may differ from the leader's")
	s.receiveAppend(2, 2, 1, 1, 4)
	lab.check(s.reply(raft.AppendReply).Index == 1, "a probe without entries only says that the one before agrees")
	lab.check(s.node().Commit() <= 2, "and commits nothing beyond what agrees")
}

// §3.5: the same with the leader's eyes.
func TestALeaderDoesNotCommitWhatAFollowerHasOfAnOlderLeader(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.receiveAppend(2, 1, 0, 0, 0, commands(1, 1, "old", "old", "old", "old")...)
	lab.flight = nil
	for _, id := range []raft.ID{1, 2} {
		lab.server(id).receive(raft.Message{Kind: raft.AppendReply, Reject: true, From: first(3), Term: 1})
	}
	leader := lab.winAmong(1, cutOff(3))
	for _, command := range []string{"p", "q"} {
		leader.propose(command)
	}
	lab.deliverWhere(cutOff(2))
	lab.run(3 * beat)
	lab.check(s.node().Last() == leader.node().Last(), "the old entries should be gone")
	lab.check(slices.Equal(s.machine, []string{"p", "q"}), "server 3 has applied %q", s.machine)
}

// §3.8
func TestAFollowerAcknowledgesEntriesOnlyWhenTheyAreDurable(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.elect(1)
	s := lab.server(3)
	s.slow = true
	lab.server(1).propose("x")
	lab.deliver(kind(raft.Append, 3))
	s.silent(raft.AppendReply)
	s.persist()
	lab.check(s.reply(raft.AppendReply).Index == s.node().Last(), "then it should")
}

// The ABA race: same index, other term.
func TestTheCompletionOfAnOlderWriteDoesNotMakeANewerEntryDurable(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.receiveAppend(1, 1, 0, 0, 0)
	lab.flight = nil
	s.slow = true
	s.receiveAppend(1, 1, 0, 0, 0, commands(1, 1, "a", "b")...)
	older := slices.Clone(s.Pending())
	s.receiveAppend(2, 2, 0, 0, 0, commands(1, 2, "A", "B")...)
	for _, number := range older {
		s.Complete(number)
	}
	s.driver.Wake()
	lab.check(s.node().Durable() == 0, "of the present log nothing is durable")
	for _, p := range s.replies(raft.AppendReply) { // true of the log as it was in term 1
		lab.check(p.Term == 1, "%s leaves too early", p)
	}
	s.persist()
	lab.check(s.reply(raft.AppendReply).Index == 2 && s.node().Durable() == 2, "now it is")
}

// §10.2.1
func TestALeaderDoesNotCommitByItsOwnOlderWrite(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.slow = true
	index, _ := leader.propose("x")
	older := slices.Clone(leader.Pending())
	leader.propose("y")
	lab.deliver(kind(raft.Append, 2))
	lab.deliver(kind(raft.AppendReply, 1))
	lab.check(leader.node().Commit() < index, "one follower and a pending write are no quorum")
	leader.Complete(older[0])
	leader.driver.Wake()
	lab.check(leader.node().Commit() == index, "with its own write entry %d is", index)
}

func TestCompletionsOutOfOrderMakeOnlyAPrefixDurable(t *testing.T) {
	lab := newLaboratory(t, 1)
	s := lab.server(1)
	lab.run(timeout)
	s.slow = true
	s.propose("a")
	s.propose("b")
	pending := slices.Clone(s.Pending())
	before := s.node().Commit()
	s.Complete(pending[1])
	s.driver.Wake()
	lab.check(s.node().Commit() == before, "the second write alone commits nothing")
	s.Complete(pending[0])
	s.driver.Wake()
	lab.check(s.node().Commit() == before+2, "both do")
}

// §10.2.1
func TestALeaderSendsManyAppendsWithoutWaiting(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	for range 3 {
		leader.propose("x")
	}
	sent := lab.take(kind(raft.Append, 2))
	lab.check(len(sent) == 3, "%d Appends are in flight, want 3", len(sent))
	lab.take(kind(raft.Append, 3))
	for _, late := range slices.Backward(sent) { // in the wrong order
		lab.handOver(late)
	}
	lab.run(3 * beat)
	for _, s := range lab.servers {
		lab.check(len(s.machine) == 3, "all should arrive in the end")
	}
}

func TestALeaderBoundsWhatIsInFlight(t *testing.T) {
	lab := newLaboratory(t, 3, func(l *laboratory) {
		l.settings.MaxMessageBytes, l.settings.MaxInflightBytes = 10, 20
	})
	leader := lab.elect(1)
	for range 8 {
		leader.propose("0123456789")
	}
	bytes := uint32(0)
	for _, p := range lab.take(kind(raft.Append, 2)) {
		bytes += p.Bytes
	}
	lab.check(bytes == 20, "%d bytes are in flight, want 20", bytes)
}

// Duplicated and stale acknowledgements.
func TestAnOldAcknowledgementMovesNothingBack(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	index, _ := leader.propose("x")
	lab.run(beat)
	leader.receive(raft.Message{Kind: raft.AppendReply, From: first(2), Term: 1, Index: 1})
	leader.receive(raft.Message{Kind: raft.AppendReply, Reject: true, From: first(2), Term: 1, Index: 1})
	lab.check(leader.node().Match(1) == index, "the match index should stay at %d, it is %d", index, leader.node().Match(1))
}

func TestAnAcknowledgementBeyondTheLogIsRefused(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	refusal := leader.receive(raft.Message{Kind: raft.AppendReply, From: first(2), Term: 1, Index: 99})
	lab.check(refusal.Code == raft.Diverged, "got %v", refusal)
}

func TestAConflictAtOrBelowTheCommitIndexIsRefusedWithNothingWritten(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.receiveAppend(1, 1, 0, 0, 2, commands(1, 1, "a", "b")...)
	var before, after raft.Stored
	s.Stored(&before)
	refusal := s.receiveAppend(2, 2, 1, 1, 0, commands(2, 2, "B")...)
	s.Stored(&after)
	lab.check(refusal.Code == raft.Diverged && s.node().Stopped() == raft.Diverged, "got %v", refusal)
	lab.check(before == after, "the store has changed from %+v to %+v", before, after)
}

func TestAFollowerWithoutRoomAnswersFullAndIsSentNoMoreUntilItHasRoom(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	s := lab.server(3)
	s.full = true
	leader.propose("x")
	lab.run(3 * beat)
	lab.check(s.node().Last() == 1 && s.node().Role() == raft.Follower, "the entry should not fit")
	full, appends := 0, 0
	lab.sent = func(p *packet) {
		if p.From.ID == 3 && p.Full {
			full++
		}
		if p.To.ID == 3 && p.Kind == raft.Append && p.Last > p.Index {
			appends++
		}
	}
	lab.run(5 * beat)
	lab.check(full > 0 && appends == 0, "%d answers were Full and %d Appends were sent meanwhile", full, appends)
	s.full = false
	lab.run(5 * beat)
	lab.check(len(s.machine) == 1, "with room it should catch up")
}

// A leader whose own disk hangs hands over.
func TestALeaderWhoseDiskHangsHandsOver(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.slow = true
	leader.propose("x")
	lab.run(2 * timeout)
	lab.check(leader.node().Leader() != first(1), "somebody else should lead")
}

// §3.5, Log Matching: who has an entry of the leader's term as its last has the
// leader's log up to there, so the answer to a heartbeat can acknowledge.
func TestAnAnswerToAHeartbeatAcknowledgesWhatIsDurableOfALogThatIsTheLeaders(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	index, _ := leader.propose("x")
	lab.runWhere(3*beat, func(p *packet) bool { return p.Kind != raft.AppendReply })
	lab.check(leader.node().Commit() == index, "entry %d should be committed", index)
}

func TestAnAnswerToAHeartbeatAcknowledgesNothingOfALogThatMayNotBeTheLeaders(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.winAmong(1, func(*packet) bool { return true })
	lab.flight = nil
	for _, id := range []raft.ID{2, 3} {
		leader.receive(raft.Message{Kind: raft.HeartbeatReply, From: first(id), Term: 1, Index: 1, Last: 1, LogTerm: 0})
	}
	lab.check(leader.node().Commit() == 0, "what is of another term proves nothing")
}

func TestWhatOnlyWaitsForAFollowersDiskIsNotSentAgain(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	s := lab.server(3)
	s.slow = true
	leader.propose("x")
	lab.run(beat / 2)
	resent := 0
	lab.sent = func(p *packet) {
		if p.Kind == raft.Append && p.To.ID == 3 && p.Last > p.Index {
			resent++
		}
	}
	lab.run(5 * beat)
	lab.check(resent == 0, "the entry was sent again %d times", resent)
	s.slow = false
	s.persist()
	lab.run(2 * beat)
	lab.check(leader.node().Match(2) == leader.node().Last(), "it should be acknowledged in the end")
}

// A duplicate is no news: what it is taken for must not start anything.
func TestALateRejectionDoesNotInterruptALaterAttempt(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	var rejection *packet
	lab.sent = func(p *packet) {
		if p.Kind == raft.AppendReply && p.Reject && rejection == nil {
			rejection = p
		}
	}
	leader.propose("lost")
	lab.deliverWhere(cutOff(3))
	leader.propose("early")
	lab.run(3 * beat)
	lab.check(rejection != nil, "server 3 should have rejected what does not follow")
	leader.propose("y")
	before := len(lab.flight)
	lab.handOver(rejection)
	lab.handOver(rejection)
	lab.check(len(lab.flight) == before, "a late rejection set off %v", lab.flight[before:])
}

// Reads begin rounds of their own, which are no reason not to look after the disk.
func TestReadsDoNotKeepALeaderFromNoticingThatItsDiskHangs(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.slow = true
	leader.propose("x")
	for end := lab.now + 2*timeout; lab.now < end && leader.node().Role() == raft.Leader; {
		leader.read(raft.Linearizable)
		lab.run(beat / 2)
	}
	lab.check(leader.node().Role() != raft.Leader, "server 1 should have handed over")
}

// Nothing that is refused for this reason may have changed what is stored.
func TestInputThatNoCorrectPeerCanSendStopsTheServerWithNothingWritten(t *testing.T) {
	bad := configurationOf(3)
	bad.Voters = 0
	change := raft.Entry{Index: 5, Term: 3, Kind: raft.ConfigurationChange, Configuration: &bad}
	for _, c := range []struct {
		name string
		give func(s *server) raft.Refusal
	}{
		{"an entry that is committed here in another term", func(s *server) raft.Refusal {
			return s.receiveAppend(2, 3, 1, 1, 0, commands(2, 3, "x", "y", "z")...)
		}},
		{"a late Append of such an entry", func(s *server) raft.Refusal {
			return s.receiveAppend(2, 3, 1, 1, 0, commands(2, 3, "x")...)
		}},
		{"entries after one that is committed here in another term", func(s *server) raft.Refusal {
			return s.receiveAppend(2, 3, 3, 1, 0, commands(4, 3, "x")...)
		}},
		{"a late Append after such an entry", func(s *server) raft.Refusal {
			return s.receiveAppend(2, 3, 3, 3, 0)
		}},
		{"a commit index beyond the log", func(s *server) raft.Refusal {
			return s.receive(raft.Message{Kind: raft.Heartbeat, From: first(2), Term: 3, Commit: 9})
		}},
		{"a configuration of nobody", func(s *server) raft.Refusal {
			return s.receiveAppend(2, 3, 4, 2, 0, change)
		}},
		{"terms that fall along the entries", func(s *server) raft.Refusal {
			return s.receiveAppend(2, 3, 4, 2, 0, commands(5, 1, "x")...)
		}},
		{"entries of a term that is yet to come", func(s *server) raft.Refusal {
			return s.receiveAppend(2, 3, 4, 2, 0, commands(5, 4, "x")...)
		}},
		{"a candidate that already has entries of its term", func(s *server) raft.Refusal {
			return s.receive(raft.Message{Kind: raft.Vote, From: first(2), Term: 3, Index: 9, LogTerm: 3})
		}},
		{"a message from itself", func(s *server) raft.Refusal {
			return s.receive(raft.Message{Kind: raft.Heartbeat, From: first(3), Term: 3})
		}},
		{"a message of no term", func(s *server) raft.Refusal {
			return s.receive(raft.Message{Kind: raft.Heartbeat, From: first(2)})
		}},
		{"an Append without its entries", func(s *server) raft.Refusal {
			return s.receive(raft.Message{Kind: raft.Append, From: first(2), Term: 3, Index: 4, LogTerm: 2, Last: 5, EntryTerm: 3})
		}},
		{"a chunk without its snapshot", func(s *server) raft.Refusal {
			return s.receive(raft.Message{Kind: raft.SnapshotChunk, From: first(2), Term: 3, Index: 9, LogTerm: 2, Bytes: 1})
		}},
		{"an entry that is compacted here and was of another term", func(s *server) raft.Refusal {
			return s.receiveAppend(2, 3, 2, 1, 0, commands(3, 3, "x", "y")...)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := newLaboratory(t, 3)
			s := lab.server(3)
			s.receiveAppend(1, 1, 0, 0, 2, commands(1, 1, "a", "b")...)
			s.receiveAppend(1, 2, 2, 1, 3, commands(3, 2, "c", "d")...)
			if strings.Contains(c.name, "compacted") {
				s.snapshotAt(3)
			}
			lab.flight = nil
			var before, after raft.Stored
			s.Stored(&before)
			refusal := c.give(s)
			s.Stored(&after)
			lab.check(refusal.Code == raft.Diverged && s.node().Stopped() == raft.Diverged, "got %v", refusal)
			lab.check(before == after, "the store has changed from %+v to %+v", before, after)
			lab.check(len(lab.flight) == 0, "it should say nothing, not %v", lab.flight)
		})
	}
}

// What arrived there but was lost in a crash is sent again, although the follower
// had told that it had it.
func TestAFollowerThatLosesWhatItToldOfIsSentItAgain(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.winAmong(1, func(*packet) bool { return true })
	lab.server(3).crash()
	s := lab.server(2)
	s.slow = true
	lab.runWhere(3*beat, cutOff(3))
	s.slow = false
	s.restart()
	lab.runWhere(5*timeout, cutOff(3))
	lab.check(leader.node().Commit() == leader.node().Last(), "the leader's no-op should be committed")
}
