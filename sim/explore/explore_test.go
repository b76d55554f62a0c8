package explore

import (
	"context"
	"strings"
	"testing"
	"time"
)

func run(t *testing.T, o Options) *Result {
	t.Helper()
	if o.Strategy == "" {
		o.Strategy = BreadthFirst
	}
	r, err := Run(t.Context(), &o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The counts are what the core makes them: one that changes with the core is no
// mistake, but somebody should know why.
var known = []struct {
	name                string
	options             Options
	distinct, generated uint64
	depth               int
}{
	{"an election", Options{Nodes: 3, Elections: 1, Symmetry: true}, 108, 235, 15},
	{"an election, names told apart", Options{Nodes: 3, Elections: 1}, 613, 1341, 15},
	{"a proposal and a heartbeat", Options{Nodes: 3, Elections: 1, Proposals: 1, Heartbeats: 1, Symmetry: true}, 2753, 7525, 24},
	{"a crash and a slow disk", Options{Nodes: 3, Elections: 1, Proposals: 1, Crashes: 1, Slow: 1, Symmetry: true}, 10358, 36572, 24},
	{"a message lost", Options{Nodes: 3, Elections: 1, Proposals: 1, Drops: 1, Symmetry: true}, 1118, 2869, 22},
	{"a message twice", Options{Nodes: 3, Elections: 1, Proposals: 1, Duplicates: 1, Symmetry: true}, 8469, 26616, 22},
	{"a message overtaken", Options{Nodes: 3, Elections: 1, Proposals: 1, Reorders: 1, Symmetry: true}, 3335, 9888, 24},
	{"a change of members", Options{Nodes: 3, Elections: 1, Changes: 1}, 89146, 270630, 39},
	{"a snapshot", Options{Nodes: 3, Elections: 2, Snapshots: 1, Symmetry: true}, 102334, 383030, 36},
	{"two elections", Options{Nodes: 3, Elections: 2, Symmetry: true}, 37297, 126255, 34},
	{"two servers", Options{Nodes: 2, Elections: 3, Symmetry: true}, 320, 536, 18},
}

func TestAllStatesOfSmallClustersAreSafe(t *testing.T) {
	for _, c := range known {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, c.options)
			if r.Violation != nil {
				t.Fatalf("%s: %s\n%s", r.Violation.Rule, r.Violation.What, strings.Join(r.Violation.Path, "\n"))
			}
			if r.Distinct != c.distinct || r.Generated != c.generated || r.Depth != c.depth || r.Limit != "" {
				t.Errorf("%d states, %d steps, depth %d, limit %q; known are %d, %d, %d", r.Distinct, r.Generated, r.Depth, r.Limit, c.distinct, c.generated, c.depth)
			}
		})
	}
}

func TestAWalkMeetsNothingThatASearchDoesNot(t *testing.T) {
	o := Options{Nodes: 3, Elections: 1, Proposals: 1, StepsMax: 100, Walks: 20000, Seed: 1}
	all := run(t, o)
	for _, strategy := range []Strategy{Random, Swarm, Priorities, Coverage} {
		o.Strategy = strategy
		r := run(t, o)
		if r.Violation != nil || r.Distinct > all.Distinct || r.Distinct < all.Distinct/20 {
			t.Errorf("%s: %d states of %d, violation %v", strategy, r.Distinct, all.Distinct, r.Violation)
		}
		if again := run(t, o); again.Distinct != r.Distinct || again.Generated != r.Generated {
			t.Errorf("%s: the same seed gives %d states and %d steps, then %d and %d", strategy, r.Distinct, r.Generated, again.Distinct, again.Generated)
		}
	}
}

func TestEveryStrategyMeetsSlowDisks(t *testing.T) {
	o := Options{Nodes: 3, Elections: 1, StepsMax: 100, Walks: 5000, Seed: 1}
	all := run(t, o).Distinct
	o.Slow = 1
	for _, o.Strategy = range []Strategy{Random, Swarm, Priorities, Coverage} {
		if r := run(t, o); r.Distinct <= all {
			t.Errorf("%s meets %d states, and without slow disks there are %d", o.Strategy, r.Distinct, all)
		}
	}
}

func TestALimitEndsTheSearchWithWhatWasReached(t *testing.T) {
	far := Options{Nodes: 3, Elections: 4, Proposals: 4, Drops: 2, Symmetry: true, StepsMax: 300}
	for limit, o := range map[string]Options{"time": {Time: time.Millisecond}, "memory": {Memory: 1 << 24}} {
		for _, strategy := range []Strategy{BreadthFirst, Swarm} {
			limited := far
			limited.Time, limited.Memory, limited.Strategy = o.Time, o.Memory, strategy
			if r := run(t, limited); r.Limit != limit || r.Distinct == 0 || r.Violation != nil {
				t.Errorf("%s: limit %q after %d states, violation %v; want %q", strategy, r.Limit, r.Distinct, r.Violation, limit)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	far.Strategy = BreadthFirst
	if r, err := Run(ctx, &far, nil); err != nil || r.Limit != "interrupted" || r.Distinct == 0 {
		t.Errorf("%+v, %v: want interrupted", r, err)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for want, o := range map[string]Options{
		"nodes is 6":       {Nodes: 6},
		"proposals is -1":  {Nodes: 3, Proposals: -1},
		"drops is 61":      {Nodes: 3, Drops: 61},
		"are 21 together":  {Nodes: 3, Elections: 21},
		"are 25 together":  {Nodes: 3, Elections: 5, Proposals: 20},
		"no symmetry":      {Nodes: 3, Changes: 1, Symmetry: true},
		"no symmetry with": {Nodes: 3, Slow: 1, Heartbeats: 1, Symmetry: true},
		"\"best\" is unkn": {Nodes: 3, Strategy: "best"},
		"steps of a walk":  {Nodes: 3, StepsMax: -1},
	} {
		if _, err := Run(t.Context(), &o, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", o, err, want)
		}
	}
}
