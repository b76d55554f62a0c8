package spec

// Timeout has a server begin an election (§3.4): by itself, or because the leader
// told it to (§3.10).
func (s *State) Timeout(i Server) *Refusal {
	v := &s.servers[i]
	switch {
	case v.role != Follower && v.role != Candidate:
		return refuse("Timeout", i, "its role is %v", v.role)
	case !s.mayCampaign(v, i):
		return refuse("Timeout", i, "it is no voter of its configuration, nor was one of the one before while that is not replaced")
	}
	v.enter(v.term+1, Candidate, i)
	e := s.in(v.term)
	e.candidacies = append(e.candidacies, candidacy{candidate: i, log: v.log})
	return nil
}

// mayCampaign reports whether a server is a voter, or was one until a change that
// it does not know to be committed: then it may be needed (§4.2.2).
func (s *State) mayCampaign(v *server, i Server) bool {
	c := s.newest(v)
	before := &s.configurations[c.before]
	return (c.Voters | c.Outgoing).has(i) || c.index > s.last(v.commit) && (before.Voters|before.Outgoing).has(i)
}

// RequestVote sends a vote request of a term with what it says of the candidate's
// log (§3.6.1).
func (s *State) RequestVote(i, to Server, t Term, last Index, lastTerm Term) *Refusal {
	c := s.in(t).of(i)
	switch {
	case c == nil:
		return refuse("RequestVote", i, "it has not campaigned for term %d", t)
	case !c.voted.has(i):
		return refuse("RequestVote", i, "its vote for itself in term %d is not durable", t)
	case s.last(c.log) != last || s.entries[c.log].term != lastTerm:
		return refuse("RequestVote", i, "its log ends at %d of term %d, not at %d of term %d",
			s.last(c.log), s.entries[c.log].term, last, lastTerm)
	}
	c.asked |= 1 << to
	return s.Speak(i, t)
}

// HandleRequestVote has a server vote for a candidate, once a term, and only for
// one whose log is at least as up-to-date as its own (§3.6.1). Whether the
// candidate is in its configuration does not matter (§4.1).
func (s *State) HandleRequestVote(i, candidate Server) *Refusal {
	v := &s.servers[i]
	c := s.in(v.term).of(candidate)
	switch {
	case v.role == Down || c == nil || !c.asked.has(i):
		return refuse("HandleRequestVote", i, "it is %v, or %d has not asked for its vote in term %d", v.role, candidate, v.term)
	case v.vote != Nobody && v.vote != candidate:
		return refuse("HandleRequestVote", i, "it has voted for %d in term %d, not for %d", v.vote, v.term, candidate)
	case !s.upToDate(c.log, v.log):
		return refuse("HandleRequestVote", i, "its log ends at %d of term %d, which is more up-to-date than that of %d, at %d of term %d",
			s.last(v.log), s.entries[v.log].term, candidate, s.last(c.log), s.entries[c.log].term)
	case v.vote == Nobody:
		v.vote = candidate
		v.changed()
	}
	return nil
}

// upToDate reports whether a log is at least as up-to-date as another.
func (s *State) upToDate(log, other place) bool {
	a, b := &s.entries[log], &s.entries[other]
	return a.term > b.term || a.term == b.term && a.index >= b.index
}

// GrantVote sends a vote of a term.
func (s *State) GrantVote(i, to Server, t Term) *Refusal {
	c := s.in(t).of(to)
	if c == nil || !c.voted.has(i) {
		return refuse("GrantVote", i, "its vote for %d in term %d is not durable", to, t)
	}
	c.granted |= 1 << i
	return s.Speak(i, t)
}

// HandleGrantedVote has a candidate count a vote.
func (s *State) HandleGrantedVote(i, from Server) *Refusal {
	v := &s.servers[i]
	if c := s.in(v.term).of(i); v.role != Candidate || !c.granted.has(from) {
		return refuse("HandleGrantedVote", i, "it is %v, or %d has sent no vote for it in term %d", v.role, from, v.term)
	}
	v.votes |= 1 << from
	return nil
}

// BecomeLeader has a candidate take office with the votes it has: its own, when it
// is durable, and those it received.
func (s *State) BecomeLeader(i Server) *Refusal {
	v := &s.servers[i]
	if v.role != Candidate {
		return refuse("BecomeLeader", i, "its role is %v, not candidate", v.role)
	}
	e, c := s.in(v.term), s.newest(v)
	votes := v.votes | e.of(i).voted&(1<<i)
	if !c.isQuorum(votes) {
		return refuse("BecomeLeader", i, "%d votes are no quorum of %d voters and %d outgoing voters in term %d",
			votes.count(), c.Voters.count(), c.Outgoing.count(), v.term)
	}
	v.role = Leader
	v.match = [ServersMax + 1]Index{}
	e.leader, e.start, e.log = i, s.last(v.log)+1, v.log
	return nil
}

// UpdateTerm has a server follow in a higher term that it has heard of (§3.3).
func (s *State) UpdateTerm(i, from Server, t Term) *Refusal {
	v := &s.servers[i]
	switch {
	case v.role == Down || t <= v.term:
		return refuse("UpdateTerm", i, "it is %v, or term %d is not above its own, %d", v.role, t, v.term)
	case s.servers[from].spoken < t:
		return refuse("UpdateTerm", i, "%d has sent nothing of term %d", from, t)
	}
	v.enter(t, Follower, Nobody)
	return nil
}

// StepDown has a candidate or a leader go back to following in its term: because
// it heard from the term's leader, or heard too little from anybody (§6.2).
func (s *State) StepDown(i Server) *Refusal {
	v := &s.servers[i]
	if v.role != Candidate && v.role != Leader {
		return refuse("StepDown", i, "its role is %v", v.role)
	}
	v.role, v.votes = Follower, 0
	return nil
}

// enter begins a term.
func (v *server) enter(t Term, role Role, vote Server) {
	v.term, v.role, v.vote, v.votes, v.agrees = t, role, vote, 0, 0
	v.changed()
}
