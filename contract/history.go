package contract

import (
	"encoding/binary"
	"math"
	"slices"
)

// An act is one operation of one client, from the moment it was begun to the
// moment its answer was seen.
type act struct {
	command  command // of a read, only its session and register count
	read     bool
	mode     ReadMode
	sent     bool
	refused  bool // by everybody it was sent to
	done     bool
	answer   answer
	invoked  int
	returned int // math.MaxInt until done
}

// A history is all that clients have seen, in the order in which they saw it.
type history struct {
	acts []*act
	tick int
}

func (h *history) invoke(a act) *act {
	h.tick++
	a.invoked, a.returned = h.tick, math.MaxInt
	h.acts = append(h.acts, &a)
	return &a
}

func (h *history) finish(a *act, result answer) {
	h.tick++
	a.done, a.returned, a.answer = true, h.tick, result
}

// linearizable reports whether the acts on one register can have taken place one
// after the other, each at some moment between its beginning and its end (Herlihy
// and Wing 1990). It searches as Wing and Gong did, with Lowe's memory of what
// has been tried. All acts must be known to have taken place; those without an
// answer may have done so at any time after they began.
func linearizable(acts []*act) bool {
	s := search{acts: acts, taken: make([]byte, (len(acts)+7)/8), tried: map[string]bool{}}
	return s.from(0, 0)
}

// A search looks for an order.
type search struct {
	acts  []*act
	taken []byte // the acts that stand in the order already, a bit each
	tried map[string]bool
}

func (s *search) has(i int) bool { return s.taken[i/8]>>(i%8)&1 != 0 }
func (s *search) toggle(i int)   { s.taken[i/8] ^= 1 << (i % 8) }

// from reports whether the acts not taken can follow, where the register holds a
// value. An act that could be next and leaves the value as it is may as well be
// next, so that of the many orders of reads only one is tried.
func (s *search) from(count int, value uint64) bool {
	if count == len(s.acts) {
		return true
	}
	key := string(binary.LittleEndian.AppendUint64(slices.Clip(s.taken), value))
	if s.tried[key] {
		return false
	}
	s.tried[key] = true
	nexts := s.nexts()
	for _, i := range nexts {
		if next, fits := s.acts[i].follow(value); fits && next == value {
			return s.take(i, count, value)
		}
	}
	for _, i := range nexts {
		if next, fits := s.acts[i].follow(value); fits && s.take(i, count, next) {
			return true
		}
	}
	return false
}

// take reports whether the rest can follow an act.
func (s *search) take(i, count int, value uint64) bool {
	s.toggle(i)
	defer s.toggle(i)
	return s.from(count+1, value)
}

// nexts are the acts that can be next: those that began before any of the others
// ended.
func (s *search) nexts() []int {
	first := math.MaxInt
	for i, a := range s.acts {
		if !s.has(i) {
			first = min(first, a.returned)
		}
	}
	var list []int
	for i, a := range s.acts {
		if !s.has(i) && a.invoked <= first {
			list = append(list, i)
		}
	}
	return list
}

// follow is what the register holds after the act, and whether the act can have
// had its answer where the register held a value.
func (a *act) follow(value uint64) (uint64, bool) {
	if a.read {
		return value, a.answer.value == value
	}
	next, refused := value, false
	switch a.command.operation {
	case write:
		next = a.command.value
	case add:
		next += a.command.value
	case compareAndSwap:
		if refused = value != a.command.old; !refused {
			next = a.command.value
		}
	}
	return next, !a.done || a.answer == answer{value: next, refused: refused}
}
