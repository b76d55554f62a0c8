package bank

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/simtest"
	"github.com/driftless-raft/driftless/statemachine"
)

var names = []string{"alice", "bob", "carol"}

const amount = 100 // of every account in the beginning

// subject is a bank, how clients use it, and what it promises.
func subject() simtest.Subject {
	return simtest.Subject{
		New:     func() statemachine.Machine { return New(amount, names...) },
		Next:    next,
		Check:   check,
		History: simtest.Linearizable(&model, parse),
	}
}

func TestTheBankKeepsItsPromises(t *testing.T) { simtest.Run(t, subject()) }

// next moves some money, or asks for a balance.
func next(c *simtest.Client) simtest.Operation {
	from, to := names[c.Draw(len(names))], names[c.Draw(len(names))]
	if c.Draw(4) == 0 {
		return simtest.Operation{Question: Balance(from)}
	}
	return simtest.Operation{Command: Transfer(from, to, uint64(1+c.Draw(amount)))}
}

// check counts the money.
func check(m statemachine.Machine) error {
	if total := m.(interface{ Total() uint64 }).Total(); total != amount*uint64(len(names)) {
		return fmt.Errorf("the accounts hold %d together, and held %d in the beginning", total, amount*len(names))
	}
	return nil
}

// balances is what the model knows of a bank.
type balances [3]uint64

// model is a bank in a few lines: what clients see must be explained by it.
var model = linearizability.Specification[balances, string, string]{
	Initial: balances{amount, amount, amount},
	Step: func(before balances, input, output string) (balances, bool) {
		after, expected := before.perform(input)
		return after, output == expected
	},
	Effect: func(before balances, input string) balances {
		after, _ := before.perform(input)
		return after
	},
}

func parse(o *simtest.Operation) (object, input, output string, ok bool) {
	return "", string(o.Command) + string(o.Question), string(o.Response), true
}

// perform is what a command or a question does, and its answer.
func (b balances) perform(input string) (balances, string) {
	words := strings.Fields(input)
	account := func(name string) *uint64 {
		for i := range names {
			if names[i] == name {
				return &b[i]
			}
		}
		return nil
	}
	if words[0] == "balance" {
		return b, strconv.FormatUint(*account(words[1]), 10)
	}
	moved, _ := strconv.ParseUint(words[3], 10, 64)
	from, to := account(words[1]), account(words[2])
	if *from < moved {
		return b, NotEnough
	}
	*from -= moved
	*to += moved
	return b, Done
}
