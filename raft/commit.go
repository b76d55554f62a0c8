package raft

// advanceCommit commits what is durable on a quorum: the highest index, if the
// entry there is of the leader's own term. Entries of earlier terms are committed
// along with it and never by counting alone, since a leader without them could
// still be elected (§3.6.2, Figure 3.7).
func (n *Node) advanceCommit(out *Effects) {
	highest := n.commit
	for rest := n.newest.mayVote(); rest != 0; rest &= rest - 1 {
		if index := n.match(rest.lowest()); index > highest && n.newest.Quorum(n.durableAt(index)) {
			highest = index
		}
	}
	if highest == n.commit {
		return
	}
	if term, known := n.log.at(highest); !known || term != n.term {
		return
	}
	n.leadership.tellCommit |= n.everyoneElse() // those who leave by this commit included
	n.learnCommit(highest)
	n.configurationCommitted(out)
}

// durableAt is the set of slots known to hold the log up to an index durably.
func (n *Node) durableAt(index Index) Slots {
	set := Slots(0)
	for rest := n.newest.mayVote(); rest != 0; rest &= rest - 1 {
		if slot := rest.lowest(); n.match(slot) >= index {
			set |= 1 << slot
		}
	}
	return set
}

// learnCommit raises the commit index; it never falls.
func (n *Node) learnCommit(index Index) {
	if index > n.commit {
		n.commit = index
		n.marks.release(index)
	}
}
