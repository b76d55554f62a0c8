// Package bank is an example of a state machine of one's own: accounts, and
// transfers between them. Its test holds it under all of the simulator; how to
// write such a test is told in docs/testing-your-machine.md.
//
// Commands, questions and answers are text:
//
//	transfer alice bob 30   done, or: no such account, not enough money, not a command
//	balance alice           100, or: no such account, not a question
package bank

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// The answers to commands, and to questions that there is no balance for.
const (
	Done          = "done"
	NoSuchAccount = "no such account"
	NotEnough     = "not enough money"
	NotACommand   = "not a command"
	NotAQuestion  = "not a question"
)

// Bank is a replicated bank. It implements [statemachine.Machine].
type Bank struct{ balances map[string]uint64 }

// New is a bank whose accounts hold the same amount each. Names have no blanks.
func New(amount uint64, names ...string) *Bank {
	b := &Bank{balances: map[string]uint64{}}
	for _, name := range names {
		b.balances[name] = amount
	}
	return b
}

// Total is what all accounts hold together.
func (b *Bank) Total() uint64 {
	total := uint64(0)
	for _, balance := range b.balances {
		total += balance
	}
	return total
}

// Transfer is the command that moves an amount from one account to another.
func Transfer(from, to string, amount uint64) []byte {
	return fmt.Appendf(nil, "transfer %s %s %d", from, to, amount)
}

// Balance is the question for what an account holds.
func Balance(name string) []byte { return []byte("balance " + name) }

// Apply implements [statemachine.Machine].
func (b *Bank) Apply(_ raft.Index, command []byte) []byte {
	words := strings.Fields(string(command))
	if len(words) != 4 || words[0] != "transfer" {
		return []byte(NotACommand)
	}
	amount, err := strconv.ParseUint(words[3], 10, 64)
	if err != nil {
		return []byte(NotACommand)
	}
	return []byte(b.transfer(words[1], words[2], amount))
}

func (b *Bank) transfer(from, to string, amount uint64) string {
	has, known := b.balances[from]
	if _, also := b.balances[to]; !known || !also {
		return NoSuchAccount
	}
	if has < amount {
		return NotEnough
	}
	b.balances[from] -= amount
	b.balances[to] += amount
	return Done
}

// Query implements [statemachine.Machine].
func (b *Bank) Query(question []byte) []byte {
	name, asked := strings.CutPrefix(string(question), "balance ")
	if !asked {
		return []byte(NotAQuestion)
	}
	balance, known := b.balances[name]
	if !known {
		return []byte(NoSuchAccount)
	}
	return strconv.AppendUint(nil, balance, 10)
}

var format = statemachine.Format{Name: [4]byte{'b', 'a', 'n', 'k'}, Version: 1}

// body is a line for each account, by name: equal banks are saved as equal bytes.
func (b *Bank) body() []byte {
	var body []byte
	for _, name := range slices.Sorted(maps.Keys(b.balances)) {
		body = fmt.Appendf(body, "%s %d\n", name, b.balances[name])
	}
	return body
}

// SnapshotBytes implements [statemachine.Machine].
func (b *Bank) SnapshotBytes() int { return statemachine.FrameBytes + len(b.body()) }

// Save implements [statemachine.Machine].
func (b *Bank) Save(into []byte) int {
	body := b.body()
	frame := format.Frame(into, len(body))
	if frame == nil {
		return 0
	}
	copy(frame, body)
	return format.Seal(into, len(body))
}

// Load implements [statemachine.Machine].
func (b *Bank) Load(from []byte) statemachine.Damage {
	body, damage := format.Open(from)
	if damage != statemachine.Intact {
		return damage
	}
	balances := map[string]uint64{}
	for line := range strings.Lines(string(body)) {
		var name string
		var balance uint64
		if n, err := fmt.Sscanf(line, "%s %d\n", &name, &balance); n != 2 || err != nil {
			return statemachine.Contradictory
		}
		balances[name] = balance
	}
	b.balances = balances
	return statemachine.Intact
}
