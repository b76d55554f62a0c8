package contract

import (
	"math"
	"testing"
)

// wrote and saw make acts that began and ended at given moments; an end of 0 is
// none.
func wrote(from, to int, value uint64) *act {
	a := &act{command: command{operation: write, value: value}, invoked: from, returned: to, done: true, answer: answer{value: value}}
	if to == 0 {
		a.done, a.returned = false, math.MaxInt
	}
	return a
}

func saw(from, to int, value uint64) *act {
	return &act{read: true, invoked: from, returned: to, done: true, answer: answer{value: value}}
}

func TestHistoriesAreToldApartByWhetherTheyAreLinearizable(t *testing.T) {
	for _, c := range []struct {
		name string
		want bool
		acts []*act
	}{
		{"nothing", true, nil},
		{"a read of what was written", true, []*act{wrote(1, 2, 5), saw(3, 4, 5)}},
		{"a read that misses what was written before", false, []*act{wrote(1, 2, 5), saw(3, 4, 0)}},
		{"a read beside a write sees either", true, []*act{wrote(1, 4, 5), saw(2, 3, 0)}},
		{"a read beside a write sees it", true, []*act{wrote(1, 4, 5), saw(2, 3, 5)}},
		{"a read that goes back", false, []*act{wrote(1, 8, 5), saw(2, 3, 5), saw(4, 5, 0)}},
		{"a read of what nobody wrote", false, []*act{wrote(1, 2, 5), saw(3, 4, 6)}},
		{"a write without an answer that takes place late", true, []*act{wrote(1, 0, 5), saw(2, 3, 0), saw(4, 5, 5)}},
		{"two writes in the order that reads show", true, []*act{wrote(1, 9, 5), wrote(2, 8, 6), saw(10, 11, 5)}},
		{"two writes in no order at all", false, []*act{wrote(1, 2, 5), wrote(3, 4, 6), saw(5, 6, 5)}},
		{"an addition with the wrong sum", false, []*act{
			{command: command{operation: add, value: 2}, invoked: 1, returned: 2, done: true, answer: answer{value: 3}},
		}},
		{"a swap that failed although the value was there", false, []*act{
			{command: command{operation: compareAndSwap, value: 2}, invoked: 1, returned: 2, done: true, answer: answer{refused: true}},
		}},
	} {
		if got := linearizable(c.acts); got != c.want {
			t.Errorf("%s: linearizable is %v", c.name, got)
		}
	}
}

func TestManyReadsAtOnceAreNoLongSearch(t *testing.T) {
	acts := []*act{wrote(1, 1000, 5)}
	for i := range 200 {
		acts = append(acts, saw(2+i, 2000+i, 5*uint64(i%2)))
	}
	if !linearizable(acts) {
		t.Error("reads beside a write may see either value")
	}
	if linearizable(append(acts, saw(3000, 3001, 0))) {
		t.Error("a read after the write can't miss it")
	}
}
