package explore

// A walker takes random walks from the first state, each until nothing more can
// happen or it has gone far enough.
type walker struct {
	*universe
	*guard
	first   state
	random  random
	style   style
	visited visited

	at, into state
	tape     []action // of this walk
	actions  []action
	over     bool // the style wants no more of it
	result   Result
}

// A style is what tells one strategy from another.
type style interface {
	// begin prepares a walk and puts the walker where it starts.
	begin(w *walker)
	// choose picks one of the walker's actions, by its place.
	choose(w *walker) int
	// arrived looks at the state that the choice has led to.
	arrived(w *walker)
}

func newWalker(u *universe, g *guard, first state) *walker {
	w := &walker{
		universe: u, guard: g, first: first, random: random{g.options.Seed},
		at: make(state, u.width), into: make(state, u.width),
	}
	switch g.options.Strategy {
	case Swarm:
		w.style = &swarm{}
	case Priorities:
		w.style = &priorities{}
	case Coverage:
		w.style = &coverage{corpus: []origin{{state: first}}, seen: map[uint64]bool{}}
	case Random, BreadthFirst:
		w.style = uniform{}
	}
	return w
}

// run walks until a limit is reached or a rule is broken.
func (w *walker) run() *Result {
	r := &w.result
	for r.Limit == "" && r.Violation == nil && (w.options.Walks == 0 || r.Walks < w.options.Walks) {
		w.walk()
		r.Walks++
	}
	w.count()
	w.limit(r, w.bytes())
	return r
}

func (w *walker) walk() {
	copy(w.at, w.first)
	w.tape, w.over = w.tape[:0], false
	w.style.begin(w)
	for len(w.tape) < w.options.StepsMax && !w.over && w.result.Limit == "" {
		w.actions = w.universe.actions(w.at, w.actions[:0])
		if failure := w.move(); failure != "" {
			w.result.Violation = w.shrink(failure)
			return
		}
		if len(w.actions) == 0 {
			return
		}
	}
}

// move takes an action that the style chooses. Actions that lead nowhere are taken
// from the choice; if none is left, nothing happens.
func (w *walker) move() (failure string) {
	for len(w.actions) > 0 {
		i := w.style.choose(w)
		a := w.actions[i]
		failure, happened := w.apply(w.at, &a, w.into)
		if happened {
			w.tape = append(w.tape, a)
			w.moved()
			return failure
		}
		w.actions = append(w.actions[:i], w.actions[i+1:]...)
	}
	return ""
}

func (w *walker) moved() {
	w.at, w.into = w.into, w.at
	r := &w.result
	r.Generated++
	r.Depth = max(r.Depth, len(w.tape))
	low, high := fingerprint(w.at)
	w.visited.add(meeting{low: low, high: high})
	w.style.arrived(w)
	if r.Generated%guardEvery == 0 {
		w.count()
		r.Limit = w.limit(r, w.bytes())
	}
}

func (w *walker) count() {
	w.result.Distinct, w.result.Servers = uint64(w.visited.met.length), uint64(w.servers.items.length)
}

func (w *walker) bytes() uint64 { return w.universe.bytes() + w.visited.bytes() }

// random is a generator of numbers (SplitMix64): everything drawn comes from one
// seed.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below is a number below n.
func (r *random) below(n int) int { return int(r.next() >> 1 % uint64(n)) }
