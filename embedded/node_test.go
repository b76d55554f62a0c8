package embedded_test

import (
	"fmt"
	"testing"

	"github.com/driftless-raft/driftless/embedded"
	"github.com/driftless-raft/driftless/raft"
)

func TestBoardsReplicateAndRememberWhatTheyAcknowledged(t *testing.T) {
	p := newPlant(t, 3)
	p.found(3)
	for round := range 5 {
		value := fmt.Sprint(round)
		leader := p.leader()
		leader.expect(leader.propose("limit", value), value)
		for i, b := range p.boards { // one after the other, and in the end all at once
			b.powerCut()
			if round < 3 && i == round {
				p.run(2 * timeout)
			}
			if round < 4 {
				if r := b.powerUp(); r.Code != raft.OK {
					t.Fatalf("board %d does not start: %v", b.member.ID, r.Code)
				}
			}
		}
	}
	for _, b := range p.boards {
		b.powerUp()
	}
	leader := p.leader()
	leader.expect(leader.read(raft.Linearizable, "limit"), "4")
	p.until("all have applied it", func() bool {
		return p.boards[0].held("limit") == "4" && p.boards[1].held("limit") == "4" && p.boards[2].held("limit") == "4"
	})
}

func TestALogThatFillsUpIsCompactedAndABoardThatLagsIsSentTheSnapshot(t *testing.T) {
	p := newPlant(t, 3)
	p.found(3)
	leader := p.leader()
	lagging := p.boards[leader.member.ID%3]
	p.isolate(lagging, true)
	for i := range 4 * plantEntries {
		value := fmt.Sprint(i)
		leader.write(fmt.Sprint("n", i%16), value)
	}
	if c := leader.node.Counts(); c.Snapshots < 3 || leader.status().First < plantEntries {
		t.Errorf("%d snapshots were taken, and the log begins with %d", c.Snapshots, leader.status().First)
	}
	p.isolate(lagging, false)
	p.until("the board has caught up", func() bool { return lagging.held("n15") == fmt.Sprint(4*plantEntries-1) })
	if lagging.node.Counts().Loads != 1 {
		t.Errorf("the board has loaded %d snapshots, want 1", lagging.node.Counts().Loads)
	}
	lagging.powerCut()
	if r := lagging.powerUp(); r.Code != raft.OK || lagging.held("n15") == "" {
		t.Errorf("after a power cut it starts with %v and holds %q", r.Code, lagging.held("n15"))
	}
	p.until("it has caught up again", func() bool { return lagging.held("n15") == fmt.Sprint(4*plantEntries-1) })
	if c := leader.node.Counts(); c.Unsent != 0 || c.Damaged != 0 || c.Refused != 0 {
		t.Errorf("of the leader's messages %+v", c)
	}
}

func TestABoardIsBootstrappedOnceAndNeverWithAnEmptyStore(t *testing.T) {
	p := newPlant(t, 4)
	p.found(3)
	leader := p.leader()
	identity, c := raft.Identity{Cluster: 9, Self: leader.member}, p.configuration(3)
	for i := range 2 {
		if r := leader.node.Bootstrap(&identity, &c); r.Code != raft.NotEmpty || r.Node != leader.member.ID {
			t.Errorf("time %d, bootstrapped again: %v", i, r.Code)
		}
		if r := leader.node.Join(&identity); r.Code != raft.NotEmpty {
			t.Errorf("time %d, joined again: %v", i, r.Code)
		}
		leader.powerCut()
		leader.build() // not started yet
	}
	leader.powerUp()
	empty := p.boards[3]
	if r := empty.powerUp(); r.Code != raft.EmptyStore {
		t.Errorf("an empty board starts with %v", r.Code)
	}
	empty.refused(empty.propose("a", "b"), embedded.Reason(raft.EmptyStore))
	empty.refused(empty.read(raft.Stale, "a"), embedded.Reason(raft.EmptyStore))
	empty.refused(empty.ask(empty.node.Compact), embedded.Reason(raft.EmptyStore))
	if s := empty.status(); s.Role != raft.Stopped || s.Reason != embedded.Reason(raft.EmptyStore) || empty.node.Poll(1) != embedded.Never {
		t.Errorf("an empty board is %v, %v", s.Role, s.Reason)
	}
}

func TestABoardJoinsAsALearnerAndThenVotes(t *testing.T) {
	p := newPlant(t, 4)
	p.found(3)
	leader, joiner := p.leader(), p.boards[3]
	if r := joiner.node.Join(&raft.Identity{Cluster: 7, Self: joiner.member}); r.Code != raft.OK {
		t.Fatal(r.Code)
	}
	change := func(voters, learners raft.Slots) embedded.Answer {
		c := p.configuration(4)
		c.Voters, c.Learners = voters, learners
		return leader.answer(leader.ask(func(tag uint32) { leader.node.Change(tag, &c) }))
	}
	leader.expect(leader.propose("a", "1"), "1")
	if a := change(0b1111, 0); a.Outcome != embedded.Refused || a.Reason != embedded.Reason(raft.NotCaughtUp) {
		t.Errorf("a stranger is made a voter: %d, %v", a.Outcome, a.Reason)
	}
	if a := change(0b0111, 0b1000); a.Outcome != embedded.Done {
		t.Errorf("a learner is refused: %v", a.Reason)
	}
	p.until("the learner has learnt", func() bool { return joiner.held("a") == "1" })
	p.run(2 * beat)
	if a := change(0b1111, 0); a.Outcome != embedded.Done {
		t.Errorf("a voter is refused: %v", a.Reason)
	}
	p.until("four vote", func() bool { s := joiner.status(); return s.Settled && s.Configuration.Voters == 0b1111 })
	leader.ask(func(tag uint32) { leader.node.Transfer(tag, joiner.member) })
	p.until("the newcomer leads", func() bool { return joiner.status().Role == raft.Leader })
}

func TestRequestsAreAnsweredByTheirFate(t *testing.T) {
	p := newPlant(t, 3)
	p.found(3)
	old := p.leader()
	old.expect(old.propose("a", "1"), "1")
	follower := p.boards[old.member.ID%3]
	refused := follower.propose("a", "2")
	follower.refused(refused, embedded.Reason(raft.NotLeader))
	if follower.answers[refused].Leader != old.member.ID {
		t.Errorf("the follower names %d, not %d", follower.answers[refused].Leader, old.member.ID)
	}
	p.isolate(old, true)
	var orphans []uint32
	for range 8 {
		orphans = append(orphans, old.propose("a", "never"))
	}
	if tag := old.propose("a", "too many"); old.answers[tag].Reason != embedded.TooManyRequests && old.answers[tag].Reason != embedded.Reason(raft.TooMuchUncommitted) {
		t.Errorf("one request too many: %v", old.answers[tag])
	}
	p.run(4 * timeout)
	leader := p.leader()
	for i := range 10 {
		leader.write("a", fmt.Sprint(i))
	}
	p.isolate(old, false)
	for _, tag := range orphans {
		if a := old.answer(tag); a.Reason != embedded.Superseded && a.Reason != embedded.Reason(raft.TooMuchUncommitted) {
			t.Errorf("a proposal of a deposed leader: %d, %v", a.Outcome, a.Reason)
		}
	}
	p.until("all hold the same", func() bool { return old.held("a") == "9" })
}

// A proposal that is committed in a snapshot is not known to be.
func TestWhatASnapshotHasBroughtIsUnknown(t *testing.T) {
	p := newPlant(t, 3)
	p.found(3)
	old := p.leader()
	p.isolate(old, true)
	tag := old.propose("a", "never")
	p.run(4 * timeout)
	leader := p.leader()
	for i := range 4 * plantEntries {
		leader.write("a", fmt.Sprint(i))
	}
	p.isolate(old, false)
	if a := old.answer(tag); a.Outcome != embedded.Unknown {
		t.Errorf("the proposal is %d, %v", a.Outcome, a.Reason)
	}
}

func TestReadsAreServedByTheirModes(t *testing.T) {
	p := newPlant(t, 3)
	p.found(3)
	leader := p.leader()
	leader.expect(leader.propose("a", "1"), "1")
	follower := p.boards[leader.member.ID%3]
	p.until("the follower has it", func() bool { return follower.held("a") == "1" })
	leader.expect(leader.read(raft.Linearizable, "a"), "1")
	leader.expect(leader.read(raft.Lease, "a"), "1")
	follower.expect(follower.read(raft.Linearizable, "a"), "1")
	follower.expect(follower.read(raft.Stale, "a"), "1")
	follower.refused(follower.read(raft.Lease, "a"), embedded.Reason(raft.NotLeader))
	follower.refused(follower.ask(func(tag uint32) { follower.node.Read(tag, raft.Stale, make([]byte, embedded.QuestionBytes+1)) }), embedded.QuestionTooLong)
	p.isolate(leader, true)
	lost := leader.read(raft.Linearizable, "a")
	p.run(4 * timeout)
	leader.refused(lost, embedded.Reason(raft.NotLeader))
	leader.refused(leader.read(raft.Lease, "a"), embedded.Reason(raft.NotLeader))
	leader.expect(leader.read(raft.Stale, "a"), "1")
}

func TestALogIsCompactedOnRequestUnlessThereIsNothingToCompact(t *testing.T) {
	p := newPlant(t, 1)
	p.found(1)
	b := p.leader()
	b.expect(b.propose("a", "1"), "1")
	if a := b.answer(b.ask(b.node.Compact)); a.Outcome != embedded.Done || b.status().First != b.status().Applied+1 {
		t.Errorf("compacted: %d, %v; the log begins with %d", a.Outcome, a.Reason, b.status().First)
	}
	b.refused(b.ask(b.node.Compact), embedded.NothingToCompact)
	b.store.spoilt = true
	b.powerCut()
	b.powerUp()
	if s := b.status(); s.Role != raft.Stopped || s.Reason != embedded.SnapshotUnreadable {
		t.Errorf("without its snapshot the board is %v, %v", s.Role, s.Reason)
	}
	b.refused(b.propose("a", "2"), embedded.SnapshotUnreadable)
}

func TestTheLastEntriesAppliedAreRemembered(t *testing.T) {
	p := newPlant(t, 1)
	p.found(1)
	b := p.leader()
	for i := range 40 {
		b.expect(b.propose("a", fmt.Sprint(i)), fmt.Sprint(i))
	}
	var a embedded.Applied
	count, last := 0, raft.Index(0)
	for b.node.NextApplied(last, &a) {
		if count > 0 && a.Index != last+1 || a.Kind != raft.Command || string(a.Response[1:]) != string(a.Command[3:]) {
			t.Errorf("entry %d follows %d: %q with %q", a.Index, last, a.Command, a.Response)
		}
		count, last = count+1, a.Index
	}
	if count != 16 || last != b.status().Applied {
		t.Errorf("%d entries up to %d are remembered, want 16 up to %d", count, last, b.status().Applied)
	}
}

func TestSettingsWhoseMessagesDoNotFitIntoFramesAreRefused(t *testing.T) {
	p := newPlant(t, 1)
	p.found(1)
	b := p.boards[0]
	b.settings.MaxMessageBytes++
	if r := b.powerUp(); r.Code != raft.BadSettings {
		t.Errorf("started: %v", r.Code)
	}
}

func TestBytesThatAreNoFrameAreCountedAndIgnored(t *testing.T) {
	p := newPlant(t, 1)
	p.found(1)
	b := p.boards[0]
	before := *b.node.Counts()
	b.node.Receive([]byte("no frame"))
	b.node.Receive(nil)
	if c := b.node.Counts(); c.Damaged != before.Damaged+2 || c.Received != before.Received {
		t.Errorf("counted: %+v", c)
	}
}

// Followers wake up for the leader's heartbeats and for nothing else; the leader for
// its own, and for the answers.
func TestAnIdleBoardWakesForItsDeadlinesAndFramesOnly(t *testing.T) {
	p := newPlant(t, 3)
	p.found(3)
	leader := p.leader()
	p.run(timeout)
	type counts struct {
		polls    embedded.Polls
		received uint32
		sleeps   uint32
	}
	look := func(b *station) counts {
		return counts{b.executor.Polls(0), b.node.Counts().Received, b.executor.Sleeps()}
	}
	var before []counts
	for _, b := range p.boards {
		before = append(before, look(b))
	}
	const hour = 3600 * 1000 * millisecond
	p.run(hour)
	for i, b := range p.boards {
		now, was := look(b), before[i]
		woken, due := now.polls.Woken-was.polls.Woken, now.polls.Due-was.polls.Due
		received := now.received - was.received
		t.Logf("board %d, leader: %v: %d frames, woken %d, due %d, sleeps %d an hour", b.member.ID, b == leader, received, woken, due, now.sleeps-was.sleeps)
		wantDue := uint32(0)
		if b == leader {
			wantDue = hour / beat
		}
		if woken > received || due+1 < wantDue || due > wantDue+1 {
			t.Errorf("board %d received %d frames and was woken %d times; %d times it was due, want %d", b.member.ID, received, woken, due, wantDue)
		}
		if sleeps := now.sleeps - was.sleeps; sleeps > woken+due {
			t.Errorf("board %d woke up %d times for %d reasons", b.member.ID, sleeps, woken+due)
		}
	}
}
