package raft

// transferTo hands leadership to a voter (§3.10): the leader stops taking
// proposals, brings the target up to date and tells it to campaign at once. A
// transfer that takes longer than an election timeout is given up.
func (n *Node) transferTo(in *Input, out *Effects) {
	l := &n.leadership
	bit := n.newest.Find(in.Peer)
	switch {
	case n.role != Leader:
		n.refuse(NotLeader, out)
	case in.Peer == Member{}:
		n.abortTransfer()
	case l.target != (Member{}) && l.target != in.Peer:
		n.refuse(Transferring, out)
	case bit&n.newest.Voters == 0 || bit == n.me:
		out.Refusal = Refusal{Code: NotVoter, Node: in.Peer.ID, Term: n.term}
	case l.target == Member{}:
		n.beginTransfer(bit.lowest())
	}
}

func (n *Node) beginTransfer(slot int) {
	n.leadership.target = n.peers[slot].member
	n.instant.transfer = n.after(n.settings.ElectionTimeout)
	n.leadership.tellEntries |= 1 << slot
	n.hurryTransfer(slot)
}

// abortTransfer takes proposals again. There will be no lease again in this term
// if the target was told to campaign: it still may.
func (n *Node) abortTransfer() {
	n.leadership.target = Member{}
	n.leadership.timeoutNow = 0
	n.instant.transfer = forever
}

// endTransfer gives up a transfer that has taken too long. A leader that wanted it
// for its own sake, because its disk hangs or lacks what the others need, steps down:
// they may do without what it can't give them.
func (n *Node) endTransfer(in *Input, out *Effects) {
	n.abortTransfer()
	if n.ailing(in) {
		n.follow(n.term, Member{}, in, out)
	}
}

// hurryTransfer tells the target to campaign once its log is complete.
func (n *Node) hurryTransfer(slot int) {
	p := &n.peers[slot]
	if n.leadership.target == (Member{}) || p.member != n.leadership.target || p.match != n.log.last {
		return
	}
	n.leadership.timeoutNow |= 1 << slot
	n.leadership.handedOver = true
}

// handOver begins a transfer to the voter that knows most, if one is in contact.
func (n *Node) handOver() {
	if n.leadership.target != (Member{}) {
		return
	}
	best, found := 0, false
	for rest := n.newest.Voters & n.inContact() &^ n.me; rest != 0; rest &= rest - 1 {
		if slot := rest.lowest(); !found || n.peers[slot].match > n.peers[best].match {
			best, found = slot, true
		}
	}
	if found {
		n.beginTransfer(best)
	}
}

// receiveTimeoutNow campaigns at once, without asking first whether it could win:
// the leader wants it to.
func (n *Node) receiveTimeoutNow(in *Input, out *Effects) {
	if !n.hearLeader(in, out) {
		return
	}
	if n.me&n.newest.mayVote() != 0 && n.couldLead(in) {
		n.campaign(true, in, out)
	}
}
