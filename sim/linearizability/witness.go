package linearizability

import "fmt"

// Witness holds what clients are told against the order in which commands were
// applied. The zero value is ready; Reset makes it so again and keeps its memory.
//
// A method that finds something wrong returns the rule that is broken and a sentence
// about it, else Holds.
type Witness struct {
	executions map[command]execution
	registers  []history
	told       uint64 // the highest index whose effect was told to any client
}

// Rule is what a witness can find broken.
type Rule string

// The rules.
const (
	Holds Rule = "" // none is
	// ExactlyOnce: a command took effect twice, or never although it was answered.
	ExactlyOnce Rule = "exactly-once"
	// Effect: a command did something else than it says, or was answered with
	// something else than it did.
	Effect Rule = "effect"
	// RealTime: what had been told to a client was not there for who asked later.
	RealTime Rule = "real-time"
	// Value: a read saw what was not there.
	Value Rule = "value"
)

// A command is known by its session and its number in it.
type command struct{ session, sequence uint64 }

type execution struct {
	index  uint64
	output RegisterOutput
}

// A history is what a register held after each index that changed it.
type history []struct{ index, value uint64 }

// Reset begins with registers that hold 0.
func (w *Witness) Reset(registers int) {
	if w.executions == nil {
		w.executions = map[command]execution{}
	}
	clear(w.executions)
	for len(w.registers) < registers {
		w.registers = append(w.registers, nil)
	}
	for i := range w.registers {
		w.registers[i] = append(w.registers[i][:0], struct{ index, value uint64 }{})
	}
	w.told = 0
}

// Told is the highest index whose effect was told to any client. Whoever asks from
// now on must see that.
func (w *Witness) Told() uint64 { return w.told }

// Executed takes in a command that some server was the first to carry out, at an
// index above all before. A command must run once, and do what it says.
func (w *Witness) Executed(index, session, sequence uint64, register int, in RegisterInput, out RegisterOutput) (Rule, string) {
	c := command{session, sequence}
	if before, twice := w.executions[c]; twice {
		return ExactlyOnce, fmt.Sprintf("command %d of session %d was carried out at %d and again at %d", sequence, session, before.index, index)
	}
	w.executions[c] = execution{index, out}
	h := &w.registers[register]
	want := in.After((*h)[len(*h)-1].value)
	if out != want {
		return Effect, fmt.Sprintf("at %d register %d %s, but held %d before",
			index, register, Register.Describe(in, out, false), (*h)[len(*h)-1].value)
	}
	*h = append(*h, struct{ index, value uint64 }{index, out.Value})
	return Holds, ""
}

// Answered takes in the response to a command. Floor is what Told was when the client
// first sent it: the effect must come after that in the log.
func (w *Witness) Answered(floor, session, sequence uint64, out RegisterOutput) (Rule, string) {
	e, executed := w.executions[command{session, sequence}]
	switch {
	case !executed:
		return ExactlyOnce, fmt.Sprintf("a client was answered command %d of session %d, which nobody has carried out", sequence, session)
	case e.index <= floor:
		return RealTime, fmt.Sprintf("command %d of session %d took effect at %d, but %d had been told to a client before it was sent",
			sequence, session, e.index, floor)
	case e.output != out:
		return Effect, fmt.Sprintf("command %d of session %d was answered %+v, but came to %+v", sequence, session, out, e.output)
	}
	w.told = max(w.told, e.index)
	return Holds, ""
}

// Saw takes in the answer to a read, given by a state after index. Floor is what Told
// was when the client asked, or 0 where the read may be stale.
func (w *Witness) Saw(floor, index uint64, register int, value uint64, stale bool) (Rule, string) {
	if index < floor {
		return RealTime, fmt.Sprintf("a read of register %d saw the state after %d, but %d had been told to a client before it was asked", register, index, floor)
	}
	h := w.registers[register]
	at := len(h) - 1
	for h[at].index > index {
		at--
	}
	if h[at].value != value {
		return Value, fmt.Sprintf("a read of register %d saw %d after %d, where it held %d", register, value, index, h[at].value)
	}
	if !stale {
		w.told = max(w.told, index)
	}
	return Holds, ""
}
