package sim

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/sim/linearizability"
)

func TestEveryRuleThatCanFailIsListedAndNoOther(t *testing.T) {
	unseen := map[string]bool{}
	for rule := range Rules {
		unseen[rule] = true
	}
	for _, rule := range []linearizability.Rule{
		linearizability.ExactlyOnce, linearizability.Effect, linearizability.RealTime, linearizability.Value,
	} {
		if Rules[string(rule)] != Outcome {
			t.Errorf("%s is no outcome", rule)
		}
		delete(unseen, string(rule))
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`\.fail\("([^"]+)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range call.FindAllStringSubmatch(string(text), -1) {
			if _, listed := Rules[match[1]]; !listed {
				t.Errorf("%s fails by %q, which is not listed", file, match[1])
			}
			delete(unseen, match[1])
		}
	}
	for rule := range unseen {
		t.Errorf("%q is listed, but nothing can fail by it", rule)
	}
}

func TestWhereOnlyOutcomesCountInvariantsMayBeBroken(t *testing.T) {
	for _, v := range violations {
		t.Run(v.name, func(t *testing.T) {
			w, leader, follower := steady(t)
			w.options.Outcomes = true
			func() {
				defer func() { _ = recover() }() // what is made to believe it broke may well panic
				v.violate(w, leader, follower)
			}()
			f, want := w.ledger.failure, ""
			switch {
			case v.name == "a state machine of its own": // which clients were told of
				want = "durability"
			case Rules[v.rule] != Invariant:
				want = v.rule
			}
			if want == "" && f != nil || want != "" && (f == nil || f.Rule != want) {
				t.Errorf("%q was to be noticed, but what was is %v", want, f)
			}
		})
	}
}

func TestWhereOnlyOutcomesCountAnAssertionEndsAProcessThatStartsAgain(t *testing.T) {
	w, _, follower := steady(t)
	w.options.Outcomes = true
	boot := follower.boot
	func() {
		defer w.rescue()
		w.acting = follower
		panic("it does not hold")
	}()
	if follower.up || w.ledger.failure != nil {
		t.Fatalf("up: %v, failure: %v", follower.up, w.ledger.failure)
	}
	if !w.await(10, func() bool { return follower.up }) || follower.boot == boot {
		t.Error("it did not start again")
	}
}

func TestRunsOfACorrectCoreHoldWhereOnlyOutcomesCount(t *testing.T) {
	for seed := uint64(1); seed <= 40; seed++ {
		options := Expand(seed, 0)
		options.Outcomes = true
		if result := Run(seed, options); result.Failure != nil {
			t.Errorf("seed %d: %s: %s", seed, result.Failure.Rule, result.Failure.What)
		}
	}
}
