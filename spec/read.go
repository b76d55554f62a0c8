package spec

// ReadIndex has a leader say what a linearizable read that arrives now must see:
// everything committed. It knows that only once an entry of its own term is
// committed, so until then the read waits for the first of these (§6.4).
func (s *State) ReadIndex(i Server, index Index) *Refusal {
	v := &s.servers[i]
	least := s.last(v.commit)
	if s.entries[v.commit].term != v.term {
		least = s.in(v.term).start
	}
	if v.role != Leader || index < least {
		return refuse("ReadIndex", i, "it is %v, and a read in term %d must wait for entry %d, not only for %d", v.role, v.term, least, index)
	}
	return nil
}
