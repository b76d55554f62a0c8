package linearizability

import (
	"fmt"
	"math"
	"slices"

	"github.com/anishathalye/porcupine"
)

const (
	// StepsMax is how many steps a search may take. A history with at most five
	// operations open at a time takes a few steps an operation.
	StepsMax = 200_000
	// OperationsMax is how many operations a search may be about, between two points
	// at which the state is known.
	OperationsMax = 3_000

	// Open is when an operation returns that never does.
	Open = math.MaxInt64
)

// Operation is what a client has seen of one operation on one object.
type Operation[I, O any] struct {
	Client   int
	Invoked  int64 // a time, or anything else that rises, and differs between any two
	Returned int64 // likewise; Open if it never did
	Input    I
	Output   O
	Unknown  bool // the client does not know the output, nor whether there was an effect
}

// Specification is what an object does, one operation after the other. States are
// values: a step changes none.
type Specification[S comparable, I, O any] struct {
	Initial S
	// Step is the state after an operation with this output, or false if it can't
	// have this output in this state.
	Step func(state S, input I, output O) (S, bool)
	// Effect is the state after an operation whose output nobody knows.
	Effect func(state S, input I) S
	// Known is the state right after an operation, if its output tells. Optional; it
	// lets long histories be cut.
	Known func(input I, output O) (S, bool)
	// Describe says in words what an operation did. Optional.
	Describe func(input I, output O, unknown bool) string
}

// Verdict is what a check has come to.
type Verdict uint8

// The verdicts.
const (
	Linearizable Verdict = iota
	// Violated: no order explains the history.
	Violated
	// Undecided: the search was given up, or not begun, for its length.
	Undecided
)

// Report is the result of a check.
type Report struct {
	Verdict  Verdict
	Searches int    // one for each stretch between points at which the state is known
	Steps    int    // of all searches
	Sentence string // which operation can't be explained, if one can't
}

// Check judges the history of one object, in any order.
func Check[S comparable, I, O any](s *Specification[S, I, O], history []Operation[I, O]) Report {
	history = slices.Clone(history)
	slices.SortFunc(history, func(a, b Operation[I, O]) int { return compare(a.Invoked, b.Invoked) })
	var report Report
	state := s.Initial
	for len(history) > 0 && report.Verdict != Violated {
		length, next := s.stretch(history)
		verdict, steps := s.search(state, history[:length])
		report.Searches++
		report.Steps += steps
		report.Verdict = max(report.Verdict, verdict)
		if verdict == Violated {
			report.Verdict = Violated
			report.Sentence = s.blame(state, history[:length])
		}
		state, history = next, history[length:]
	}
	return report
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// stretch is how many operations, in the order of their invocations, come up to the
// first that was alone and whose output tells the state after it; and that state.
// From there on the search may begin anew.
func (s *Specification[S, I, O]) stretch(history []Operation[I, O]) (int, S) {
	returned := int64(math.MinInt64) // the last of all before
	for i := range history {
		o := &history[i]
		alone := returned < o.Invoked && (i+1 == len(history) || o.Returned < history[i+1].Invoked)
		if alone && !o.Unknown && i+1 >= stretchMin && s.Known != nil {
			if state, known := s.Known(o.Input, o.Output); known {
				return i + 1, state
			}
		}
		returned = max(returned, o.Returned)
	}
	return len(history), s.Initial
}

// stretchMin keeps a search from being about so little that its beginning costs more
// than itself.
const stretchMin = 64

// search looks for an order of operations, from a state.
func (s *Specification[S, I, O]) search(state S, history []Operation[I, O]) (Verdict, int) {
	if len(history) > OperationsMax {
		return Undecided, 0
	}
	steps := 0
	operations := make([]porcupine.Operation, len(history))
	sets := false
	for i := range history {
		o := &history[i]
		operations[i] = porcupine.Operation{ClientId: o.Client, Input: o, Call: o.Invoked, Return: o.Returned, Output: o}
		sets = sets || o.Unknown && o.Returned != Open
	}
	model := s.model(state, &steps)
	if sets {
		model = s.setModel(state, &steps)
	}
	holds := porcupine.CheckOperations(model, operations)
	switch {
	case holds:
		return Linearizable, steps
	case steps > StepsMax:
		return Undecided, steps
	}
	return Violated, steps
}

// model is for histories in which an operation of unknown output never returns: one
// that had no effect comes after all others.
func (s *Specification[S, I, O]) model(initial S, steps *int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return initial },
		Step: func(state, input, _ any) (bool, any) {
			if *steps++; *steps > StepsMax {
				return false, state
			}
			before, _ := state.(S)
			o, _ := input.(*Operation[I, O])
			if o.Unknown {
				return true, s.Effect(before, o.Input)
			}
			after, possible := s.Step(before, o.Input, o.Output)
			return possible, after
		},
	}
}

// setModel is for those in which one that is over had an effect, or none: its states
// are the sets of what the object may hold.
func (s *Specification[S, I, O]) setModel(initial S, steps *int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return []S{initial} },
		Step: func(state, input, _ any) (bool, any) {
			before, _ := state.([]S)
			if *steps += len(before); len(before) > statesMax {
				*steps = StepsMax + 1
			}
			if *steps > StepsMax {
				return false, state
			}
			o, _ := input.(*Operation[I, O])
			after := s.stepSet(before, o)
			return len(after) > 0, after
		},
		Equal: func(a, b any) bool {
			left, _ := a.([]S)
			right, _ := b.([]S)
			return len(left) == len(right) && !slices.ContainsFunc(left, func(state S) bool { return !slices.Contains(right, state) })
		},
	}
}

// statesMax is how many states there may be of which any may be the true one. An
// operation of unknown output may double them, one that tells the state leaves one.
const statesMax = 256

// stepSet is what an object may hold after an operation.
func (s *Specification[S, I, O]) stepSet(before []S, o *Operation[I, O]) []S {
	var set []S
	add := func(state S) {
		if !slices.Contains(set, state) {
			set = append(set, state)
		}
	}
	for _, state := range before {
		if !o.Unknown {
			if after, possible := s.Step(state, o.Input, o.Output); possible {
				add(after)
			}
			continue
		}
		if o.Returned != Open { // one that stays open and has no effect comes after all others
			add(state)
		}
		add(s.Effect(state, o.Input))
	}
	return set
}

// blame says which operation, by its return, made a history inexplicable. Up to any
// return, the operations that had not returned yet have an unknown output.
func (s *Specification[S, I, O]) blame(state S, history []Operation[I, O]) string {
	byReturn := slices.Clone(history)
	slices.SortFunc(byReturn, func(a, b Operation[I, O]) int { return compare(a.Returned, b.Returned) })
	at, _ := slices.BinarySearchFunc(byReturn, true, func(o Operation[I, O], _ bool) int {
		var prefix []Operation[I, O]
		for i := range history {
			if p := history[i]; p.Invoked < o.Returned {
				if p.Returned > o.Returned {
					p.Returned, p.Unknown = Open, true
				}
				prefix = append(prefix, p)
			}
		}
		if verdict, _ := s.search(state, prefix); verdict == Violated {
			return 0
		}
		return -1
	})
	if at == len(byReturn) {
		return "no order of the operations explains what clients saw"
	}
	o := &byReturn[at]
	did := fmt.Sprintf("asked for %v and was told %v", o.Input, o.Output)
	if s.Describe != nil {
		did = s.Describe(o.Input, o.Output, o.Unknown)
	}
	return fmt.Sprintf("no order of the operations explains that client %d %s (invoked at %d, returned at %d)",
		o.Client, did, o.Invoked, o.Returned)
}
