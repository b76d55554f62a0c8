package linearizability

import "fmt"

// RegisterKind is what is done to a register.
type RegisterKind uint8

// The operations on a register.
const (
	Read RegisterKind = iota
	Write
	Add
	CompareAndSwap
)

// RegisterInput is an operation on a register.
type RegisterInput struct {
	Kind     RegisterKind
	Value    uint64 // to write, to add, or to swap in
	Expected uint64 // by a CompareAndSwap
}

// RegisterOutput is the response to it.
type RegisterOutput struct {
	Failed bool   // a CompareAndSwap found another value than it expected
	Value  uint64 // in the register afterwards
}

// RegisterOperation is an operation on one register, as its client saw it.
type RegisterOperation = Operation[RegisterInput, RegisterOutput]

// After is what a register holds after an operation, and whether a CompareAndSwap
// fails.
func (in RegisterInput) After(value uint64) RegisterOutput {
	switch in.Kind {
	case Read:
	case Write:
		value = in.Value
	case Add:
		value += in.Value
	case CompareAndSwap:
		if value != in.Expected {
			return RegisterOutput{Failed: true, Value: value}
		}
		value = in.Value
	}
	return RegisterOutput{Value: value}
}

// Register is a register of 64 bits that begins as 0.
var Register = Specification[uint64, RegisterInput, RegisterOutput]{
	Step: func(state uint64, in RegisterInput, out RegisterOutput) (uint64, bool) {
		return out.Value, in.After(state) == out
	},
	Effect: func(state uint64, in RegisterInput) uint64 { return in.After(state).Value },
	Known:  func(_ RegisterInput, out RegisterOutput) (uint64, bool) { return out.Value, true },
	Describe: func(in RegisterInput, out RegisterOutput, unknown bool) string {
		text := [...]string{Read: "read", Write: "wrote %d", Add: "added %d", CompareAndSwap: "swapped %d in for %d"}[in.Kind]
		switch in.Kind {
		case Read:
		case Write, Add:
			text = fmt.Sprintf(text, in.Value)
		case CompareAndSwap:
			text = fmt.Sprintf(text, in.Value, in.Expected)
		}
		switch {
		case unknown:
			return text + " without an answer"
		case out.Failed:
			return fmt.Sprintf("%s and found %d", text, out.Value)
		}
		return fmt.Sprintf("%s and was told %d", text, out.Value)
	},
}
