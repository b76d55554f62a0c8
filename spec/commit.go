package spec

// AdvanceCommitIndex has a leader commit its log up to an index: one of its own
// term, durable on a quorum of the configuration it goes by (§3.6.2).
func (s *State) AdvanceCommitIndex(i Server, index Index) *Refusal {
	v := &s.servers[i]
	c := s.newest(v)
	switch {
	case v.role != Leader || index <= s.last(v.commit) || index > s.last(v.log):
		return refuse("AdvanceCommitIndex", i, "it is %v, or %d is not between its commit index, %d, and the end of its log, %d",
			v.role, index, s.last(v.commit), s.last(v.log))
	case s.termAt(v.log, index) != v.term:
		return refuse("AdvanceCommitIndex", i, "entry %d is of term %d, not of its own, %d", index, s.termAt(v.log, index), v.term)
	}
	var have Set
	for rest := c.Voters | c.Outgoing; rest != 0; rest &= rest - 1 {
		if j := rest.lowest(); j != i && v.match[j] >= index {
			have |= 1 << j
		}
	}
	if s.holds(v.durable.log, s.cut(v.log, index)) {
		have |= 1 << i
	}
	if !c.isQuorum(have) {
		return refuse("AdvanceCommitIndex", i, "the %d that have entry %d are no quorum of %d voters and %d outgoing voters",
			have.count(), index, c.Voters.count(), c.Outgoing.count())
	}
	v.commit = s.cut(v.log, index)
	return nil
}

// Heartbeat tells a server the leader's commit index, or less: no more than the
// server is known to have, for the message says nothing about its log.
func (s *State) Heartbeat(i, to Server, t Term, commit Index) *Refusal {
	v := &s.servers[i]
	switch {
	case v.role != Leader || v.term != t:
		return refuse("Heartbeat", i, "it is %v of term %d, and the message of term %d", v.role, v.term, t)
	case commit > min(s.last(v.commit), v.match[to]):
		return refuse("Heartbeat", i, "it tells %d of commit index %d, but knows only of %d, and that %d has %d entries",
			to, commit, s.last(v.commit), to, v.match[to])
	}
	told := s.in(t).with(to)
	told.heartbeat = max(told.heartbeat, commit)
	return s.Speak(i, t)
}

// HandleHeartbeat has a follower take in the commit index.
func (s *State) HandleHeartbeat(i, from Server, t Term, commit Index) *Refusal {
	v := &s.servers[i]
	e := s.in(t)
	switch {
	case v.role != Follower || v.term != t || e.leader != from || commit > e.with(i).heartbeat:
		return refuse("HandleHeartbeat", i, "it is %v of term %d, or %d has not told it of commit index %d in term %d",
			v.role, v.term, from, commit, t)
	case commit > s.last(v.log):
		return refuse("HandleHeartbeat", i, "its log ends at %d, below commit index %d", s.last(v.log), commit)
	}
	s.learn(v, commit)
	return nil
}

// InferCommit has a server conclude from a configuration in its log that the one
// before it is committed: it would not have been proposed otherwise (§4.1).
func (s *State) InferCommit(i Server, index Index) *Refusal {
	v := &s.servers[i]
	if most := s.configurations[s.newest(v).before].index; v.role == Down || index > most {
		return refuse("InferCommit", i, "nothing told it of commit index %d; its log proves %d committed", index, most)
	}
	s.learn(v, index)
	return nil
}

// learn raises a server's commit index to one that its log has.
func (s *State) learn(v *server, index Index) {
	if index > s.last(v.commit) {
		v.commit = s.cut(v.log, index)
	}
}
