package raft_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// snapshotAt takes a snapshot of what the server has applied at an index and
// drops the log up to it.
func (s *server) snapshotAt(index raft.Index) {
	s.lab.t.Helper()
	if refusal := s.trySnapshot(index); refusal.Code != raft.OK {
		s.lab.t.Fatalf("server %d refuses a snapshot at %d: %v", s.member.ID, index, refusal)
	}
}

func (s *server) trySnapshot(index raft.Index) raft.Refusal {
	var taken raft.Snapshot
	s.TakeSnapshot(index, []byte(strings.Join(s.machine, ",")), &taken)
	refusal := s.driver.Compact(&taken, index)
	s.settled()
	return refusal
}

// behind returns a laboratory in which server 3 needs the leader's snapshot. It
// is being sent; the first chunk is in flight.
func behind(t *testing.T) (*laboratory, *server) {
	t.Helper()
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	for i := range 6 {
		leader.propose(fmt.Sprint("c", i))
		lab.deliverWhere(cutOff(3))
	}
	leader.snapshotAt(leader.node().Commit())
	for len(lab.take(func(p *packet) bool { return false })) == 0 {
		lab.pass(beat)
		for range 4 {
			lab.deliver(func(p *packet) bool { return p.Kind != raft.SnapshotChunk })
		}
		if slices.ContainsFunc(lab.flight, kind(raft.SnapshotChunk, 3)) {
			return lab, leader
		}
		if lab.now > 100_000*millisecond {
			t.Fatalf("no chunk is sent: %s", lab.describe())
		}
	}
	return lab, leader
}

// §5
func TestAFollowerThatLacksCompactedEntriesIsSentTheSnapshot(t *testing.T) {
	lab, leader := behind(t)
	lab.run(2 * beat)
	s := lab.server(3)
	leader.propose("after")
	lab.run(2 * beat)
	want := []string{"c0,c1,c2,c3,c4,c5", "after"}
	lab.check(slices.Equal(s.machine, want), "server 3 has %q, want %q", s.machine, want)
	s.restart()
	lab.check(s.node().Commit() >= 7, "it should remember the snapshot")
}

// §5, Figure 5.3
func TestALateOrMixedUpChunkIsHarmless(t *testing.T) {
	lab, leader := behind(t)
	s := lab.server(3)
	var seen []*packet
	lab.sent = func(p *packet) {
		if p.Kind == raft.SnapshotChunk {
			seen = append(seen, p)
		}
	}
	firstChunk := lab.take(kind(raft.SnapshotChunk, 3))[0]
	mixed := *firstChunk
	other := *firstChunk.snapshot
	other.Digest++
	mixed.snapshot = &other
	lab.handOver(firstChunk)
	lab.handOver(&mixed) // of another snapshot: starts anew
	lab.handOver(firstChunk)
	lab.handOver(firstChunk)
	for range 6 { // every chunk twice, and the first once more
		for _, p := range lab.take(kind(raft.SnapshotChunk, 3)) {
			lab.handOver(p)
			lab.handOver(p)
			lab.handOver(firstChunk)
		}
		lab.deliver(func(p *packet) bool { return p.Kind != raft.SnapshotChunk })
	}
	lab.run(3 * timeout / 2)
	lab.check(len(s.machine) > 0 && s.machine[0] == "c0,c1,c2,c3,c4,c5", "server 3 has %q", s.machine)
	for _, p := range seen { // again, after all is done
		lab.handOver(p)
	}
	lab.check(s.node().Stopped() == raft.OK && s.node().Commit() >= leader.node().Commit()-1, "late chunks should change nothing")
}

// §5: a damaged snapshot is asked for again.
func TestADamagedSnapshotIsSentAgain(t *testing.T) {
	lab, _ := behind(t)
	p := lab.take(kind(raft.SnapshotChunk, 3))[0]
	p.chunk[0] ^= 1
	lab.handOver(p)
	lab.run(timeout)
	s := lab.server(3)
	lab.check(len(s.machine) == 1 && s.machine[0] == "c0,c1,c2,c3,c4,c5", "server 3 has %q", s.machine)
}

// §5: "If instead the follower receives a snapshot that describes a prefix of its
// log, the entries following the snapshot are still valid and must be retained."
func TestAFollowerWhoseLogHoldsTheSnapshotsLastEntryKeepsWhatFollows(t *testing.T) {
	lab := newLaboratory(t, 3)
	s := lab.server(3)
	s.receiveAppend(1, 1, 0, 0, 0, commands(1, 1, "a", "b", "c")...)
	s.reply(raft.AppendReply)
	snapshot := raft.Snapshot{Index: 2, Term: 1, Size: 1, Configuration: configurationOf(3)}
	lab.handOver(&packet{
		Message:  raft.Message{Kind: raft.SnapshotChunk, Cluster: cluster, From: first(1), To: s.member, Term: 1, Index: 2, LogTerm: 1, Bytes: 1},
		snapshot: &snapshot, chunk: []byte{1},
	})
	lab.check(s.reply(raft.AppendReply).Index == 2, "it should acknowledge the snapshot")
	lab.check(s.node().Last() == 3 && s.node().Commit() == 2, "and keep entry 3")
}

// §5.1
func TestTheLogIsCutOnlyWhenTheSnapshotIsDurable(t *testing.T) {
	lab := newLaboratory(t, 1)
	s := lab.server(1)
	lab.run(timeout)
	s.propose("x")
	s.slow = true
	s.snapshotAt(s.node().Commit())
	_, _, _, held := s.Header(1)
	lab.check(held, "the log should still be there")
	refusal := s.trySnapshotAgain()
	lab.check(refusal.Code == raft.SnapshotOutOfRange || refusal.Code == raft.SnapshotPending, "got %v", refusal)
	s.persist()
	_, _, _, held = s.Header(1)
	lab.check(!held, "now it should be gone")
}

func (s *server) trySnapshotAgain() raft.Refusal {
	return s.driver.Compact(&raft.Snapshot{Index: s.node().Commit()}, s.node().Commit())
}

func TestASnapshotOutOfRangeIsRefused(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.propose("x")
	for _, index := range []raft.Index{0, leader.node().Commit() + 1, 1000} {
		refusal := leader.driver.Compact(&raft.Snapshot{Index: index}, index)
		lab.check(refusal.Code == raft.SnapshotOutOfRange, "at %d: got %v", index, refusal)
	}
}

func TestTheSnapshotThatIsBeingSentIsKept(t *testing.T) {
	lab, leader := behind(t)
	leader.propose("x")
	lab.deliverWhere(cutOff(3))
	leader.receive(raft.Message{Kind: raft.HeartbeatReply, From: first(3), Term: 1})
	refusal := leader.trySnapshot(leader.node().Commit())
	lab.check(refusal.Code == raft.SnapshotPinned && refusal.Node == 3, "got %v", refusal)
	lab.runWhere(timeout+beat, cutOff(3))
	refusal = leader.trySnapshot(leader.node().Commit())
	lab.check(refusal.Code == raft.OK, "once the peer has been silent: got %v", refusal)
}

// §5: what was acknowledged stays. The snapshot's last entry was not in the log
// when the transfer began, and is when the snapshot has been checked.
func TestEntriesThatArriveWhileASnapshotIsCheckedStay(t *testing.T) {
	lab := newLaboratory(t, 3)
	follower := lab.server(3).bare()
	snapshot := raft.Snapshot{Index: 2, Term: 1, Size: 1, Digest: 7, Configuration: configurationOf(3)}
	follower.receive(raft.Message{Kind: raft.SnapshotChunk, From: first(1), Term: 1, Index: 2, LogTerm: 1, Bytes: 1}, snapshot)
	lab.check(follower.out.Check, "the snapshot is complete and should be checked")
	follower.receive(raft.Message{Kind: raft.Append, From: first(1), Term: 1, Last: 3, EntryTerm: 1, Bytes: 3})
	acknowledged := follower.said(raft.AppendReply)
	lab.check(len(acknowledged) == 1 && acknowledged[0].Index == 3, "entry 3 should be acknowledged")
	follower.step(raft.Input{Kind: raft.Checked, Intact: true, Snapshot: snapshot})
	lab.check(follower.Last() == 3 && follower.out.SaveSnapshot != raft.WriteInstall, "and stay in the log, which ends at %d", follower.Last())
	lab.check(follower.Commit() == 2, "the snapshot tells that entry 2 is committed")
}

// A leader that can take no more proposals needs its room more than its peer needs
// that very snapshot.
func TestTheSnapshotThatIsBeingSentGivesWayWhenRoomIsNeeded(t *testing.T) {
	lab, leader := behind(t)
	leader.propose("x")
	lab.deliverWhere(cutOff(3))
	leader.receive(raft.Message{Kind: raft.HeartbeatReply, From: first(3), Term: 1})
	index := leader.node().Commit()
	refusal := leader.trySnapshot(index)
	lab.check(refusal.Code == raft.SnapshotPinned, "while there is room: got %v", refusal)
	leader.full = true
	refusal = leader.trySnapshot(index)
	lab.check(refusal.Code == raft.OK, "without room: got %v", refusal)
	leader.full = false
	lab.run(timeout)
	lab.check(lab.server(3).applied == index, "server 3 should be sent the newer snapshot instead")
}

// What a leader has room for is counted in bytes as well: with hardly any left it can
// take no more proposals either.
func TestTheSnapshotThatIsBeingSentGivesWayWhenBytesAreNeeded(t *testing.T) {
	lab, leader := behind(t)
	leader.propose("x")
	lab.deliverWhere(cutOff(3))
	leader.receive(raft.Message{Kind: raft.HeartbeatReply, From: first(3), Term: 1})
	leader.fewBytes = true
	refusal := leader.trySnapshot(leader.node().Commit())
	lab.check(refusal.Code == raft.OK, "with room for entries, but not for their bytes: got %v", refusal)
}

// A leader that sends a snapshot is no less a leader.
func TestHeartbeatsDoNotQueueBehindChunks(t *testing.T) {
	lab, _ := behind(t)
	lab.flight = nil
	heartbeats := 0
	for range 20 { // every chunk is lost
		lab.pass(beat)
		heartbeats += len(lab.take(kind(raft.Heartbeat, 3)))
		lab.deliver(cutOff(3))
		lab.deliver(cutOff(3))
		lab.take(kind(raft.SnapshotChunk))
	}
	lab.check(heartbeats == 20, "%d heartbeats were sent in 20 intervals", heartbeats)
}

// §5, §4.1: a snapshot says which configuration was in force. A joiner that is sent
// the log from its first entry on does not know it until it comes upon one: a
// snapshot without any would stop whoever is sent it when the joiner leads.
func TestAJoinerTakesNoSnapshotBeforeItKnowsAConfiguration(t *testing.T) {
	lab := newLaboratory(t, 3, func(l *laboratory) { l.settings.MaxMessageBytes, l.settings.MaxInflightBytes = 10, 10 })
	leader := lab.elect(1)
	for range 6 {
		leader.propose("0123456789")
		lab.run(beat)
	}
	joiner := lab.join(4)
	added := leader.change(membersOf([]raft.ID{1, 2, 3}, 4))
	for end := lab.now + timeout; joiner.applied < 3 && lab.now < end; {
		lab.runWhere(millisecond, func(p *packet) bool { return p.To.ID != 4 || p.Kind != raft.Append || p.Last < 4 || p.Index > 4 })
	}
	refusal := joiner.trySnapshot(joiner.applied)
	lab.check(refusal.Code == raft.SnapshotOutOfRange && joiner.applied < added, "at %d: got %v", joiner.applied, refusal)
	lab.run(timeout)
	joiner.snapshotAt(joiner.applied)

	leader.change(membersOf([]raft.ID{1, 2, 3, 4}))
	lab.run(timeout)
	leader.driver.Transfer(first(4))
	lab.run(timeout)
	fifth := lab.join(5)
	joiner.change(membersOf([]raft.ID{1, 2, 3, 4}, 5))
	lab.run(10 * timeout)
	lab.check(fifth.node().Stopped() == raft.OK && fifth.applied == joiner.applied, "the joiner's snapshot should bring server 5 up to date")
}

// A disk that fails to read at the leader is no reason for a follower to stop.
func TestAChunkThatCannotBeReadIsNotSent(t *testing.T) {
	lab, leader := behind(t)
	lab.flight = nil
	leader.rotten = true
	lab.run(5 * beat)
	s := lab.server(3)
	lab.check(s.node().Stopped() == raft.OK && s.applied < 7, "server 3 should wait")
	leader.rotten = false
	lab.run(5 * beat)
	lab.check(s.applied == 7, "and be sent the snapshot when it can be read")
}
