package linearizability

import "fmt"

// KeyKind is what is done to a key of a key-value store.
type KeyKind uint8

// The operations on a key.
const (
	Get KeyKind = iota
	Put
	Delete
	Swap // compare-and-swap by revision
)

// KeyInput is an operation on a key.
type KeyInput struct {
	Kind     KeyKind
	Value    string // to put or to swap in
	Expected uint64 // the revision a Swap expects; 0: no item
}

// KeyOutput is the response to it.
type KeyOutput struct {
	// Failed: a Get or a Delete found nothing, or a Swap another revision than it
	// expected.
	Failed bool
	Value  string // of a Get
	// Revision of the change, or of the item a Get found or a failed Swap did; 0 if
	// that is none.
	Revision uint64
}

// KeyOperation is an operation on one key, as its client saw it.
type KeyOperation = Operation[KeyInput, KeyOutput]

// KeyState is what a key may hold. Revisions are the whole store's, so that one key's
// history tells only that they rise.
type KeyState struct {
	present bool
	value   string
	// The revision is this one, or, after a change whose revision nobody was told,
	// any above it.
	revision uint64
	above    bool
}

// may reports whether the item may be of a revision. No item is of revision 0.
func (s *KeyState) may(revision uint64) bool {
	switch {
	case !s.present:
		return revision == 0
	case s.above:
		return revision > s.revision
	}
	return revision == s.revision
}

// is pins the revision of what the key holds.
func (s KeyState) is(revision uint64) KeyState {
	if s.present {
		s.revision, s.above = revision, false
	}
	return s
}

// Key is one key of the store in package kv.
var Key = Specification[KeyState, KeyInput, KeyOutput]{
	Step:   stepKey,
	Effect: effectOnKey,
	Known: func(in KeyInput, out KeyOutput) (KeyState, bool) {
		switch {
		case in.Kind == Get && !out.Failed:
			return KeyState{present: true, value: out.Value, revision: out.Revision}, true
		case (in.Kind == Put || in.Kind == Swap) && !out.Failed:
			return KeyState{present: true, value: in.Value, revision: out.Revision}, true
		case in.Kind == Delete && !out.Failed:
			return KeyState{revision: out.Revision}, true
		}
		return KeyState{}, false
	},
	Describe: describeKey,
}

func stepKey(s KeyState, in KeyInput, out KeyOutput) (KeyState, bool) {
	if out.Failed {
		switch in.Kind {
		case Get, Delete:
			return s, !s.present
		case Swap:
			return s.is(out.Revision), s.may(out.Revision) && out.Revision != in.Expected
		case Put:
		}
		return s, false
	}
	switch in.Kind {
	case Get:
		return s.is(out.Revision), s.present && s.may(out.Revision) && s.value == out.Value
	case Delete:
		return KeyState{revision: out.Revision}, s.present && out.Revision > s.revision
	case Swap:
		if !s.may(in.Expected) || out.Revision <= in.Expected {
			return s, false
		}
	case Put:
	}
	return KeyState{present: true, value: in.Value, revision: out.Revision}, out.Revision > s.revision
}

func effectOnKey(s KeyState, in KeyInput) KeyState {
	switch {
	case in.Kind == Put:
		return KeyState{present: true, value: in.Value, revision: s.revision, above: true}
	case in.Kind == Swap && s.may(in.Expected):
		return KeyState{present: true, value: in.Value, revision: max(s.revision, in.Expected), above: true}
	case in.Kind == Delete && s.present:
		return KeyState{revision: s.revision}
	}
	return s
}

func describeKey(in KeyInput, out KeyOutput, unknown bool) string {
	text := [...]string{Get: "got", Put: "put", Delete: "deleted", Swap: "swapped in"}[in.Kind]
	switch in.Kind {
	case Put:
		text = fmt.Sprintf("%s %q", text, in.Value)
	case Swap:
		text = fmt.Sprintf("%s %q for revision %d", text, in.Value, in.Expected)
	case Get, Delete:
	}
	switch {
	case unknown:
		return text + " without an answer"
	case out.Failed && in.Kind == Swap:
		return fmt.Sprintf("%s and found revision %d", text, out.Revision)
	case out.Failed:
		return text + " and found nothing"
	case in.Kind == Get:
		return fmt.Sprintf("%s %q of revision %d", text, out.Value, out.Revision)
	}
	return fmt.Sprintf("%s as revision %d", text, out.Revision)
}
