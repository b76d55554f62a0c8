package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"
)

// command runs a command line and returns its exit code and what it wrote to
// stdout and stderr.
func command(t *testing.T, line string) (code int, out, err string) {
	t.Helper()
	stderr, failure := os.Create(t.TempDir() + "/stderr")
	if failure != nil {
		t.Fatal(failure)
	}
	defer stderr.Close()
	var stdout bytes.Buffer
	code = run(strings.Fields(line), streams{out: &stdout, err: stderr})
	written, failure := os.ReadFile(stderr.Name())
	if failure != nil {
		t.Fatal(failure)
	}
	return code, stdout.String(), string(written)
}

func TestBadUsageExitsWithTwoAndSaysWhy(t *testing.T) {
	for line, why := range map[string]string{
		"sim --seeds 5-3":     "ends before it begins",
		"sim --seeds x":       "not a range",
		"sim --seeds 1-":      "not a range",
		"sim --seeds -1":      "a range of seeds is missing",
		"sim --seeds":         "a range of seeds is missing",
		"sim --seeds=-1":      "not a range",
		"sim --nodes 6":       "must be 3, 4, 5 or 7",
		"sim --for=-1s":       "time doesn't go back",
		"sim --nodes three":   "--nodes",
		"sim --bogus":         "driftless sim --help",
		"simulate":            "driftless --help",
		"":                    "sim",
		"sim 1-20":            "1-20",
		"version --seeds 1-2": "--seeds",
	} {
		refuses(t, line, why)
	}
}

// refuses checks that a command line is bad usage, and that the user is told why.
func refuses(t *testing.T, line, why string) {
	t.Helper()
	if code, out, err := command(t, line); code != exitUsage || out != "" || !strings.Contains(err, why) {
		t.Errorf("driftless %s: exit code %d, stdout %q, stderr %q: wanted 2, nothing, and %q", line, code, out, err, why)
	}
}

func TestTheLastLineOfJSONIsOneObjectWithAllThatIsPromised(t *testing.T) {
	code, out, _ := command(t, "sim --seeds 1-5 --nodes 3 --json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var object map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &object); err != nil {
		t.Fatalf("exit code %d, %v in %q", code, err, out)
	}
	for _, key := range []string{
		"seeds", "failed", "messages", "messages_per_cpu_second", "simulated_seconds",
		"cpu_seconds", "wall_seconds", "hash", "core", "idle_speedup", "invariants_messages_per_cpu_second", "unknown", "scans", "reruns", "faults", "checks",
		"sometimes", "sometimes_missing", "elections", "crash_restarts", "truncations", "snapshot_installs",
		"configuration_changes", "cluster_days",
	} {
		if _, there := object[key]; !there {
			t.Errorf("there is no %q in %s", key, lines[len(lines)-1])
		}
	}
}

func TestHelpIsNoMistake(t *testing.T) {
	for _, line := range []string{"--help", "sim --help", "version"} {
		if code, out, _ := command(t, line); code != exitOK || out == "" {
			t.Errorf("driftless %s: exit code %d, stdout %q", line, code, out)
		}
	}
}

// full is a disk with no space left.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestAResultThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	stderr, failure := os.Create(t.TempDir() + "/stderr")
	if failure != nil {
		t.Fatal(failure)
	}
	defer stderr.Close()
	for _, line := range []string{"sim --seeds 1-2", "version"} {
		if code := run(strings.Fields(line), streams{out: full{}, err: stderr}); code != exitOutput {
			t.Errorf("driftless %s: exit code %d, want %d", line, code, exitOutput)
		}
	}
}
