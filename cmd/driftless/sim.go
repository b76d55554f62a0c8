package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"time"

	"github.com/driftless-raft/driftless/internal/processor"
	"github.com/driftless-raft/driftless/sim"
	"github.com/driftless-raft/driftless/trace"
)

// simCommand is `driftless sim`.
type simCommand struct {
	Seeds     seedRange     `default:"1-200" placeholder:"A-B" help:"The seeds to run, from A to B (${default})."`
	For       time.Duration `placeholder:"TIME" help:"Go on from the first of the seeds, whatever the last, for this long, such as 10m, and show how many abstract states were new over time."`
	Nodes     int           `default:"0" placeholder:"N" help:"Found every cluster with N nodes: 3, 4, 5 or 7. Otherwise each seed chooses."`
	Spec      bool          `help:"Follow every run with the specification, package spec, too."`
	Histories bool          `default:"true" negatable:"" help:"Judge what clients were told, by witness and by search; --no-histories leaves the invariants of Raft."`
	Outcomes  bool          `help:"Judge as users would: by what clients were told, what the state machines hold and whether the cluster gets on. Invariants may be broken."`
	Scans     bool          `default:"true" negatable:"" help:"After one event of a hundred, read all stores and check what they hold by itself."`
	failureFlags

	JSON    bool `help:"Print one JSON object instead of a summary."`
	Verbose bool `short:"v" help:"Print a line for every seed, with its options; for a single seed, all that happens."`
}

// Help is what `driftless sim --help` says beside the flags.
func (simCommand) Help() string {
	return `The same seeds give the same hash on every machine. A seed that fails is reported
with the command that replays it. Failures and a twentieth of the seeds that pass
are run again, and must come out the same. A sweep of 10,000 seeds or more, without
--nodes or --no-histories, must meet every rare event it has a name for.

Exit codes: 0 all rules held, 1 a rule was broken or a rare event never occurred,
2 bad usage, 3 the result could not be written, 130 interrupted.`
}

// Validate is called by kong.
func (c *simCommand) Validate() error {
	if c.For < 0 {
		return fmt.Errorf("--for is %v, but time doesn't go back", c.For)
	}
	switch c.Nodes {
	case 0, 3, 4, 5, 7:
		return nil
	}
	return fmt.Errorf("--nodes is %d, but must be 3, 4, 5 or 7", c.Nodes)
}

// garbagePercent lets the heap, which is small, grow by more than it would before
// garbage is collected.
const garbagePercent = 400

// Run runs the seeds.
func (c *simCommand) Run(s streams) error {
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if _, chosen := os.LookupEnv("GOGC"); !chosen {
		defer debug.SetGCPercent(debug.SetGCPercent(garbagePercent))
	}
	out := bufio.NewWriter(s.out)
	if c.Verbose && c.Seeds.count() == 1 && c.For == 0 && !c.JSON {
		sim.Trace(c.Seeds.first, c.expand(c.Seeds.first), func(e *trace.Event) { fmt.Fprintln(out, e) })
	}
	r, sum, states := c.sweep(interrupted, out, s.err)
	r.measure()
	if sum.First != nil {
		r.failure = c.explain(interrupted, sum.First)
		r.warn(s.err)
	}
	if c.JSON {
		writeJSON(out, r)
	} else {
		r.writeText(out, sum)
		if states != nil {
			states.writeText(out)
		}
	}
	if err := flush(out); err != nil {
		return err
	}
	switch {
	case sum.Failed > 0:
		return exit(exitFailed)
	case r.Interrupted:
		return exit(exitInterrupted)
	}
	if err := c.expectAll(sum); err != nil {
		fmt.Fprintf(s.err, "driftless: %v\n", err)
		return exit(exitFailed)
	}
	return nil
}

// sweep runs the seeds, or as many as there is time for.
func (c *simCommand) sweep(interrupted context.Context, out *bufio.Writer, terminal *os.File) (*report, *sim.Summary, *curve) {
	watch := stopwatch{start: time.Now(), cpu: processor.Time()}
	within, last := interrupted, c.Seeds.last
	bar := newProgress(terminal, c.Seeds.count(), "seeds")
	var states *curve
	if c.For > 0 {
		var stop context.CancelFunc
		within, stop = context.WithTimeout(interrupted, c.For)
		defer stop()
		last = math.MaxUint64 - 1
		bar = newProgress(terminal, uint64(c.For.Seconds()), "seconds")
		states = newCurve(c.For)
	}
	done := uint64(0)
	sum := sim.Sweep(within, c.Seeds.first, last, c.expand, func(r *sim.Result) bool {
		done++
		if states != nil {
			bar.advance(uint64(time.Since(watch.start).Seconds()))
			states.add(r, done)
		} else {
			bar.advance(done)
		}
		if c.Verbose {
			c.tell(out, r)
		}
		return true
	})
	bar.finish()
	r := c.report(&sum, watch)
	r.Interrupted = interrupted.Err() != nil || states == nil && sum.Seeds < c.Seeds.count()
	if states != nil {
		states.mark(time.Since(watch.start), done)
		r.Curve = states.points
	}
	return r, &sum, states
}

// manySeeds is how many seeds of the default swarm meet every rare event.
const manySeeds = 10_000

// expectAll is an error if a long sweep of the default swarm has not met everything
// that it must: whatever watches over that was not put to the test.
func (c *simCommand) expectAll(sum *sim.Summary) error {
	missing := sum.SometimesMissing()
	if len(missing) == 0 || sum.Seeds < manySeeds || c.Nodes != 0 || !c.Histories {
		return nil
	}
	return fmt.Errorf("in %d seeds this never occurred, so that the rules about it were not put to the test: %s",
		sum.Seeds, strings.Join(missing, "; "))
}

// expand gives a seed its options.
func (c *simCommand) expand(seed uint64) sim.Options {
	options := sim.Expand(seed, c.Nodes)
	options.Spec, options.Histories, options.Scans, options.States = c.Spec, c.Histories, c.Scans, c.For > 0
	options.Outcomes = c.Outcomes
	return options
}

// tell writes a line about one seed.
func (c *simCommand) tell(out *bufio.Writer, r *sim.Result) {
	verdict := "holds"
	if r.Failure != nil {
		verdict = r.Failure.Rule
	}
	fmt.Fprintf(out, "seed %d  %s  hash %016x  %d messages  %v\n", r.Seed, verdict, r.Hash, r.Messages, r.Options)
}

// A stopwatch measures a sweep.
type stopwatch struct {
	start time.Time
	cpu   time.Duration
}
