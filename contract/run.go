package contract

import (
	"fmt"
	"slices"
	"strings"
)

// A Scenario is one situation that every realization must master.
type Scenario struct {
	Group string
	Name  string // the sentence that it proves
	Setup Setup
	Needs []Capability
	play  func(*stage)
}

// Scenarios are all of them, in the order of the matrix.
func Scenarios() []Scenario {
	return slices.Concat(elections, agreement, persistence, disks, snapshots, membership, reads, transfers, sessions, upheaval)
}

// Missing says what a realization lacks that the scenario needs, and why; "" if
// nothing.
func (sc *Scenario) Missing(r Runner) string {
	for _, c := range sc.Needs {
		if reason := r.Lacks(c); reason != "" {
			return fmt.Sprintf("%v: %s", c, reason)
		}
	}
	return ""
}

// A ScenarioError says how a realization failed in a scenario.
type ScenarioError struct {
	Scenario string
	What     string
	Story    []string // what was done, with the times in election timeouts
	Servers  string   // how they were in the end
}

// Error tells the whole story.
func (f *ScenarioError) Error() string {
	return fmt.Sprintf("%s: %s\n%s\n%s", f.Scenario, f.What, strings.Join(f.Story, "\n"), f.Servers)
}

// Check performs one scenario, which the realization must lack nothing for, and
// the checks that all scenarios end with: the applied logs agree; what was
// acknowledged was applied, and once; the registers' histories are linearizable;
// no term or commit index fell; no term had two leaders. It returns a *[ScenarioError],
// or the error with which the cluster did not start.
func Check(r Runner, sc *Scenario) error {
	s, err := newStage(sc, r)
	if err != nil {
		return err
	}
	text := s.perform(sc)
	f := &ScenarioError{Scenario: sc.Name, What: text, Story: s.story}
	if text != "" {
		f.Servers = s.report()
	}
	if err := s.cluster.Close(); err != nil && text == "" {
		f.What = err.Error()
	}
	if f.What == "" {
		return nil
	}
	return f
}

// perform returns what failed, or "".
func (s *stage) perform(sc *Scenario) (text string) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case failure:
			text = cause.text
		default:
			panic(cause)
		}
	}()
	sc.play(s)
	s.settle()
	s.verify()
	return ""
}

// T is what Run needs of a *testing.T, so that programs that are not tests can
// import this package without importing testing.
type T[S any] interface {
	Run(name string, f func(S)) bool
	Errorf(format string, arguments ...any)
	Skipf(format string, arguments ...any)
}

// Run performs every scenario as a subtest. What the realization can't do by
// nature is skipped with the reason. It returns what became of each.
//
//	func TestMyRaftKeepsTheContract(t *testing.T) {
//		contract.Run(t, myRunner{})
//	}
func Run[S T[S]](t S, r Runner) Results {
	results := Results{Realization: r.Name(), Version: r.Version(), outcomes: map[string]string{}}
	for _, sc := range Scenarios() {
		t.Run(sc.Name, func(t S) {
			if missing := sc.Missing(r); missing != "" {
				results.outcomes[sc.Name] = notApplicable + missing
				t.Skipf("n/a: %s", missing)
			}
			results.outcomes[sc.Name] = fails
			if err := Check(r, &sc); err != nil {
				t.Errorf("%v", err)
				return
			}
			results.outcomes[sc.Name] = holds
		})
	}
	return results
}
