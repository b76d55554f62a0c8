package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim"
	"github.com/driftless-raft/driftless/trace"
)

// aTape is a file with a tape of quiet choices only.
func aTape(t *testing.T, core string) string {
	t.Helper()
	tape := &trace.Tape{Core: core, Seed: 1}
	for option := range strings.FieldsSeq(sim.Expand(1, 3).String()) {
		name, value, _ := strings.Cut(option, "=")
		tape.Options = append(tape.Options, trace.Option{Name: name, Value: value})
	}
	replayed, err := sim.Replay(tape, sim.Playback{})
	if err != nil {
		t.Fatal(err)
	}
	tape.Hash = replayed.Hash
	name := filepath.Join(t.TempDir(), "quiet.tape")
	if err := writeFile(name, tape.Write); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestATapeIsReplayedAndItsTraceAndJournalsAreToo(t *testing.T) {
	name := aTape(t, raft.Fingerprint)
	directory := t.TempDir()
	code, out, err := command(t, "replay --trace "+directory+"/run.trace --journal "+directory+" "+name)
	if code != exitOK || !strings.Contains(out, "as recorded") {
		t.Fatalf("exit code %d, %q, %q", code, out, err)
	}
	for _, file := range []string{"run.trace", "server-1.journal", "server-2.journal", "server-3.journal"} {
		if code, out, err := command(t, "replay "+filepath.Join(directory, file)); code != exitOK {
			t.Errorf("%s: exit code %d, %.200q, %q", file, code, out, err)
		}
	}
}

func TestAReplayStopsAnywhere(t *testing.T) {
	name := aTape(t, raft.Fingerprint)
	for _, until := range []string{"100", "900ms"} {
		code, out, err := command(t, "replay --json --until "+until+" "+name)
		var r replayed
		if failure := json.Unmarshal([]byte(out), &r); failure != nil || code != exitOK || !r.Halted || len(r.Servers) != 3 {
			t.Errorf("until %s: exit code %d, %v, %s, %s", until, code, failure, out, err)
		}
		if until == "100" && r.Events != 100 {
			t.Errorf("%d events instead of 100", r.Events)
		}
	}
}

func TestAFileThatCannotBeReplayedExitsWithTwoAndSaysWhy(t *testing.T) {
	directory := t.TempDir()
	whole, failure := os.ReadFile(aTape(t, raft.Fingerprint))
	if failure != nil {
		t.Fatal(failure)
	}
	for name, contents := range map[string][]byte{
		"cut": whole[:len(whole)-3], "foreign": []byte("a letter to my aunt"), "empty": nil,
		"garbled": append([]byte(string(whole[:40])+"x"), whole[41:]...),
	} {
		if failure := os.WriteFile(filepath.Join(directory, name), contents, 0o600); failure != nil {
			t.Fatal(failure)
		}
	}
	for line, why := range map[string]string{
		"replay " + directory + "/cut":           "ends too early",
		"replay " + directory + "/foreign":       "neither a tape nor a journal",
		"replay " + directory + "/empty":         "neither a tape nor a journal",
		"replay " + directory + "/garbled":       "bytes have changed",
		"replay " + directory + "/missing":       "no such file",
		"replay " + aTape(t, "another"):          "--any-core",
		"replay --until noon " + directory:       "--until",
		"replay":                                 "<file>",
		"replay --until 0 " + directory + "/cut": "--until",
	} {
		refuses(t, line, why)
	}
}

func TestATapeThatComesOutOtherwiseExitsWithOne(t *testing.T) {
	tape := aTape(t, raft.Fingerprint)
	file, failure := os.Open(tape)
	if failure != nil {
		t.Fatal(failure)
	}
	defer file.Close()
	read, failure := trace.ReadTape(file)
	if failure != nil {
		t.Fatal(failure)
	}
	read.Hash++
	if failure := writeFile(tape, read.Write); failure != nil {
		t.Fatal(failure)
	}
	if code, out, _ := command(t, "replay "+tape); code != exitFailed || !strings.Contains(out, "NOT as recorded") {
		t.Errorf("exit code %d, %q", code, out)
	}
}

func TestAResultOfAReplayThatCannotBeWrittenExitsWithThree(t *testing.T) {
	name := aTape(t, raft.Fingerprint)
	for _, flag := range []string{"--trace /nowhere/at/all", "--trace /dev/full", "--journal /dev/null/x"} {
		if code, _, err := command(t, "replay "+flag+" "+name); code != exitOutput {
			t.Errorf("%s: exit code %d, %q", flag, code, err)
		}
	}
}

// What is done about a failure, with the bug of the
// dissertation's figure 3.7: a leader that counts copies of an earlier term's entry.
func TestTheFigure8BugShrinksTo30StepsAndIsToldAndKept(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program with another core; run without -short")
	}
	root, failure := filepath.Abs("../..")
	if failure != nil {
		t.Fatal(failure)
	}
	directory := t.TempDir()
	overlay := figure8(t, root, directory, nil)
	program := filepath.Join(directory, "driftless")
	if out, code := outcome(t, root, "go", "build", "-overlay", overlay, "-o", program, "./cmd/driftless"); code != 0 {
		t.Fatalf("%s", out)
	}
	out, code := outcome(t, directory, program, "sim", "--seeds", "1-3", "--json", "--out", "out")
	var r struct {
		Seed        uint64   `json:"seed"`
		ShrunkSteps int      `json:"shrunk_steps"`
		Story       string   `json:"story"`
		Files       []string `json:"files"`
	}
	if failure := json.Unmarshal(out, &r); failure != nil || code != exitFailed || len(r.Files) != 3 {
		t.Fatalf("exit code %d, %v, %s", code, failure, out)
	}
	if r.ShrunkSteps > 30 || !strings.Contains(r.Story, "commits up to entry") || !strings.Contains(r.Story, "An entry of an earlier term") {
		t.Errorf("%d steps:\n%s", r.ShrunkSteps, r.Story)
	}
	for _, tape := range r.Files[:2] {
		if out, code := outcome(t, directory, program, "replay", tape); code != exitFailed || !strings.Contains(string(out), "as recorded") || !strings.Contains(string(out), "own-term-commit") {
			t.Errorf("%s: exit code %d, %s", tape, code, out)
		}
	}
	kept := map[string]string{filepath.Join(root, "sim/kept/kept_test.go"): filepath.Join(directory, r.Files[2])}
	if out, code := regression(t, root, directory, figure8(t, root, directory, kept)); code != exitFailed || !strings.Contains(out, "own-term-commit") {
		t.Errorf("with the bug the regression test ends with code %d: %s", code, out)
	}
	if out, code := regression(t, root, directory, overlayOf(t, directory, kept)); code != exitOK {
		t.Errorf("without the bug the regression test ends with code %d: %s", code, out)
	}
}

// regression builds and runs the test that an overlay puts into sim/kept.
func regression(t *testing.T, root, directory, overlay string) (out string, code int) {
	t.Helper()
	program := filepath.Join(directory, "kept.test")
	if out, code := outcome(t, root, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", program, "./sim/kept"); code != 0 {
		t.Fatalf("the regression test does not compile: %s", out)
	}
	told, code := outcome(t, directory, program)
	return string(told), code
}

// figure8 writes an overlay with the bug and other files, and returns its name.
func figure8(t *testing.T, root, directory string, more map[string]string) string {
	t.Helper()
	files := mutated(t, root, directory, "raft/commit.go", "!known || term != n.term", "!known || term > n.term")
	maps.Copy(files, more)
	return overlayOf(t, directory, files)
}

// mutated writes a file of the core with something else instead of a rule, and returns
// which file is to be replaced by which.
func mutated(t *testing.T, root, directory, name, rule, instead string) map[string]string {
	t.Helper()
	original := filepath.Join(root, name)
	source, failure := os.ReadFile(original)
	if failure != nil {
		t.Fatal(failure)
	}
	if strings.Count(string(source), rule) != 1 {
		t.Fatalf("%q does not stand once in %s: break another line of it", rule, name)
	}
	changed := filepath.Join(directory, filepath.Base(name))
	if failure := os.WriteFile(changed, []byte(strings.Replace(string(source), rule, instead, 1)), 0o600); failure != nil {
		t.Fatal(failure)
	}
	return map[string]string{original: changed}
}

func overlayOf(t *testing.T, directory string, files map[string]string) string {
	t.Helper()
	overlay, failure := json.Marshal(map[string]any{"Replace": files})
	if failure != nil {
		t.Fatal(failure)
	}
	name := filepath.Join(directory, "overlay.json")
	if failure := os.WriteFile(name, overlay, 0o600); failure != nil {
		t.Fatal(failure)
	}
	return name
}

// outcome runs a program and returns what it wrote and its exit code.
func outcome(t *testing.T, directory, name string, arguments ...string) (out []byte, code int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, arguments...)
	c.Dir = directory
	out, failure := c.Output()
	if exited := new(exec.ExitError); failure != nil && !errors.As(failure, &exited) {
		t.Fatal(failure)
	}
	return out, c.ProcessState.ExitCode()
}
