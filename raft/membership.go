package raft

// adopt takes a configuration from the log into use at once, committed or not
// (§4.1).
func (n *Node) adopt(c *Configuration, index Index) {
	n.previous = n.newest
	n.learnCommit(n.previous.index) // or this one would not have been proposed
	n.newest = placed{index, *c}
	n.me = n.newest.Find(n.self)
}

// rollBack returns to the configuration before, if the newest one is removed from
// the log (§4.1).
func (n *Node) rollBack(from Index) {
	if n.newest.index >= from {
		n.newest = n.previous
		n.me = n.newest.Find(n.self)
	}
}

// changeConfiguration begins a change of the cluster (§4.3). It is one at a time,
// and only once the leader has committed an entry of its own term: otherwise two
// leaders could change different configurations without seeing each other's
// (Ongaro's correction of §4.1 of July 2015).
func (n *Node) changeConfiguration(in *Input, out *Effects) {
	code := OK
	switch {
	case n.role != Leader:
		code = NotLeader
	case n.leadership.target != (Member{}) || n.leadership.leaving:
		code = Transferring
	case n.commit < n.leadership.start:
		code = TermNotCommitted
	case n.newest.index > n.commit || n.newest.Outgoing != 0:
		code = ChangePending
	case in.Configuration.Outgoing != 0 || !in.Configuration.wellFormed():
		code = BadConfiguration
	case n.marks.count == maxMarks:
		code = TooMuchUncommitted
	case !n.hasRoom(in, 1, 0):
		code = NoRoom
	}
	if code != OK {
		n.refuse(code, out)
		return
	}
	next := Configuration{}
	if refusal := n.arrange(&in.Configuration, &next); refusal.Code != OK {
		out.Refusal = refusal
		return
	}
	n.appendConfiguration(&next, out)
}

// arrange gives the wanted members their slots: those who stay keep theirs, new
// ones take free ones. A change of voters becomes joint, so that no majority can
// be had of one half alone; learners come and go without (§4.3, §4.2.1).
func (n *Node) arrange(wanted, next *Configuration) Refusal {
	now := &n.newest.Configuration
	*next = *now
	next.Voters, next.Learners = 0, 0
	taken := now.Everybody()
	for rest := wanted.Everybody(); rest != 0; rest &= rest - 1 {
		slot := rest.lowest()
		m := wanted.Members[slot]
		place := now.Find(m)
		if place == 0 {
			place = ^taken & (taken + 1) // the lowest free slot
			if place == 0 || place.lowest() >= MaxMembers {
				return Refusal{Code: NoSlot, Node: m.ID}
			}
			taken |= place
			next.Members[place.lowest()] = m
		}
		if wanted.Voters>>slot&1 == 0 {
			next.Learners |= place
			continue
		}
		next.Voters |= place
		if now.Voters&place == 0 && !n.caughtUp(place) {
			return Refusal{Code: NotCaughtUp, Node: m.ID}
		}
	}
	if next.Voters != now.Voters {
		next.Outgoing = now.Voters
	}
	return Refusal{}
}

// caughtUp reports whether a learner may become a voter without making the
// cluster wait for it (§4.2.1): it has all that is committed, and was heard from
// within an election timeout.
func (n *Node) caughtUp(place Slots) bool {
	slot := place.lowest()
	return n.newest.Learners&place != 0 && n.inContact()&place != 0 && n.peers[slot].match >= n.commit
}

// appendConfiguration appends a configuration to the log and uses it from now on.
func (n *Node) appendConfiguration(next *Configuration, out *Effects) {
	before := n.newest.Everybody()
	n.adopt(next, n.log.last+1)
	n.append(n.log.last+1, n.term, ConfigurationChange, 0, out)
	for added := n.newest.Everybody() &^ before; added != 0; added &= added - 1 {
		n.resetPeer(added.lowest())
	}
	n.leadership.tellEntries |= n.everyoneElse()
}

// configurationCommitted goes on with a change: a joint configuration, once
// committed, is left without anybody asking (§4.3); a leader that is no longer a
// voter goes.
func (n *Node) configurationCommitted(out *Effects) {
	if n.newest.index > n.commit {
		return
	}
	if n.newest.Outgoing != 0 {
		switch {
		case n.noRoom: // try again at the next heartbeat
			n.wantRoom(out)
		case out.AppendFirst == 0:
			n.leave(out)
		}
		return
	}
	if n.newest.Voters&n.me == 0 && !n.leadership.leaving {
		n.leadership.leaving = true
		n.beginRound()
		n.leadership.farewell = n.sequence.round
	}
}

// leave ends a joint configuration.
func (n *Node) leave(out *Effects) {
	next := n.newest.Configuration
	next.Outgoing = 0
	gone := n.newest.Everybody() &^ next.Everybody()
	for ; gone != 0; gone &= gone - 1 {
		next.Members[gone.lowest()] = Member{}
	}
	n.appendConfiguration(&next, out)
}

// finishLeaving ends the leadership of a leader that has removed itself, once a
// quorum of those who stay has heard that its leave is committed (§4.2.2). The
// one who knows most is told to take over.
func (n *Node) finishLeaving(in *Input, out *Effects) {
	l := &n.leadership
	if !l.leaving || n.sequence.confirmed < l.farewell {
		return
	}
	best := n.newest.Voters.lowest()
	for rest := n.newest.Voters; rest != 0; rest &= rest - 1 {
		if slot := rest.lowest(); n.peers[slot].match > n.peers[best].match {
			best = slot
		}
	}
	if !out.speaksTo(n.peers[best].member) && int(out.Count) < len(out.Messages) {
		n.message(TimeoutNow, n.peers[best].member, out)
	}
	n.follow(n.term, Member{}, in, out)
}
