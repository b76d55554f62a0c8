package linearizability_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/statemachine/kv"
	"github.com/driftless-raft/driftless/statemachine/register"
)

type (
	operation = linearizability.RegisterOperation
	input     = linearizability.RegisterInput
	output    = linearizability.RegisterOutput
)

func read(invoked, returned int64, value uint64) operation {
	return operation{Invoked: invoked, Returned: returned, Output: output{Value: value}}
}

func write(invoked, returned int64, value uint64) operation {
	return operation{
		Invoked: invoked, Returned: returned,
		Input: input{Kind: linearizability.Write, Value: value}, Output: output{Value: value},
	}
}

func lost(o operation) operation {
	o.Unknown = true
	return o
}

func TestHistoriesAreJudgedAsTheyShouldBe(t *testing.T) {
	const forever = linearizability.Open
	for name, c := range map[string]struct {
		history []operation
		want    linearizability.Verdict
	}{
		"nothing happened":                       {nil, linearizability.Linearizable},
		"a read of what was written":             {[]operation{write(1, 2, 7), read(3, 4, 7)}, linearizability.Linearizable},
		"a read of what was there before":        {[]operation{write(1, 2, 7), read(3, 4, 0)}, linearizability.Violated},
		"a read during a write":                  {[]operation{write(1, 4, 7), read(2, 3, 0)}, linearizability.Linearizable},
		"a read that goes back":                  {[]operation{write(1, 6, 7), read(2, 3, 7), read(4, 5, 0)}, linearizability.Violated},
		"a lost write that is seen":              {[]operation{lost(write(1, forever, 7)), read(2, 3, 7)}, linearizability.Linearizable},
		"a lost write that is not seen":          {[]operation{lost(write(1, forever, 7)), read(2, 3, 0)}, linearizability.Linearizable},
		"a lost write that is seen late":         {[]operation{lost(write(1, forever, 7)), read(2, 3, 0), read(4, 5, 7)}, linearizability.Linearizable},
		"a lost write that goes away":            {[]operation{lost(write(1, forever, 7)), read(2, 3, 7), read(4, 5, 0)}, linearizability.Violated},
		"a lost write that is over and seen":     {[]operation{lost(write(1, 2, 7)), read(3, 4, 7)}, linearizability.Linearizable},
		"a lost write that is over and not seen": {[]operation{lost(write(1, 2, 7)), read(3, 4, 0)}, linearizability.Linearizable},
		"a lost write that comes back":           {[]operation{lost(write(1, 2, 7)), read(3, 4, 0), read(5, 6, 7)}, linearizability.Violated},
		"an addition that runs twice": {[]operation{
			{Invoked: 1, Returned: 2, Input: input{Kind: linearizability.Add, Value: 1}, Output: output{Value: 1}},
			read(3, 4, 2),
		}, linearizability.Violated},
		"two swaps of which both succeed": {[]operation{
			{Invoked: 1, Returned: 3, Input: input{Kind: linearizability.CompareAndSwap, Value: 5}, Output: output{Value: 5}},
			{Invoked: 2, Returned: 4, Input: input{Kind: linearizability.CompareAndSwap, Value: 6}, Output: output{Value: 6}},
		}, linearizability.Violated},
		"two swaps of which one fails": {[]operation{
			{Invoked: 1, Returned: 3, Input: input{Kind: linearizability.CompareAndSwap, Value: 5}, Output: output{Value: 5}},
			{Invoked: 2, Returned: 4, Input: input{Kind: linearizability.CompareAndSwap, Value: 6}, Output: output{Failed: true, Value: 5}},
		}, linearizability.Linearizable},
	} {
		if got := linearizability.Check(&linearizability.Register, c.history); got.Verdict != c.want {
			t.Errorf("%s: %+v, want %d", name, got, c.want)
		}
	}
}

func TestTheOperationThatCannotBeExplainedIsNamed(t *testing.T) {
	history := []operation{write(1, 2, 7), read(3, 4, 7), read(5, 6, 9), read(7, 8, 7)}
	history[2].Client = 12
	got := linearizability.Check(&linearizability.Register, history)
	if got.Verdict != linearizability.Violated || !strings.Contains(got.Sentence, "client 12 read and was told 9") {
		t.Errorf("%+v", got)
	}
}

func TestALongHistoryIsCutWhereItsStateIsKnown(t *testing.T) {
	var history []operation
	for i := range int64(10_000) {
		history = append(history, write(4*i, 4*i+1, uint64(i)), read(4*i+2, 4*i+3, uint64(i)))
	}
	got := linearizability.Check(&linearizability.Register, history)
	if got.Verdict != linearizability.Linearizable || got.Searches < 10 {
		t.Errorf("%+v", got)
	}
	history[15_001].Output.Value++
	if got := linearizability.Check(&linearizability.Register, history); got.Verdict != linearizability.Violated {
		t.Errorf("with a wrong read: %+v", got)
	}
}

func TestWhatTakesTooLongIsUndecidedAndNoPass(t *testing.T) {
	// One write stays open for good, so that nothing can be cut.
	history := []operation{lost(write(0, linearizability.Open, 7))}
	for i := range int64(linearizability.OperationsMax) {
		history = append(history, read(2*i+1, 2*i+2, 0))
	}
	if got := linearizability.Check(&linearizability.Register, history); got.Verdict != linearizability.Undecided {
		t.Errorf("too many operations: %+v", got)
	}
	// Twenty concurrent additions that no order explains have 2^20 orders of their own.
	history = history[:0]
	for i := range int64(20) {
		history = append(history, operation{
			Invoked: i, Returned: 100 + i, Unknown: true,
			Input: input{Kind: linearizability.Add, Value: 1 << i},
		})
	}
	history = append(history, read(200, 201, 1<<40))
	if got := linearizability.Check(&linearizability.Register, history); got.Verdict != linearizability.Undecided {
		t.Errorf("too many concurrent operations: %+v", got)
	}
}

// A clientLog makes a history of an object that is linearizable because the object is:
// each operation takes effect at one moment while it is open.
func clientLog[I, O any](t *rapid.T, clients int, draw func(*rapid.T) I, perform func(I) O) []linearizability.Operation[I, O] {
	type running struct {
		linearizability.Operation[I, O]
		took bool
	}
	open := make([]*running, clients)
	var done []linearizability.Operation[I, O]
	for now := range rapid.Int64Range(10, 100).Draw(t, "length") {
		at := rapid.IntRange(0, clients-1).Draw(t, "client")
		o := open[at]
		switch {
		case o == nil:
			open[at] = &running{}
			open[at].Client, open[at].Invoked, open[at].Input = at, now, draw(t)
		case !o.took && rapid.IntRange(0, 15).Draw(t, "lost") == 0:
			o.Unknown, o.Returned, open[at] = true, now, nil
			done = append(done, o.Operation)
		case !o.took:
			o.took, o.Output = true, perform(o.Input)
		default:
			o.Returned, open[at] = now, nil
			if rapid.IntRange(0, 15).Draw(t, "answer lost") == 0 {
				o.Unknown = true
				if rapid.Bool().Draw(t, "for good") {
					o.Returned = linearizability.Open
				}
			}
			done = append(done, o.Operation)
		}
	}
	for _, o := range open {
		if o != nil {
			o.Unknown, o.Returned = true, linearizability.Open
			done = append(done, o.Operation)
		}
	}
	return done
}

func TestWhatTheRegisterMachineDoesIsLinearizable(t *testing.T) {
	values := rapid.Uint64Range(0, 3)
	rapid.Check(t, func(t *rapid.T) {
		var m register.Machine
		var buffer [register.CommandBytes]byte
		history := clientLog(t, 5, func(t *rapid.T) input {
			return input{
				Kind:  linearizability.RegisterKind(rapid.Uint8Range(0, 3).Draw(t, "kind")),
				Value: values.Draw(t, "value"), Expected: values.Draw(t, "expected"),
			}
		}, func(in input) output {
			var response []byte
			switch in.Kind {
			case linearizability.Read:
				response = m.Query(buffer[:register.PutRead(buffer[:], 1)])
			case linearizability.Write:
				response = m.Apply(1, buffer[:register.PutWrite(buffer[:], 1, in.Value)])
			case linearizability.Add:
				response = m.Apply(1, buffer[:register.PutAdd(buffer[:], 1, in.Value)])
			case linearizability.CompareAndSwap:
				response = m.Apply(1, buffer[:register.PutCompareAndSwap(buffer[:], 1, in.Expected, in.Value)])
			}
			outcome, value := register.ParseResponse(response)
			return output{Failed: outcome == register.Mismatch, Value: value}
		})
		if got := linearizability.Check(&linearizability.Register, history); got.Verdict != linearizability.Linearizable {
			t.Fatalf("%+v of\n%+v", got, history)
		}
		spoilt := slices.Clone(history)
		for i := range spoilt {
			if o := &spoilt[i]; !o.Unknown {
				o.Output.Value += 1000 // no operation makes this of anything
				if got := linearizability.Check(&linearizability.Register, spoilt); got.Verdict != linearizability.Violated {
					t.Fatalf("with operation %d spoilt: %+v of\n%+v", i, got, spoilt)
				}
				break
			}
		}
	})
}

func TestWhatTheStoreDoesIsLinearizable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store, index := kv.New(1), raft.Index(0)
		other := func() { // a change of another key, so that revisions jump
			command, _ := kv.Put("other", nil)
			index++
			store.Apply(index, command)
		}
		history := clientLog(t, 4, func(t *rapid.T) linearizability.KeyInput {
			return linearizability.KeyInput{
				Kind:  linearizability.KeyKind(rapid.Uint8Range(0, 3).Draw(t, "kind")),
				Value: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "value")), Expected: rapid.Uint64Range(0, 6).Draw(t, "expected"),
			}
		}, func(in linearizability.KeyInput) linearizability.KeyOutput {
			if rapid.IntRange(0, 3).Draw(t, "other") == 0 {
				other()
			}
			return performOnStore(store, in)
		})
		if got := linearizability.Check(&linearizability.Key, history); got.Verdict != linearizability.Linearizable {
			t.Fatalf("%+v of\n%+v", got, history)
		}
		sorted := slices.Clone(history)
		slices.SortFunc(sorted, func(a, b linearizability.KeyOperation) int { return cmp.Compare(a.Invoked, b.Invoked) })
		for i := range sorted {
			if o := &sorted[i]; !o.Unknown && o.Input.Kind == linearizability.Get && !o.Output.Failed {
				o.Output.Value = "something else"
				if got := linearizability.Check(&linearizability.Key, sorted); got.Verdict != linearizability.Violated {
					t.Fatalf("with a read spoilt: %+v of\n%+v", got, sorted)
				}
				break
			}
		}
	})
}

func performOnStore(store *kv.Store, in linearizability.KeyInput) linearizability.KeyOutput {
	var command []byte
	switch in.Kind {
	case linearizability.Get:
		item, found := store.View().Get("key")
		return linearizability.KeyOutput{Failed: !found, Value: string(item.Value), Revision: item.Revision}
	case linearizability.Put:
		command, _ = kv.Put("key", []byte(in.Value))
	case linearizability.Delete:
		command, _ = kv.Delete("key")
	case linearizability.Swap:
		command, _ = kv.CompareAndSwap("key", in.Expected, []byte(in.Value))
	}
	outcome, revision := kv.ParseResponse(store.Apply(1, command))
	return linearizability.KeyOutput{Failed: outcome != kv.Done, Revision: revision}
}

func BenchmarkCheck(b *testing.B) {
	var history []operation
	for i := range int64(1000) {
		o := write(3*i, 3*i+10, uint64(i))
		o.Client = int(i % 5)
		history = append(history, o)
	}
	for b.Loop() {
		if linearizability.Check(&linearizability.Register, history).Verdict != linearizability.Linearizable {
			b.Fatal("not linearizable")
		}
	}
	b.ReportMetric(float64(b.N*len(history))/b.Elapsed().Seconds(), "operations/s")
}
