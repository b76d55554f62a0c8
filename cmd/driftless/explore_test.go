package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBadBudgetsAreRefusedInWords(t *testing.T) {
	for line, why := range map[string]string{
		"explore --nodes 6":                    "nodes is 6, but must be from 2 to 5",
		"explore --proposals=-1":               "proposals is -1, but must be from 0 to 60",
		"explore --elections 21":               "elections and heartbeats are 21 together",
		"explore --elections 5 --proposals 20": "a log holds 24 entries",
		"explore --steps=-1":                   "can't be negative",
		"explore --strategy best":              "--strategy",
		"explore --elections many":             "--elections",
		"explore --time-limit soon":            "--time-limit",
		"explore --time-limit=-1s":             "--time-limit is -1s",
		"explore --memory-limit=-1":            "--memory-limit is -1",
		"explore --bogus":                      "driftless explore --help",
		"explore 3":                            "3",
	} {
		refuses(t, line, why)
	}
}

// explored runs a command line with --json and returns what was printed.
func explored(t *testing.T, line string) (int, map[string]any) {
	t.Helper()
	code, out, stderr := command(t, line+" --json")
	var object map[string]any
	if err := json.Unmarshal([]byte(out), &object); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("driftless %s: exit code %d, stderr %q, and no single line of JSON: %v in %q", line, code, stderr, err, out)
	}
	return code, object
}

func TestAnExplorationIsOneObjectWithAllThatIsPromised(t *testing.T) {
	code, object := explored(t, "explore --elections 1 --proposals 0")
	for key, want := range map[string]any{
		"distinct": 108.0, "generated": 235.0, "depth": 15.0, "violations": 0.0, "complete": true,
	} {
		if object[key] != want {
			t.Errorf("%s is %v, want %v", key, object[key], want)
		}
	}
	for _, key := range []string{"seconds", "cpu_seconds", "bytes_per_state", "server_states"} {
		if number, is := object[key].(float64); !is || number <= 0 {
			t.Errorf("%s is %v, want a number above 0", key, object[key])
		}
	}
	if path, is := object["path"].([]any); !is || len(path) != 0 || code != exitOK {
		t.Errorf("exit code %d, path %v: want 0 and an empty list", code, object["path"])
	}
}

func TestALimitIsSaidAndIsNoFailure(t *testing.T) {
	const far = "explore --elections 4 --proposals 4 --drops 2 "
	for limit, flag := range map[string]string{"time": "--time-limit 1ms", "memory": "--memory-limit 0.01"} {
		code, object := explored(t, far+flag)
		if code != exitOK || object["limit"] != limit || object["complete"] != false || object["distinct"].(float64) == 0 {
			t.Errorf("%s: exit code %d, %v", flag, code, object)
		}
	}
	if code, object := explored(t, far+"--strategy pct --walks 3"); code != exitOK || object["walks"] != 3.0 || object["complete"] != false {
		t.Errorf("three walks: exit code %d, %v", code, object)
	}
}

func TestAnInterruptedExplorationPrintsWhatItReached(t *testing.T) {
	own, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, os.Interrupt) // or one that comes too early, or too late, would end this test
	defer signal.Stop(heard)
	over, sent := make(chan struct{}), make(chan error)
	go func() {
		var err error
		for ticker := time.NewTicker(10 * time.Millisecond); err == nil; err = own.Signal(os.Interrupt) {
			select {
			case <-over:
				sent <- nil
				return
			case <-ticker.C:
			}
		}
		sent <- err
	}()
	code, object := explored(t, "explore --elections 4 --proposals 4 --drops 2 --time-limit 1m")
	close(over)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if code != exitInterrupted || object["limit"] != "interrupted" || object["distinct"].(float64) == 0 {
		t.Errorf("exit code %d, %v", code, object)
	}
}

func TestAnExplorationThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	stderr, failure := os.Create(t.TempDir() + "/stderr")
	if failure != nil {
		t.Fatal(failure)
	}
	defer stderr.Close()
	if code := run([]string{"explore", "--elections", "1"}, streams{out: full{}, err: stderr}); code != exitOutput {
		t.Errorf("exit code %d, want %d", code, exitOutput)
	}
}

// broken builds the command with a core that looks at no log when it votes, and
// returns the program.
func broken(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("building takes a while: go test without -short")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	files := mutated(t, root, folder, "raft/election.go", "return m.LogTerm > mine || m.LogTerm == mine && m.Index >= n.log.last", "return m.Term > mine")
	program := filepath.Join(folder, "driftless")
	if output, err := exec.Command("go", "build", "-overlay", overlayOf(t, folder, files), "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return program
}

func TestABrokenRuleExitsWithOneAndTellsTheWay(t *testing.T) {
	program := broken(t)
	var failed *exec.ExitError
	out, err := exec.Command(program, "explore", "--json").Output()
	if !errors.As(err, &failed) || failed.ExitCode() != exitFailed {
		t.Fatalf("%v, want exit code %d", err, exitFailed)
	}
	var r exploration
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if r.Violations != 1 || r.Rule != "leader-completeness" || len(r.Path) != 14 || r.What == "" || r.Complete {
		t.Errorf("%+v", r)
	}
	text, err := exec.Command(program, "explore", "--strategy", "swarm").Output()
	if !errors.As(err, &failed) || failed.ExitCode() != exitFailed || !strings.Contains(string(text), "is BROKEN") || !strings.Contains(string(text), "\n   1  server ") {
		t.Errorf("%v\n%s", err, text)
	}
}
