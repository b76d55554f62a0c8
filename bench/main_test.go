package main

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestEveryLineOfTheJSONHasTheWholeComparison(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"core", "--json", "--rounds", "1", "--slice", "1ms"}, &out); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for decoder := json.NewDecoder(&out); decoder.More(); lines++ {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"ours_ns", "theirs_ns", "ratio", "theirs_allocs"} {
			if number, _ := line[field].(float64); number <= 0 {
				t.Errorf("%v: %s is %v", line["name"], field, line[field])
			}
		}
		if line["ours_allocs"] != 0.0 {
			t.Errorf("%v: ours allocates %v times", line["name"], line["ours_allocs"])
		}
		if line["theirs"] == "" {
			t.Errorf("%v: theirs has no name", line["name"])
		}
	}
	if lines != len(coreComparisons()) {
		t.Errorf("%d lines for %d comparisons", lines, len(coreComparisons()))
	}
}

func TestBadUsageIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{}, {"server"}, {"core", "more"}, {"core", "--rounds", "0"}, {"core", "--slice", "-1s"}, {"core", "--only", "("},
	} {
		if err := run(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
}
