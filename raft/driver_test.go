package raft_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// §3.8: nothing can be said of what a failed storage holds.
func TestANodeWhoseStorageFailsSaysNothingMoreAndStops(t *testing.T) {
	for _, c := range []struct {
		name string
		act  func(*server)
	}{
		{"a leader proposes", func(s *server) { s.tryPropose("x") }},
		{"a leader changes the configuration", func(s *server) { c := configurationOf(2); s.driver.Change(&c) }},
		{"a leader is deposed", func(s *server) { s.receiveAppend(2, 2, 1, 1, 1, commands(2, 2, "y")...) }},
		{"time passes", func(s *server) { s.lab.pass(beat) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := newLaboratory(t, 3)
			leader := lab.elect(1)
			lab.flight = nil
			leader.Fail(raft.StorageFailed)
			c.act(leader)
			lab.check(leader.node().Stopped() == raft.StorageFailed, "server 1 should have stopped")
			lab.check(len(leader.replies(raft.Append))+len(leader.replies(raft.AppendReply)) == 0, "and should have said nothing of its log")
		})
	}
}

// Where too many messages wait for the disk, an acknowledgement says what those
// before it say, so that the newest is worth most.
func TestTheNewestAcknowledgementsAreHeldWhenTheDiskIsSlow(t *testing.T) {
	const many = 200 // more than a driver holds
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.slow = true
	for index := raft.Index(1); index <= many; index++ {
		s.receiveAppend(1, 1, index-1, min(raft.Term(index-1), 1), 0, commands(index, 1, "x")...)
	}
	s.silent(raft.AppendReply)
	s.persist()
	sent := s.replies(raft.AppendReply)
	lab.check(len(sent) > 0 && len(sent) < many, "%d acknowledgements were held", len(sent))
	lab.check(sent[len(sent)-1].Index == many, "the last should be of entry %d: %s", many, sent[len(sent)-1])
}

func TestAServerThatIsStartedAgainAfterAFailureSpeaksAtOnce(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.Fail(raft.StorageFailed)
	s.driver.Wake()
	s.restart()
	s.receive(raft.Message{Kind: raft.PreVote, From: first(2), Term: 9, Index: 9, LogTerm: 8})
	s.reply(raft.PreVoteReply)
}
