package trace

import (
	"io"
	"strconv"
)

// tapeVersion is the version of the format that is written.
const tapeVersion = 1

// A Tape is the choices of a whole simulation, with what it takes to run it again
// and to see that it was the same run.
type Tape struct {
	Core    string   // the core's fingerprint
	Tool    string   // the version of the program that wrote it
	Seed    uint64   // that the choices once came from
	Options []Option // all that are not zero
	Hash    uint64   // of everything that happened
	Rule    string   // that was broken, or empty
	What    string   // how, in a sentence
	// Actions, if there are any, are all that happens, each with its choices;
	// otherwise things happen by themselves, by Choices.
	Actions []Action
	Choices []uint64
}

// An Option is one of the simulator's, by name.
type Option struct{ Name, Value string }

// Write writes the tape.
func (t *Tape) Write(out io.Writer) error {
	w := newBlockWriter(out, tapeMagic)
	fields := []field{
		{"version", strconv.Itoa(tapeVersion)},
		{"core", t.Core},
		{"tool", t.Tool},
		{"seed", strconv.FormatUint(t.Seed, 10)},
		{"hash", hexadecimal(t.Hash)},
		{"rule", t.Rule},
		{"what", t.What},
	}
	for _, o := range t.Options {
		fields = append(fields, field{"option", o.Name + "=" + o.Value})
	}
	w.header(fields...)
	for _, choice := range t.Choices {
		w.begin(choicesBlock)
		w.number(choice)
	}
	for i := range t.Actions {
		w.begin(actionsBlock)
		w.action(&t.Actions[i])
	}
	return w.close(uint64(len(t.Choices) + len(t.Actions)))
}

func (w *blockWriter) action(a *Action) {
	w.text(a.Kind)
	w.text(a.Message)
	for _, n := range [...]uint64{uint64(a.Server), uint64(a.From), a.At, a.Value, a.Term, a.Index, a.Last, uint64(len(a.Choices))} {
		w.number(n)
	}
	for _, choice := range a.Choices {
		w.number(choice)
	}
}

func (r *blockReader) action() Action {
	a := Action{Kind: r.text(), Message: r.text()}
	a.Server, a.From = r.small(), r.small()
	a.At, a.Value, a.Term, a.Index, a.Last = r.number(), r.number(), r.number(), r.number(), r.number()
	count := r.number()
	if count > uint64(len(r.rest)) { // each takes a byte at least
		r.bad, r.rest = true, nil
		return a
	}
	for range count {
		a.Choices = append(a.Choices, r.number())
	}
	return a
}

// small takes a number below 256.
func (r *blockReader) small() uint8 {
	n := r.number()
	if n > 255 {
		r.bad = true
	}
	return uint8(n)
}

// ReadTape reads a tape. What can't be one is refused with an [*Error]; memory is
// taken in proportion to what was read, not to what the file says that it holds.
func ReadTape(in io.Reader) (*Tape, error) {
	r, err := newBlockReader(in, tapeMagic)
	if err != nil {
		return nil, err
	}
	t := &Tape{}
	if err := r.header(tapeVersion, t.take); err != nil {
		return nil, err
	}
	for {
		kind, err := r.next()
		if err != nil {
			return nil, err
		}
		if ended, err := t.read(r, kind); ended || err != nil {
			return t, err
		}
	}
}

// take takes a line of the header.
func (t *Tape) take(f field) (known bool, err error) {
	switch f.name {
	case "core":
		t.Core = f.value
	case "tool":
		t.Tool = f.value
	case "seed":
		t.Seed, err = strconv.ParseUint(f.value, 10, 64)
	case "hash":
		t.Hash, err = strconv.ParseUint(f.value, 16, 64)
	case "rule":
		t.Rule = f.value
	case "what":
		t.What = f.value
	case "option":
		t.Options = append(t.Options, optionOf(f.value))
	default:
		return false, nil
	}
	return true, err
}

// read takes in a block, and returns whether it was the last.
func (t *Tape) read(r *blockReader, kind byte) (ended bool, err error) {
	switch kind {
	case choicesBlock:
		for len(r.rest) > 0 {
			t.Choices = append(t.Choices, r.number())
		}
	case actionsBlock:
		for len(r.rest) > 0 {
			t.Actions = append(t.Actions, r.action())
		}
	case endBlock:
		if count := r.number(); count != uint64(len(t.Choices)+len(t.Actions)) {
			return true, r.problem(Malformed, "it ends after %d choices and actions of %d", len(t.Choices)+len(t.Actions), count)
		}
		ended = true
	case 0:
		return true, r.problem(Truncated, "there is no end block")
	default:
		return true, r.problem(Malformed, "a block of kind %q", kind)
	}
	if r.bad {
		return true, r.problem(Malformed, "a block of kind %q holds half a value", kind)
	}
	return ended, nil
}
