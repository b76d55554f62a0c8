package sim

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/sim/linearizability"
)

// named are the rules that the source says can be broken.
func named(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, rule := range []linearizability.Rule{
		linearizability.ExactlyOnce, linearizability.Effect, linearizability.RealTime, linearizability.Value,
	} {
		found[string(rule)] = true
	}
	found["nondeterminism"] = true
	call := regexp.MustCompile(`fail\("([a-z-]+)"`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range call.FindAllStringSubmatch(string(source), -1) {
			found[match[1]] = !strings.HasSuffix(file, "_test.go")
		}
	}
	return found
}

func TestEveryRuleIsCountedAndEvaluated(t *testing.T) {
	expand := func(seed uint64) Options {
		o := Expand(seed, 0)
		o.Spec = true
		return o
	}
	sum := Sweep(context.Background(), 1, 40, expand, nil)
	checks := sum.Checks()
	for rule := range named(t) {
		if checks[rule] == 0 {
			t.Errorf("%s was never evaluated, or is not counted", rule)
		}
	}
	for rule := range checks {
		if !named(t)[rule] {
			t.Errorf("%s is counted, but nothing breaks it", rule)
		}
	}
}
