package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/driftless-raft/driftless/internal/processor"
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
	InvariantsRate       uint64  `json:"invariants_messages_per_cpu_second"` // see measure
	IdleSpeedup          float64 `json:"idle_speedup"`                       // simulated seconds a CPU second
	Searches             uint64  `json:"searches"`
	Unknown              uint64  `json:"unknown"`
	Scans                uint64  `json:"scans"`
	Reruns               uint64  `json:"reruns"`
	RerunMessages        uint64  `json:"rerun_messages"`
	Hash                 string  `json:"hash"`
	Core                 string  `json:"core"`

	Elections            uint64  `json:"elections"`
	CrashRestarts        uint64  `json:"crash_restarts"`
	Truncations          uint64  `json:"truncations"`
	SnapshotInstalls     uint64  `json:"snapshot_installs"`
	ConfigurationChanges uint64  `json:"configuration_changes"`
	ClusterDays          float64 `json:"cluster_days"`

	Faults           map[string]uint64   `json:"faults"`
	Checks           map[string]uint64   `json:"checks"`
	Sometimes        map[string]rareness `json:"sometimes"`
	SometimesMissing []string            `json:"sometimes_missing"`
	Curve            []curvePoint        `json:"curve,omitempty"`

	Interrupted bool    `json:"interrupted,omitempty"`
	Seed        *uint64 `json:"seed,omitempty"`
	Rule        string  `json:"rule,omitempty"`
	What        string  `json:"what,omitempty"`
	AtSeconds   float64 `json:"at_seconds,omitempty"`
	Options     string  `json:"options,omitempty"`
	Replay      string  `json:"replay,omitempty"`

	*failure // of the first seed that failed
}

// rareness is how often a rare event was met.
type rareness struct {
	Count     uint64  `json:"count"`
	Seeds     uint64  `json:"seeds"`                // in which it occurred
	SeedsEach float64 `json:"seeds_each,omitempty"` // that it takes, on average
	First     *uint64 `json:"first_seed,omitempty"`
}

func (c *simCommand) report(sum *sim.Summary, watch stopwatch) *report {
	cpu := (processor.Time() - watch.cpu).Seconds()
	milestones := sum.Coverage.Milestones()
	r := &report{
		Seeds: sum.Seeds, Failed: sum.Failed, Messages: sum.Messages,
		SimulatedSeconds: float64(sum.Simulated) / 1e9,
		CPUSeconds:       cpu,
		WallSeconds:      time.Since(watch.start).Seconds(),
		Searches:         sum.Searches,
		Unknown:          sum.Undecided,
		Scans:            sum.Scans,
		Reruns:           sum.Reruns,
		RerunMessages:    sum.RerunMessages,
		Hash:             fmt.Sprintf("%016x", sum.Hash),
		Core:             raft.Fingerprint,

		Elections:            milestones.Elections,
		CrashRestarts:        milestones.CrashRestarts,
		Truncations:          milestones.Truncations,
		SnapshotInstalls:     milestones.SnapshotInstalls,
		ConfigurationChanges: milestones.ConfigurationChanges,
		ClusterDays:          float64(sum.Simulated) / float64(24*time.Hour),

		Faults: keyed(sum.Coverage.Faults()),
		Checks: sum.Checks(),
	}
	r.MessagesPerCPUSecond = rate(sum, cpu)
	r.addRarities(sum)
	if first := sum.First; first != nil {
		r.Seed, r.Rule, r.What = &first.Seed, first.Failure.Rule, first.Failure.What
		r.AtSeconds = float64(first.Failure.At) / 1e9
		r.Options = first.Options.String()
		r.Replay = first.Replay(c.Nodes)
	}
	return r
}

// addRarities adds how often each rare event was met.
func (r *report) addRarities(sum *sim.Summary) {
	r.Sometimes = map[string]rareness{}
	for name, met := range sum.Sometimes() {
		rare := rareness{Count: met.Count, Seeds: met.Seeds}
		if met.Seeds > 0 {
			rare.SeedsEach, rare.First = float64(sum.Seeds)/float64(met.Seeds), &met.First
		}
		r.Sometimes[key(name)] = rare
	}
	r.SometimesMissing = []string{}
	for _, name := range sum.SometimesMissing() {
		r.SometimesMissing = append(r.SometimesMissing, key(name))
	}
}

// keyed gives counts the names that programs know them by.
func keyed(counts map[string]uint64) map[string]uint64 {
	result := make(map[string]uint64, len(counts))
	for name, count := range counts {
		result[key(name)] = count
	}
	return result
}

// key is a name in words as one word.
func key(name string) string { return strings.NewReplacer(" ", "_", "-", "_", ",", "").Replace(name) }

// rate is how many messages were delivered in a second of processor time.
func rate(sum *sim.Summary, cpu float64) uint64 {
	if cpu <= 0 {
		return 0
	}
	return uint64(float64(sum.Messages+sum.RerunMessages) / cpu)
}

// What is measured beside every sweep, in a tenth of a second or two.
const (
	bareSeeds   = 40
	idleSeconds = 2000
)

// measure has some seeds run with Raft's invariants alone, on stores in memory and
// without histories or scans, and an idle cluster: how fast these are the sweep itself
// does not tell.
func (r *report) measure() {
	before := processor.Time()
	sum := sim.Sweep(context.Background(), 1, bareSeeds, func(seed uint64) sim.Options {
		options := sim.Expand(seed, 0)
		options.Histories, options.Scans = false, false
		if options.Store == sim.LogStore {
			options.Store = sim.QueueStore
		}
		return options
	}, nil)
	r.InvariantsRate = rate(&sum, (processor.Time() - before).Seconds())
	before = processor.Time()
	idle := sim.Idle(idleSeconds)
	if cpu := (processor.Time() - before).Seconds(); cpu > 0 && idle.Failure == nil {
		r.IdleSpeedup = idleSeconds / cpu
	}
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
	fmt.Fprintf(out, "  %d messages in %s of cluster time; %.1f s of processor time, %.1f s by the clock\n",
		r.Messages, clusterTime(r.ClusterDays), r.CPUSeconds, r.WallSeconds)
	fmt.Fprintf(out, "  %d messages a CPU second, %d with Raft's invariants alone, an idle cluster %.0f times real time\n",
		r.MessagesPerCPUSecond, r.InvariantsRate, r.IdleSpeedup)
	fmt.Fprintf(out, "  %d seeds run again, %d scans of all stores, %d searches through histories, of which %d were given up\n",
		r.Reruns, r.Scans, r.Searches, r.Unknown)
	fmt.Fprintf(out, "  hash %s; core %s\n\n", r.Hash, r.Core)
	for i, name := range sim.CoverageNames {
		if i%3 == 2 || i == len(sim.CoverageNames)-1 {
			fmt.Fprintf(out, "  %10d %s\n", sum.Coverage[i], name)
			continue
		}
		fmt.Fprintf(out, "  %10d %-22s", sum.Coverage[i], name)
	}
	fmt.Fprintln(out)
	r.writeChecks(out)
	r.writeRarities(out, sum)
	if r.Seed == nil {
		return
	}
	fmt.Fprintf(out, "\nseed %d breaks %s at %.6f s:\n  %s\n\noptions: %s\n\nSee all that happened:\n  %s\n",
		*r.Seed, r.Rule, r.AtSeconds, r.What, r.Options, r.Replay)
	r.failure.writeText(out)
}

// clusterTime is a number of days in words.
func clusterTime(days float64) string {
	const year = 365.25
	switch {
	case days >= year:
		return fmt.Sprintf("%.1f years", days/year)
	case days >= 1:
		return fmt.Sprintf("%.1f days", days)
	}
	return fmt.Sprintf("%.1f hours", 24*days)
}

// writeChecks sums up what was evaluated.
func (r *report) writeChecks(out io.Writer) {
	total, evaluated := uint64(0), 0
	for _, count := range r.Checks {
		total += count
		if count > 0 {
			evaluated++
		}
	}
	fmt.Fprintf(out, "  %d of %d rules were evaluated, %d times in all\n", evaluated, len(r.Checks), total)
}

// rarest is how many of the rare events are shown to people.
const rarest = 8

// writeRarities shows the rarest of the rare events, and those that are missing.
func (r *report) writeRarities(out io.Writer, sum *sim.Summary) {
	all := sum.Sometimes()
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(all[a].Seeds, all[b].Seeds), strings.Compare(a, b))
	})
	missing := sum.SometimesMissing()
	fmt.Fprintf(out, "  %d of %d rare events occurred; the rarest:\n", len(names)-len(missing), len(names))
	for _, name := range names[len(missing):min(len(missing)+rarest, len(names))] {
		fmt.Fprintf(out, "  %10d in %d seeds, first in %d: %s\n", all[name].Count, all[name].Seeds, all[name].First, name)
	}
	if len(missing) > 0 {
		fmt.Fprintf(out, "  did not occur: %s\n", strings.Join(missing, "; "))
	}
}
