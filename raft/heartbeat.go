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
	if n.diskHangs() || in.Room.Damaged {
		n.handOver()
	}
	if n.commit >= n.leadership.start {
		n.configurationCommitted(out)
	}
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
	reply.Round, reply.Stamp, reply.Last = m.Round, m.Stamp, n.log.last
	if reply.Full = in.Room.Entries == 0; reply.Full {
		n.wantRoom(out)
	}
}

// receiveHeartbeatReply takes in that a peer acknowledged the leader in a round,
// and has whatever it is still waiting for sent again.
func (n *Node) receiveHeartbeatReply(in *Input, out *Effects) {
	m := &in.Message
	bit := n.peerOf(m.From)
	if n.role != Leader || bit == 0 {
		return
	}
	if m.Round > n.sequence.round || m.Stamp > n.instant.round {
		n.diverged(m.Last, m.Term, out)
		return
	}
	slot := bit.lowest()
	p := &n.peers[slot]
	n.instant.contact[slot] = n.instant.now
	n.instant.stamp[slot] = max(n.instant.stamp[slot], m.Stamp)
	n.sequence.echoed[slot] = max(n.sequence.echoed[slot], m.Round)
	p.full = p.full && m.Full
	if m.Round > n.sequence.tried[slot] {
		n.retry(slot, m.Last)
	}
	n.confirmRounds()
	n.answerQuestions()
	n.finishLeaving(in, out)
}

// retry sends again what a peer has not acknowledged although it answered a
// heartbeat that was sent later: something was lost on the way.
func (n *Node) retry(slot int, last Index) {
	p := &n.peers[slot]
	switch {
	case p.full && p.pace != shipping:
		return
	case p.pace == probing || p.pace == shipping:
		p.paused = false
	case p.count > 0 || p.paused:
		p.probe(min(p.next, last+1))
	case p.next > n.log.last:
		if p.told < n.commit {
			n.leadership.tellCommit |= 1 << slot
		}
		return
	}
	if p.match < n.log.last || p.pace != streaming {
		n.leadership.tellEntries |= 1 << slot
	}
}

// confirmRounds works out the highest round that a quorum of the configuration in
// force now has echoed (§6.4).
func (n *Node) confirmRounds() {
	voters := n.newest.mayVote()
	for rest := voters; rest != 0; rest &= rest - 1 {
		round := n.echo(rest.lowest())
		if round <= n.sequence.confirmed {
			continue
		}
		set := Slots(0)
		for others := voters; others != 0; others &= others - 1 {
			if slot := others.lowest(); n.echo(slot) >= round {
				set |= 1 << slot
			}
		}
		if n.newest.Quorum(set) {
			n.sequence.confirmed = round
		}
	}
	if n.leadership.readWaits && n.sequence.confirmed == n.sequence.round {
		n.beginRound()
	}
}

// echo is the latest round a slot is known to have followed.
func (n *Node) echo(slot int) uint64 {
	if n.me>>slot&1 != 0 {
		return n.sequence.round
	}
	return n.sequence.echoed[slot]
}

// leaseEnd is until when no other leader can have been elected (§6.4.1): a quorum
// of the configuration in force now promised not to help one for a while after
// the round that it echoed last began.
func (n *Node) leaseEnd() Instant {
	start := n.stampOf(n.newest.Voters)
	if n.newest.Outgoing != 0 {
		start = min(start, n.stampOf(n.newest.Outgoing))
	}
	if start == 0 {
		return 0 // no round of this term was echoed yet
	}
	return start + Instant(n.settings.lease())
}

// stampOf is the latest stamp that a majority of the voters has echoed, or one
// later; 0 if there is none.
func (n *Node) stampOf(voters Slots) Instant {
	latest := Instant(0)
	for rest := voters; rest != 0; rest &= rest - 1 {
		stamp, set := n.stamp(rest.lowest()), Slots(0)
		for others := voters; others != 0; others &= others - 1 {
			if slot := others.lowest(); n.stamp(slot) >= stamp {
				set |= 1 << slot
			}
		}
		if stamp > latest && set.isMajorityOf(voters) {
			latest = stamp
		}
	}
	return latest
}

func (n *Node) stamp(slot int) Instant {
	if n.me>>slot&1 != 0 {
		return n.instant.now
	}
	return n.instant.stamp[slot]
}
