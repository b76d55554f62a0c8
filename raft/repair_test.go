package raft_test

import (
	"slices"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// damagedCluster is three servers with committed commands, of whom server 3 comes
// back from a crash without the body of entry 3, which it had not compacted.
func damagedCluster(t *testing.T) (*laboratory, *server) {
	t.Helper()
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	for _, command := range []string{"a", "b", "c"} {
		leader.propose(command)
	}
	lab.run(3 * beat)
	s := lab.server(3)
	s.crash()
	s.damaged = 3
	lab.start(s)
	return lab, s
}

// §3.5: entries of the same index and term are the same.
func TestALostBodyIsFetchedFromAPeerAndOnlyThenApplied(t *testing.T) {
	lab, s := damagedCluster(t)
	applied := false
	for range 20 {
		lab.runWhere(beat, func(p *packet) bool { return p.Kind != raft.FetchReply })
		applied = applied || s.applied >= 3
	}
	lab.check(!applied && s.applied == 2, "server 3 should apply up to the lost body and no further: %d", s.applied)
	lab.check(s.node().Commit() == 4, "it should follow all the same")
	lab.server(1).propose("d")
	lab.run(3 * timeout)
	lab.check(s.repaired == "b", "the body %q was put back", s.repaired)
	lab.check(slices.Equal(s.machine, []string{"a", "b", "c", "d"}), "it applied %q", s.machine)
}

// In a large cluster the one that has the body must not be the one that is hardly asked.
func TestWhoIsAskedForALostBodyIsDrawnAmongAllOthersAlike(t *testing.T) {
	lab := newLaboratory(t, 5)
	lab.elect(1).propose("a")
	lab.run(3 * beat)
	s := lab.server(5)
	s.crash()
	s.damaged = 2
	lab.start(s)
	var asked []raft.ID
	lab.sent = func(p *packet) {
		if p.Kind == raft.Fetch {
			asked = append(asked, p.To.ID)
		}
	}
	for len(asked) < 8 { // with as many draws
		s.jitter++
		lab.runWhere(beat, func(p *packet) bool { return p.Kind != raft.FetchReply })
	}
	for id := raft.ID(1); id <= 4; id++ {
		lab.check(slices.Contains(asked[4:], id), "server %d was not asked in four draws of %v", id, asked)
	}
}

func TestALostBodyIsFetchedWhileNobodyLeads(t *testing.T) {
	lab, s := damagedCluster(t)
	lab.server(1).crash()
	var asked []raft.ID
	lab.sent = func(p *packet) {
		if p.Kind == raft.Fetch {
			asked = append(asked, p.To.ID)
		}
	}
	for range 40 { // the random choice is the test's to make
		s.jitter = (s.jitter + 1) % 2
		lab.runWhere(timeout/2, func(p *packet) bool {
			return p.Kind == raft.Fetch || p.Kind == raft.FetchReply
		})
	}
	lab.check(slices.Contains(asked, 1) && slices.Contains(asked, 2), "it should ask all others: %v", asked)
	lab.check(s.damaged == 0 && s.repaired == "b", "server 2 has the body")
}

// A server that has the entry at that index, but of another term, has another entry.
func TestABodyOfAnotherTermIsNeitherSentNorPutBack(t *testing.T) {
	lab, s := damagedCluster(t)
	lab.flight = nil
	lab.server(2).receive(raft.Message{Kind: raft.Fetch, From: first(3), Term: 1, Index: 3, LogTerm: 2})
	lab.server(2).silent(raft.FetchReply)
	p := &packet{
		Message: raft.Message{Kind: raft.FetchReply, Cluster: cluster, From: first(2), To: first(3), Term: 2, Index: 3, LogTerm: 2, Bytes: 1},
		entries: commands(3, 2, "x"),
	}
	lab.accept(s, p)
	lab.check(s.damaged == 3 && s.node().Role() != raft.Stopped, "the body should still be lost")
}

// What nobody has any more, the leader's snapshot stands for. The log stays: what
// follows may have been acknowledged.
func TestALostBodyThatWasCompactedElsewhereIsMadeUpForByTheSnapshot(t *testing.T) {
	lab, s := damagedCluster(t)
	for _, id := range []raft.ID{1, 2} {
		lab.server(id).snapshotAt(4)
	}
	lab.server(1).propose("d")
	lab.run(0)
	last := s.node().Last()
	shortest := last
	lab.changed = func(changed *server) {
		if changed == s {
			shortest = min(shortest, s.node().Last())
		}
	}
	lab.run(6 * timeout)
	lab.check(s.damaged == 0, "the snapshot should stand for the lost body")
	lab.check(last == 5 && shortest == last, "the log should not have become shorter than %d: %d", last, shortest)
	lab.check(slices.Equal(s.machine, []string{"a,b,c", "d"}), "it applied %q", s.machine)
	s.restart()
	lab.run(3 * beat)
	lab.check(slices.Equal(s.machine, []string{"a,b,c", "d"}), "after a restart it applied %q", s.machine)
	lab.server(1).propose("e")
	lab.run(3 * beat)
	lab.check(slices.Equal(s.machine, []string{"a,b,c", "d", "e"}), "later it applied %q", s.machine)
}

func TestALeaderThatLostABodyHandsOver(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.propose("a")
	lab.run(beat)
	leader.damaged = 2
	lab.runWhere(2*timeout, func(p *packet) bool { return p.Kind != raft.FetchReply })
	lab.check(leader.node().Role() != raft.Leader, "server 1 should have handed over")
}

// A peer that was built with larger capacities is no reason to stop.
func TestAnAppendOfMoreEntriesThanABatchIsRefusedAndDoesNotStopTheNode(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(2)
	refusal := s.receive(raft.Message{Kind: raft.Append, From: first(1), Term: 1, Last: raft.MaxBatch + 1, EntryTerm: 1})
	lab.check(refusal.Code == raft.TooLarge, "got %v", refusal)
	lab.check(s.node().Role() == raft.Follower && s.node().Term() == 0, "it should go on as if nothing had come")
}

// §5, §3.5: terms never fall along a log, nor from what is committed to a snapshot.
func TestASnapshotOfAnEarlierTermThanWhatIsCommittedStopsTheNode(t *testing.T) {
	lab, leader := behind(t)
	chunk := *lab.take(kind(raft.SnapshotChunk, 3))[0]
	s := lab.server(2)
	leader.propose("x")
	lab.deliverWhere(cutOff(3))
	described := *chunk.snapshot
	described.Index, described.Term = s.node().Commit()+5, 0
	chunk.To, chunk.Index, chunk.LogTerm, chunk.snapshot = s.member, described.Index, 0, &described
	refusal := lab.accept(s, &chunk)
	lab.check(refusal.Code == raft.Diverged, "got %v", refusal)
}

// An entry counts for a quorum only where its bytes are.
func TestALostBodyIsNotCountedOnUntilItIsBack(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.server(2).crash()
	s := lab.server(3)
	leader.propose("a")
	leader.propose("b")
	lab.deliver(kind(raft.Append, 3))
	lab.flight = nil // so the acknowledgements are lost
	s.crash()
	s.damaged = 2
	lab.start(s)
	lab.runWhere(3*beat, func(p *packet) bool { return p.Kind != raft.FetchReply && cutOff(2)(p) })
	lab.check(leader.node().Commit() == 1, "entry 2 is on server 1 only, and must not be committed")
	s.jitter = 0 // by which server 1 is the one that is asked
	lab.runWhere(6*beat, cutOff(2))
	lab.check(s.damaged == 0 && leader.node().Commit() == 3, "with the body back both entries should be committed")
}

func TestALostBodyBelowTheOwnSnapshotIsLetGo(t *testing.T) {
	lab, s := damagedCluster(t)
	for _, id := range []raft.ID{1, 2} {
		lab.server(id).snapshotAt(4)
	}
	s.damaged = 0
	lab.run(beat)
	var taken raft.Snapshot
	s.TakeSnapshot(4, []byte("a,b,c"), &taken)
	if refusal := s.driver.Compact(&taken, 2); refusal.Code != raft.OK {
		t.Fatal(refusal)
	}
	s.crash()
	s.damaged = 4
	lab.start(s)
	chunks := 0
	lab.sent = func(p *packet) {
		if p.Kind == raft.SnapshotChunk {
			chunks++
		}
	}
	lab.run(5 * timeout)
	lab.check(s.damaged == 0 && chunks == 0, "its own snapshot stands for entry 4; %d chunks were sent", chunks)
}

// What the leader sends again and is there already is not written again, but the
// bytes may be gone meanwhile.
func TestAnEntryThatIsThereIsNotAcknowledgedWithoutItsBody(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.propose("a")
	leader.propose("b")
	again := lab.take(kind(raft.Append, 3))
	s := lab.server(3)
	for _, p := range again {
		lab.accept(s, p)
	}
	lab.take(kind(raft.AppendReply, 1)) // lost
	s.damaged = 2
	for _, p := range again {
		lab.accept(s, p)
	}
	for _, p := range lab.take(kind(raft.AppendReply, 1)) {
		lab.check(!p.Reject && p.Index <= 1, "server 3 acknowledges entry %d, but has lost the body of 2", p.Index)
	}
	s.damaged = 0
	for _, p := range again {
		lab.accept(s, p)
	}
	lab.deliver(kind(raft.AppendReply, 1))
	lab.check(leader.node().Match(2) == 3, "with the body back it should: %d", leader.node().Match(2))
}

func TestALeaderDoesNotCountAnEntryWhoseBodyItHasLost(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.propose("a")
	lab.deliver(kind(raft.Append, 2))
	leader.damaged = 2
	lab.deliver(kind(raft.AppendReply, 1))
	lab.check(leader.node().Commit() == 1, "entry 2 is on server 2 only, and must not be committed")
	lab.runWhere(timeout/2, cutOff(3))
	lab.check(leader.damaged == 0 && leader.node().Commit() >= 2, "with the body fetched from server 2 it should be: %d", leader.node().Commit())
}

// A leader that can't send an entry that nobody else has would hold up the cluster for
// ever.
func TestALeaderThatLacksABodyAndCannotBeRelievedStepsDown(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.run(beat)
	leader.propose("a")
	lab.flight = nil // so nobody else has it
	leader.damaged = leader.node().Last()
	lab.run(6 * timeout)
	lab.check(leader.node().Role() == raft.Follower, "server 1 should have stepped down")
	for _, id := range []raft.ID{2, 3} {
		if s := lab.server(id); s.node().Role() == raft.Leader {
			lab.check(s.node().Commit() > 1, "the next leader should commit its no-op")
			return
		}
	}
	lab.check(false, "another server should lead")
}
