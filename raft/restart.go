package raft

// begin makes the node what the storage holds, but for the entries after its
// base, which restore is told one by one (§3.8).
func (n *Node) begin(settings *Settings, stored *Stored, durable uint64) Refusal {
	if stored.Identity == (Identity{}) || stored.Identity.Self.ID == 0 {
		return Refusal{Code: EmptyStore}
	}
	*n = Node{}
	n.settings = *settings
	n.cluster, n.self = stored.Identity.Cluster, stored.Identity.Self
	n.term, n.vote = stored.HardState.Term, stored.HardState.Vote
	n.snapshot = stored.Snapshot
	n.newest = placed{stored.Snapshot.ConfigurationIndex, stored.Snapshot.Configuration}
	n.previous = n.newest
	n.me = n.newest.Find(n.self)
	n.log.reset(stored.Base, stored.BaseTerm)
	n.commit = max(stored.Snapshot.Index, stored.Base, min(stored.HardState.Commit, stored.Last))
	n.marks.reset(n.commit)
	n.sequence.written, n.sequence.spoken, n.sequence.persisted = stored.Written, stored.Written, durable
	switch {
	case stored.Base > stored.Snapshot.Index, stored.Last < stored.Snapshot.Index:
		return Refusal{Code: LogGap, Index: min(stored.Base, stored.Last) + 1}
	case stored.Base == stored.Snapshot.Index && stored.BaseTerm != stored.Snapshot.Term:
		return Refusal{Code: TermsOutOfOrder, Index: stored.Base, Term: stored.BaseTerm}
	case stored.Snapshot.ConfigurationIndex > stored.Snapshot.Index,
		n.newest.Everybody() != 0 && !n.newest.wellFormed():
		return Refusal{Code: BadConfiguration, Index: stored.Snapshot.ConfigurationIndex}
	}
	return Refusal{}
}

// restore takes in the next stored entry.
func (n *Node) restore(index Index, term Term, kind EntryKind, bytes uint32, c *Configuration) Refusal {
	switch {
	case term == 0 || term < n.log.lastTerm():
		return Refusal{Code: TermsOutOfOrder, Index: index, Term: term}
	case index == n.snapshot.Index && term != n.snapshot.Term:
		return Refusal{Code: TermsOutOfOrder, Index: index, Term: term}
	case !n.log.accepts(term, n.commit):
		return Refusal{Code: TooManyRuns, Index: index, Term: term}
	}
	n.log.extend(index, term)
	if index > n.commit {
		n.marks.add(index, bytes)
	}
	if index > n.snapshot.Index && kind == ConfigurationChange {
		if !c.wellFormed() {
			return Refusal{Code: BadConfiguration, Index: index, Term: term}
		}
		n.adopt(c, index)
	}
	return Refusal{}
}

// start ends the restart: the node is a follower that knows of no leader. It may
// have supported a leader's lease before it went down and does not remember, so
// for one election timeout it grants no vote (§6.4.1).
func (n *Node) start(now Instant, jitter Duration, commit Index) Refusal {
	switch {
	case commit > n.log.last:
		return Refusal{Code: CommitBeyondLog, Index: n.log.last}
	case n.term < n.log.lastTerm():
		return Refusal{Code: TermBelowLog, Index: n.log.last, Term: n.log.lastTerm()}
	}
	// A configuration is proposed only when the one before it is committed.
	n.commit = max(n.commit, commit, n.previous.index)
	n.marks.release(n.commit)
	n.writes.durable = n.log.last
	if n.sequence.persisted < n.sequence.written {
		n.writes.durable = n.commit
		n.writes.record(n.sequence.written, n.log.last)
	}
	// Questions of this life must not be taken for those of an earlier one, whose
	// answers may still be on their way.
	n.sequence.asked = (uint64(jitter)*0x9e3779b97f4a7c15 + uint64(now)) >> 1
	n.sequence.answered = n.sequence.asked
	n.instant.now = now
	n.instant.quiet = n.after(n.settings.ElectionTimeout)
	n.instant.timeout = n.settings.ElectionTimeout + jitter%n.settings.ElectionTimeout
	n.instant.election = n.after(n.instant.timeout)
	n.instant.transfer = forever
	n.instant.writing = now
	return Refusal{}
}
