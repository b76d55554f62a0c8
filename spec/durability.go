package spec

import "slices"

// changed notes that the server's persistent state has changed. It becomes durable
// later, in the order of the changes.
func (v *server) changed() { v.pending = append(v.pending, v.persistent) }

// Persist makes a server's state durable up to the change that brought the given
// term, vote and log, the log by its last index and that entry's value (0 and 0 if
// it is empty). Where that is durable already nothing changes.
func (s *State) Persist(i Server, t Term, vote Server, last Index, value uint64) *Refusal {
	v := &s.servers[i]
	is := func(p persistent) bool {
		return p.term == t && p.vote == vote && s.last(p.log) == last && s.entries[p.log].value == value
	}
	if is(v.durable) {
		return nil
	}
	n := slices.IndexFunc(v.pending, is)
	if n < 0 {
		return refuse("Persist", i, "it was not in term %d with a vote for %d and a log up to %d since term %d, a vote for %d and %d are durable",
			t, vote, last, v.durable.term, v.durable.vote, s.last(v.durable.log))
	}
	for _, p := range v.pending[:n+1] {
		if p.vote != Nobody {
			s.in(p.term).of(p.vote).voted |= 1 << i
		}
	}
	v.durable = v.pending[n]
	v.pending = v.pending[:copy(v.pending, v.pending[n+1:])]
	return nil
}

// Speak sends a message of a term, whatever else it says: not before that term is
// durable (§3.8).
func (s *State) Speak(i Server, t Term) *Refusal {
	v := &s.servers[i]
	if v.durable.term < t {
		return refuse("Speak", i, "it sends a message of term %d, but only term %d is durable", t, v.durable.term)
	}
	v.spoken = max(v.spoken, t)
	return nil
}

// Crash ends a server's process: what is not durable is lost.
func (s *State) Crash(i Server) {
	v := &s.servers[i]
	v.role, v.persistent, v.votes, v.agrees = Down, v.durable, 0, 0
	v.pending, v.promises = v.pending[:0], v.promises[:0]
}

// Restart begins a server's process with what is durable. Of what was committed it
// may remember what its log still holds, or less.
func (s *State) Restart(i Server, commit Index) *Refusal {
	v := &s.servers[i]
	proven := s.configurations[s.newest(v).before].index
	switch {
	case v.role != Down:
		return refuse("Restart", i, "it is up")
	case commit > s.last(v.log):
		return refuse("Restart", i, "its log ends at %d, below commit index %d", s.last(v.log), commit)
	case commit > proven && (commit > s.last(v.commit) || s.cut(v.commit, commit) != s.cut(v.log, commit)):
		return refuse("Restart", i, "it takes %d to be committed, but knew only of %d, or of another log", commit, s.last(v.commit))
	}
	v.role, v.commit = Follower, s.cut(v.log, commit)
	return nil
}
