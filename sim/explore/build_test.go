package explore

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/internal/wasi"
)

func TestWebAssemblyCountsTheSameStates(t *testing.T) {
	output, err := wasi.Test(t, "TestAllStatesOfSmallClustersAreSafe", nil)
	if passed := strings.Count(output, "    --- PASS: "); err != nil || passed != len(known) {
		t.Errorf("%d of %d known counts are the same as WebAssembly: %v\n%s", passed, len(known), err, output)
	}
}

// build builds this package's tests with some files replaced by others.
func build(t *testing.T, overlay string) (file string) {
	t.Helper()
	if testing.Short() {
		t.Skip("building takes a while: go test without -short")
	}
	file = filepath.Join(t.TempDir(), "explore.test")
	command := exec.Command("go", "test", "-c", "-o", file, "-overlay="+overlay, ".")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, output)
	}
	return file
}

// broken is where the test below, built with a core in which a rule is broken,
// writes what was found.
const broken = "DRIFTLESS_EXPLORE_BROKEN"

func TestABrokenRuleIsFoundByAShortestWay(t *testing.T) {
	if file := os.Getenv(broken); file != "" {
		explainBroken(t, file)
		return
	}
	source, err := os.ReadFile("../../raft/election.go")
	if err != nil {
		t.Fatal(err)
	}
	const rule, instead = "return m.LogTerm > mine || m.LogTerm == mine && m.Index >= n.log.last", "return m.Term > mine"
	if !strings.Contains(string(source), rule) {
		t.Fatalf("raft/election.go does not say %q any more: break another line of it", rule)
	}
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	original, err := filepath.Abs("../../raft/election.go")
	if err != nil {
		t.Fatal(err)
	}
	replacement := write("election.go", strings.Replace(string(source), rule, instead, 1))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: replacement}})
	if err != nil {
		t.Fatal(err)
	}
	program := build(t, write("overlay.json", string(overlay)))
	found := filepath.Join(folder, "found.json")
	command := exec.Command(program, "-test.run=^TestABrokenRuleIsFoundByAShortestWay$")
	command.Env = append(os.Environ(), broken+"="+found)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	checkFound(t, found)
}

// explainBroken looks for what the broken rule does, by every strategy.
func explainBroken(t *testing.T, file string) {
	t.Helper()
	found := map[string]*Violation{}
	for name, o := range map[string]Options{
		"names told apart": {Strategy: BreadthFirst}, "bfs": {Strategy: BreadthFirst, Symmetry: true},
		"random": {Strategy: Random}, "swarm": {Strategy: Swarm}, "pct": {Strategy: Priorities}, "coverage": {Strategy: Coverage},
	} {
		o.Nodes, o.Elections, o.Proposals, o.StepsMax, o.Walks, o.Seed = 3, 2, 1, 200, 1_000_000, 1
		found[name] = run(t, o).Violation
	}
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkFound checks what the strategies found. The way is as short as it can be: two
// elections of five steps, one in which the winner's log is not looked at, and two to
// commit.
func checkFound(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]*Violation
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	const shortest = 14
	for strategy, v := range found {
		switch {
		case v == nil:
			t.Errorf("%s: nothing is found", strategy)
		case v.Rule != "leader-completeness" && (strategy == "bfs" || strategy == "names told apart"):
			t.Errorf("%s: %s is broken, want leader-completeness", strategy, v.Rule)
		case len(v.Path) < shortest, len(v.Path) > shortest && strategy == "bfs", len(v.Path) > 2*shortest:
			t.Errorf("%s: %d steps, the shortest way has %d:\n%s", strategy, len(v.Path), shortest, strings.Join(v.Path, "\n"))
		}
	}
	if t.Failed() || len(found) < 6 {
		return
	}
	last := found["bfs"].Path[shortest-1]
	if !strings.Contains(last, "VoteReply of term 2: yes reaches server") {
		t.Errorf("the last step is %q", last)
	}
}
