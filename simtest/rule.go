package simtest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/driftless-raft/driftless/sim"
)

// A RuleError is a rule that a subject broke. Rules of every machine are machine-panic,
// machine-determinism, machine-snapshot, machine-query and machine-size; the subject's
// own are check, judge and history; the test's are workload, repetition and vacuity.
// Any other is a rule of Raft, which no machine should be able to break.
type RuleError struct {
	Seed uint64
	Rule string
	What string // what happened, in a sentence
	// Setting is a simple cluster in which it happens too, and Story the last of
	// what happened there, a line each. Empty if it happens in none again.
	Setting, Story string
}

// Error tells everything.
func (f *RuleError) Error() string {
	text := fmt.Sprintf("seed %d breaks the rule %s: %s", f.Seed, f.Rule, f.What)
	if !slices.Contains(rules, f.Rule) {
		text += "\nThis is no rule of the machine but of Raft: please report it."
	}
	if f.Story != "" {
		text += fmt.Sprintf("\n\nIt happens with %s. What happened last:\n%s", f.Setting, strings.TrimSuffix(f.Story, "\n"))
	}
	return text
}

var rules = []string{
	panicRule, replicaRule, snapshotRule, queryRule, sizeRule, workloadRule, checkRule, judgeRule, historyRule, repetitionRule, vacuityRule,
}

// explain makes a failure of a seed that failed: in as simple a cluster as possible.
func (s *Subject) explain(seed uint64) *RuleError {
	options := s.options(seed)
	shown := s.try(seed)
	f := &RuleError{Seed: seed}
	if shown.Failure == nil {
		f.Rule, f.What = repetitionRule, "the seed broke a rule, and none when it was run again: does anything depend on a clock, on randomness or the order of a map?"
		return f
	}
	rule := shown.Failure.Rule
	for _, simpler := range reductions {
		tried := options
		simpler(&tried)
		if tried == options {
			continue
		}
		if r := s.run(seed, &tried); r.Failure != nil && r.Failure.Rule == rule {
			options, shown = tried, r
		}
	}
	for other := range uint64(othersMax) {
		if r := s.run(other, &options); r.Failure != nil && r.Failure.Rule == rule && r.commands < shown.commands {
			shown = r
		}
	}
	f.Rule, f.What, f.Setting, f.Story = rule, shown.Failure.What, setting(&options), shown.story
	return f
}

// othersMax is how many seeds are tried for one that fails sooner.
const othersMax = 50

// reductions make a run simpler, one thing after the other.
var reductions = func() []func(*sim.Options) {
	list := []func(*sim.Options){
		func(o *sim.Options) { // all at once
			for _, name := range faults {
				fault(o, name).SetZero()
			}
		},
		func(o *sim.Options) { o.Nodes, o.Spares = min(o.Nodes, 3), 0; o.Changes = 0 },
		func(o *sim.Options) { o.Nodes = min(o.Nodes, 3) },
		func(o *sim.Options) { o.Clients = 1 },
		func(o *sim.Options) { o.Clients = min(o.Clients, 2) },
	}
	for _, name := range faults {
		list = append(list, func(o *sim.Options) { fault(o, name).SetZero() })
	}
	return list
}()

// faults are the options that can be switched off, the least telling first.
var faults = []string{
	"FrozenCore", "Garbling", "Corruption", "Tail", "LinkCapacity", "Duplication", "Loss", "ApplyDelay",
	"UnfitClocks", "ClockExcessPPM", "Drifts", "Jumps", "SlowNodes", "Pauses", "Lulls",
	"Filters", "Swizzles", "Flaps", "Clogs", "Deafnesses", "OneWay", "Partitions",
	"OutageOnAnswer", "Outages", "RestartOnVote", "CrashOnElected", "FaultOnEvent", "QuickRestarts", "CrashInStep",
	"BeyondAtlas", "GarbageSectors", "TornSectors", "LostSectors", "Decay", "StaleReads", "StraySectors", "FullDisks", "SlowDisks", "FailedWrites", "FailedSyncs",
	"Rot", "HungDisks", "DiskFailures", "Wipes", "Crashes",
	"Abortions", "Transfers", "ReadElected", "ReadDeposed", "LateRequests", "LostResponses", "GiveUps", "Compactions",
}

func fault(o *sim.Options, name string) reflect.Value {
	return reflect.ValueOf(o).Elem().FieldByName(name)
}

// setting describes a cluster by what can be switched off.
func setting(o *sim.Options) string {
	var left []string
	for _, name := range faults {
		if !fault(o, name).IsZero() {
			left = append(left, name)
		}
	}
	clients := "one client"
	if o.Clients > 1 {
		clients = fmt.Sprintf("%d clients", o.Clients)
	}
	text := fmt.Sprintf("%d servers, %s and no faults", o.Nodes+o.Spares, clients)
	if len(left) > 0 {
		text += " but " + strings.Join(left, ", ")
	}
	return text
}
