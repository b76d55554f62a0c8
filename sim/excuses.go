package sim

import "github.com/driftless-raft/driftless/raft"

// A cluster that is healed, or a core that is whole, must commit again. What excuses
// it is proven from what the stores hold, and counted.

// excused reports whether nothing can be committed any more, whoever tries. A core may
// have been told by a leader outside, who is heard for a while, of a configuration of
// which it is no quorum.
func (w *world) excused() bool {
	switch {
	case w.full():
		w.coverage[exhausted]++
	case w.stalemate():
		w.coverage[stalemates]++
	case w.core != 0 && !w.decides(w.core):
		w.coverage[outvoted]++
	default:
		return false
	}
	return true
}

// given reports whether the run was excused, so that there is nothing more to expect.
func (w *world) given() bool {
	return w.coverage[exhausted]+w.coverage[stalemates]+w.coverage[outvoted] != 0
}

// full is the excuse that logs are full: so many voters are stuck that the others who
// count are no quorum. Every leader since the last commit has left a no-op there;
// Settings.Reserve says how many may.
func (w *world) full() bool {
	if w.leader == nil {
		return false
	}
	c := &w.leader.seen.configuration
	all := w.votersOf(c, w.counts)
	able := w.votersOf(c, func(s *server) bool { return w.counts(s) && !s.stuck() })
	return able != all && !isQuorum(able, c)
}

// stuck reports whether a server's log is full to the last entry, reserve and all, with
// entries none of which it knows to be committed, so that nothing can be compacted. So
// many of them as the reserve is there for are the core's own. But where somebody is out
// of the reckoning, those who are left may be full of what he has committed and did not
// come to tell them.
func (s *server) stuck() bool {
	log, w := &s.disk.written, s.world
	full := s.up && s.disk.Room().Entries == 0 && log.base == s.seen.commit && s.seen.commit < log.last
	return full && (s.reserved() >= min(reserveMin, w.options.Reserve) || w.faults.ghost || w.damaged() > 0 || w.coverage[frozenCores] > 0)
}

// reserved counts the entries in a log that clients had no part in.
func (s *server) reserved() uint32 {
	count := uint32(0)
	for index := s.disk.written.base + 1; index <= s.disk.written.last; index++ {
		if _, kind, _, ok := s.disk.Header(index); ok && kind != raft.Command {
			count++
		}
	}
	return count
}

// stalemate is the excuse that nobody can lead: those who could, for they are not stuck
// and miss no body that is lost for good, have logs that are not as good as a
// quorum's (§3.6.1).
func (w *world) stalemate() bool {
	hindered := false
	for _, s := range w.servers[:w.count] {
		switch {
		case !s.up || !w.counts(s):
		case s.stuck() || w.lostForGood(s):
			hindered = true
		case w.electable(s):
			return false
		}
	}
	return hindered
}

// lostForGood reports whether a server lacks the body of an entry that nobody who
// counts can give it.
func (w *world) lostForGood(s *server) bool {
	index := s.disk.Room().Damaged
	if index == 0 || !s.disk.written.holds(index) {
		return false
	}
	for _, other := range w.servers[:w.count] {
		log := &other.disk.written
		switch {
		case other == s || !other.up || !w.counts(other) || index > log.last:
		case index <= log.base:
			return false // its snapshot stands for it
		case log.at(index).hash == s.disk.written.at(index).hash && other.disk.Room().Damaged != index:
			return false
		}
	}
	return true
}

// electable reports whether a quorum of a server's configuration could vote for it.
func (w *world) electable(s *server) bool {
	c := &s.seen.configuration
	return isQuorum(w.votersOf(c, func(other *server) bool {
		mine, its := s.lastTerm(), other.lastTerm()
		return other.up && w.counts(other) && (mine > its || mine == its && s.disk.written.last >= other.disk.written.last)
	}), c)
}
