package linearizability_test

import (
	"testing"

	"github.com/driftless-raft/driftless/sim/linearizability"
)

// add tells a witness of a command that added one to register 2.
func add(w *linearizability.Witness, index, session, sequence, value uint64) linearizability.Rule {
	rule, _ := w.Executed(index, session, sequence, 2, input{Kind: linearizability.Add, Value: 1}, output{Value: value})
	return rule
}

// answered tells one of an answer to command 1 or another of session 1.
func answered(w *linearizability.Witness, floor, sequence, value uint64) linearizability.Rule {
	rule, _ := w.Answered(floor, 1, sequence, output{Value: value})
	return rule
}

// saw tells one of a read.
func saw(w *linearizability.Witness, floor, index uint64, register int, value uint64, stale bool) linearizability.Rule {
	rule, _ := w.Saw(floor, index, register, value, stale)
	return rule
}

func TestAWitnessNoticesWhatNoClientMayBeTold(t *testing.T) {
	type witness = linearizability.Witness
	type rule = linearizability.Rule
	for name, c := range map[string]struct {
		tell func(w *witness) rule
		want rule
	}{
		"a command answered":                      {func(w *witness) rule { return answered(w, 0, 1, 1) }, linearizability.Holds},
		"one answered that came before it":        {func(w *witness) rule { return answered(w, 5, 1, 1) }, linearizability.RealTime},
		"one answered with another value":         {func(w *witness) rule { return answered(w, 0, 1, 2) }, linearizability.Effect},
		"one answered that nobody ran":            {func(w *witness) rule { return answered(w, 0, 9, 1) }, linearizability.ExactlyOnce},
		"a command that runs twice":               {func(w *witness) rule { return add(w, 7, 1, 1, 3) }, linearizability.ExactlyOnce},
		"another command":                         {func(w *witness) rule { return add(w, 7, 1, 2, 3) }, linearizability.Holds},
		"a command that does another thing":       {func(w *witness) rule { return add(w, 7, 1, 2, 4) }, linearizability.Effect},
		"a read of the newest":                    {func(w *witness) rule { return saw(w, 6, 6, 2, 2, false) }, linearizability.Holds},
		"a read of an earlier state":              {func(w *witness) rule { return saw(w, 0, 5, 2, 1, true) }, linearizability.Holds},
		"a read of the state before all":          {func(w *witness) rule { return saw(w, 0, 4, 2, 0, true) }, linearizability.Holds},
		"a read of what was never there":          {func(w *witness) rule { return saw(w, 0, 6, 2, 9, true) }, linearizability.Value},
		"a read of an earlier state than told":    {func(w *witness) rule { return saw(w, 6, 5, 2, 1, false) }, linearizability.RealTime},
		"a read of a register that nobody wrote":  {func(w *witness) rule { return saw(w, 0, 6, 3, 0, false) }, linearizability.Holds},
		"a value in a register that nobody wrote": {func(w *witness) rule { return saw(w, 0, 6, 3, 1, false) }, linearizability.Value},
	} {
		var w witness
		w.Reset(4)
		if broken := add(&w, 5, 1, 1, 1) + add(&w, 6, 3, 1, 2); broken != linearizability.Holds {
			t.Fatal(broken)
		}
		if got := c.tell(&w); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatIsToldIsTheFloorForWhoAsksLater(t *testing.T) {
	var w linearizability.Witness
	w.Reset(4)
	add(&w, 5, 1, 1, 1)
	expect := func(rule linearizability.Rule, told uint64) {
		t.Helper()
		if rule != linearizability.Holds || w.Told() != told {
			t.Errorf("%q, told up to %d, want %d", rule, w.Told(), told)
		}
	}
	expect(saw(&w, 0, 9, 2, 1, true), 0)
	expect(answered(&w, 0, 1, 1), 5)
	expect(saw(&w, 5, 8, 2, 1, false), 8)
	w.Reset(4)
	expect(add(&w, 1, 1, 1, 1), 0)
}
