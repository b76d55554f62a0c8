package raft

// termRuns is what the core knows of its log: up to where it goes and which
// entries are of which term, as runs of equal term. Terms never fall along a log
// (§3.5), so a run is known by its first index and its term.
type termRuns struct {
	base     Index // nothing is known of entries before base, and of base its term only
	baseTerm Term
	last     Index
	count    uint32
	_        uint32
	first    [MaxRuns]Index
	term     [MaxRuns]Term
}

// reset makes the log empty after base.
func (l *termRuns) reset(base Index, term Term) {
	l.base, l.baseTerm, l.last, l.count = base, term, base, 0
}

// lastTerm is the term of the last entry.
func (l *termRuns) lastTerm() Term {
	if l.count == 0 {
		return l.baseTerm
	}
	return l.term[l.count-1]
}

// run is the number of the run that holds an index in (base, last].
func (l *termRuns) run(index Index) uint32 {
	if l.first[l.count-1] <= index { // nearly always: the end of the log is where things happen
		return l.count - 1
	}
	low, high := uint32(0), l.count-1
	for low+1 < high {
		if middle := (low + high) / 2; l.first[middle] <= index {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// at returns the term of an entry, and false if it is not known.
func (l *termRuns) at(index Index) (Term, bool) {
	switch {
	case index > l.last || index < l.base:
		return 0, false
	case index == l.base:
		return l.baseTerm, true
	}
	return l.term[l.run(index)], true
}

// end is the last index of the run that holds an index in (base, last].
func (l *termRuns) end(index Index) Index {
	r := l.run(index)
	if r+1 == l.count {
		return l.last
	}
	return l.first[r+1] - 1
}

// accepts reports whether entries of a term could be appended.
func (l *termRuns) accepts(term Term, commit Index) bool {
	return l.count < MaxRuns || l.lastTerm() == term || l.end(l.first[0]) <= commit
}

// extend appends entries of one term up to last. If no run is free it forgets
// the first one, which must be committed, as accepts says.
func (l *termRuns) extend(last Index, term Term) {
	assert(last > l.last && term >= l.lastTerm(), "the log's terms would be out of order")
	if l.count == 0 || l.term[l.count-1] != term {
		if l.count == MaxRuns {
			l.compact(l.end(l.first[0]))
		}
		l.first[l.count], l.term[l.count] = l.last+1, term
		l.count++
	}
	l.last = last
}

// truncate removes the entries from an index above base on.
func (l *termRuns) truncate(from Index) {
	for l.count > 0 && l.first[l.count-1] >= from {
		l.count--
	}
	l.last = from - 1
}

// compact forgets the entries up to an index in (base, last].
func (l *termRuns) compact(through Index) {
	r := l.run(through)
	term := l.term[r]
	if l.end(through) == through {
		r++
	} else {
		l.first[r] = through + 1
	}
	copy(l.first[:], l.first[r:l.count])
	copy(l.term[:], l.term[r:l.count])
	l.count -= r
	l.base, l.baseTerm = through, term
}

// floor is the highest known index at or below index whose term is at most term,
// with its term; where there is none, base: whole conflicting terms are skipped
// at one step (§3.5, p. 21).
func (l *termRuns) floor(index Index, term Term) (Index, Term) {
	index = min(index, l.last)
	for index > l.base {
		r := l.run(index)
		if l.term[r] <= term {
			return index, l.term[r]
		}
		index = l.first[r] - 1
	}
	return l.base, l.baseTerm
}
