package raft

// beat begins a round of heartbeats, after asking whether this leader should
// still lead: one that has not heard from a quorum for an election timeout steps
// down (§6.2), one whose own disk hangs hands over.
func (n *Node) beat(in *Input, out *Effects) {
	n.instant.heartbeat = n.after(n.settings.Heartbeat)
	if !n.newest.Quorum(n.inContact()) {
		n.follow(n.term, Member{}, in, out)
		return
	}
	if n.ailing(in) {
		n.handOver()
	}
	if n.commit >= n.leadership.start {
		n.configurationCommitted(out)
	}
	n.fetch(in, out)
	if target := n.peerOf(n.leadership.target); target != 0 {
		n.hurryTransfer(target.lowest())
	}
	n.beginRound()
}

// inContact is the set of slots heard from within an election timeout.
func (n *Node) inContact() Slots {
	set := n.me
	for rest := n.everyoneElse(); rest != 0; rest &= rest - 1 {
		if slot := rest.lowest(); n.since(n.instant.contact[slot]) < n.settings.ElectionTimeout {
			set |= 1 << slot
		}
	}
	return set
}

// diskHangs reports whether a write has been pending for an election timeout.
func (n *Node) diskHangs() bool {
	return n.sequence.written > n.sequence.persisted && n.since(n.instant.writing) >= n.settings.ElectionTimeout
}

// ailing reports whether the node's disk hangs, or has lost the body of an entry.
func (n *Node) ailing(in *Input) bool { return n.diskHangs() || in.Room.Damaged != 0 }

// beginRound numbers and times a new round of heartbeats. Peers echo both, by
// which the leader learns that it led then (§6.4).
func (n *Node) beginRound() {
	n.sequence.round++
	n.instant.round = n.instant.now
	n.leadership.tellRound = n.everyoneElse()
	n.leadership.readWaits = false
	n.confirmRounds()
}

// sendHeartbeat tells a peer that the leader leads, and how much of what the peer
// is known to have is committed.
func (n *Node) sendHeartbeat(slot int, out *Effects) {
	p := &n.peers[slot]
	m := n.message(Heartbeat, p.member, out)
	m.Round, m.Stamp = n.sequence.round, n.instant.round
	m.Commit = min(n.commit, p.match)
	p.told = max(p.told, m.Commit)
}

// receiveHeartbeat echoes the leader's round.
func (n *Node) receiveHeartbeat(in *Input, out *Effects) {
	m := &in.Message
	if m.Commit > n.log.last {
		n.diverged(m.Commit, m.Term, out)
		return
	}
	if !n.hearLeader(in, out) {
		return
	}
	n.learnCommit(m.Commit)
	n.reads.ask = n.reads.ask || n.reads.open && n.reads.patience(n)
	reply := n.message(HeartbeatReply, m.From, out)
	reply.Round, reply.Stamp = m.Round, m.Stamp
	reply.Index, reply.Last, reply.LogTerm = n.whole(n.writes.durable, in), n.log.last, n.log.lastTerm()
	if reply.Full = n.noRoom; reply.Full {
		n.wantRoom(out)
	}
	n.fetch(in, out)
}

// receiveHeartbeatReply takes in that a peer acknowledged the leader in a round,
// and has whatever it is still waiting for sent again.
func (n *Node) receiveHeartbeatReply(in *Input, out *Effects) {
	m := &in.Message
	bit := n.peerOf(m.From)
	if n.role != Leader || bit == 0 {
		return
	}
	same := m.LogTerm == n.term // then all of its log is the leader's (§3.5, Log Matching)
	if m.Round > n.sequence.round || m.Stamp > n.instant.round || same && max(m.Index, m.Last) > n.log.last {
		n.diverged(m.Last, m.Term, out)
		return
	}
	slot := bit.lowest()
	p := &n.peers[slot]
	n.instant.contact[slot] = n.instant.now
	n.instant.stamp[slot] = max(n.instant.stamp[slot], uint64(m.Stamp))
	n.sequence.echoed[slot] = max(n.sequence.echoed[slot], m.Round)
	p.full = p.full && m.Full
	n.confirmRounds()
	n.answerQuestions()
	if n.finishLeaving(in, out); n.role != Leader {
		return
	}
	if same {
		n.matched(slot, m.Index, false, in, out)
	}
	if m.Round > n.sequence.tried[slot] {
		n.retry(slot, m.Last, same)
	}
}

// retry sends again what a peer does not have although it answered a heartbeat
// that was sent later: something was lost on the way. A peer whose log is the
// same as the leader's as far as it goes lacks what follows, and nothing else: what
// it has and does not acknowledge waits for its disk.
func (n *Node) retry(slot int, last Index, same bool) {
	p := &n.peers[slot]
	switch {
	case p.full && p.pace != shipping:
		return
	case same && p.pace != shipping:
		if p.pace == probing || last+1 < p.next || p.paused {
			p.stream(last + 1)
		}
	case p.pace != streaming:
		p.paused = false
	case p.match < n.log.last:
		p.probe(min(p.next, last+1))
	}
	if p.next <= n.log.last || p.pace != streaming {
		n.leadership.tellEntries |= 1 << slot
	}
	if p.told < n.commit {
		n.leadership.tellCommit |= 1 << slot
	}
}

// confirmRounds works out the highest round that a quorum of the configuration in
// force now has echoed (§6.4).
func (n *Node) confirmRounds() {
	if n.me != 0 {
		n.sequence.echoed[n.me.lowest()] = n.sequence.round
	}
	n.sequence.confirmed = max(n.sequence.confirmed, n.newest.reached(&n.sequence.echoed))
	if n.leadership.readWaits && n.sequence.confirmed == n.sequence.round {
		n.beginRound()
	}
}

// leaseEnd is until when no other leader can have been elected (§6.4.1): a quorum
// of the configuration in force now promised not to help one for a while after
// the round that it echoed last began. It is 0 before the first of this term.
func (n *Node) leaseEnd() Instant {
	if n.me != 0 {
		n.instant.stamp[n.me.lowest()] = uint64(n.instant.now)
	}
	start := n.newest.reached(&n.instant.stamp)
	if start == 0 {
		return 0
	}
	return Instant(start) + Instant(n.settings.lease())
}
