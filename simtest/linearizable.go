package simtest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/driftless-raft/driftless/sim/linearizability"
)

// Linearizable makes a check of histories: there must be an order of each object's
// operations that explains every answer and agrees with real time. The model says what
// an object does, one operation after the other. Parse says which object an operation
// is about (a key, an account; "" if the machine is but one), and what the model is
// to make of its command or question and of its response, which is nil where nobody
// knows it. Operations of which it returns false are left out, as stale reads are.
//
// The search, Porcupine's, takes long where many operations overlap on one object.
// One that is given up is an error, and no pass.
func Linearizable[S comparable, I, O any](
	model *linearizability.Specification[S, I, O], parse func(o *Operation) (object string, input I, output O, ok bool),
) func([]Operation) error {
	return func(history []Operation) error {
		objects := map[string][]linearizability.Operation[I, O]{}
		for i := range history {
			o := &history[i]
			if o.Stale {
				continue
			}
			object, input, output, ok := parse(o)
			if !ok {
				continue
			}
			objects[object] = append(objects[object], linearizability.Operation[I, O]{
				Client: o.Client, Invoked: o.Invoked, Returned: o.Returned, Input: input, Output: output, Unknown: o.Unknown,
			})
		}
		for _, object := range slices.Sorted(maps.Keys(objects)) {
			report := linearizability.Check(model, objects[object])
			switch report.Verdict {
			case linearizability.Violated:
				return fmt.Errorf("object %q: %s", object, report.Sentence)
			case linearizability.Undecided:
				return errUndecided
			case linearizability.Linearizable:
			}
		}
		return nil
	}
}

var errUndecided = errors.New("the search for an order that explains the history was given up: let there be fewer clients or more objects")
