package linearizability_test

import (
	"testing"

	"github.com/driftless-raft/driftless/sim/linearizability"
)

// add tells a witness of a command that added one to register 2.
func add(w *linearizability.Witness, index, session, sequence, value uint64) string {
	return w.Executed(index, session, sequence, 2, input{Kind: linearizability.Add, Value: 1}, output{Value: value})
}

func TestAWitnessNoticesWhatNoClientMayBeTold(t *testing.T) {
	for name, c := range map[string]struct {
		tell func(w *linearizability.Witness) string
		want bool // that something is wrong
	}{
		"a command answered": {func(w *linearizability.Witness) string { return w.Answered(0, 1, 1, output{Value: 1}) }, false},
		"a command answered that took effect before it was sent": {
			func(w *linearizability.Witness) string { return w.Answered(5, 1, 1, output{Value: 1}) }, true,
		},
		"a command answered with another value":   {func(w *linearizability.Witness) string { return w.Answered(0, 1, 1, output{Value: 2}) }, true},
		"a command answered that nobody ran":      {func(w *linearizability.Witness) string { return w.Answered(0, 1, 9, output{Value: 1}) }, true},
		"a command that runs twice":               {func(w *linearizability.Witness) string { return add(w, 7, 1, 1, 3) }, true},
		"another command":                         {func(w *linearizability.Witness) string { return add(w, 7, 1, 2, 3) }, false},
		"a command that does another thing":       {func(w *linearizability.Witness) string { return add(w, 7, 1, 2, 4) }, true},
		"a read of the newest":                    {func(w *linearizability.Witness) string { return w.Saw(6, 6, 2, 2, false) }, false},
		"a read of an earlier state":              {func(w *linearizability.Witness) string { return w.Saw(0, 5, 2, 1, true) }, false},
		"a read of the state before all":          {func(w *linearizability.Witness) string { return w.Saw(0, 4, 2, 0, true) }, false},
		"a read of what was never there":          {func(w *linearizability.Witness) string { return w.Saw(0, 6, 2, 9, true) }, true},
		"a read of an earlier state than told":    {func(w *linearizability.Witness) string { return w.Saw(6, 5, 2, 1, false) }, true},
		"a read of a register that nobody wrote":  {func(w *linearizability.Witness) string { return w.Saw(0, 6, 3, 0, false) }, false},
		"a value in a register that nobody wrote": {func(w *linearizability.Witness) string { return w.Saw(0, 6, 3, 1, false) }, true},
	} {
		var w linearizability.Witness
		w.Reset(4)
		if text := add(&w, 5, 1, 1, 1) + add(&w, 6, 3, 1, 2); text != "" {
			t.Fatal(text)
		}
		if got := c.tell(&w); (got != "") != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhatIsToldIsTheFloorForWhoAsksLater(t *testing.T) {
	var w linearizability.Witness
	w.Reset(4)
	add(&w, 5, 1, 1, 1)
	for i, c := range []struct {
		text string
		want uint64
	}{
		{w.Saw(0, 9, 2, 1, true), 0},
		{w.Answered(0, 1, 1, output{Value: 1}), 5},
		{w.Saw(5, 8, 2, 1, false), 8},
	} {
		if c.text != "" {
			t.Errorf("%d: %s", i, c.text)
		}
	}
	if w.Told() != 8 {
		t.Errorf("told up to %d, want 8", w.Told())
	}
	if w.Reset(4); w.Told() != 0 || add(&w, 1, 1, 1, 1) != "" {
		t.Error("a witness remembers what was before it was reset")
	}
}
