package explore

import "slices"

// uniform takes any action with equal chance.
type uniform struct{}

func (uniform) begin(*walker)        {}
func (uniform) choose(w *walker) int { return w.random.below(len(w.actions)) }
func (uniform) arrived(*walker)      {}

// swarm gives each walk other weights: with all actions equally likely, some
// histories, such as that one server is cut off for long, hardly ever come about.
type swarm struct {
	most    [resources]int // the whole budgets
	weights [256]uint32    // of kinds of actions, servers and links
	sums    []uint32
}

func (s *swarm) begin(w *walker) {
	if w.result.Walks == 0 {
		s.most = w.most
	}
	for r, most := range s.most {
		w.most[r] = w.random.below(most + 1)
	}
	w.most[elections] = max(1, s.most[elections]-w.random.below(2))
	s.draw(&w.random)
}

// draw draws the weights: one of three that differ much.
func (s *swarm) draw(r *random) {
	for i := range s.weights {
		s.weights[i] = [...]uint32{1, 8, 64}[r.below(3)]
	}
}

func (s *swarm) choose(w *walker) int {
	total := uint32(0)
	s.sums = s.sums[:0]
	for i := range w.actions {
		a := &w.actions[i]
		total += s.weights[uint8(a.kind)<<4|uint8(a.call)] * s.weights[128+a.server] * s.weights[160+a.link]
		s.sums = append(s.sums, total)
	}
	at, found := slices.BinarySearch(s.sums, uint32(w.random.next()%uint64(total)))
	if found {
		at++
	}
	return at
}

func (s *swarm) arrived(*walker) {}

// priorities lets the action with the highest priority happen whenever it can, and
// lowers that priority at a few random places: a bug that needs its steps in d
// places in a certain order is found with a chance that falls with the history's
// length to the power of d-1, and not exponentially (Burckhardt and others, 2010).
type priorities struct {
	salt    uint64
	places  [3]int
	lowered []uint64 // the last one lowest
}

// spread is how long a history is taken to be.
const spread = 80

func (p *priorities) begin(w *walker) {
	p.salt, p.lowered = w.random.next(), p.lowered[:0]
	for i := range p.places {
		p.places[i] = w.random.below(spread)
	}
}

// thread is what has one priority: a link, a timer, a kind of fault at a place. What
// comes in variants (a disk that is slow from then on, what a crash leaves, which
// voters are asked for) has a priority for each, or the first would always be taken.
func (p *priorities) thread(a *action) uint64 {
	thread := uint64(a.kind)<<16 | uint64(a.call)<<8
	if a.link != 0 {
		thread |= uint64(a.link)
	} else {
		thread |= uint64(a.server) | uint64(a.input)<<32
	}
	for i, variant := range [...]bool{a.delays, a.lossy} {
		if variant {
			thread |= 1 << (24 + i)
		}
	}
	return mix(p.salt, thread)>>8 | 1<<63
}

func (p *priorities) choose(w *walker) int {
	best, highest := 0, uint64(0)
	for i := range w.actions {
		priority := p.thread(&w.actions[i])
		if low := slices.Index(p.lowered, priority); low >= 0 {
			priority = uint64(len(p.lowered) - low)
		}
		if priority > highest {
			best, highest = i, priority
		}
	}
	if slices.Contains(p.places[:], len(w.tape)) {
		if thread := p.thread(&w.actions[best]); !slices.Contains(p.lowered, thread) {
			p.lowered = append(p.lowered, thread)
		}
	}
	return best
}

func (p *priorities) arrived(*walker) {}

// coverage starts its walks where there was something new, seen from afar.
type coverage struct {
	swarm
	corpus []origin
	seen   map[uint64]bool
	end    int // where this walk ends unless there is something new
}

// An origin is a state to start from, and the way there.
type origin struct {
	state state
	tape  []action
	walks int
}

const (
	detour    = 40 // the most steps without anything new
	corpusMax = 1 << 17
)

func (c *coverage) begin(w *walker) {
	best := &c.corpus[w.random.below(len(c.corpus))]
	for range 3 { // prefer those that were seldom started from
		if o := &c.corpus[w.random.below(len(c.corpus))]; o.walks < best.walks {
			best = o
		}
	}
	best.walks++
	copy(w.at, best.state)
	w.tape = append(w.tape, best.tape...)
	c.end = len(w.tape) + detour
	c.draw(&w.random)
}

func (c *coverage) arrived(w *walker) {
	if seen := w.afar(w.at); !c.seen[seen] {
		c.seen[seen] = true
		if len(c.corpus) < corpusMax {
			c.corpus = append(c.corpus, origin{state: slices.Clone(w.at), tape: slices.Clone(w.tape)})
		}
		c.end = len(w.tape) + detour
	}
	w.over = len(w.tape) >= c.end
}

// afar is a hash of the state without the servers' names, the values of commands
// and what is on its way.
func (u *universe) afar(s state) uint64 {
	sum := uint64(0)
	for server := range u.nodes {
		m := u.summary(s, server)
		sum += mix(uint64(m.role)<<32|uint64(u.chains.term(m.log))<<16|uint64(u.chains.depth(m.log)),
			uint64(u.chains.depth(m.applied))<<16|uint64(u.chains.depth(m.kept))<<8|uint64(m.pending)+1)
	}
	return sum
}
