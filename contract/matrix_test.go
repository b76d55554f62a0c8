package contract_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/contract"
)

var update = flag.Bool("update", false, "write the matrix into docs/contract.md")

// columns are the realizations in the order of the matrix.
var columns = []string{"sim-blocks", "sim-queue", "sim-log", "embedded-blocks", "etcd-raft"}

func TestTheMatrixInTheDocumentationIsCurrent(t *testing.T) {
	var results []contract.Results
	for _, name := range columns {
		text, err := os.ReadFile(filepath.Join("results", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := contract.ParseResults(string(text))
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	matrix := contract.Matrix(results...)
	if strings.Contains(matrix, "FAILS") || strings.Contains(matrix, "not run") {
		t.Errorf("a realization fails in a scenario, or was not held against it:\n%s", matrix)
	}
	path := filepath.Join("..", "docs", "contract.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- matrix -->\n", "<!-- end of matrix -->"
	before, rest, found := strings.Cut(string(page), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the matrix", path)
	}
	current := before + begin + matrix + end + after
	switch {
	case current == string(page):
	case *update:
		if err := os.WriteFile(path, []byte(current), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is stale: run `go test ./contract -update`", path)
	}
}

func TestResultsAreReadAsTheyWereWritten(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("results", "sim-blocks.txt"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := contract.ParseResults(string(text))
	if err != nil || r.String() != string(text) {
		t.Errorf("read and written again, the results are other ones, or %v:\n%s", err, r)
	}
	if _, err := contract.ParseResults("realization | x\nsomething else\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a line without a bar is refused by its number, not by %v", err)
	}
}

func TestTheMatrixGivesTheReasonOnceForWhatIsNotApplicable(t *testing.T) {
	r, err := contract.ParseResults("realization | x\nversion | 1\nelects one leader | n/a: pauses: none\n" +
		"commits what is proposed | n/a: pauses: none\n")
	if err != nil {
		t.Fatal(err)
	}
	matrix := contract.Matrix(r)
	for _, line := range []string{
		"| elects one leader | n/a (1) |\n", "| commits what is proposed | n/a (1) |\n", "| mixed versions | not run |\n",
		"\n1. x: pauses: none\n",
	} {
		if strings.Count(matrix, line) != 1 {
			t.Errorf("the matrix should hold %q once:\n%s", line, matrix)
		}
	}
}
