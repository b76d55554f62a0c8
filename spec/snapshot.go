package spec

// SendSnapshot sends a server the prefix of a leader's log that ends at an index:
// one that is committed (§5).
func (s *State) SendSnapshot(i, to Server, t Term, index Index, indexTerm Term) *Refusal {
	v := &s.servers[i]
	switch {
	case v.role != Leader || v.term != t:
		return refuse("SendSnapshot", i, "it is %v of term %d, and the message of term %d", v.role, v.term, t)
	case index > s.last(v.commit):
		return refuse("SendSnapshot", i, "it knows only %d to be committed, not %d", s.last(v.commit), index)
	case s.termAt(v.log, index) != indexTerm:
		return refuse("SendSnapshot", i, "entry %d is of term %d, not %d", index, s.termAt(v.log, index), indexTerm)
	}
	e := s.in(t)
	e.log = v.log
	told := e.with(to)
	told.snapshot = max(told.snapshot, index)
	return s.Speak(i, t)
}

// InstallSnapshot has a follower take in a prefix that the leader of its term has
// sent: a log that holds it stays, any other is replaced by it (Figure 5.3).
func (s *State) InstallSnapshot(i Server, index Index, replace bool) *Refusal {
	v := &s.servers[i]
	e := s.in(v.term)
	snapshot := s.cut(e.log, index)
	switch {
	case v.role != Follower || e.leader == Nobody || index > e.with(i).snapshot:
		return refuse("InstallSnapshot", i, "it is %v, or was sent no snapshot at %d in term %d", v.role, index, v.term)
	case replace && index <= s.last(v.commit):
		return refuse("InstallSnapshot", i, "the snapshot at %d is not above its commit index, %d", index, s.last(v.commit))
	case replace == s.holds(v.log, snapshot):
		return refuse("InstallSnapshot", i, "that its log holds the snapshot at %d is %v, and that it is replaced as well", index, replace)
	case replace:
		v.log = snapshot
		v.changed()
	}
	v.agrees = index
	s.learn(v, index)
	return nil
}
