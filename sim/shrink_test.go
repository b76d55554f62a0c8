package sim

import (
	"bytes"
	"context"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/trace"
)

// plantedRule is a rule of these tests only.
const plantedRule = "planted"

// planted is a world with a rule that any run breaks sooner or later: nobody may
// commit anything in a term above the first.
func planted() *world {
	w := &world{}
	w.trace = &tracer{tell: func(e *trace.Event) {
		if e.State != nil && e.State.Role == "leader" && e.State.Term > 1 && e.State.Commit > 0 && e.State.LastTerm == e.State.Term {
			w.ledger.fail(plantedRule, "server %d commits %d in term %d", e.Server, e.State.Commit, e.State.Term)
		}
	}}
	return w
}

// aFailure is a run that breaks the planted rule.
func aFailure(t *testing.T, seed uint64) *Result {
	t.Helper()
	options := Expand(seed, 0)
	r := planted().run(seed, &options, randomTape(seed))
	if r.Failure == nil || r.Failure.Rule != plantedRule {
		t.Fatalf("seed %d breaks %v", seed, r.Failure)
	}
	return &r
}

func TestAFailureShrinksToAFewStepsThatBreakTheSameRule(t *testing.T) {
	var steps []int
	for seed := uint64(1); seed <= 11; seed++ {
		failed := aFailure(t, seed)
		s, err := planted().shrink(t.Context(), failed)
		if err != nil {
			t.Fatal(err)
		}
		if s.Failure.Rule != plantedRule || s.Steps >= int(failed.Events)/2 {
			t.Errorf("seed %d: %d events shrink to %d steps that break %s", seed, failed.Events, s.Steps, s.Failure.Rule)
		}
		again := planted().act(seed, &s.Options, s.Actions)
		if again.Failure == nil || *again.Failure != s.Failure || again.Hash != s.Hash {
			t.Errorf("seed %d: the steps break %v with hash %016x, then %v with %016x", seed, s.Failure, s.Hash, again.Failure, again.Hash)
		}
		steps = append(steps, s.Steps)
	}
	slices.Sort(steps)
	// An election among three takes five steps to win and two more to commit; a list
	// in which a configuration changes first, and the leader then hands over, has no
	// shorter one near it.
	if few, many := steps[len(steps)/2], steps[len(steps)-1]; few > 16 || many > 40 {
		t.Errorf("failures shrink to %d steps", steps)
	}
}

func TestNoStepOfAShrunkFailureCanBeLeftOut(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		s, err := planted().shrink(t.Context(), aFailure(t, seed))
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(s.Actions); i++ {
			shorter := slices.Delete(slices.Clone(s.Actions), i, i+1)
			if again := planted().act(seed, &s.Options, shorter); again.Failure != nil {
				t.Errorf("seed %d: without step %d of %d it still breaks %s", seed, i, s.Steps, again.Failure.Rule)
			}
		}
	}
}

func TestARunThatFailsOtherwiseWhenItIsRunAgainIsNotShrunk(t *testing.T) {
	failed := aFailure(t, 1)
	failed.Hash++
	if _, err := planted().shrink(t.Context(), failed); err == nil {
		t.Error("a run with another hash was taken for the same")
	}
}

// ended is a context that has ended.
func ended() context.Context {
	c, stop := context.WithCancel(context.Background())
	stop()
	return c
}

func TestWithNoTimeTheWholeRunIsLeft(t *testing.T) {
	failed := aFailure(t, 1)
	s, err := planted().shrink(ended(), failed)
	if err != nil || len(s.Actions) != 0 || s.Tape() != s.Whole() || s.Failure != *failed.Failure {
		t.Errorf("%d actions, %v, %v", len(s.Actions), s.Failure, err)
	}
}

func TestATapeReplaysToTheSameHashFromItsFile(t *testing.T) {
	failed := aFailure(t, 2)
	s, err := planted().shrink(t.Context(), failed)
	if err != nil {
		t.Fatal(err)
	}
	for _, tape := range []*trace.Tape{s.Whole(), s.Tape()} {
		var file bytes.Buffer
		if err := tape.Write(&file); err != nil {
			t.Fatal(err)
		}
		read, err := trace.ReadTape(&file)
		if err != nil {
			t.Fatal(err)
		}
		options, err := optionsOf(read.Options)
		if err != nil {
			t.Fatal(err)
		}
		var again Result
		if len(read.Actions) > 0 {
			again = planted().act(read.Seed, &options, read.Actions)
		} else {
			again = planted().run(read.Seed, &options, replayTape(read.Choices))
		}
		if again.Hash != tape.Hash || again.Failure == nil {
			t.Errorf("%d actions: hash %016x, replayed %016x", len(read.Actions), tape.Hash, again.Hash)
		}
	}
}

func TestAReplayEndsWhereItShouldAndShowsAllServers(t *testing.T) {
	options := Expand(5, 3)
	var w world
	recording := randomTape(5)
	recording.record = true
	whole := w.run(5, &options, recording)
	tape := whole.tape()
	tape.Choices = w.tape.choices
	r, err := Replay(&tape, Playback{UntilEvent: 500})
	if err != nil || !r.Halted || r.Events != 500 || r.Failure != nil || len(r.Servers) != w.count {
		t.Errorf("halted %v after %d events with %d servers, %v", r.Halted, r.Events, len(r.Servers), err)
	}
	last := uint64(0)
	r, err = Replay(&tape, Playback{UntilTime: 2_000_000_000, Tell: func(e *trace.Event) { last = e.At }})
	if err != nil || !r.Halted || last > 2_000_000_000 || last < 1_000_000_000 {
		t.Errorf("halted %v, the last event at %d, %v", r.Halted, last, err)
	}
	r, err = Replay(&tape, Playback{})
	if err != nil || r.Halted || r.Hash != whole.Hash {
		t.Errorf("hash %016x, replayed %016x, %v", whole.Hash, r.Hash, err)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	options := Expand(1, 3)
	whole := func(more ...trace.Option) *trace.Tape { return &trace.Tape{Options: append(options.listed(), more...)} }
	if _, err := optionsOf(whole().Options); err != nil {
		t.Fatal(err)
	}
	for _, o := range []trace.Option{
		{Name: "Weather", Value: "1"},
		{Name: "Nodes", Value: "many"},
		{Name: "Nodes", Value: "300"},
		{Name: "Nodes", Value: "0"},
		{Name: "Store", Value: "paper"},
		{Name: "LeaseReads", Value: "perhaps"},
		{Name: "Clients", Value: "0"},
		{Name: "StoreEntries", Value: "4000000000"},
	} {
		if _, err := Replay(whole(o), Playback{}); err == nil {
			t.Errorf("%s=%s was taken", o.Name, o.Value)
		}
	}
}

// only gives one server a journal.
func only(id raft.ID, j *trace.Journal) func(raft.ID) *trace.Journal {
	return func(of raft.ID) *trace.Journal {
		if of == id {
			return j
		}
		return nil
	}
}

func TestAllThatHappensToANodeReplaysFromItsJournal(t *testing.T) {
	for _, seed := range []uint64{1, 2, 6} {
		options := Expand(seed, 3)
		var w world
		recording := randomTape(seed)
		recording.record = true
		whole := w.run(seed, &options, recording)
		tape := whole.tape()
		tape.Choices = w.tape.choices
		var file bytes.Buffer
		j := trace.NewJournal(&file, "test")
		if r, err := Replay(&tape, Playback{Journal: only(1, j)}); err != nil || r.Hash != whole.Hash {
			t.Fatalf("with a journal the hash is %016x, without %016x, %v", r.Hash, whole.Hash, err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := trace.ReplayJournal(&file, nil)
		if err != nil || r.Inputs < 100 || r.Segments < 2 || r.Cut {
			t.Errorf("seed %d: %d inputs in %d segments, %v", seed, r.Inputs, r.Segments, err)
		}
		if node := w.servers[0].driver.Node(); r.Node.Term() != node.Term() || r.Node.Commit() != node.Commit() {
			t.Errorf("seed %d: the journal ends in term %d with %d committed, the run in %d with %d", seed,
				r.Node.Term(), r.Node.Commit(), node.Term(), node.Commit())
		}
	}
}

func TestEveryRuleSaysWhatItIsFor(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\bfail\("([a-z-]+)",`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range names.FindAllSubmatch(source, -1) {
			if rule := string(found[1]); why(rule) == "" {
				t.Errorf("%s: nothing says why there is a rule %s", file, rule)
			}
		}
	}
}

func TestARegressionTestIsGoSource(t *testing.T) {
	s, err := planted().shrink(t.Context(), aFailure(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []*Shrunk{s, {Seed: 3, Options: s.Options, Failure: s.Failure}} {
		if _, err := format.Source([]byte(of.Regression())); err != nil {
			t.Errorf("%v in\n%s", err, of.Regression())
		}
	}
}
