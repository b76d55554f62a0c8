package raft

// protects reports whether the node must not help a candidate because a leader
// is alive, or may be (§4.2.3, §6.4.1): it leads itself, has heard from a leader
// within the window, or started so recently that it may have forgotten that it
// had. An election the leader itself asked for is exempt (§3.10).
func (n *Node) protects(m *Message) bool {
	if m.Force {
		return false
	}
	return n.role == Leader || n.since(n.instant.heard) < n.settings.window() || n.instant.now < n.instant.quiet
}

// upToDate reports whether a candidate's log is at least as up-to-date as the
// node's: the later last term wins, then the longer log (§3.6.1).
func (n *Node) upToDate(m *Message) bool {
	mine := n.log.lastTerm()
	return m.LogTerm > mine || m.LogTerm == mine && m.Index >= n.log.last
}

// mayCampaign reports whether the node is a voter, or was one before a
// configuration that is not yet known to be committed: it may hold the log that
// all others lack, and be needed until then (§4.2.2). It counts only the votes of
// its newest configuration all the same.
func (n *Node) mayCampaign() bool {
	return n.me&n.newest.mayVote() != 0 ||
		n.newest.index > n.commit && n.previous.Find(n.self)&n.previous.mayVote() != 0
}

// couldLead reports whether the node would be of use as a leader: without room for
// a no-op it could commit nothing, with a damaged entry it could not serve, and
// while its own disk hangs or a received snapshot is checked it should not.
func (n *Node) couldLead(in *Input) bool {
	return !n.noRoom && !n.ailing(in) && n.accepts(n.term+1) && !n.incoming.checking
}

// campaignSoon starts an election, unless the node could not lead.
func (n *Node) campaignSoon(in *Input, out *Effects) {
	if !n.couldLead(in) {
		n.wantRoom(out)
		n.drawTimeout(in, out)
		n.fetch(in, out)
		return
	}
	n.canvassFirst(in, out)
}

// canvassFirst asks whether an election could be won before it starts one, so
// that a server that was cut off does not depose a leader (§9.6).
func (n *Node) canvassFirst(in *Input, out *Effects) {
	n.role, n.leader = PreCandidate, Member{}
	n.reads.forget()
	n.drawTimeout(in, out)
	n.votes = n.me
	n.voting = n.newest.mayVote() &^ n.votes
	n.tally(in, out)
}

// campaign starts an election (§3.4). The candidate counts its own vote when it
// is durable.
func (n *Node) campaign(forced bool, in *Input, out *Effects) {
	n.role, n.leader = Candidate, Member{}
	n.reads.forget()
	n.incoming = incoming{}
	n.forced = forced
	n.term++
	n.vote = n.self
	n.saveHardState(out)
	n.drawTimeout(in, out)
	n.votes = 0
	n.voting = n.newest.mayVote() &^ n.me
}

// canvass sends the vote requests that are owed.
func (n *Node) canvass(out *Effects) {
	for rest := n.voting; rest != 0; rest &= rest - 1 {
		slot := rest.lowest()
		to := n.newest.Members[slot]
		if out.speaksTo(to) || int(out.Count) == len(out.Messages) {
			continue
		}
		n.voting &^= 1 << slot
		kind, term := Vote, n.term
		if n.role == PreCandidate {
			kind, term = PreVote, n.term+1
		}
		m := n.message(kind, to, out)
		m.Term, m.Index, m.LogTerm = term, n.log.last, n.log.lastTerm()
		m.Force = kind == Vote && n.forced
	}
}

// receivePreVote says whether the node would vote for the candidate. Nothing
// changes by saying so (§9.6).
func (n *Node) receivePreVote(in *Input, out *Effects) {
	m := &in.Message
	grant := m.Term > n.term && !n.protects(m) && n.upToDate(m)
	reply := n.message(PreVoteReply, m.From, out)
	reply.Reject = !grant
	if grant {
		reply.Term = m.Term
	}
}

// receiveVote votes, once a term, first come first served (§3.4). Whether the
// candidate belongs to the node's configuration does not matter (§4.1).
func (n *Node) receiveVote(in *Input, out *Effects) {
	m := &in.Message
	free := n.vote == (Member{}) && n.leader == (Member{})
	grant := n.vote == m.From || free && !n.protects(m) && n.upToDate(m)
	if grant && n.vote != m.From {
		n.vote = m.From
		n.saveHardState(out)
		n.role, n.votes, n.voting = Follower, 0, 0 // it may have been about to campaign itself
		n.instant.election = n.after(n.instant.timeout)
	}
	n.message(VoteReply, m.From, out).Reject = !grant
}

// receiveVoteReply counts a vote.
func (n *Node) receiveVoteReply(in *Input, out *Effects) {
	m := &in.Message
	voter := n.newest.Find(m.From)
	asked := m.Kind == VoteReply && n.role == Candidate ||
		m.Kind == PreVoteReply && n.role == PreCandidate && m.Term == n.term+1
	if !asked || m.Reject {
		return
	}
	n.votes |= voter
	if n.role == Candidate && n.sequence.persisted < n.sequence.spoken {
		return // it leads only when its term is durable
	}
	n.tally(in, out)
}

// tally goes on to the next stage if the votes are a quorum.
func (n *Node) tally(in *Input, out *Effects) {
	if !n.newest.Quorum(n.votes) {
		return
	}
	if n.role == PreCandidate {
		n.campaign(false, in, out)
		return
	}
	n.becomeLeader(out)
}

// becomeLeader begins to lead: by an entry of the new term, since entries of
// earlier ones are committed only along with it (§3.6.2, §6.4).
func (n *Node) becomeLeader(out *Effects) {
	n.role, n.leader = Leader, n.self
	n.voting, n.votes = 0, 0
	n.leadership = leadership{start: n.log.last + 1}
	n.instant.transfer = forever
	for slot := range n.peers {
		n.resetPeer(slot)
	}
	n.append(n.log.last+1, n.term, NoOp, 0, out)
	n.leadership.tellEntries = n.everyoneElse()
	n.instant.heartbeat = n.after(n.settings.Heartbeat)
	n.sequence.confirmed = n.sequence.round // none of this term is under way
}
