package raft

// advanceCommit commits what is durable on a quorum: the highest index, if the
// entry there is of the leader's own term. Entries of earlier terms are committed
// along with it and never by counting alone, since a leader without them could
// still be elected (§3.6.2, Figure 3.7).
func (n *Node) advanceCommit(in *Input, out *Effects) {
	var durable [MaxMembers]uint64
	for rest := n.newest.mayVote(); rest != 0; rest &= rest - 1 {
		slot := rest.lowest()
		durable[slot] = uint64(n.match(slot))
	}
	if n.me != 0 {
		durable[n.me.lowest()] = uint64(n.whole(n.writes.durable, in))
	}
	highest := Index(n.newest.reached(&durable))
	if highest <= n.commit {
		return
	}
	if term, known := n.log.at(highest); !known || term != n.term {
		return
	}
	n.leadership.tellCommit |= n.everyoneElse() // those who leave by this commit included
	n.learnCommit(highest)
	n.configurationCommitted(out)
}

// learnCommit raises the commit index; it never falls.
func (n *Node) learnCommit(index Index) {
	if index > n.commit {
		n.commit = index
		n.marks.release(index)
	}
}
