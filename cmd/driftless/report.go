package main

import (
	"fmt"
	"io"
	"time"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim"
)

// report is the result of a sweep, as it is printed for programs.
type report struct {
	Seeds                uint64  `json:"seeds"`
	Failed               uint64  `json:"failed"`
	Messages             uint64  `json:"messages"`
	MessagesPerCPUSecond uint64  `json:"messages_per_cpu_second"`
	SimulatedSeconds     float64 `json:"simulated_seconds"`
	CPUSeconds           float64 `json:"cpu_seconds"`
	WallSeconds          float64 `json:"wall_seconds"`
	Searches             uint64  `json:"searches"`
	Unknown              uint64  `json:"unknown"`
	Hash                 string  `json:"hash"`
	Core                 string  `json:"core"`

	Interrupted bool    `json:"interrupted,omitempty"`
	Seed        *uint64 `json:"seed,omitempty"`
	Rule        string  `json:"rule,omitempty"`
	What        string  `json:"what,omitempty"`
	AtSeconds   float64 `json:"at_seconds,omitempty"`
	Options     string  `json:"options,omitempty"`
	Replay      string  `json:"replay,omitempty"`
}

func (c *simCommand) report(sum *sim.Summary, watch stopwatch) *report {
	cpu := (processorTime() - watch.cpu).Seconds()
	r := &report{
		Seeds: sum.Seeds, Failed: sum.Failed, Messages: sum.Messages,
		SimulatedSeconds: float64(sum.Simulated) / 1e9,
		CPUSeconds:       cpu,
		WallSeconds:      time.Since(watch.start).Seconds(),
		Searches:         sum.Searches,
		Unknown:          sum.Undecided,
		Hash:             fmt.Sprintf("%016x", sum.Hash),
		Core:             raft.Fingerprint,
		Interrupted:      sum.Seeds < c.Seeds.count(),
	}
	if cpu > 0 {
		r.MessagesPerCPUSecond = uint64(float64(sum.Messages) / cpu)
	}
	if first := sum.First; first != nil {
		r.Seed, r.Rule, r.What = &first.Seed, first.Failure.Rule, first.Failure.What
		r.AtSeconds = float64(first.Failure.At) / 1e9
		r.Options = first.Options.String()
		r.Replay = first.Replay(c.Nodes)
	}
	return r
}

// writeText writes the report for people.
func (r *report) writeText(out io.Writer, sum *sim.Summary) {
	verdict := "all rules held"
	if r.Failed > 0 {
		verdict = fmt.Sprintf("%d FAILED", r.Failed)
	}
	if r.Interrupted {
		verdict += ", interrupted"
	}
	fmt.Fprintf(out, "%d seeds: %s\n\n", r.Seeds, verdict)
	fmt.Fprintf(out, "  %d messages in %.0f simulated seconds; %.1f s of processor time, %.1f s by the clock\n",
		r.Messages, r.SimulatedSeconds, r.CPUSeconds, r.WallSeconds)
	fmt.Fprintf(out, "  %d messages a CPU second; hash %s; core %s\n\n", r.MessagesPerCPUSecond, r.Hash, r.Core)
	for i, name := range sim.CoverageNames {
		if i%3 == 2 || i == len(sim.CoverageNames)-1 {
			fmt.Fprintf(out, "  %10d %s\n", sum.Coverage[i], name)
			continue
		}
		fmt.Fprintf(out, "  %10d %-22s", sum.Coverage[i], name)
	}
	if r.Seed == nil {
		return
	}
	fmt.Fprintf(out, "\nseed %d breaks %s at %.6f s:\n  %s\n\noptions: %s\n\nSee all that happened:\n  %s\n",
		*r.Seed, r.Rule, r.AtSeconds, r.What, r.Options, r.Replay)
}
