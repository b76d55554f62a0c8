package sim

import (
	"context"
	"testing"
)

func TestASurveyCountsEachStateOnce(t *testing.T) {
	var s Survey
	for range 2 {
		for state := range uint64(10_000) {
			s.put(mix(state, 1))
		}
	}
	if s.States() != 10_000 || s.Full() {
		t.Errorf("%d states of 10,000, full: %v", s.States(), s.Full())
	}
}

func TestASurveyThatIsFullSaysSo(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 128 MiB: go test without -short")
	}
	var s Survey
	for state := uint64(0); state < statesMax && !s.Full(); state++ {
		s.put(mix(state, 1))
	}
	if !s.Full() || s.States() != statesMax*3/4 {
		t.Errorf("%d states, full: %v", s.States(), s.Full())
	}
}

func TestAnAbstractStateDoesNotDependOnNamesOrNumbers(t *testing.T) {
	w, leader, follower := steady(t)
	before := w.abstract()
	w.servers[0], w.servers[2] = w.servers[2], w.servers[0]
	for _, s := range w.servers[:w.count] {
		s.seen.commit += 5
		s.seen.last += 5
	}
	if w.abstract() != before {
		t.Error("servers that change places, or longer logs, make another state")
	}
	follower.seen.last = leader.seen.last - 1
	if w.abstract() == before {
		t.Error("a follower that falls behind makes no other state")
	}
}

func TestTheSurveyOfASweepIsTheSameAgain(t *testing.T) {
	var surveys [2]Survey
	for i := range surveys {
		expand := func(seed uint64) Options {
			o := Expand(seed, 0)
			o.States = true
			return o
		}
		Sweep(context.Background(), 1, 20, expand, func(r *Result) bool {
			surveys[i].Add(r)
			return true
		})
	}
	if surveys[0].States() != surveys[1].States() || surveys[0].States() < 1000 {
		t.Errorf("%d states, then %d", surveys[0].States(), surveys[1].States())
	}
}
