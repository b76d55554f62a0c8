package laws

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A coreChange is a row of docs/core-changes.md: why the core is not the one that was
// frozen.
type coreChange struct {
	fingerprint, finding, shown, test string
}

// coreChanges reads the rows of the table, whose first cell is a fingerprint.
func coreChanges(page string) []coreChange {
	var rows []coreChange
	row := regexp.MustCompile("^\\| `([0-9a-f]{16})` \\|(.*)\\|(.*)\\|(.*)\\|$")
	for line := range strings.Lines(page) {
		if cells := row.FindStringSubmatch(strings.TrimSpace(line)); cells != nil {
			rows = append(rows, coreChange{
				cells[1], strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3]), strings.Trim(cells[4], " `"),
			})
		}
	}
	return rows
}

// thawed says what is wrong with a core of a fingerprint, given the frozen one and the
// changes since; nothing if the last of them stands for it.
func thawed(now, frozen string, changes []coreChange, tests map[string]bool) error {
	if len(changes) == 0 && now == frozen {
		return nil
	}
	if len(changes) == 0 || changes[len(changes)-1].fingerprint != now {
		return fmt.Errorf("the core is %s, but %s is frozen: a change needs a row of its own at the end of docs/core-changes.md", now, frozen)
	}
	for _, c := range changes {
		switch {
		case c.finding == "" || c.shown == "":
			return fmt.Errorf("docs/core-changes.md: %s does not say what was found, or which seed or scenario shows it", c.fingerprint)
		case !tests[c.test]:
			return fmt.Errorf("docs/core-changes.md: %s names the regression test %q, which there is not", c.fingerprint, c.test)
		}
	}
	return nil
}

// testNames are the names of all tests in the repository, as go test knows them.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+|Fuzz\w+)\(`)
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range function.FindAllStringSubmatch(string(source), -1) {
			names[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Law 11: since Phase 1 the core changes for a finding only, with the evidence run
// again.
func TestTheFrozenCoreChangesOnlyForAFindingWithARegressionTest(t *testing.T) {
	frozen, err := os.ReadFile(filepath.Join("..", "..", "raft", "FROZEN"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "core-changes.md"))
	if err != nil {
		t.Fatal(err)
	}
	now := fingerprint(t, filepath.Join("..", "..", "raft"))
	if err := thawed(now, strings.TrimSpace(string(frozen)), coreChanges(string(page)), testNames(t)); err != nil {
		t.Error(err)
	}
}

func TestACoreThatDiffersFromTheFrozenOneIsRefusedWithoutItsRow(t *testing.T) {
	tests := map[string]bool{"TestIt": true}
	row := "| `00000000000000bb` | a finding | seed 7 | `TestIt` |\n"
	for _, c := range []struct {
		name, now, page string
		holds           bool
	}{
		{"unchanged", "00000000000000aa", "", true},
		{"changed without a row", "00000000000000bb", "", false},
		{"changed with a row", "00000000000000bb", row, true},
		{"changed again without another", "00000000000000cc", row, false},
		{"changed back without another", "00000000000000aa", row, false},
		{"without a seed", "00000000000000bb", "| `00000000000000bb` | a finding |  | `TestIt` |\n", false},
		{"with a test that is not there", "00000000000000bb", "| `00000000000000bb` | a finding | seed 7 | `TestThat` |\n", false},
	} {
		if err := thawed(c.now, "00000000000000aa", coreChanges(c.page), tests); (err == nil) != c.holds {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
