package simtest_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/simtest"
	"github.com/driftless-raft/driftless/statemachine"
)

// notes is a correct machine: texts by name. "a=text" writes one and is answered with
// what was there before; the question "a" is answered with what there is.
type notes struct{ texts map[string]string }

func newNotes() *notes { return &notes{texts: map[string]string{}} }

func (n *notes) Apply(_ raft.Index, command []byte) []byte {
	name, text, ok := strings.Cut(string(command), "=")
	if !ok {
		return []byte("what?")
	}
	before := n.texts[name]
	n.texts[name] = text
	return []byte(before)
}

func (n *notes) Query(question []byte) []byte { return []byte(n.texts[string(question)]) }

func (n *notes) body() []byte {
	var body []byte
	for _, name := range slices.Sorted(maps.Keys(n.texts)) {
		body = fmt.Appendf(body, "%s=%s\n", name, n.texts[name])
	}
	return body
}

func (n *notes) SnapshotBytes() int { return statemachine.FrameBytes + len(n.body()) }

func (n *notes) Save(into []byte) int { return seal(into, n.body()) }

var format = statemachine.Format{Name: [4]byte{'n', 'o', 't', 'e'}, Version: 1}

func seal(into, body []byte) int {
	frame := format.Frame(into, len(body))
	if frame == nil {
		return 0
	}
	copy(frame, body)
	return format.Seal(into, len(body))
}

func (n *notes) Load(from []byte) statemachine.Damage {
	body, damage := format.Open(from)
	if damage != statemachine.Intact {
		return damage
	}
	n.texts = map[string]string{}
	for line := range bytes.Lines(body) {
		name, text, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), "=")
		n.texts[name] = text
	}
	return statemachine.Intact
}

// subject is the correct machine with its users.
func subject() simtest.Subject {
	return simtest.Subject{
		New: func() statemachine.Machine { return newNotes() },
		Next: func(c *simtest.Client) simtest.Operation {
			name := string(rune('a' + c.Draw(3)))
			if c.Draw(3) == 0 {
				return simtest.Operation{Question: []byte(name), About: name}
			}
			return simtest.Operation{Command: fmt.Appendf(nil, "%s=%d", name, c.Draw(1000)), About: name}
		},
	}
}

// a broken machine is a correct one but for what is put in.
type broken struct {
	*notes
	apply         func(n *notes, command []byte) []byte
	query         func(n *notes, question []byte) []byte
	snapshotBytes func(n *notes) int
	save          func(n *notes, into []byte) int
	load          func(n *notes, from []byte) statemachine.Damage
}

func (b *broken) Apply(index raft.Index, command []byte) []byte {
	if b.apply != nil {
		return b.apply(b.notes, command)
	}
	return b.notes.Apply(index, command)
}

func (b *broken) Query(question []byte) []byte {
	if b.query != nil {
		return b.query(b.notes, question)
	}
	return b.notes.Query(question)
}

func (b *broken) SnapshotBytes() int {
	if b.snapshotBytes != nil {
		return b.snapshotBytes(b.notes)
	}
	return b.notes.SnapshotBytes()
}

func (b *broken) Save(into []byte) int {
	if b.save != nil {
		return b.save(b.notes, into)
	}
	return b.notes.Save(into)
}

func (b *broken) Load(from []byte) statemachine.Damage {
	if b.load != nil {
		return b.load(b.notes, from)
	}
	return b.notes.Load(from)
}
