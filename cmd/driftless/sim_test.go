package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/driftless-raft/driftless/sim"
)

// parsed is the JSON object that a command prints.
func parsed(t *testing.T, line string) *report {
	t.Helper()
	code, out, err := command(t, line)
	var r report
	if failure := json.Unmarshal([]byte(out), &r); failure != nil || code != exitOK {
		t.Fatalf("driftless %s: exit code %d, %v in %q, stderr %q", line, code, failure, out, err)
	}
	return &r
}

func TestTheReportCountsFaultsChecksAndRareEvents(t *testing.T) {
	r := parsed(t, "sim --seeds 1-20 --json")
	if r.Faults["lost_messages"] == 0 || r.Faults["crashes"] == 0 || r.Faults["elections"] != 0 {
		t.Errorf("faults: %v", r.Faults)
	}
	if r.Checks["election-safety"] != r.Elections || r.Checks["scan-log-matching"] != r.Scans || r.Scans == 0 {
		t.Errorf("%d elections, %d scans, checks: %v", r.Elections, r.Scans, r.Checks)
	}
	common := r.Sometimes["old_term_committed_indirectly"]
	if common.Seeds == 0 || common.First == nil || common.Count < common.Seeds || common.SeedsEach < 1 {
		t.Errorf("rare events: %v", r.Sometimes)
	}
	for _, name := range r.SometimesMissing {
		if rare, listed := r.Sometimes[name]; !listed || rare.Seeds != 0 {
			t.Errorf("%s is missing, but: %+v", name, rare)
		}
	}
	if r.IdleSpeedup < 100 || r.ClusterDays*24*3600 < r.SimulatedSeconds*0.99 {
		t.Errorf("an idle cluster is %f times as fast as real time, %f s are %f days", r.IdleSpeedup, r.SimulatedSeconds, r.ClusterDays)
	}
}

func TestASweepForATimeEndsByItselfWithACurve(t *testing.T) {
	start := time.Now()
	r := parsed(t, "sim --seeds 7 --for 1s --json")
	if passed := time.Since(start); passed < time.Second || passed > 30*time.Second {
		t.Errorf("1 s took %v", passed)
	}
	if r.Interrupted || r.Seeds < 2 || len(r.Curve) < 2 {
		t.Fatalf("%d seeds, interrupted: %v, curve %v", r.Seeds, r.Interrupted, r.Curve)
	}
	for i := range r.Curve[1:] {
		if a, b := r.Curve[i], r.Curve[i+1]; a.Seconds > b.Seconds || a.Seeds > b.Seeds || a.States > b.States {
			t.Errorf("the curve falls from %+v to %+v", a, b)
		}
	}
	if last := r.Curve[len(r.Curve)-1]; last.Seeds != r.Seeds || last.States == 0 {
		t.Errorf("the curve ends with %+v after %d seeds", last, r.Seeds)
	}
}

func TestOnlyALongSweepOfTheDefaultSwarmMustMeetEverything(t *testing.T) {
	all := simCommand{Histories: true, Scans: true}
	for _, c := range []struct {
		name    string
		command simCommand
		seeds   uint64
		fails   bool
	}{
		{"a long sweep", all, manySeeds, true},
		{"a short one", all, manySeeds - 1, false},
		{"one of clusters of three", simCommand{Nodes: 3, Histories: true}, manySeeds, false},
		{"one without histories", simCommand{}, manySeeds, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.command.expectAll(&sim.Summary{Seeds: c.seeds})
			if (err != nil) != c.fails || err != nil && !strings.Contains(err.Error(), "split vote") {
				t.Errorf("without anything rare: %v", err)
			}
		})
	}
}
