package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"time"

	"github.com/driftless-raft/driftless/internal/processor"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/explore"
)

// exploreCommand is `driftless explore`.
type exploreCommand struct {
	Nodes      int  `default:"3" placeholder:"N" help:"Servers, 2 to 5 (${default})."`
	Elections  int  `default:"2" placeholder:"E" help:"Election timers that fire (${default})."`
	Proposals  int  `default:"1" placeholder:"P" help:"Commands given to leaders (${default})."`
	Heartbeats int  `default:"0" placeholder:"H" help:"Heartbeat timers that fire (${default})."`
	Crashes    int  `default:"0" placeholder:"C" help:"Crashes, each followed by a restart (${default})."`
	Slow       int  `default:"-1" placeholder:"S" help:"Steps from which on a server's writes are not durable at once (1 if there are crashes)."`
	Drops      int  `default:"0" placeholder:"D" help:"Messages lost (${default})."`
	Duplicates int  `default:"0" placeholder:"U" help:"Messages that arrive again, at any time later (${default})."`
	Reorder    int  `default:"0" placeholder:"R" help:"Messages that others overtake (${default})."`
	Membership bool `help:"One change of the configuration, to any voters."`
	Snapshot   bool `help:"One snapshot, taken by any server."`
	Symmetry   bool `default:"true" negatable:"" help:"Take states for one that differ by the servers' names only, where servers are treated alike."`

	Strategy string `default:"bfs" enum:"bfs,random,swarm,pct,coverage" help:"Visit all states, breadth first (${default}), or walk at random: random, swarm, pct or coverage."`
	Seed     uint64 `default:"1" help:"Of random walks (${default})."`
	Steps    int    `default:"300" help:"The most steps of a random walk (${default})."`
	Walks    uint64 `default:"0" help:"How many random walks; 0: until a limit or Ctrl-C (${default})."`

	TimeLimit   time.Duration `default:"0" help:"End after this time, such as 15m, with what was reached; 0: no limit (${default})."`
	MemoryLimit float64       `default:"8" placeholder:"GIB" help:"End when this much memory is used, in GiB; 0: no limit (${default})."`
	JSON        bool          `help:"Print one JSON object instead of a summary."`
}

// Help is what `driftless explore --help` says beside the flags.
func (exploreCommand) Help() string {
	return `Every step is one of the real core and driver. Links keep their order but for what
--duplicates and --reorder allow; any timer may fire at any time.

Exit codes: 0 all rules held in what was visited, 1 a rule was broken, 2 bad usage,
3 the result could not be written, 130 interrupted.`
}

// Validate is asked by kong.
func (c *exploreCommand) Validate() error {
	switch {
	case c.TimeLimit < 0:
		return fmt.Errorf("--time-limit is %v, but can't be negative", c.TimeLimit)
	case c.MemoryLimit < 0 || c.MemoryLimit > memoryMax:
		return fmt.Errorf("--memory-limit is %v, but must be from 0 to %d", c.MemoryLimit, memoryMax)
	}
	return nil
}

// memoryMax is the largest memory limit, in GiB.
const memoryMax = 1 << 20

// options are what the command line says.
func (c *exploreCommand) options() *explore.Options {
	o := &explore.Options{
		Nodes: c.Nodes, Elections: c.Elections, Proposals: c.Proposals, Heartbeats: c.Heartbeats,
		Crashes: c.Crashes, Slow: c.Slow, Drops: c.Drops, Duplicates: c.Duplicates, Reorders: c.Reorder,
		Strategy: explore.Strategy(c.Strategy), Seed: c.Seed, StepsMax: c.Steps, Walks: c.Walks,
		Time: c.TimeLimit, Memory: uint64(c.MemoryLimit * (1 << 30)),
	}
	if c.Slow < 0 {
		o.Slow = min(c.Crashes, 1)
	}
	if c.Membership {
		o.Changes = 1
	}
	if c.Snapshot {
		o.Snapshots = 1
	}
	o.Symmetry = c.Symmetry && o.Alike()
	return o
}

// Run explores.
func (c *exploreCommand) Run(s streams) error {
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := c.options()
	if o.Memory > 0 {
		// Tables grow by doubling: let what they leave behind go before the limit.
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(int64(o.Memory)))
	}
	counter := newCounter(s.err)
	watch := stopwatch{start: time.Now(), cpu: processor.Time()}
	result, err := explore.Run(interrupted, o, counter.show)
	counter.clear()
	if err != nil {
		fmt.Fprintf(s.err, "driftless explore: %v\n", err)
		return exit(exitUsage)
	}
	r := newExploration(result, watch)
	out := bufio.NewWriter(s.out)
	if err := present(out, c.JSON, r); err != nil {
		return err
	}
	switch {
	case r.Violations > 0:
		return exit(exitFailed)
	case r.Limit == "interrupted":
		return exit(exitInterrupted)
	}
	return nil
}

// exploration is the result as it is printed for programs.
type exploration struct {
	Distinct      uint64   `json:"distinct"`
	Generated     uint64   `json:"generated"`
	Depth         int      `json:"depth"`
	Seconds       float64  `json:"seconds"`
	CPUSeconds    float64  `json:"cpu_seconds"`
	BytesPerState float64  `json:"bytes_per_state"`
	Violations    int      `json:"violations"`
	Path          []string `json:"path"`

	Rule         string `json:"rule,omitempty"`
	What         string `json:"what,omitempty"`
	Complete     bool   `json:"complete"` // all states were visited
	Limit        string `json:"limit,omitempty"`
	Walks        uint64 `json:"walks,omitempty"`
	ServerStates uint64 `json:"server_states"`
	Core         string `json:"core"`
}

func newExploration(result *explore.Result, watch stopwatch) *exploration {
	r := &exploration{
		Distinct: result.Distinct, Generated: result.Generated, Depth: result.Depth,
		Seconds:       time.Since(watch.start).Seconds(),
		CPUSeconds:    (processor.Time() - watch.cpu).Seconds(),
		BytesPerState: float64(result.Bytes) / float64(max(result.Distinct, 1)),
		Path:          []string{},
		Limit:         result.Limit,
		Walks:         result.Walks,
		ServerStates:  result.Servers,
		Core:          raft.Fingerprint,
	}
	if v := result.Violation; v != nil {
		r.Violations, r.Path, r.Rule, r.What = 1, v.Path, v.Rule, v.What
	}
	r.Complete = r.Violations == 0 && r.Limit == "" && r.Walks == 0
	return r
}

// writeText writes the exploration for people.
func (r *exploration) writeText(out io.Writer) {
	verdict := "all rules hold in all of them"
	switch {
	case r.Violations > 0:
		verdict = r.Rule + " is BROKEN"
	case r.Limit != "":
		verdict = "all rules hold in these; ended by the limit of " + r.Limit
	case r.Walks > 0:
		verdict = fmt.Sprintf("all rules hold in these, met in %d walks", r.Walks)
	}
	fmt.Fprintf(out, "%d states: %s\n\n", r.Distinct, verdict)
	fmt.Fprintf(out, "  %d steps made, up to %d from the first state; %d states of a single server\n", r.Generated, r.Depth, r.ServerStates)
	fmt.Fprintf(out, "  %.1f s of processor time, %.1f s by the clock; %.0f bytes a state; core %s\n", r.CPUSeconds, r.Seconds, r.BytesPerState, r.Core)
	if r.Violations == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n\n", r.What)
	for i, step := range r.Path {
		fmt.Fprintf(out, "%4d  %s\n", i+1, step)
	}
}

// A counter shows on a terminal how many states there are so far; where nobody
// looks at one, nothing.
type counter struct {
	terminal *os.File
	last     time.Time
}

func newCounter(terminal *os.File) *counter {
	if info, err := terminal.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		terminal = nil
	}
	return &counter{terminal: terminal, last: time.Now()}
}

func (c *counter) show(distinct, generated uint64, depth int) {
	if c.terminal == nil || time.Since(c.last) < time.Second/5 {
		return
	}
	c.last = time.Now()
	fmt.Fprintf(c.terminal, "\r\x1b[K%d states, %d steps made, depth %d", distinct, generated, depth)
}

func (c *counter) clear() {
	if c.terminal != nil {
		fmt.Fprint(c.terminal, "\r\x1b[K")
	}
}
