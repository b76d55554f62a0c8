package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/driftless-raft/driftless/sim"
)

// simCommand is `driftless sim`.
type simCommand struct {
	Seeds     seedRange `default:"1-200" placeholder:"A-B" help:"The seeds to run, from A to B (${default})."`
	Nodes     int       `default:"0" placeholder:"N" help:"Found every cluster with N nodes: 3, 4, 5 or 7. Otherwise each seed chooses."`
	Spec      bool      `help:"Follow every run with the specification, package spec, too."`
	Histories bool      `default:"true" negatable:"" help:"Judge what clients were told, by witness and by search; --no-histories leaves the invariants of Raft."`
	JSON      bool      `help:"Print one JSON object instead of a summary."`
	Verbose   bool      `short:"v" help:"Print a line for every seed, with its options; for a single seed, all that happens."`
}

// Help is what `driftless sim --help` says beside the flags.
func (simCommand) Help() string {
	return `The same seeds give the same hash on every machine. A seed that fails is reported
with the command that replays it.

Exit codes: 0 all rules held, 1 a rule was broken, 2 bad usage, 3 the result could
not be written, 130 interrupted.`
}

// Validate is called by kong.
func (c *simCommand) Validate() error {
	switch c.Nodes {
	case 0, 3, 4, 5, 7:
		return nil
	}
	return fmt.Errorf("--nodes is %d, but must be 3, 4, 5 or 7", c.Nodes)
}

// Run runs the seeds.
func (c *simCommand) Run(s streams) error {
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	out := bufio.NewWriter(s.out)
	if c.Verbose && c.Seeds.count() == 1 && !c.JSON {
		sim.Trace(c.Seeds.first, c.expand(c.Seeds.first), out)
	}
	bar := newProgress(s.err, c.Seeds.count())
	watch := stopwatch{start: time.Now(), cpu: processorTime()}
	sum := sim.Sweep(interrupted, c.Seeds.first, c.Seeds.last, c.expand, func(r *sim.Result) bool {
		bar.advance(r)
		if c.Verbose {
			c.tell(out, r)
		}
		return true
	})
	bar.finish()
	r := c.report(&sum, watch)
	if c.JSON {
		writeJSON(out, r)
	} else {
		r.writeText(out, &sum)
	}
	if err := flush(out); err != nil {
		return err
	}
	switch {
	case sum.Failed > 0:
		return exit(exitFailed)
	case sum.Seeds < c.Seeds.count():
		return exit(exitInterrupted)
	}
	return nil
}

// expand gives a seed its options.
func (c *simCommand) expand(seed uint64) sim.Options {
	options := sim.Expand(seed, c.Nodes)
	options.Spec, options.Histories = c.Spec, c.Histories
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
