package sim

import "github.com/driftless-raft/driftless/raft"

const (
	// sampleEvery is how many events there are to one after which the state is
	// looked at.
	sampleEvery = 16
	// statesMax bounds the memory of a survey to 128 MiB.
	statesMax = 1 << 24
)

// A Survey is the set of abstract states that runs have gone through: what roles
// there are, and how terms and logs stand to each other, whatever their numbers and
// the servers' names. Runs that find new ones still go where none has been. It
// belongs to one goroutine; the zero Survey is empty.
type Survey struct {
	slots []uint64 // open addressing; zero is a free one
	count int
	full  bool
}

// Add adds the states of a run whose options ask for States.
func (s *Survey) Add(r *Result) {
	for _, state := range r.states {
		s.put(state)
	}
}

// States is how many there are.
func (s *Survey) States() int { return s.count }

// Full reports whether there were more than the survey keeps.
func (s *Survey) Full() bool { return s.full }

func (s *Survey) put(state uint64) {
	if 4*(s.count+1) > 3*len(s.slots) {
		if len(s.slots) == statesMax {
			s.full = true
			return
		}
		s.grow()
	}
	for at := state; ; at++ {
		slot := &s.slots[at&uint64(len(s.slots)-1)]
		if *slot == state {
			return
		}
		if *slot == 0 {
			*slot = state
			s.count++
			return
		}
	}
}

func (s *Survey) grow() {
	before := s.slots
	s.slots, s.count = make([]uint64, max(1<<12, 2*len(before))), 0
	for _, state := range before {
		if state != 0 {
			s.put(state)
		}
	}
}

// recentStates is how many of the latest states a run remembers, so that it does
// not list them again and again.
const recentStates = 1 << 10

// samples are the abstract states of one run.
type samples struct {
	listed []uint64
	recent [recentStates]uint64
}

func (p *samples) reset() { p.listed, p.recent = nil, [recentStates]uint64{} }

// take lists the present state, unless it was listed lately.
func (p *samples) take(w *world) {
	state := w.abstract()
	if place := &p.recent[state%recentStates]; *place != state {
		*place = state
		p.listed = append(p.listed, state)
	}
}

// abstract is the present state, folded: a sum over the servers, so that their order
// does not matter, of each one's role and how its term and its log stand to the
// others'.
func (w *world) abstract() uint64 {
	sum := uint64(1)
	for _, s := range w.servers[:w.count] {
		sum += s.abstract(w.servers[:w.count])
	}
	return max(sum, 1)
}

func (s *server) abstract(all []*server) uint64 {
	var terms, logs, lasts uint64 // how many servers' are lower
	mine := s.lastTerm()
	for _, other := range all {
		if other.seen.term < s.seen.term {
			terms++
		}
		its := other.lastTerm()
		if its < mine {
			logs++
		}
		if its == mine && other.seen.last < s.seen.last {
			lasts++
		}
	}
	shape := terms | logs<<4 | lasts<<8 | uint64(s.seen.role)<<12
	for i, holds := range [...]bool{
		s.up, s.seen.commit == s.seen.last, mine == s.seen.term, s.seen.configuration.Outgoing != 0, s.votes(),
	} {
		if holds {
			shape |= 1 << (16 + i)
		}
	}
	return mix(shape, 0x616273747261)
}

// lastTerm is the term of the last entry that the server has written.
func (s *server) lastTerm() raft.Term { return s.disk.written.at(s.disk.written.last).term }
