package simtest

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/driftless-raft/driftless/sim"
)

// seedsVariable is the environment variable that says which seeds to run: one, or a
// range such as 1-10000.
const seedsVariable = "DRIFTLESS_SEEDS"

const (
	seedsUsual = 200
	seedsShort = 20 // with go test -short
	repeatNth  = 20 // of all seeds, one in so many is run again and must do the same
)

// Run tests a subject with seeds 1 to 200, or those that DRIFTLESS_SEEDS names, and
// fails the test with the lowest seed that breaks a rule.
func Run(t *testing.T, s Subject) {
	t.Helper()
	first, last, err := seeds(os.Getenv(seedsVariable), testing.Short())
	if err != nil {
		t.Fatal(err)
	}
	sum := sweep(s, first, last)
	if f := sum.failure; f != nil {
		t.Fatalf("%v\n\nagain: %s=%d go test -run '%s'", f, seedsVariable, f.Seed, pattern(t.Name()))
	}
	t.Logf("seeds %d to %d: %v", first, last, &sum)
}

// Check does what Run does, with seeds from first to last, and returns a [*RuleError], or
// nil if all rules held.
func Check(s Subject, first, last uint64) error {
	if sum := sweep(s, first, last); sum.failure != nil {
		return sum.failure
	}
	return nil
}

// seeds reads which seeds to run.
func seeds(text string, short bool) (first, last uint64, err error) {
	if text == "" {
		if short {
			return 1, seedsShort, nil
		}
		return 1, seedsUsual, nil
	}
	low, high, ranged := strings.Cut(text, "-")
	if !ranged {
		high = low
	}
	first, errFirst := strconv.ParseUint(low, 10, 63)
	last, errLast := strconv.ParseUint(high, 10, 63)
	if errFirst != nil || errLast != nil || first > last {
		return 0, 0, fmt.Errorf("%s is %q: give a seed, such as 17, or a range, such as 1-10000", seedsVariable, text)
	}
	return first, last, nil
}

// pattern is for -run: the test of that name and no other.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// A summary is what became of a range of seeds.
type summary struct {
	failure  *RuleError // of the lowest seed that failed, or nil
	commands int        // applied, each on all servers
	answers  int        // told to clients
	coverage sim.Coverage
}

// String says what happened.
func (s *summary) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d commands applied, %d answers", s.commands, s.answers)
	for i, count := range s.coverage {
		switch name := sim.CoverageNames[i]; name {
		case "elections", "crashes", "snapshots loaded":
			fmt.Fprintf(&text, ", %d %s", count, name)
		}
	}
	return text.String()
}

// sweep runs seeds on all processors, up to the lowest that fails.
func sweep(s Subject, first, last uint64) summary {
	s = s.complete()
	var (
		sum     summary
		next    atomic.Uint64
		lock    sync.Mutex
		workers sync.WaitGroup
	)
	var stop atomic.Uint64 // the lowest seed that failed
	stop.Store(last + 1)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for {
				seed := first + next.Add(1) - 1
				if seed > last || seed >= stop.Load() {
					return
				}
				r := s.try(seed)
				lock.Lock()
				sum.add(&r)
				if r.Failure != nil && seed < stop.Load() {
					stop.Store(seed)
				}
				lock.Unlock()
			}
		})
	}
	workers.Wait()
	switch seed := stop.Load(); {
	case seed <= last:
		sum.failure = s.explain(seed)
	case sum.commands == 0:
		sum.failure = &RuleError{Seed: first, Rule: vacuityRule, What: "no command was ever applied, so that nothing was tested"}
	}
	return sum
}

func (s *summary) add(r *run) {
	s.commands += r.commands
	s.answers += r.answers
	for i, count := range r.Coverage {
		s.coverage[i] += count
	}
}

// A run is what became of a seed, with what only a subject's runs have.
type run struct {
	sim.Result
	commands int // that any server applied
	answers  int
	story    string
}

// run runs a seed with given options.
func (s *Subject) run(seed uint64, options *sim.Options) run {
	v := &visit{subject: s, options: options}
	r := run{Result: sim.RunGuest(seed, *options, v)}
	for i := range v.applied {
		if v.applied[i].server != 0 {
			r.commands++
		}
	}
	r.answers = v.answers
	if r.Failure != nil {
		r.story = v.tell()
	}
	return r
}

// try runs a seed, and some seeds twice.
func (s *Subject) try(seed uint64) run {
	options := s.options(seed)
	r := s.run(seed, &options)
	if r.Failure != nil || seed%repeatNth != 0 {
		return r
	}
	if again := s.run(seed, &options); again.Hash != r.Hash {
		r.Failure = &sim.Failure{
			Rule: repetitionRule,
			What: "the same seed went another way the second time: does Next choose by anything but Client.Draw, or do runs share something?",
		}
	}
	return r
}
