package spec

import "slices"

// ClientRequest has a leader append an entry of its term: a command, or its first
// entry, which says nothing.
func (s *State) ClientRequest(i Server, t Term, value uint64) *Refusal {
	v := &s.servers[i]
	if v.role != Leader || v.term != t {
		return refuse("ClientRequest", i, "it is %v of term %d, and the entry of term %d", v.role, v.term, t)
	}
	v.log = s.extend(v.log, t, value)
	v.changed()
	return nil
}

// An Append is what an AppendEntries message says (§3.5).
type Append struct {
	// Term is the leader's, PrevTerm that of the entry before the first, and
	// EntryTerm that of all entries.
	Term, PrevTerm, EntryTerm Term
	// Prev is the entry before the first, Last the last one or, where there are
	// none, Prev; Commit is the leader's commit index.
	Prev, Last, Commit Index
}

// says reports whether the message is about a log.
func (m *Append) says(s *State, log place) bool {
	return m.Prev <= m.Last && m.Last <= s.last(log) && s.termAt(log, m.Prev) == m.PrevTerm &&
		(m.Prev == m.Last || s.termAt(log, m.Prev+1) == m.EntryTerm && s.termAt(log, m.Last) == m.EntryTerm)
}

// AppendEntries sends some of a leader's log, or none, to a server.
func (s *State) AppendEntries(i, to Server, m Append) *Refusal {
	v := &s.servers[i]
	switch {
	case v.role != Leader || v.term != m.Term:
		return refuse("AppendEntries", i, "it is %v of term %d, and the message of term %d", v.role, v.term, m.Term)
	case !m.says(s, v.log):
		return refuse("AppendEntries", i, "%+v is not about its log, which ends at %d", m, s.last(v.log))
	case m.Commit > s.last(v.commit):
		return refuse("AppendEntries", i, "it tells of commit index %d, but knows only of %d", m.Commit, s.last(v.commit))
	}
	e := s.in(m.Term)
	e.log = v.log
	told := e.with(to)
	told.entries, told.commit = max(told.entries, m.Last), max(told.commit, m.Commit)
	return s.Speak(i, m.Term)
}

// HandleAppendEntries has a follower take in a message up to an index: all of it,
// unless it has no room. What conflicts is removed, and only that (§3.5).
func (s *State) HandleAppendEntries(i, from Server, m Append, upTo Index) *Refusal {
	v := &s.servers[i]
	e := s.in(m.Term)
	told := e.with(i)
	sent := s.cut(e.log, m.Last)
	kept := s.common(v.log, sent)
	conflict := s.last(kept) < m.Last && s.last(kept) < s.last(v.log)
	switch {
	case v.role != Follower || v.term != m.Term:
		return refuse("HandleAppendEntries", i, "it is %v of term %d, and the message of term %d", v.role, v.term, m.Term)
	case e.leader != from || m.Last > told.entries || m.Commit > told.commit || !m.says(s, e.log):
		return refuse("HandleAppendEntries", i, "%d has not sent it %+v", from, m)
	case upTo < m.Prev || upTo > m.Last:
		return refuse("HandleAppendEntries", i, "index %d is not in the message, from %d to %d", upTo, m.Prev, m.Last)
	case s.last(kept) < m.Prev:
		return refuse("HandleAppendEntries", i, "its log, which ends at %d of term %d, does not hold entry %d of term %d",
			s.last(v.log), s.entries[v.log].term, m.Prev, m.PrevTerm)
	case conflict && s.last(kept) < s.last(v.commit):
		return refuse("HandleAppendEntries", i, "it would remove entry %d, though it knows %d to be committed",
			s.last(kept)+1, s.last(v.commit))
	case conflict:
		v.log = kept
		v.changed()
	}
	if upTo > s.last(v.log) {
		v.log = s.cut(sent, upTo)
		v.changed()
	}
	v.agrees = upTo
	s.learn(v, min(m.Commit, upTo))
	return nil
}

// Acknowledge has a follower make up its mind that its log equals the leader's up
// to an index: as far as it has taken in what the leader sent last; as far as it knows
// its log to be committed, since the leader has all that was (§3.6.3); or, where
// whole is set, all of it, since it ends with an entry that the leader has made
// (§3.5, Log Matching).
func (s *State) Acknowledge(i Server, index Index, whole bool) *Refusal {
	v := &s.servers[i]
	most := max(v.agrees, s.last(v.commit))
	if whole && s.entries[v.log].term == v.term {
		most = s.last(v.log)
	}
	if v.role != Follower || index > most || index > s.last(v.log) {
		return refuse("Acknowledge", i, "it is %v, and its log was found to agree with the leader's of term %d up to %d, not %d",
			v.role, v.term, most, index)
	}
	log := s.cut(v.log, index)
	if n := len(v.promises); n == 0 || v.promises[n-1].term != v.term {
		v.promises = append(v.promises, promise{v.term, log})
	} else if index > s.last(v.promises[n-1].log) {
		v.promises[n-1].log = log
	}
	return nil
}

// SendAcknowledgement tells the leader of a term how far the follower's log agreed
// with its own, and was durable (§3.8).
func (s *State) SendAcknowledgement(i, to Server, t Term, index Index) *Refusal {
	v := &s.servers[i]
	e := s.in(t)
	n := slices.IndexFunc(v.promises, func(p promise) bool { return p.term == t })
	switch {
	case e.leader != to || n < 0 || s.last(v.promises[n].log) < index:
		return refuse("SendAcknowledgement", i, "it has not found to agree with %d, the leader of term %d, up to %d", to, t, index)
	case v.durable.term == t && !s.holds(v.durable.log, s.cut(v.promises[n].log, index)):
		return refuse("SendAcknowledgement", i, "the entries up to %d are not durable", index)
	}
	told := e.with(i)
	told.matches = max(told.matches, index)
	return s.Speak(i, t)
}

// HandleAcknowledgement has a leader note how far a follower's log agrees with its
// own.
func (s *State) HandleAcknowledgement(i, from Server, index Index) *Refusal {
	v := &s.servers[i]
	if v.role != Leader || index > s.in(v.term).with(from).matches {
		return refuse("HandleAcknowledgement", i, "it is %v, or %d has not acknowledged %d in term %d", v.role, from, index, v.term)
	}
	v.match[from] = max(v.match[from], index)
	return nil
}
