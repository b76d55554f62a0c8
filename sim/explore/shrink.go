package explore

import "strings"

// shrink leaves out of a walk what the violation does not need, and tells the rest.
func (w *walker) shrink(failure string) *Violation {
	w.most = budgetsOf(w.options) // a walk may have had less
	rule, _, _ := strings.Cut(failure, ": ")
	tape := append([]action(nil), w.tape...)
	for size := len(tape) / 2; size > 0; {
		shorter := w.without(tape, size, rule)
		if len(shorter) == len(tape) {
			size /= 2
		}
		tape = shorter
	}
	t := newTrail(w.universe, w.first)
	w.replay(tape, rule, t)
	return violation(t.failure, t.path)
}

// without leaves out pieces of some size wherever the rule is still broken.
func (w *walker) without(tape []action, size int, rule string) []action {
	for from := len(tape) - size; from >= 0; from -= size {
		shorter := append(append([]action(nil), tape[:from]...), tape[from+size:]...)
		if taken, broken := w.replay(shorter, rule, nil); broken {
			tape = taken
			from = min(from, len(tape))
		}
	}
	return tape
}

// replay takes the actions of a tape as far as they apply, and has a trail tell
// them. It returns those that were taken, and whether the rule was broken.
func (w *walker) replay(tape []action, rule string, t *trail) (taken []action, broken bool) {
	at, into := append(state(nil), w.first...), make(state, w.width)
	for i := range tape {
		a := w.alike(at, &tape[i])
		if a == nil {
			continue
		}
		failure, happened := w.apply(at, a, into)
		if !happened {
			continue
		}
		taken = append(taken, *a)
		if t != nil {
			t.take(a, into, failure)
		}
		if failure != "" {
			return taken, strings.HasPrefix(failure, rule+": ")
		}
		at, into = into, at
	}
	return taken, false
}

// alike finds the action that does in a state what another did elsewhere: a
// message may say something else.
func (w *walker) alike(s state, wanted *action) *action {
	w.actions = w.universe.actions(s, w.actions[:0])
	for i := range w.actions {
		a, other := w.actions[i], *wanted
		if a.kind != steps {
			a.input, other.input = 0, 0
		}
		if a == other {
			return &w.actions[i]
		}
	}
	return nil
}
