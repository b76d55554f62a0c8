package raft_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

func (s *server) read(mode raft.ReadMode) raft.ReadPoint {
	s.lab.t.Helper()
	point, refusal := s.driver.Read(mode)
	if refusal.Code != raft.OK {
		s.lab.t.Fatalf("server %d refuses the read: %v", s.member.ID, refusal)
	}
	return point
}

func leases(l *laboratory) { l.settings.LeaseReads = true }

// §6.4
func TestAReadIsServedOnlyAfterAnEntryOfTheLeadersTermIsCommitted(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.winAmong(1, cutOff(3))
	lab.flight = nil
	point := leader.read(raft.Linearizable)
	for range 3 { // rounds are confirmed, but no entry arrives
		lab.pass(beat)
		lab.deliverWhere(func(p *packet) bool { return p.Kind == raft.Heartbeat || p.Kind == raft.HeartbeatReply })
		lab.check(leader.driver.Resolve(&point) == raft.ReadPending, "nothing of its term is committed")
	}
	lab.run(3 * beat)
	lab.check(leader.driver.Resolve(&point) == raft.ReadReady, "now something is")
}

// §6.4
func TestAReadWaitsForARoundBegunAfterItArrived(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.pass(beat) // a round leaves
	point := leader.read(raft.Linearizable)
	lab.deliver(kind(raft.Heartbeat))
	lab.deliver(kind(raft.HeartbeatReply))
	lab.check(leader.driver.Resolve(&point) == raft.ReadPending, "the round began before the read")
	lab.run(beat)
	lab.check(leader.driver.Resolve(&point) == raft.ReadReady, "the next one is good for it")
}

// §6.4: a question that a follower asked before it was restarted is no answer to
// one it asks afterwards.
func TestAnAnswerFromBeforeARestartIsNotTakenForAnAnswerToALaterQuestion(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	s := lab.server(3)
	s.read(raft.Linearizable)
	lab.deliver(kind(raft.ReadIndex))
	for range 3 {
		lab.deliver(kind(raft.Heartbeat))
		lab.deliver(kind(raft.HeartbeatReply))
	}
	late := lab.take(kind(raft.ReadIndexReply))
	lab.check(len(late) == 1, "the question should be answered")
	s.restart()
	lab.runWhere(beat, cutOff(3))
	index, _ := leader.propose("acknowledged before the second read begins")
	lab.runWhere(2*beat, cutOff(3))
	lab.check(leader.node().Commit() == index, "entry %d should be committed", index)
	s.receive(raft.Message{Kind: raft.Heartbeat, From: first(1), Term: 1, Round: 1})
	point := s.read(raft.Linearizable)
	lab.handOver(late[0])
	lab.check(s.driver.Resolve(&point) != raft.ReadReady || s.applied >= index, "the read would miss entry %d", index)
}

// §6.4
func TestAFollowerMayAskAgainAfterARestart(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.elect(1)
	s := lab.server(3)
	for range 3 {
		s.read(raft.Linearizable)
		lab.run(2 * beat)
	}
	s.restart()
	lab.run(2 * beat)
	point := s.read(raft.Linearizable)
	lab.run(5 * beat)
	lab.check(s.driver.Resolve(&point) == raft.ReadReady, "the read should be answered")
}

// §6.4.1
func TestALeaseCountsFromWhenTheRoundWasSent(t *testing.T) {
	for _, ppm := range []uint32{0, 100_000} {
		lab := newLaboratory(t, 3, leases, func(l *laboratory) { l.settings.MaxClockErrorPPM = ppm })
		leader := lab.elect(1)
		lab.run(beat)
		lab.pass(beat)
		start := lab.now
		lab.flight = lab.take(kind(raft.Heartbeat))
		for lab.now < start+20*millisecond {
			lab.now += millisecond // the network takes its time
		}
		lab.deliver(kind(raft.Heartbeat))
		lab.deliver(kind(raft.HeartbeatReply))
		length := raft.Instant(window) * raft.Instant(1_000_000-ppm) / raft.Instant(1_000_000+ppm)
		lab.flight = nil
		lab.now = start + length - millisecond // the core rounds down
		leader.read(raft.Lease)
		lab.now = start + length + 2
		_, refusal := leader.driver.Read(raft.Lease)
		lab.check(refusal.Code == raft.NoLease, "got %v", refusal)
	}
}

// §6.4.1
func TestThereIsNoLeaseInATermOnceATimeoutNowHasLeft(t *testing.T) {
	lab := newLaboratory(t, 3, leases)
	leader := lab.elect(1)
	leader.read(raft.Lease)
	leader.driver.Transfer(first(3))
	lab.take(kind(raft.TimeoutNow))
	_, refusal := leader.driver.Read(raft.Lease)
	lab.check(refusal.Code == raft.NoLease, "during the transfer: got %v", refusal)
	leader.driver.Transfer(raft.Member{})
	lab.run(2 * beat)
	_, refusal = leader.driver.Read(raft.Lease)
	lab.check(refusal.Code == raft.NoLease, "after it was given up: got %v", refusal)
	lab.run(2 * timeout)
	_, refusal = leader.driver.Read(raft.Lease)
	lab.check(refusal.Code == raft.NoLease, "long after: got %v", refusal)
}

// §6.4.1
func TestThereIsNoLeaseWithoutARoundThatAQuorumEchoed(t *testing.T) {
	lab := newLaboratory(t, 3, leases, func(l *laboratory) { l.now = 0 })
	s := lab.server(1)
	s.receive(raft.Message{Kind: raft.TimeoutNow, From: first(2), Term: 1})
	lab.deliverWhere(func(p *packet) bool { return p.Kind != raft.Heartbeat })
	lab.check(s.node().Role() == raft.Leader && s.node().Commit() == 1, "server 1 should lead, right after the clock began")
	_, refusal := s.driver.Read(raft.Lease)
	lab.check(refusal.Code == raft.NoLease, "got %v", refusal)
}

func TestLeasesAreRefusedWhereTheClockDoesNotCountSuspendedTime(t *testing.T) {
	lab := newLaboratory(t, 1)
	s := lab.server(1)
	s.crash()
	s.unfit = true
	lab.settings.LeaseReads = true
	lab.check(s.driver.Start(&lab.settings, s, s, s).Code == raft.ClockUnfit, "it should not start")
}

// §6.4: the answer is the commit index at a round begun after the question came.
// One that is owed, and not yet sent because a heartbeat came first, is older.
func TestAQuestionNeverGetsTheAnswerToTheOneBefore(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1).bare()
	round := func(question uint64) uint64 {
		leader.receive(raft.Message{Kind: raft.ReadIndex, From: first(3), Term: 1, Round: question})
		if sent := leader.said(raft.Heartbeat); len(sent) > 0 {
			return sent[0].Round
		}
		return 0
	}
	confirm := func(round uint64) {
		leader.receive(raft.Message{Kind: raft.HeartbeatReply, From: first(2), Term: 1, Round: round, Last: 1})
	}
	earlier := round(1)
	lab.check(earlier > 0, "the question should begin a round")
	leader.step(raft.Input{Kind: raft.Read}) // so that the next round begins at once
	confirm(earlier)
	later := leader.said(raft.Heartbeat)
	lab.check(len(later) == 2 && len(leader.said(raft.ReadIndexReply)) == 0, "heartbeats should come before the answer")

	round(2)
	for range 3 {
		for _, m := range leader.said(raft.ReadIndexReply) {
			t.Fatalf("question %d is answered by the round before it", m.Round)
		}
		leader.step(raft.Input{Kind: raft.Tick})
	}
	confirm(later[0].Round)
	lab.check(len(leader.said(raft.ReadIndexReply)) == 0, "that round began before the question, too")
	last := leader.said(raft.Heartbeat)
	lab.check(len(last) == 2 && last[0].Round > later[0].Round, "the next should begin")
	confirm(last[0].Round)
	answers := leader.said(raft.ReadIndexReply)
	lab.check(len(answers) == 1 && answers[0].Round == 2, "and answer the question: %v", answers)
}

// §6.4: reads that come while a question is on its way share the next one.
func TestReadsAtAFollowerShareAQuestionPutAfterTheyArrived(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.elect(1)
	s := lab.server(3)
	asked := 0
	lab.sent = func(p *packet) {
		if p.Kind == raft.ReadIndex {
			asked++
		}
	}
	early := s.read(raft.Linearizable)
	shared := []raft.ReadPoint{s.read(raft.Linearizable), s.read(raft.Linearizable)}
	for s.driver.Resolve(&early) == raft.ReadPending {
		for _, p := range shared {
			lab.check(s.driver.Resolve(&p) == raft.ReadPending, "the first question was put before the later reads arrived")
		}
		lab.check(len(lab.flight) > 0, "the first question should be answered")
		lab.handOver(lab.take(func(*packet) bool { return true })[0])
	}
	lab.run(3 * beat)
	for _, p := range shared {
		lab.check(s.driver.Resolve(&p) == raft.ReadReady, "the second question should be answered")
	}
	lab.check(asked == 2, "%d questions were asked", asked)
}

// §6.4
func TestAReadAtAFollowerWaitsUntilTheAnswersIndexIsApplied(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	index, _ := leader.propose("x")
	lab.runWhere(2*beat, func(p *packet) bool { return p.To.ID != 3 || p.Kind != raft.Append && p.Kind != raft.Heartbeat })
	s := lab.server(3)
	point := s.read(raft.Linearizable)
	quiet := func(p *packet) bool { return p.To.ID != 3 || p.Kind == raft.ReadIndexReply }
	lab.runWhere(2*beat, quiet)
	lab.check(s.applied < index && s.driver.Resolve(&point) == raft.ReadPending, "the answer is there, entry %d is not", index)
	lab.run(2 * beat)
	lab.check(s.applied >= index && s.driver.Resolve(&point) == raft.ReadReady, "entry %d is applied", index)
}

// §6.4
func TestAReadIsLostWhenTheLeaderIs(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	s := lab.server(3)
	lab.flight = nil
	atLeader, atFollower := leader.read(raft.Linearizable), s.read(raft.Linearizable)
	lab.flight = nil
	for _, server := range []*server{leader, s} {
		server.receive(raft.Message{Kind: raft.Heartbeat, From: first(2), Term: 2})
	}
	lab.check(leader.driver.Resolve(&atLeader) == raft.ReadLost, "who was asked no longer leads")
	lab.check(s.driver.Resolve(&atFollower) == raft.ReadLost, "another leader has to be asked")

	lab.flight = nil
	atFollower = s.read(raft.Linearizable)
	s.Fail(raft.StorageFailed)
	s.driver.Wake()
	lab.check(s.driver.Resolve(&atFollower) == raft.ReadLost, "a stopped server serves nothing")
	lone := lab.join(9)
	_, refusal := lone.driver.Read(raft.Linearizable)
	lab.check(refusal.Code == raft.NoLeader, "who knows no leader has nobody to ask: got %v", refusal)
}

// A stale read is served at once. By Fresh it is known how stale it can be: by the
// time passed since the last answered question was put.
func TestAStaleReadIsBoundedByWhenTheLastAnsweredQuestionWasPut(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	s := lab.server(3)
	index, _ := leader.propose("x")
	lab.run(2 * beat)
	put := lab.now
	s.read(raft.Linearizable)
	at, _ := s.node().Fresh()
	lab.check(at < put, "before the answer nothing new is known")
	for range 4 { // the network takes its time
		lab.pass(millisecond)
		lab.deliver(func(p *packet) bool { return true })
	}
	at, known := s.node().Fresh()
	lab.check(at == put && known >= index, "everything committed by %d is at or below %d, but Fresh says %d and %d", put, index, at, known)
	leader.propose("y")
	lab.runWhere(2*beat, cutOff(3))
	point := s.read(raft.Stale)
	lab.check(s.driver.Resolve(&point) == raft.ReadReady, "a stale read waits for nothing")
	after, _ := s.node().Fresh()
	lab.check(after == at, "heartbeats that are not heard freshen nothing")
}

// §6.4.1
func TestALeaseIsServedOnlyByALeaderThatIsAllowedTo(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		lab := newLaboratory(t, 3, func(l *laboratory) { l.settings.LeaseReads = allowed })
		leader := lab.winAmong(1, cutOff())
		lab.flight = nil
		lab.pass(beat)
		lab.deliver(kind(raft.Heartbeat))
		lab.deliver(kind(raft.HeartbeatReply))
		_, refusal := leader.driver.Read(raft.Lease)
		lab.check(refusal.Code == raft.NoLease, "before an own entry is committed: got %v", refusal)
		lab.run(3 * beat)
		_, refusal = leader.driver.Read(raft.Lease)
		lab.check(refusal.Code == raft.OK == allowed, "allowed is %v: got %v", allowed, refusal)
		_, refusal = lab.server(2).driver.Read(raft.Lease)
		lab.check(refusal.Code == raft.NotLeader && refusal.Node == 1, "at a follower: got %v", refusal)
	}
}

// §6.4.1, §4.3: whoever could be elected needs both halves, so either half's promise
// will do for one of them only.
func TestALeaseInAJointConfigurationNeedsBothHalves(t *testing.T) {
	lab := newLaboratory(t, 3, leases)
	leader := lab.elect(1)
	lab.addLearners(leader, 4, 5)
	leader.change(membersOf([]raft.ID{1, 4, 5}))
	for range 2 { // no lease is left from before, though all are in contact
		lab.pass(timeout / 2)
		for _, id := range []raft.ID{2, 4} {
			leader.receive(raft.Message{Kind: raft.AppendReply, From: first(id), Term: 1, Index: 1})
		}
	}
	lab.flight = nil
	echo := func(id raft.ID) {
		for _, p := range lab.take(kind(raft.Heartbeat, id)) {
			leader.receive(raft.Message{Kind: raft.HeartbeatReply, From: first(id), Term: 1, Round: p.Round, Stamp: p.Stamp, Last: 1})
		}
	}
	lab.pass(beat)
	for _, step := range []struct {
		id   raft.ID
		want raft.Code
	}{{4, raft.NoLease}, {5, raft.NoLease}, {2, raft.OK}} {
		echo(step.id)
		_, refusal := leader.driver.Read(raft.Lease)
		lab.check(refusal.Code == step.want, "when server %d has echoed: got %v, want %v", step.id, refusal, step.want)
	}
}

// A question put again is answered again, without another round (§6.4).
func TestAQuestionWhoseAnswerWasLostIsAnsweredAgainWithoutAnotherRound(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	ask := raft.Message{Kind: raft.ReadIndex, From: first(2), Term: leader.node().Term(), Round: 7}
	leader.receive(ask)
	lab.deliverWhere(func(p *packet) bool { return p.Kind != raft.ReadIndexReply })
	leader.receive(ask)
	leader.silent(raft.Heartbeat)
	reply := leader.reply(raft.ReadIndexReply)
	lab.check(reply.Round == 7 && reply.Index == leader.node().Commit(), "got %s", reply)
}

// §4.2.2: who has been removed hears no more heartbeats, by which it would ask again.
func TestAReadAtAServerThatWasRemovedIsLost(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	leader.change(membersOf([]raft.ID{1, 2}))
	lab.run(timeout)
	s := lab.server(3)
	point := s.read(raft.Linearizable)
	lab.run(beat)
	lab.check(s.driver.Resolve(&point) == raft.ReadLost, "its leader should have refused it")
}
