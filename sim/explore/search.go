package explore

import "slices"

// A search visits states breadth first: level by level, each of the states that
// are one step farther from the first.
type search struct {
	*universe
	*guard
	visited visited
	this    rows // the level whose successors are looked for
	next    rows
	number  uint32 // of the state whose successors are looked for
	actions []action
	batch   batch
	into    state
	result  Result
}

// guardEvery is how many states are visited between looks at the limits.
const guardEvery = 1 << 14

func newSearch(u *universe, g *guard) *search {
	s := &search{
		universe: u, guard: g, into: make(state, u.width),
		this: rows{width: u.width}, next: rows{width: u.width},
	}
	s.batch.states = rows{width: u.width}
	for range batchMax {
		s.batch.states.push(s.into)
	}
	return s
}

// run searches until there is nothing left to see.
func (s *search) run(first state) *Result {
	r := &s.result
	start := append(state(nil), first...)
	s.canonical(start)
	s.batch.put(start, 0)
	s.flush()
	for r.Limit == "" && r.Violation == nil && s.next.length > 0 {
		s.this, s.next = s.next, rows{width: s.width, spare: s.this.spare}
		for i := range s.this.length {
			s.expand(s.this.at(i))
			if r.Violation != nil {
				break
			}
			if s.number++; s.number%guardEvery == 0 {
				s.flush()
				s.count()
				if r.Limit = s.limit(r, s.bytes()); r.Limit != "" {
					break
				}
			}
			s.next.reuse(&s.this, i)
		}
		s.flush()
		if s.next.length > 0 {
			r.Depth++
		}
	}
	s.count()
	s.limit(r, s.bytes())
	if r.Violation != nil {
		r.Violation = s.retrace(first)
	}
	return r
}

func (s *search) count() {
	s.result.Distinct, s.result.Servers = uint64(s.visited.met.length), uint64(s.servers.items.length)
}

// expand visits all states that are one step from a state.
func (s *search) expand(from state) {
	s.actions = s.universe.actions(from, s.actions[:0])
	for i := range s.actions {
		failure, happened := s.apply(from, &s.actions[i], s.into)
		if failure != "" {
			s.result.Violation = violation(failure, nil)
			return
		}
		if !happened {
			continue
		}
		s.result.Generated++
		s.canonical(s.into)
		if s.batch.put(s.into, s.number); s.batch.count == batchMax {
			s.flush()
		}
	}
}

// flush adds the batch to what was visited, and what of it is new to the next
// level.
func (s *search) flush() {
	s.visited.fetch(&s.batch)
	for i := range s.batch.count {
		if s.visited.add(s.batch.meetings[i]) {
			s.next.push(s.batch.states.at(i))
		}
	}
	s.batch.count = 0
}

// canonical gives the servers the names that stand for all others, where there is
// symmetry.
func (u *universe) canonical(s state) {
	if u.renaming != nil {
		u.renaming.canonical(s)
	}
}

// retrace finds the way to the violation again, which the state whose successors
// were looked for leads to. The names of servers stay what they are in the first
// state.
func (s *search) retrace(first state) *Violation {
	var way []uint32
	for at := s.number; at != 0; at = s.visited.met.at(int(at)).from {
		way = append(way, at)
	}
	t := newTrail(s.universe, first)
	for _, number := range slices.Backward(way) {
		goal := s.visited.met.at(int(number))
		t.follow(func(into state, failure string) bool {
			low, high := fingerprint(into)
			return failure == "" && low == goal.low && high == goal.high
		})
	}
	t.follow(func(_ state, failure string) bool { return failure != "" })
	return violation(t.failure, t.path)
}

func (s *search) bytes() uint64 {
	return s.universe.bytes() + s.visited.bytes() + s.this.bytes() + s.next.bytes()
}

// rows are states of equal width. What has been read can be written anew.
type rows struct {
	width  int
	chunks [][]uint32
	spare  [][]uint32
	length int
}

const rowsChunk = 1 << 12

func (r *rows) at(i int) state {
	from := i % rowsChunk * r.width
	return r.chunks[i/rowsChunk][from : from+r.width : from+r.width]
}

func (r *rows) push(s state) {
	if r.length == len(r.chunks)*rowsChunk {
		if last := len(r.spare) - 1; last >= 0 {
			r.chunks, r.spare = append(r.chunks, r.spare[last]), r.spare[:last]
		} else {
			r.chunks = append(r.chunks, make([]uint32, rowsChunk*r.width))
		}
	}
	r.length++
	copy(r.at(r.length-1), s)
}

// reuse takes over memory of other rows that have been read up to one of them.
func (r *rows) reuse(other *rows, read int) {
	if read%rowsChunk == rowsChunk-1 || read == other.length-1 {
		r.spare = append(r.spare, other.chunks[read/rowsChunk])
		other.chunks[read/rowsChunk] = nil
	}
}

func (r *rows) bytes() uint64 {
	return 4 * uint64(len(r.chunks)+len(r.spare)) * rowsChunk * uint64(r.width)
}
