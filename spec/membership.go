package spec

// ChangeConfiguration has a leader append a configuration, which it goes by from
// then on (§4.3).
func (s *State) ChangeConfiguration(i Server, t Term, value uint64, next Configuration) *Refusal {
	v := &s.servers[i]
	now := s.newest(v)
	switch {
	case v.role != Leader || v.term != t:
		return refuse("ChangeConfiguration", i, "it is %v of term %d, and the entry of term %d", v.role, v.term, t)
	case now.index > s.last(v.commit):
		return refuse("ChangeConfiguration", i, "the configuration at %d is not committed, only %d is", now.index, s.last(v.commit))
	case s.entries[v.commit].term != t: // Ongaro's correction of July 2015
		return refuse("ChangeConfiguration", i, "it has committed nothing in term %d yet", t)
	case !now.leadsTo(&next):
		return refuse("ChangeConfiguration", i, "%+v may not follow %+v", next, now.Configuration)
	}
	v.log = s.extend(v.log, t, value)
	e := &s.entries[v.log]
	s.configurations = append(s.configurations, placed{Configuration: next, index: e.index, before: e.configuration})
	e.configuration = uint32(len(s.configurations) - 1)
	v.changed()
	return nil
}

// leadsTo reports whether another configuration may follow. Voters change only by
// way of a joint configuration, in which the old ones count as well: so any two
// configurations that follow one another share a voter in every two quorums.
// Learners come and go, but with the end of a joint configuration nothing else
// changes.
func (c *Configuration) leadsTo(next *Configuration) bool {
	switch {
	case next.Voters == 0 || next.Voters&next.Learners != 0:
		return false
	case c.Outgoing != 0:
		return next.Voters == c.Voters && next.Learners == c.Learners && next.Outgoing == 0
	case next.Outgoing != 0:
		return next.Outgoing == c.Voters && next.Voters != c.Voters
	}
	return next.Voters == c.Voters
}
