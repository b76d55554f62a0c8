package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/driftless-raft/driftless/sim"
)

// A result is what the harness made of a bug.
type result struct {
	bug      *bug
	err      error
	warnings []string

	Name       string   `json:"name"`
	Kind       string   `json:"kind,omitempty"`
	Caught     bool     `json:"caught"`
	Oracle     string   `json:"oracle"`
	Expected   []string `json:"expected"`
	AsExpected bool     `json:"as_expected"` // caught, by an oracle that was expected to
	Seeds      uint64   `json:"seeds"`       // of the simulator, until it was caught
	CPUSeconds float64  `json:"cpu_seconds"` // of the harness, likewise
	Seed       uint64   `json:"seed,omitempty"`
	What       string   `json:"what,omitempty"`

	ShrunkSteps int `json:"shrunk_steps"` // that show the failure; 0: no short list does

	OutcomeCaught     bool    `json:"outcome_caught"`
	OutcomeOracle     string  `json:"outcome_oracle"`
	OutcomeSeeds      uint64  `json:"outcome_seeds"`
	OutcomeCPUSeconds float64 `json:"outcome_cpu_seconds"`
	OutcomeWhat       string  `json:"outcome_what,omitempty"`

	Error string `json:"error,omitempty"`
}

// try builds a bug and has the harness look for it, twice: with all oracles, and by
// outcomes alone.
func (w *workshop) try(b *bug, outcomes bool) *result {
	r := &result{bug: b, Name: b.name, Kind: string(b.kind), Expected: b.expected}
	if r.Expected == nil {
		r.Expected = []string{}
	}
	made, err := w.build(b)
	if err == nil {
		err = r.tryAll(w, made)
	}
	if err == nil && outcomes && b.kind != preserving {
		err = r.tryOutcomes(w, made)
	}
	if err != nil {
		r.err = fmt.Errorf("%s: %w", b.file, err)
		r.Error = err.Error()
	}
	return r
}

// tryAll has all oracles look for the bug.
func (r *result) tryAll(w *workshop, made *build) error {
	wanted, unknown := oraclesOf(r.bug.expected)
	for _, name := range unknown {
		r.warnings = append(r.warnings, fmt.Sprintf("%q is no oracle and no set of them", name))
	}
	h, warnings := w.search(made.program, false, "-shrink", "2s", "-wanted", strings.Join(wanted, ","))
	r.warnings = append(r.warnings, warnings...)
	if h.err != nil {
		return h.err
	}
	r.Seeds, r.CPUSeconds, r.ShrunkSteps = h.last.Seeds, h.last.CPUSeconds, h.last.Steps
	for i := range h.findings {
		f := &h.findings[i]
		if expected := len(r.bug.expected) == 0 || slices.Contains(wanted, f.Rule); expected || !r.Caught {
			r.Caught, r.AsExpected = true, expected
			r.Oracle, r.Seeds, r.CPUSeconds, r.Seed, r.What = f.Oracle, f.Seeds, f.CPUSeconds, f.Seed, f.What
		}
		if r.AsExpected {
			return nil
		}
	}
	if r.Caught {
		return nil
	}
	return r.tryTests(w, made)
}

// tryTests has the tests look for a bug where the simulator can't.
func (r *result) tryTests(w *workshop, made *build) error {
	for _, inside := range made.packages {
		if w.known[inside] {
			continue
		}
		f, failed, err := w.runTests(made, inside)
		if err != nil {
			return err
		}
		if failed {
			r.Caught, r.AsExpected = true, len(r.bug.expected) == 0 || slices.Contains(r.bug.expected, "test")
			r.Oracle, r.CPUSeconds = f.Oracle, r.CPUSeconds+f.CPUSeconds
			return nil
		}
	}
	return nil
}

// tryOutcomes has outcomes alone tell of the bug.
func (r *result) tryOutcomes(w *workshop, made *build) error {
	h, _ := w.search(made.program, true)
	if h.err != nil {
		return h.err
	}
	r.OutcomeSeeds, r.OutcomeCPUSeconds = h.last.Seeds, h.last.CPUSeconds
	for i := range h.findings {
		f := &h.findings[i]
		if f.Rule != "crash" {
			r.OutcomeCaught, r.OutcomeOracle, r.OutcomeWhat = true, f.Oracle, f.What
			r.OutcomeSeeds, r.OutcomeCPUSeconds = f.Seeds, f.CPUSeconds
			return nil
		}
	}
	return nil
}

// good reports whether the harness did what it should.
func (r *result) good() bool {
	if r.bug.kind == preserving {
		return !r.Caught
	}
	return r.AsExpected
}

// hang and crash are what a trial can find beside the rules of the simulator: code
// that goes round for ever, and code that ends its process. A test is one of a package
// that the simulator has no part of.
var otherOracles = map[string]sim.Class{
	"hang": sim.Liveness, "crash": sim.Invariant, "contract": sim.Invariant, "test": sim.Invariant,
}

// oraclesOf are the oracles that some names stand for, and the names that stand for
// none.
func oraclesOf(names []string) (oracles, unknown []string) {
	all := maps.Clone(sim.Rules)
	maps.Copy(all, otherOracles)
	for _, name := range names {
		found := false
		for rule, class := range all {
			if stands(name, rule, class) {
				oracles, found = append(oracles, rule), true
			}
		}
		if !found {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(oracles)
	oracles = slices.Compact(oracles)
	if len(names) > 0 && len(oracles) == 0 {
		oracles = unknown // that nothing will satisfy
	}
	return oracles, unknown
}

// stands reports whether a name, of an oracle or a set, stands for an oracle.
func stands(name, rule string, class sim.Class) bool {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "sim:"), "explore:")
	switch name {
	case rule, "any", "all", "*":
		return true
	case "safety":
		return class != sim.Liveness
	case "liveness":
		return class == sim.Liveness
	case "invariant", "invariants", "online-invariants":
		return class == sim.Invariant
	case "outcome", "outcomes":
		return class != sim.Invariant
	case "witness":
		return slices.Contains([]string{"exactly-once", "effect", "real-time", "value"}, rule)
	case "porcupine":
		return rule == "linearizability"
	case "panic", "assert":
		return rule == "assertion" || rule == "crash"
	}
	return strings.HasPrefix(name, "contract") && rule == "contract"
}
