package bank

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/simtest"
	"github.com/driftless-raft/driftless/statemachine"
)

// broken banks are those of docs/testing-your-machine.md, each with the rule that it
// breaks, or how the rules that it does begin, and a part of what the test says about it.
var broken = []struct {
	name, rule, says string
	machine          func(*Bank) statemachine.Machine
}{
	{"saves its accounts in the order of a map", "machine-snapshot", "Does it range over a map?", func(b *Bank) statemachine.Machine {
		return &unsorted{b}
	}},
	{"forgets an account when it saves", "machine-", "does Save leave something out", func(b *Bank) statemachine.Machine {
		return &forgetful{b}
	}},
	{"tells the time on its receipts", "machine-determinism", "does Apply use a clock", func(b *Bank) statemachine.Machine {
		return &punctual{b}
	}},
	{"makes money of a transfer to oneself", "check", "and held 300 in the beginning", func(b *Bank) statemachine.Machine {
		return &generous{b}
	}},
	{"says that it is done when it is not", "history", "no order of the operations explains", func(b *Bank) statemachine.Machine {
		return &polite{b}
	}},
}

func TestEveryBrokenBankIsFound(t *testing.T) {
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			s := subject()
			s.New = func() statemachine.Machine { return b.machine(New(amount, names...)) }
			if b.rule != "check" {
				s.Check = nil // which may be sooner to find it
			}
			var f *simtest.RuleError
			if err := simtest.Check(s, 1, 200); !errors.As(err, &f) || !strings.HasPrefix(f.Rule, b.rule) || !strings.Contains(f.What, b.says) {
				t.Fatalf("found: %v", err)
			}
			t.Log(f)
		})
	}
}

type unsorted struct{ *Bank }

func (b *unsorted) Save(into []byte) int {
	var body []byte
	for name, balance := range b.balances {
		body = fmt.Appendf(body, "%s %d\n", name, balance)
	}
	copy(format.Frame(into, len(body)), body)
	return format.Seal(into, len(body))
}

type forgetful struct{ *Bank }

// saved is what is left of the bank.
func (b *forgetful) saved() *Bank {
	less := New(0)
	for _, name := range names[1:] {
		less.balances[name] = b.balances[name]
	}
	return less
}

func (b *forgetful) SnapshotBytes() int   { return b.saved().SnapshotBytes() }
func (b *forgetful) Save(into []byte) int { return b.saved().Save(into) }

type punctual struct{ *Bank }

func (b *punctual) Apply(index raft.Index, command []byte) []byte {
	return fmt.Appendf(b.Bank.Apply(index, command), " at %s", time.Now().Format(time.TimeOnly+".000000000"))
}

type generous struct{ *Bank }

func (b *generous) Apply(_ raft.Index, command []byte) []byte {
	var from, to string
	var moved uint64
	if n, _ := fmt.Sscanf(string(command), "transfer %s %s %d", &from, &to, &moved); n != 3 {
		return []byte(NotACommand)
	}
	sender, known := b.balances[from]
	receiver, also := b.balances[to]
	if !known || !also {
		return []byte(NoSuchAccount)
	}
	if sender < moved {
		return []byte(NotEnough)
	}
	b.balances[from] = sender - moved
	b.balances[to] = receiver + moved
	return []byte(Done)
}

type polite struct{ *Bank }

func (b *polite) Apply(index raft.Index, command []byte) []byte {
	if response := b.Bank.Apply(index, command); string(response) != NotEnough {
		return response
	}
	return []byte(Done)
}
