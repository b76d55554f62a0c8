// Command bugs puts bugs into the code, one after the other, and measures what the
// harness makes of them: which oracle notices, after how many seeds and how much
// processor time. README.md says what a bug's file looks like.
package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/kong"
)

// The exit codes; 2 is bad usage.
const (
	exitMissed = 1 // with --strict: a bug was missed, or an alarm raised without reason
	exitBroken = 3 // a diff can't be read, applied or compiled
)

// options is the command line.
type options struct {
	Dir      []string      `default:"tools/bugs/corpus" help:"Directories of diffs (${default})."`
	Budget   time.Duration `default:"60s" help:"Processor time for each bug and each way of judging (${default})."`
	Only     []string      `placeholder:"NAME" help:"Try these bugs only."`
	Sample   sample        `placeholder:"N/M" help:"Try every Mth bug, from the Nth on, which may be any number."`
	Outcomes bool          `default:"true" negatable:"" help:"Judge by outcomes alone, too; --no-outcomes halves the work."`
	Jobs     int           `default:"0" help:"Bugs tried at the same time; 0: two, or as many as there are processors."`
	JSON     bool          `xor:"format" help:"Print one JSON object a bug."`
	Markdown bool          `xor:"format" help:"Print the matrix of bugs and oracles for docs/evidence.md."`
	Strict   bool          `help:"Exit with 1 if a bug is missed by the oracles expected to notice, or an alarm is raised where nothing is broken."`
}

// A sample is every of-th bug, from a number on.
type sample struct{ number, of int }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *sample) UnmarshalText(text []byte) error {
	if _, err := fmt.Sscanf(string(text), "%d/%d", &s.number, &s.of); err != nil || s.of < 1 || s.number < 0 {
		return fmt.Errorf("%q is no sample: write two whole numbers, as in 3/8", text)
	}
	return nil
}

func main() {
	var o options
	kong.Parse(&o,
		kong.Name("bugs"),
		kong.Description("Put bugs into the code, one after the other, and see which oracle notices."),
	)
	os.Exit(o.run())
}

// run tries the bugs and returns the exit code.
func (o *options) run() int {
	bugs, failures := o.choose()
	for _, failure := range failures {
		fmt.Fprintf(os.Stderr, "bugs: %v\n", failure)
	}
	w, err := newWorkshop(o.Budget)
	if err != nil {
		fmt.Fprintf(os.Stderr, "bugs: %v\n", err)
		return exitBroken
	}
	defer w.close()
	printer := o.printer()
	printer.begin()
	var results []*result
	for r := range o.try(w, bugs) {
		if r.err != nil {
			failures = append(failures, r.err)
			fmt.Fprintf(os.Stderr, "bugs: %v\n", r.err)
		}
		for _, warning := range r.warnings {
			fmt.Fprintf(os.Stderr, "bugs: %s: %s\n", r.bug.file, warning)
		}
		results = append(results, r)
		printer.one(r)
	}
	printer.end(results)
	switch {
	case len(failures) > 0:
		return exitBroken
	case o.Strict && slices.ContainsFunc(results, func(r *result) bool { return !r.good() }):
		return exitMissed
	}
	return 0
}

// choose reads the bugs that are asked for.
func (o *options) choose() (chosen []*bug, failures []error) {
	var bugs []*bug
	for _, directory := range o.Dir {
		more, err := readBugs(directory)
		bugs, failures = append(bugs, more...), append(failures, err...)
	}
	for i, b := range bugs {
		inSample := o.Sample.of == 0 || i%o.Sample.of == o.Sample.number%o.Sample.of
		if inSample && (len(o.Only) == 0 || slices.Contains(o.Only, b.name)) {
			chosen = append(chosen, b)
		}
	}
	for _, name := range o.Only {
		if !slices.ContainsFunc(bugs, func(b *bug) bool { return b.name == name }) {
			failures = append(failures, fmt.Errorf("there is no bug %q in %s", name, strings.Join(o.Dir, ", ")))
		}
	}
	return chosen, failures
}

// try tries bugs, some at the same time, and yields the results in the bugs' order.
func (o *options) try(w *workshop, bugs []*bug) <-chan *result {
	jobs := o.Jobs
	if jobs <= 0 {
		jobs = min(2, runtime.NumCPU())
	}
	results := make([]chan *result, len(bugs))
	for i := range results {
		results[i] = make(chan *result, 1)
	}
	var next sync.Mutex
	taken := 0
	for range jobs {
		go func() {
			for {
				next.Lock()
				at := taken
				taken++
				next.Unlock()
				if at >= len(bugs) {
					return
				}
				results[at] <- w.try(bugs[at], o.Outcomes)
			}
		}()
	}
	ordered := make(chan *result)
	go func() {
		defer close(ordered)
		for _, r := range results {
			ordered <- <-r
		}
	}()
	return ordered
}
