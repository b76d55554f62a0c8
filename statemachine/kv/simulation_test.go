package kv_test

import (
	"fmt"
	"testing"

	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/simtest"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/kv"
)

func TestTheStoreIsLinearizableUnderAllOfTheSimulator(t *testing.T) {
	simtest.Run(t, simtest.Subject{
		New:     func() statemachine.Machine { return kv.New(remembered) },
		Next:    nextWish,
		History: simtest.Linearizable(&linearizability.Key, parseWish),
		Judge:   judgeRange,
		Describe: func(o *simtest.Operation) string {
			return fmt.Sprintf("%+v: %q", o.About, o.Response)
		},
	})
}

const wishedKeys = 3

// A wish is what a client of the store asks for: a range, or something of one key.
type wish struct {
	keyRange bool
	key      string
	linearizability.KeyInput
}

// nextWish prefers to swap what the client has seen last.
func nextWish(c *simtest.Client) simtest.Operation {
	w := wish{key: fmt.Sprint("key ", c.Draw(wishedKeys))}
	w.Value = fmt.Sprint("value ", c.Draw(100), " of client ", c.Number)
	if last, ok := c.Last.About.(wish); ok && !last.keyRange && c.Last.Response != nil {
		w.Expected = performed(&c.Last).Revision
	}
	o := simtest.Operation{}
	var err error
	switch c.Draw(8) {
	case 0, 1:
		w.Kind = linearizability.Get
		o.Question = kv.GetQuestion(w.key)
	case 2:
		w.keyRange = true
		o.Question, err = kv.RangeQuestion("", "", uint32(c.Draw(wishedKeys+1)))
	case 3, 4:
		w.Kind = linearizability.Put
		o.Command, err = kv.Put(w.key, []byte(w.Value))
	case 5, 6:
		w.Kind = linearizability.Swap
		o.Command, err = kv.CompareAndSwap(w.key, w.Expected, []byte(w.Value))
	default:
		w.Kind = linearizability.Delete
		o.Command, err = kv.Delete(w.key)
	}
	if err != nil {
		panic(err)
	}
	o.About = w
	return o
}

func parseWish(o *simtest.Operation) (string, linearizability.KeyInput, linearizability.KeyOutput, bool) {
	w, _ := o.About.(wish)
	if w.keyRange {
		return "", linearizability.KeyInput{}, linearizability.KeyOutput{}, false
	}
	return w.key, w.KeyInput, performed(o), true
}

// performed is what an operation on a key has come to.
func performed(o *simtest.Operation) linearizability.KeyOutput {
	if o.Question == nil {
		outcome, revision := kv.ParseResponse(o.Response)
		return linearizability.KeyOutput{Failed: outcome != kv.Done, Revision: revision}
	}
	item, found := kv.ParseGet("", o.Response)
	return linearizability.KeyOutput{Failed: !found, Value: string(item.Value), Revision: item.Revision}
}

// judgeRange looks at what a range was answered.
func judgeRange(o *simtest.Operation) error {
	if w, _ := o.About.(wish); !w.keyRange {
		return nil
	}
	items, revision, _, ok := kv.ParseRange(o.Response)
	for i := range items {
		ok = ok && items[i].Revision <= revision && (i == 0 || items[i-1].Key < items[i].Key)
	}
	if !ok {
		return fmt.Errorf("of revision %d: %v", revision, items)
	}
	return nil
}
