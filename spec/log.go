package spec

// Term is Raft's logical clock (§3.3). Zero is before the first election.
type Term uint64

// Index is a place in the log (§3.5). The first entry has index 1; zero is the
// empty log.
type Index uint64

// A place is a log, named by its last entry: the entries before it hang on it as
// a chain. The zero place is the empty log. Two logs agree up to an index if and
// only if they have the same place there.
type place uint32

// An entry is made once, by the leader of its term, and never changes.
type entry struct {
	index  Index
	term   Term
	value  uint64 // what it says, as a hash
	before place
	// jump leads further back, so that an earlier entry is found in a number of
	// hops that grows with the logarithm of the distance (Myers, "An applicative
	// random-access stack", 1983).
	jump          place
	configuration uint32 // in force from here on, by its place in State.configurations
}

// extend makes the entry that follows a log.
func (s *State) extend(log place, term Term, value uint64) place {
	before := &s.entries[log]
	jump := log
	if middle := &s.entries[before.jump]; before.index-middle.index == middle.index-s.entries[middle.jump].index {
		jump = middle.jump
	}
	s.entries = append(s.entries, entry{
		index: before.index + 1, term: term, value: value,
		before: log, jump: jump, configuration: before.configuration,
	})
	return place(len(s.entries) - 1)
}

// cut is the prefix of a log that ends at an index, or all of a shorter one.
func (s *State) cut(log place, index Index) place {
	for s.entries[log].index > index {
		if jump := s.entries[log].jump; s.entries[jump].index >= index {
			log = jump
		} else {
			log = s.entries[log].before
		}
	}
	return log
}

// holds reports whether a log begins with a prefix.
func (s *State) holds(log, prefix place) bool { return s.cut(log, s.entries[prefix].index) == prefix }

// common is the longest prefix of a log that begins another: found entry by entry,
// since a message brings few that are not there yet.
func (s *State) common(a, b place) place {
	least := min(s.entries[a].index, s.entries[b].index)
	a, b = s.cut(a, least), s.cut(b, least)
	for a != b {
		a, b = s.entries[a].before, s.entries[b].before
	}
	return a
}

// last is the index of a log's last entry.
func (s *State) last(log place) Index { return s.entries[log].index }

// termAt is the term of a log's entry at an index, which it must have, or 0 at 0.
func (s *State) termAt(log place, index Index) Term { return s.entries[s.cut(log, index)].term }
