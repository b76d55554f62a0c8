package raft

// Fate is what became of a proposal.
type Fate uint8

// The fates. Committed and Superseded are final; Unknown does not become known
// by waiting.
const (
	// Pending: nobody can know yet. A proposer that gives up waiting does not
	// know either: the entry may commit later, under another leader.
	Pending Fate = iota
	// Committed: the entry is committed.
	Committed
	// Superseded: an entry of another term is committed in its place. That it
	// was removed from this node's log would not be enough: another node may
	// have it and commit it.
	Superseded
	// Unknown: the log no longer tells, because it was compacted, or a snapshot
	// took its place.
	Unknown
)

// Fate says what became of the entry that was proposed at an index in a term.
func (n *Node) Fate(index Index, term Term) Fate {
	if index > n.commit {
		return Pending
	}
	at, known := n.log.at(index)
	switch {
	case !known:
		return Unknown
	case at == term:
		return Committed
	}
	return Superseded
}
