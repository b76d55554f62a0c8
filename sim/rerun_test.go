package sim

import (
	"context"
	"testing"
)

func TestOneSeedOfTwentyIsRunAgain(t *testing.T) {
	sum := Sweep(context.Background(), 1, 200, func(seed uint64) Options { return Expand(seed, 3) }, nil)
	if sum.Reruns < 4 || sum.Reruns > 20 || sum.RerunMessages < sum.Messages/100 || sum.Failed != 0 {
		t.Errorf("of %d seeds %d were run again with %d of %d messages, and %d failed",
			sum.Seeds, sum.Reruns, sum.RerunMessages, sum.Messages, sum.Failed)
	}
}

func TestEveryFailureIsRunAgain(t *testing.T) {
	failed, passed := Result{Seed: 1, Failure: &Failure{}}, 0
	if !failed.rerunDue() {
		t.Error("a failure is not to be run again")
	}
	for seed := range uint64(10_000) {
		if r := (&Result{Seed: seed}); r.rerunDue() {
			passed++
		}
	}
	if passed < 400 || passed > 600 {
		t.Errorf("of 10,000 passes %d are to be run again", passed)
	}
}

func TestARunThatDoesNotComeOutTheSameAgainFails(t *testing.T) {
	broken := &Failure{Rule: "lease", What: "a sentence", At: 1}
	later := &Failure{Rule: "lease", What: "a sentence", At: 2}
	for _, c := range []struct {
		name          string
		first, second Result
		differs       bool
	}{
		{"the same", Result{Hash: 1, Messages: 2}, Result{Hash: 1, Messages: 2}, false},
		{"the same failure", Result{Hash: 1, Failure: broken}, Result{Hash: 1, Failure: &Failure{Rule: "lease", What: "a sentence", At: 1}}, false},
		{"another hash", Result{Hash: 1}, Result{Hash: 2}, true},
		{"other messages", Result{Hash: 1, Messages: 2}, Result{Hash: 1, Messages: 3}, true},
		{"a failure that is gone", Result{Hash: 1, Failure: broken}, Result{Hash: 1}, true},
		{"a failure that is new", Result{Hash: 1}, Result{Hash: 1, Failure: broken}, true},
		{"a failure at another time", Result{Hash: 1, Failure: broken}, Result{Hash: 1, Failure: later}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.first.compare(c.second)
			if found := c.first.Failure != nil && c.first.Failure.Rule == "nondeterminism"; found != c.differs {
				t.Errorf("what is found is %+v", c.first.Failure)
			}
		})
	}
}
