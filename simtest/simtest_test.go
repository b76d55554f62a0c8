package simtest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/simtest"
	"github.com/driftless-raft/driftless/statemachine"
)

func TestAMachineThatKeepsItsPromisesPasses(t *testing.T) {
	s := subject()
	s.History = simtest.Linearizable(&model, parse)
	if err := simtest.Check(s, 1, 60); err != nil {
		t.Error(err)
	}
}

// model is one note.
var model = linearizability.Specification[string, string, string]{
	Step: func(before, input, output string) (string, bool) {
		if text, writes := strings.CutPrefix(input, "="); writes {
			return text, output == before
		}
		return before, output == before
	},
	Effect: func(_, input string) string { return strings.TrimPrefix(input, "=") },
}

func parse(o *simtest.Operation) (object, input, output string, ok bool) {
	name, text, writes := strings.Cut(string(o.Command), "=")
	if writes {
		return name, "=" + text, string(o.Response), true
	}
	return string(o.Question), "", string(o.Response), true
}

// machines are broken ones, each with the rule that it breaks and a part of the
// sentence that says so.
var machines = []struct {
	name, rule, says string
	machine          broken
}{
	{"panics at what is no command", "machine-panic", "Apply panicked: runtime error: index out of range", broken{
		apply: func(n *notes, command []byte) []byte { return []byte(n.texts[string(command[0])]) },
	}},
	{"panics at what is no snapshot", "machine-panic", "Load panicked", broken{
		load: func(n *notes, from []byte) statemachine.Damage {
			return n.Load(from[:statemachine.FrameBytes+int(from[8])])
		},
	}},
	{"panics when asked", "machine-panic", "Query panicked: no", broken{
		query: func(*notes, []byte) []byte { panic("no") },
	}},
	{"writes the time down", "machine-determinism", "does Apply use a clock", broken{
		apply: func(n *notes, command []byte) []byte {
			n.texts["time"] = time.Now().Format(time.RFC3339Nano)
			return n.Apply(0, command)
		},
	}},
	{"answers at random", "machine-determinism", "answer", broken{
		apply: func(n *notes, command []byte) []byte {
			n.Apply(0, command)
			return fmt.Append(nil, rand.Uint64())
		},
	}},
	{"saves in the order of a map", "machine-snapshot", "Does it range over a map?", broken{
		save: func(n *notes, into []byte) int {
			var body []byte
			for name, text := range n.texts {
				body = fmt.Appendf(body, "%s=%s\n", name, text)
			}
			return seal(into, body)
		},
	}},
	{"leaves something out when it saves", "machine-snapshot", "does Save leave something out", broken{
		snapshotBytes: func(n *notes) int { return without(n, "b").SnapshotBytes() },
		save:          func(n *notes, into []byte) int { return without(n, "b").Save(into) },
	}},
	{"leaves something out when it loads", "machine-snapshot", "what was loaded is saved as other bytes", broken{
		load: func(n *notes, from []byte) statemachine.Damage {
			damage := n.Load(from)
			delete(n.texts, "b")
			return damage
		},
	}},
	{"refuses what it saved", "machine-snapshot", "Load refuses what Save wrote: the snapshot's checksum is wrong", broken{
		load: func(*notes, []byte) statemachine.Damage { return statemachine.WrongChecksum },
	}},
	{"refuses a snapshot and forgets what it had", "machine-snapshot", "Load refused it, and changed the state", broken{
		load: func(n *notes, from []byte) statemachine.Damage {
			clear(n.texts)
			return n.Load(from)
		},
	}},
	{"does not know how much it saves", "machine-snapshot", "SnapshotBytes says", broken{
		snapshotBytes: func(n *notes) int { return n.SnapshotBytes() + 1 },
	}},
	{"changes when it is asked", "machine-query", "Query changed the state", broken{
		query: func(n *notes, question []byte) []byte {
			n.texts["asked"] += "."
			return n.Query(question)
		},
	}},
	{"keeps what it was lent", "machine-determinism", "Apply keeps bytes of the command that it was lent", broken{
		apply: func(n *notes, command []byte) []byte {
			response := n.Apply(0, command)
			n.texts["last"] = unsafe.String(unsafe.SliceData(command), len(command))
			return response
		},
	}},
	{"answers more than it said", "machine-size", "Subject.ResponseBytes is 128: raise it", broken{
		apply: func(n *notes, command []byte) []byte {
			n.Apply(0, command)
			return make([]byte, 200)
		},
	}},
	{"grows more than it said", "machine-size", "Subject.SnapshotBytes is 4096: raise it", broken{
		apply: func(n *notes, command []byte) []byte {
			n.texts["all"] += strings.Repeat("x", 100)
			return n.Apply(0, command)
		},
	}},
	{"answers with what was", "history", `object "`, broken{
		query: func(n *notes, question []byte) []byte {
			if text := n.Query(question); len(text) > 1 {
				return text[:1]
			}
			return nil
		},
	}},
}

func without(n *notes, name string) *notes {
	other := newNotes()
	for key, text := range n.texts {
		if key != name {
			other.texts[key] = text
		}
	}
	return other
}

func TestEveryBrokenPromiseIsFound(t *testing.T) {
	for _, m := range machines {
		t.Run(m.name, func(t *testing.T) {
			s := subject()
			s.New = func() statemachine.Machine {
				b := m.machine
				b.notes = newNotes()
				return &b
			}
			s.History = simtest.Linearizable(&model, parse)
			expect(t, s, m.rule, m.says)
		})
	}
}

// expect expects a subject to break a rule.
func expect(t *testing.T, s simtest.Subject, rule, says string) {
	t.Helper()
	var f *simtest.RuleError
	switch err := simtest.Check(s, 1, 50); {
	case !errors.As(err, &f):
		t.Error("nothing was found")
	case f.Rule != rule || !strings.Contains(f.Error(), says):
		t.Errorf("found: %v", f)
	}
}

func TestEveryBrokenSubjectIsFound(t *testing.T) {
	refusal := errors.New("I don't like it")
	for name, c := range map[string]struct {
		rule, says string
		breaks     func(*simtest.Subject)
	}{
		"a state that its check refuses": {"check", refusal.Error(), func(s *simtest.Subject) {
			s.Check = func(statemachine.Machine) error { return refusal }
		}},
		"an answer that is refused": {"judge", refusal.Error(), func(s *simtest.Subject) {
			s.Judge = func(*simtest.Operation) error { return refusal }
		}},
		"a history that is refused": {"history", refusal.Error(), func(s *simtest.Subject) {
			s.History = func([]simtest.Operation) error { return refusal }
		}},
		"a check that panics": {"machine-panic", "Check panicked", func(s *simtest.Subject) {
			s.Check = func(statemachine.Machine) error { panic(refusal) }
		}},
		"a client that wants nothing": {"workload", "Command or a Question", func(s *simtest.Subject) {
			s.Next = func(*simtest.Client) simtest.Operation { return simtest.Operation{} }
		}},
		"a client that only asks": {"vacuity", "no command was ever applied", func(s *simtest.Subject) {
			s.Next = func(*simtest.Client) simtest.Operation { return simtest.Operation{Question: []byte("a")} }
		}},
		"a command that is too long": {"machine-size", "Subject.CommandBytes is 128: raise it", func(s *simtest.Subject) {
			s.Next = func(*simtest.Client) simtest.Operation { return simtest.Operation{Command: make([]byte, 200)} }
		}},
		"a choice that the seed does not make": {"repetition", "Client.Draw", func(s *simtest.Subject) {
			s.Next = func(*simtest.Client) simtest.Operation {
				return simtest.Operation{Command: fmt.Appendf(nil, "a=%d", rand.Uint64())}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := subject()
			c.breaks(&s)
			expect(t, s, c.rule, c.says)
		})
	}
}

func TestAFailureIsToldTheSameAgain(t *testing.T) {
	s := subject()
	s.Judge = func(o *simtest.Operation) error {
		if string(o.Response) == "7" {
			return errors.New("seven")
		}
		return nil
	}
	first, second := simtest.Check(s, 1, 50), simtest.Check(s, 1, 50)
	if first == nil || first.Error() != second.Error() {
		t.Errorf("first: %v\nsecond: %v", first, second)
	}
}

func TestLargeCommandsAndStatesGetTheRoomTheyAskFor(t *testing.T) {
	s := subject()
	s.Clients, s.Nodes = 2, 3
	s.CommandBytes, s.ResponseBytes, s.SnapshotBytes = 5000, 5000, 20000
	s.Next = func(c *simtest.Client) simtest.Operation {
		return simtest.Operation{Command: fmt.Appendf(nil, "%c=%s", 'a'+c.Draw(3), strings.Repeat("x", 4000+c.Draw(900)))}
	}
	if err := simtest.Check(s, 1, 4); err != nil {
		t.Error(err)
	}
}
