package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// The harness as one program, by its package in the repository.
const trialPackage = "./tools/bugs/trial"

// A workshop is where programs with bugs in them are built. Nothing in the repository
// is touched: the go command is told of the changed files only.
type workshop struct {
	root   string // of the repository
	place  string // for everything made here
	budget time.Duration
	known  map[string]bool // the packages that the harness is made of

	unbroken func() (string, error) // the harness without a bug, built once
	baseline func() []finding       // what that finds in scenarios and by exploring
}

func newWorkshop(budget time.Duration) (*workshop, error) {
	module, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("the go command does not say where the module is: %w", err)
	}
	w := &workshop{root: filepath.Dir(strings.TrimSpace(string(module))), budget: budget, known: map[string]bool{}}
	if _, err := os.Stat(filepath.Join(w.root, trialPackage)); err != nil {
		return nil, fmt.Errorf("run it in the repository: %w", err)
	}
	if w.place, err = os.MkdirTemp("", "bugs"); err != nil {
		return nil, err
	}
	list, err := w.goCommand("list", "-deps", "-f", "{{if .Module}}{{.Dir}}{{end}}", trialPackage)
	if err != nil {
		return nil, err
	}
	for directory := range strings.Lines(list) {
		if inside, err := filepath.Rel(w.root, strings.TrimSpace(directory)); err == nil {
			w.known[filepath.ToSlash(inside)] = true
		}
	}
	w.unbroken = sync.OnceValues(func() (string, error) {
		program := filepath.Join(w.place, "unbroken")
		_, err := w.goCommand("build", "-o", program, trialPackage)
		return program, err
	})
	w.baseline = sync.OnceValue(func() []finding {
		program, err := w.unbroken()
		if err != nil {
			return nil
		}
		return w.hunt(program, "-baseline").findings
	})
	return w, nil
}

func (w *workshop) close() {
	if err := os.RemoveAll(w.place); err != nil {
		fmt.Fprintf(os.Stderr, "bugs: %v\n", err)
	}
}

// goCommand runs the go command in the repository and returns what it says.
func (w *workshop) goCommand(arguments ...string) (string, error) {
	command := exec.Command("go", arguments...)
	command.Dir = w.root
	command.Env = append(os.Environ(), "GOWORK=off")
	out, err := command.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		err = errors.New(strings.TrimSpace(string(failed.Stderr)))
	}
	return string(out), err
}

// A build is a bug's changed files, and what is built with them.
type build struct {
	overlay  string
	program  string
	packages []string // of the changed files, as paths in the repository
}

// build applies a bug's diff and builds the harness with it, and whatever else it
// changes, so that a diff that does not compile is never taken for one that breaks
// nothing.
func (w *workshop) build(b *bug) (*build, error) {
	files, err := b.patch.apply(w.root)
	if err != nil {
		return nil, err
	}
	place, err := os.MkdirTemp(w.place, "bug")
	if err != nil {
		return nil, err
	}
	made := &build{overlay: filepath.Join(place, "overlay.json"), program: filepath.Join(place, "trial")}
	replace := map[string]string{}
	for i, name := range slices.Sorted(maps.Keys(files)) {
		copied := ""
		if text := files[name]; text != nil {
			copied = filepath.Join(place, fmt.Sprintf("%d.go", i))
			if err := os.WriteFile(copied, text, 0o600); err != nil {
				return nil, err
			}
		}
		replace[filepath.Join(w.root, name)] = copied
		if inside := path.Dir(filepath.ToSlash(name)); !slices.Contains(made.packages, inside) && strings.HasSuffix(name, ".go") {
			made.packages = append(made.packages, inside)
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(made.overlay, text, 0o600); err != nil {
		return nil, err
	}
	if _, err := w.goCommand("build", "-ldflags=-s -w", "-overlay", made.overlay, "-o", made.program, trialPackage); err != nil {
		return nil, fmt.Errorf("it does not compile:\n%w", err)
	}
	for _, inside := range made.packages {
		if _, err := w.goCommand("build", "-overlay", made.overlay, "-o", os.DevNull, "./"+inside); err != nil {
			return nil, fmt.Errorf("it does not compile:\n%w", err)
		}
	}
	return made, nil
}
