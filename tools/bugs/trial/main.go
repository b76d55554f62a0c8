// Command trial is the harness as one program, to be built with a bug in it: it runs
// the simulator, the contract's scenarios and the explorer until an oracle notices,
// or the processor time it is given is used up. It writes what it found as JSON, one
// finding a line, and ends with a line about the whole.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/driftless-raft/driftless/contract"
	"github.com/driftless-raft/driftless/internal/processor"
	"github.com/driftless-raft/driftless/sim"
	"github.com/driftless-raft/driftless/sim/explore"
)

// A finding is what an oracle has noticed, or, at the end, what was tried.
type finding struct {
	Oracle     string  `json:"oracle,omitempty"`
	Rule       string  `json:"rule,omitempty"` // of the oracle, by its short name
	What       string  `json:"what,omitempty"`
	Seed       uint64  `json:"seed,omitempty"`         // of the simulator
	Seeds      uint64  `json:"seeds"`                  // run so far
	CPUSeconds float64 `json:"cpu_seconds"`            // so far
	Steps      int     `json:"shrunk_steps,omitempty"` // at the end: that show the failure that counts
	Over       bool    `json:"over,omitempty"`         // nothing follows

	result *sim.Result // of the simulator, to be shrunk
}

// A trial is what is done with one bug.
type trial struct {
	budget   time.Duration
	outcomes bool
	wanted   []string // rules of which one must be found, or any
	patience time.Duration
	only     uint64        // run this seed and nothing else
	skip     []uint64      // seeds whose failures say nothing
	shrink   time.Duration // how long a failure may be shrunk
	baseline bool          // leave the simulator's seeds out

	lock   sync.Mutex
	seeds  uint64
	found  time.Duration // when something was found first, or 0
	over   bool
	rules  []string
	failed *sim.Result  // the run that shows the finding that counts, or nil
	active atomic.Int64 // the processor time when the present piece of work began
}

func main() {
	runtime.GOMAXPROCS(1)
	t := &trial{}
	wanted := ""
	flag.DurationVar(&t.budget, "budget", time.Minute, "processor time")
	flag.DurationVar(&t.patience, "patience", 5*time.Second, "processor time to go on for an oracle that is wanted, when another has noticed")
	flag.BoolVar(&t.outcomes, "outcomes", false, "judge by outcomes alone")
	flag.StringVar(&wanted, "wanted", "", "rules of which one is to be found, separated by commas; any if there are none")
	flag.Uint64Var(&t.only, "seed", 0, "run this seed of the simulator and nothing else")
	flag.DurationVar(&t.shrink, "shrink", 0, "how long to shrink the failure, beside the budget; 0: it is not")
	flag.BoolVar(&t.baseline, "baseline", false, "only scenarios and exploration, and everything they find")
	flag.Func("skip", "a seed whose failure says nothing, for the code without the bug fails there too", func(text string) error {
		seed, err := strconv.ParseUint(text, 10, 64)
		t.skip = append(t.skip, seed)
		return err
	})
	flag.Parse()
	if wanted != "" {
		t.wanted = strings.Split(wanted, ",")
	}
	go t.watch()
	t.run()
	t.end()
}

// run tries one part of the harness after the other: the simulator first, which finds
// most, then what looks at other situations, then the simulator for the rest.
func (t *trial) run() {
	if t.only != 0 {
		t.simulate(t.only, t.only, t.budget)
		return
	}
	if t.baseline {
		t.wanted, t.patience = []string{}, t.budget
		t.play()
		t.explore()
		return
	}
	t.simulate(1, 0, t.budget/4)
	if !t.outcomes {
		t.play()
		t.explore()
	}
	t.simulate(t.seeds+1, 0, t.budget)
}

// enough reports whether nothing more is to be tried.
func (t *trial) enough(budget time.Duration) bool {
	t.lock.Lock()
	defer t.lock.Unlock()
	now := processor.Time()
	return t.over || now >= budget || t.found != 0 && now >= t.found+t.patience
}

// report writes a finding, and ends the trial if it is one that is wanted.
func (t *trial) report(f finding) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if slices.Contains(t.rules, f.Rule) || t.over {
		return
	}
	t.rules = append(t.rules, f.Rule)
	now := processor.Time()
	if t.found == 0 {
		t.found = now
	}
	t.over = t.wanted == nil || slices.Contains(t.wanted, f.Rule)
	f.Seeds, f.CPUSeconds = t.seeds, now.Seconds()
	write(&f)
	if t.over || len(t.rules) == 1 {
		t.failed = f.result
	}
}

// end writes the last line.
func (t *trial) end() {
	t.lock.Lock()
	defer t.lock.Unlock()
	f := finding{Seeds: t.seeds, CPUSeconds: processor.Time().Seconds(), Over: true}
	if t.failed != nil && t.shrink > 0 {
		if shrunk, err := sim.Shrink(context.Background(), t.failed, t.shrink); err == nil && len(shrunk.Actions) > 0 {
			f.Steps = shrunk.Steps
		}
	}
	write(&f)
}

func write(f *finding) {
	line, err := json.Marshal(f)
	if err != nil {
		panic(err) // a finding holds nothing that JSON can't
	}
	fmt.Printf("%s\n", line)
}

// begin notes that a piece of work begins that takes no longer than a second.
func (t *trial) begin() { t.active.Store(int64(processor.Time())) }

const (
	// stuckAfter is more processor time than any piece of work takes: it takes
	// milliseconds.
	stuckAfter = 4 * time.Second
	memoryMax  = 2 << 30
)

// watch ends a trial whose code makes no step forward any more: a loop without end is
// an outcome, for the process does nothing else.
func (t *trial) watch() {
	memory := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for {
		time.Sleep(time.Second / 4)
		metrics.Read(memory)
		began := t.active.Load()
		switch {
		case memory[0].Value.Uint64() > memoryMax:
			t.stuck("memory is used without end")
		case began != 0 && processor.Time()-time.Duration(began) > stuckAfter:
			t.stuck("a piece of work that takes milliseconds does not end")
		}
	}
}

func (t *trial) stuck(what string) {
	t.lock.Lock()
	t.seeds++
	t.lock.Unlock()
	t.report(finding{Oracle: "hang", Rule: "hang", What: what, Seed: t.seeds})
	t.shrink = 0
	t.end()
	os.Exit(0)
}

// simulate runs seeds of the simulator from one on; up to another, if that is not 0.
func (t *trial) simulate(first, last uint64, budget time.Duration) {
	if last == 0 {
		last = math.MaxUint64 - 1
	}
	if t.enough(budget) {
		return
	}
	t.begin()
	sim.Sweep(context.Background(), first, last, t.expand, func(r *sim.Result) bool {
		t.begin()
		t.lock.Lock()
		t.seeds++
		t.lock.Unlock()
		if f := r.Failure; f != nil && !slices.Contains(t.skip, r.Seed) {
			failed := *r
			t.report(finding{Oracle: f.Rule, Rule: f.Rule, What: f.What, Seed: r.Seed, result: &failed})
		}
		return !t.enough(budget)
	})
	t.active.Store(0)
}

func (t *trial) expand(seed uint64) sim.Options {
	options := sim.Expand(seed, 0)
	options.Outcomes = t.outcomes
	return options
}

// play performs the contract's scenarios on both stores.
func (t *trial) play() {
	for seed := uint64(1); seed <= 2; seed++ {
		for _, store := range []sim.StoreKind{sim.BlockStore, sim.QueueStore} {
			for _, scenario := range contract.Scenarios() {
				if t.enough(t.budget) {
					return
				}
				t.perform(sim.Runner{Store: store, Seed: seed}, &scenario)
			}
		}
	}
}

// perform performs one scenario. If one of the simulator's oracles has ended it, it
// is that which noticed.
func (t *trial) perform(r sim.Runner, scenario *contract.Scenario) {
	if scenario.Missing(r) != "" {
		return
	}
	t.begin()
	err := contract.Check(r, scenario)
	t.active.Store(0)
	if err == nil {
		return
	}
	f := finding{Oracle: "contract:" + scenario.Name, Rule: "contract", What: err.Error()}
	if _, rule, found := strings.Cut(err.Error(), "the oracle "); found {
		f.Rule, _, _ = strings.Cut(rule, ":")
		f.Oracle += ":" + f.Rule
	}
	t.report(f)
}

// explore walks the states of three servers.
func (t *trial) explore() {
	for _, o := range []explore.Options{
		{Elections: 2, Proposals: 1},
		{Elections: 2, Proposals: 1, Crashes: 1, Slow: 1},
		{Elections: 2, Proposals: 1, Duplicates: 1},
		{Elections: 2, Proposals: 1, Heartbeats: 1, Drops: 1},
		{Elections: 3, Proposals: 2, Crashes: 2, Slow: 1, Drops: 1, Duplicates: 1, Changes: 1, Snapshots: 1, Strategy: explore.Swarm, StepsMax: 200},
	} {
		if t.enough(t.budget) {
			return
		}
		o.Nodes, o.Seed, o.Memory = 3, 1, memoryMax/2
		if o.Strategy == "" {
			o.Strategy = explore.BreadthFirst
		}
		o.Time = max(t.budget/20, time.Second)
		t.begin()
		result, err := explore.Run(context.Background(), &o, func(uint64, uint64, int) { t.begin() })
		t.active.Store(0)
		if err == nil && result.Violation != nil {
			v := result.Violation
			t.report(finding{Oracle: "explore:" + v.Rule, Rule: v.Rule, What: v.What})
		}
	}
}
