package sim

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/driftless-raft/driftless/trace"
)

// expand gives seeds their options, and follows a quarter of them with the
// specification.
func expand(nodes int) func(uint64) Options {
	return func(seed uint64) Options {
		o := Expand(seed, nodes)
		o.Spec = seed%4 == 0
		return o
	}
}

func TestTheSameSeedGivesTheSameHash(t *testing.T) {
	var again world // used before, unlike the one in Run
	for seed := uint64(1); seed <= 20; seed++ {
		options := Expand(seed, 0)
		first := Run(seed, options)
		second := again.run(seed, &options, randomTape(seed))
		if first.Hash != second.Hash || first.Messages != second.Messages {
			t.Errorf("seed %d: hash %016x with %d messages, then %016x with %d",
				seed, first.Hash, first.Messages, second.Hash, second.Messages)
		}
	}
}

func TestDifferentSeedsGiveDifferentHashes(t *testing.T) {
	if a, b := Run(1, Expand(1, 3)), Run(2, Expand(2, 3)); a.Hash == b.Hash {
		t.Errorf("seeds 1 and 2 both have hash %016x", a.Hash)
	}
}

func TestTheHashOfASweepDoesNotDependOnTheNumberOfProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := Sweep(context.Background(), 1, 40, expand(0), nil)
	runtime.GOMAXPROCS(4)
	four := Sweep(context.Background(), 1, 40, expand(0), nil)
	if one.Hash != four.Hash || one.Messages != four.Messages {
		t.Errorf("hash %016x on one processor, %016x on four", one.Hash, four.Hash)
	}
}

func TestARecordedTapeReplaysToTheSameHash(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		options := Expand(seed, 0)
		var w world
		recording := randomTape(seed)
		recording.record = true
		recorded := w.run(seed, &options, recording)
		replayed := new(world).run(seed, &options, replayTape(w.tape.choices))
		if recorded.Hash != replayed.Hash {
			t.Errorf("seed %d: recorded %016x, replayed %016x", seed, recorded.Hash, replayed.Hash)
		}
	}
}

func TestATapeThatHasRunOutCalmsTheRunDown(t *testing.T) {
	options := Expand(3, 3)
	if r := new(world).run(3, &options, replayTape(nil)); r.Failure != nil {
		t.Errorf("a run of nothing but quiet choices broke %s: %s", r.Failure.Rule, r.Failure.What)
	}
}

func TestAllRulesHoldWithEveryNumberOfNodes(t *testing.T) {
	for _, nodes := range []int{3, 4, 5, 7} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			sum := Sweep(context.Background(), 1, 60, expand(nodes), nil)
			if sum.First != nil {
				t.Errorf("seed %d breaks %s: %s", sum.First.Seed, sum.First.Failure.Rule, sum.First.Failure.What)
			}
		})
	}
}

func TestWhatTheOraclesWatchDoesHappen(t *testing.T) {
	sum := Sweep(context.Background(), 1, 300, expand(0), nil)
	for i, count := range sum.Coverage {
		if count == 0 && i != exhausted && i != stalemates && i != outvoted && i != coreless && i != brokenLeases && i != snapshotsGivenUp { // which take thousands of seeds
			t.Errorf("in 300 seeds there were no %s", CoverageNames[i])
		}
	}
}

func TestJudgingHistoriesChangesNothingElse(t *testing.T) {
	judged := Sweep(context.Background(), 1, 40, func(seed uint64) Options { return Expand(seed, 0) }, nil)
	left := Sweep(context.Background(), 1, 40, func(seed uint64) Options {
		o := Expand(seed, 0)
		o.Histories = false
		return o
	}, nil)
	if judged.Hash != left.Hash || left.Searches != 0 || judged.Searches == 0 {
		t.Errorf("%d searches and hash %016x, without %d and %016x", judged.Searches, judged.Hash, left.Searches, left.Hash)
	}
}

func TestNoSearchOfAHistoryIsGivenUp(t *testing.T) {
	sum := Sweep(context.Background(), 1, 300, func(seed uint64) Options { return Expand(seed, 0) }, nil)
	if sum.Undecided != 0 || sum.Searches < 300 {
		t.Errorf("%d of %d searches were given up", sum.Undecided, sum.Searches)
	}
}

func TestATraceTellsTheSameRun(t *testing.T) {
	told := 0
	options := Expand(4, 3)
	tell := func(e *trace.Event) { told += len(e.String()) }
	if traced, run := Trace(4, options, tell), Run(4, options); traced.Hash != run.Hash || told == 0 {
		t.Errorf("traced %016x in %d bytes, run %016x", traced.Hash, told, run.Hash)
	}
}

func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	var w world
	messages := uint64(0)
	seed := uint64(0)
	for b.Loop() {
		seed++
		options := Expand(seed, 0)
		r := w.run(seed, &options, randomTape(seed))
		messages += r.Messages
	}
	b.ReportMetric(float64(messages)/b.Elapsed().Seconds(), "messages/s")
}
