package simtest

import (
	"slices"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim"
	"github.com/driftless-raft/driftless/statemachine"
)

func TestTheVariableNamesASeedOrARange(t *testing.T) {
	for text, want := range map[string][2]uint64{"": {1, 200}, "17": {17, 17}, "1-10000": {1, 10000}} {
		if first, last, err := seeds(text, false); err != nil || [2]uint64{first, last} != want {
			t.Errorf("%q: %d to %d, %v", text, first, last, err)
		}
	}
	if _, last, _ := seeds("", true); last != seedsShort {
		t.Errorf("with -short up to %d", last)
	}
	for _, text := range []string{"x", "1-", "-2", "3-2", "1-2-3"} {
		if _, _, err := seeds(text, false); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestThePatternMatchesTheTestAlone(t *testing.T) {
	if got, want := pattern("TestBank/a+b"), `^TestBank$/^a\+b$`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEverythingThatIsSwitchedOffForAnExplanationIsAnOption(t *testing.T) {
	for _, name := range faults {
		if !fault(new(sim.Options), name).IsValid() {
			t.Errorf("sim.Options has no %s", name)
		}
	}
}

func TestARuleOfRaftIsNotBlamedOnTheMachine(t *testing.T) {
	f := RuleError{Seed: 3, Rule: "election-safety", What: "two leaders"}
	if got := f.Error(); got != "seed 3 breaks the rule election-safety: two leaders\nThis is no rule of the machine but of Raft: please report it." {
		t.Error(got)
	}
}

// a counter counts its commands.
type counter struct{ count byte }

func (c *counter) Apply(raft.Index, []byte) []byte {
	c.count++
	return []byte{c.count}
}
func (c *counter) Query([]byte) []byte  { return []byte{c.count} }
func (c *counter) SnapshotBytes() int   { return 1 }
func (c *counter) Save(into []byte) int { return copy(into, []byte{c.count}) }
func (c *counter) Load(from []byte) statemachine.Damage {
	if len(from) != 1 {
		return statemachine.Truncated
	}
	c.count = from[0]
	return statemachine.Intact
}

func TestClientsMeetWhatClientsMeet(t *testing.T) {
	sum := sweep(Subject{
		New: func() statemachine.Machine { return new(counter) },
		Next: func(c *Client) Operation {
			if c.Draw(2) == 0 {
				return Operation{Question: []byte{}}
			}
			return Operation{Command: []byte{}}
		},
	}, 1, 60)
	if sum.failure != nil {
		t.Fatal(sum.failure)
	}
	for _, name := range []string{
		"lost responses", "late requests", "commands given up", "lease reads", "lost reads",
		"reads of a new leader", "snapshots installed", "snapshots loaded", "crashes in a step", "retries", "wiped disks", "configuration changes",
	} {
		if at := slices.Index(sim.CoverageNames[:], name); at < 0 || sum.coverage[at] == 0 {
			t.Errorf("there were no %s", name)
		}
	}
}
