package proof_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/internal/script"
)

// The scripts' files say what they must print wherever they are played. Package
// raft's tests play them on the host.
func TestTheScriptsPrintOnBoardsWhatTheirFilesSay(t *testing.T) {
	for _, board := range boards {
		t.Run(board, func(t *testing.T) {
			output, sizes := onBoard(t, board, "scripts")
			t.Logf("with the scripts and their interpreter: %s", strings.TrimSpace(sizes))
			compareScripts(t, output)
		})
	}
}

func TestTheScriptsPrintInWebAssemblyWhatTheirFilesSay(t *testing.T) {
	compareScripts(t, inWebAssembly(t, "scripts"))
}

// compareScripts fails the test for every script that was not played or that
// printed something else.
func compareScripts(t *testing.T, output string) {
	t.Helper()
	for _, failure := range scriptFailures(output) {
		t.Error(failure)
	}
}

// scriptFailures compares the output of program scripts with the scripts' files.
func scriptFailures(output string) []string {
	var failures []string
	rest := output
	for _, file := range script.Files {
		after, found := strings.CutPrefix(rest, "=== "+file.Name+"\n")
		if !found {
			line, _, _ := strings.Cut(rest, "\n")
			return append(failures, fmt.Sprintf("%s was not played: got %q", file.Name, line))
		}
		got, next, more := strings.Cut(after, "\n=== ")
		rest = ""
		if more {
			got, rest = got+"\n", "=== "+next
		}
		if d, differs := script.FirstDifference(got, file.Text); differs {
			failures = append(failures, fmt.Sprintf("internal/script/scripts/%s:%d: after %q: got %q, want %q",
				file.Name, d.Line, d.After, d.Got, d.Want))
		}
	}
	if rest != "" {
		failures = append(failures, fmt.Sprintf("after the last script: got %q", rest))
	}
	return failures
}

// Without this test a comparison that overlooks a difference would pass for a
// proof.
func TestAScriptThatPrintsSomethingElseIsNamedByFileAndLine(t *testing.T) {
	var right strings.Builder
	for _, file := range script.Files {
		right.WriteString("=== " + file.Name + "\n" + file.Text)
	}
	name, text := script.Files[1].Name, script.Files[1].Text
	end := strings.LastIndex(strings.TrimSpace(text), "\n") + 1
	first, _, _ := strings.Cut(text, "\n")
	for what, c := range map[string]struct{ output, want string }{
		"nothing":      {right.String(), ""},
		"the first":    {strings.Replace(right.String(), first, "# x", 1), name + ":1: "},
		"one ends":     {strings.Replace(right.String(), text, text[:end], 1), fmt.Sprintf("%s:%d: ", name, strings.Count(text, "\n"))},
		"one is gone":  {strings.Replace(right.String(), "=== "+name+"\n"+text, "", 1), name + " was not played"},
		"an early end": {right.String()[:strings.Index(right.String(), "=== "+name)], name + " was not played"},
		"more":         {right.String() + "=== more\n", "after the last script"},
	} {
		failures := scriptFailures(c.output)
		if c.want == "" && len(failures) == 0 {
			continue
		}
		if c.want == "" || len(failures) != 1 || !strings.Contains(failures[0], c.want) {
			t.Errorf("%s: got the failures %q, want one with %q", what, failures, c.want)
		}
	}
}
