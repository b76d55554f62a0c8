package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A finding is a line that a trial writes.
type finding struct {
	Oracle     string  `json:"oracle"`
	Rule       string  `json:"rule"`
	What       string  `json:"what"`
	Seed       uint64  `json:"seed"`
	Seeds      uint64  `json:"seeds"`
	CPUSeconds float64 `json:"cpu_seconds"`
	Steps      int     `json:"shrunk_steps"`
	Over       bool    `json:"over"`
}

// A hunt is what a trial came to.
type hunt struct {
	findings []finding
	last     finding // how much was tried
	err      error
}

// hunt runs a trial. One that ends by itself, as where the processor's stack is used
// up, has found a way to crash.
func (w *workshop) hunt(program string, arguments ...string) *hunt {
	// The trial watches its processor time; this is for one that can't.
	c, stop := context.WithTimeout(context.Background(), 20*w.budget+5*time.Minute)
	defer stop()
	command := exec.CommandContext(c, program, append(arguments, "-budget", w.budget.String())...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return &hunt{err: err}
	}
	if err := command.Start(); err != nil {
		return &hunt{err: err}
	}
	h := &hunt{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var f finding
		switch err := json.Unmarshal(lines.Bytes(), &f); {
		case err != nil: // the code that is tried has written something
		case f.Over:
			h.last = f
		default:
			h.findings = append(h.findings, f)
		}
	}
	err = command.Wait()
	var failed *exec.ExitError
	switch {
	case c.Err() != nil:
		h.err = errors.New("the trial did not end")
	case errors.As(err, &failed):
		spent := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
		sentence, _, _ := strings.Cut(stderr.String(), "\n")
		h.findings = append(h.findings, finding{Oracle: "crash", Rule: "crash", What: sentence, CPUSeconds: spent.Seconds()})
	case err != nil:
		h.err = err
	}
	return h
}

// hunts is how often a hunt begins anew because of false alarms.
const hunts = 20

// search hunts until nothing that was found is refuted. Seeds at which the code without
// the bug fails too are left out then: they say nothing about it.
func (w *workshop) search(program string, outcomes bool, arguments ...string) (h *hunt, warnings []string) {
	if outcomes {
		arguments = append(arguments, "-outcomes")
	}
	for range hunts {
		h = w.hunt(program, arguments...)
		kept, again := h.findings[:0], false
		for _, f := range h.findings {
			if !w.refuted(&f, outcomes) {
				kept = append(kept, f)
				continue
			}
			warnings = append(warnings, fmt.Sprintf("the code without it breaks %s too, at seed %d", f.Oracle, f.Seed))
			if f.Seed != 0 {
				arguments, again = append(arguments, "-skip", fmt.Sprint(f.Seed)), true
			}
		}
		if h.findings = kept; !again {
			break
		}
	}
	return h, warnings
}

// refuted reports whether the code without the bug makes the same alarm: then it is
// none about the bug.
func (w *workshop) refuted(f *finding, outcomes bool) bool {
	program, err := w.unbroken()
	if err != nil {
		return true
	}
	var same []finding
	if f.Seed == 0 {
		same = w.baseline()
	} else {
		arguments := []string{"-seed", fmt.Sprint(f.Seed)}
		if outcomes {
			arguments = append(arguments, "-outcomes")
		}
		same = w.hunt(program, arguments...).findings
	}
	for i := range same {
		if same[i].Rule == f.Rule {
			return true
		}
	}
	return false
}

var testFailure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// runTests runs the tests of a package that the simulator has no part of, with the
// bug in it, and returns the first that fails.
func (w *workshop) runTests(made *build, inside string) (f finding, failed bool, err error) {
	program := filepath.Join(filepath.Dir(made.program), "tests")
	if _, err := w.goCommand("test", "-c", "-overlay", made.overlay, "-o", program, "./"+inside); err != nil {
		return finding{}, false, fmt.Errorf("the tests of %s do not compile:\n%w", inside, err)
	}
	command := exec.Command(program, "-test.failfast", "-test.short", "-test.timeout", (w.budget + time.Minute).String())
	command.Dir = filepath.Join(w.root, inside)
	out, err := command.CombinedOutput()
	var exited *exec.ExitError
	if err == nil || !errors.As(err, &exited) {
		return finding{}, false, nil // there are none, or they can't run here
	}
	name := "crash"
	if match := testFailure.FindSubmatch(out); match != nil {
		name = string(match[1])
	}
	spent := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return finding{Oracle: "test:" + inside + ":" + name, Rule: "test", CPUSeconds: spent.Seconds()}, true, nil
}
