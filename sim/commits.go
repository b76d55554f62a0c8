package sim

import "github.com/driftless-raft/driftless/raft"

// led checks a step of a leader. What is known of the node is still from before
// the step.
func (l *ledger) led(s *server, in *raft.Input) {
	l.looks[atLeaderStep]++
	n := s.driver.Node()
	before := &s.seen
	if before.role != raft.Leader || before.term != n.Term() {
		l.won(s)
	} else if n.Last() < before.last {
		l.fail("leader-append-only", "leader %d of term %d went back from last index %d to %d", s.id, n.Term(), before.last, n.Last())
	}
	if n.Commit() > before.commit {
		l.advanced(s, n)
	}
	if configuration, index := n.Configuration(); index != before.configured && before.role == raft.Leader {
		l.changed(s, configuration)
	}
	if in.Kind == raft.Receive {
		switch in.Message.Kind {
		case raft.AppendReply, raft.HeartbeatReply, raft.SnapshotReply:
			l.matched(s, in.Message.From)
		}
	}
}

// advanced checks that a leader commits what is of its own term (§3.6.2) and on
// the disks of a quorum of both halves of the configuration that was in force,
// and extends the one chain of committed entries. An entry whose body the leader has
// lost is not on its own disk.
func (l *ledger) advanced(s *server, n *raft.Node) {
	l.looks[atLeaderCommit]++
	commit, log := n.Commit(), &s.disk.written
	if commit > log.last {
		l.fail("commit-safety", "leader %d of term %d commits %d, but its log ends at %d", s.id, n.Term(), commit, log.last)
		return
	}
	k := log.at(commit)
	if k.term != n.Term() {
		l.fail("own-term-commit", "leader %d of term %d commits up to %d, an entry of term %d", s.id, n.Term(), commit, k.term)
		return
	}
	if commit <= l.tip() {
		return // compared when the step has been carried out
	}
	if !l.world.quorum(&s.seen.configuration, func(durable *mirror, _ uint8) bool {
		own := durable == &s.disk.durable
		return durable.last >= commit && durable.marks[commit].hash == k.hash && !(own && s.disk.lost(s.seen.commit, commit) != 0)
	}) {
		l.fail("durable-quorum", "leader %d of term %d commits %d, which is not on the disks of a quorum of %s",
			s.id, n.Term(), commit, describe(&s.seen.configuration))
		return
	}
	if log.base > l.tip() || log.at(l.tip()).hash != l.committed[l.tip()].hash {
		l.fail("commit-safety", "leader %d of term %d commits %d on another log than the one committed up to %d",
			s.id, n.Term(), commit, l.tip())
		return
	}
	for index := l.tip() + 1; index <= commit; index++ {
		if log.at(index).term != n.Term() {
			l.world.meet(oldTermCommitted)
		}
		l.committed = append(l.committed, commitment{mark: log.at(index), in: n.Term()})
	}
}

// settled checks, when a step has been carried out, that what the node takes to
// be committed is.
func (l *ledger) settled(s *server) {
	if l.world.options.Outcomes {
		return
	}
	if l.refinement != nil {
		l.refinement.settled(s)
	}
	commit, log := s.seen.commit, &s.disk.written
	if commit == s.seen.checked {
		return
	}
	s.seen.checked = commit
	l.looks[atCommit]++
	switch {
	case commit > l.tip():
		l.fail("commit-safety", "server %d takes %d to be committed, but only %d are", s.id, commit, l.tip())
	case !log.holds(commit):
		l.fail("commit-safety", "server %d takes %d to be committed, but its log ends at %d", s.id, commit, log.last)
	case log.at(commit).hash != l.committed[commit].hash:
		l.fail("commit-safety", "server %d takes entry %d of term %d to be committed, but one of term %d was",
			s.id, commit, log.at(commit).term, l.committed[commit].term)
	}
}

// matched checks what a leader takes a follower's log to be, while both are in
// the same term: in a later one the follower's may have changed.
func (l *ledger) matched(leader *server, follower raft.Member) {
	l.looks[atReply]++
	durable, _ := l.world.durableLog(follower)
	if durable == nil || durable.hard.Term != leader.driver.Node().Term() {
		return
	}
	if match := leader.matchOf(follower); match > 0 {
		l.same(leader, follower.ID, durable, match)
	}
}

// applied checks that all state machines come to the same result (State Machine
// Safety, §3.6.3).
// It returns whether this is the first of them to have come so far.
func (l *ledger) applied(s *server) bool {
	l.looks[atApply]++
	index := s.machine.index
	if index > l.tip() && !l.world.options.Outcomes {
		l.fail("state-machine-safety", "server %d applied entry %d, but only %d are committed", s.id, index, l.tip())
		return false
	}
	l.results = grow(l.results, uint64(index))
	result := s.machine.result()
	first := l.results[index] == 0
	if first {
		l.results[index] = result
	}
	if l.results[index] != result {
		l.fail("state-machine-safety", "server %d has another state than others had after entry %d", s.id, index)
	}
	l.kept(s)
	return first
}

// imaged checks that equal states are saved as equal bytes: a snapshot may come from
// any server.
func (l *ledger) imaged(s *server, digest uint64) {
	l.looks[atImage]++
	index := s.machine.index
	l.images = grow(l.images, uint64(index))
	if l.images[index] == 0 {
		l.images[index] = digest
	}
	if l.images[index] != digest {
		l.fail("state-machine-safety", "server %d saves the state after entry %d as other bytes than others did", s.id, index)
	}
}
