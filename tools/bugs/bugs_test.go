package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const root = "../.."

func TestEveryDiffAppliesAndSaysWhatItIsAbout(t *testing.T) {
	for _, directory := range []string{"corpus", "preserving"} {
		bugs, failures := readBugs(directory)
		for _, failure := range failures {
			t.Error(failure)
		}
		for _, b := range bugs {
			if _, err := b.patch.apply(root); err != nil {
				t.Errorf("%s: %v", b.file, err)
			}
			if b.name+".diff" != filepath.Base(b.file) {
				t.Errorf("%s calls itself %s", b.file, b.name)
			}
			if b.sentence == "" || (directory == "corpus") != (b.kind == safety || b.kind == liveness) {
				t.Errorf("%s: the kind is %q, the sentence %q", b.file, b.kind, b.sentence)
			}
			if directory == "corpus" && (b.source == "" || len(b.expected) == 0) {
				t.Errorf("%s: the source is %q, expected are %q", b.file, b.source, b.expected)
			}
			if _, unknown := oraclesOf(b.expected); len(unknown) > 0 {
				t.Errorf("%s expects %q, which are no oracles", b.file, unknown)
			}
		}
	}
}

// written writes files into a new directory and returns it.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	for name, text := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

func TestAHeaderMayBeSparse(t *testing.T) {
	diff := "--- raft/x.go\n+++ raft/x.go\n@@ -1 +1 @@\n-a\n+b\n"
	for head, want := range map[string]bug{
		"": {name: "found"},
		"name: other\nkind: Safety\nexpected: one-vote,\n vote quorum\nbug: It is\n wrong.\nsource: me\n\n": {
			name: "other", kind: safety, expected: []string{"one-vote", "vote-quorum"}, sentence: "It is wrong.", source: "me",
		},
		"# class: liveness bug\n# oracles: [liveness_leader]\nsomebody wrote: this\n": {name: "found", kind: liveness, expected: []string{"liveness-leader"}},
		"From: somebody\nSubject: nothing\n\nkind: behaviour-preserving\n\n":          {name: "found", kind: preserving},
	} {
		b, err := readBug(filepath.Join(written(t, map[string]string{"found.diff": head + diff}), "found.diff"))
		if err != nil {
			t.Errorf("%q: %v", head, err)
			continue
		}
		if b.name != want.name || b.kind != want.kind || !slices.Equal(b.expected, want.expected) || b.sentence != want.sentence || b.source != want.source {
			t.Errorf("%q is read as %+v", head, b)
		}
	}
}

func TestDiffsOfADirectoryOfThatNameBreakNothing(t *testing.T) {
	directory := written(t, map[string]string{"preserving/a.patch": "--- x.go\n+++ x.go\n@@ -1 +1 @@\n-a\n+b\n"})
	bugs, failures := readBugs(filepath.Join(directory, "preserving"))
	if len(bugs) != 1 || len(failures) != 0 || bugs[0].kind != preserving {
		t.Errorf("%v, %v", bugs, failures)
	}
}

func TestADiffAppliesWhereItsLinesHaveMovedAndNowhereElse(t *testing.T) {
	place := written(t, map[string]string{"dir/file.go": "new\none\ntwo\nthree\n\nfour\none\nthree\n"})
	for diff, want := range map[string]string{
		"--- a/dir/file.go\n+++ b/dir/file.go\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n":                                                         "new\none\n2\nthree\n\nfour\none\nthree\n",
		"--- dir/file.go\t2026-01-01\n+++ dir/file.go\n@@ -3,2 +3,3 @@\n two\n+more\n three\n@@ -5,2 +6 @@\n\n-four\n":                            "new\none\ntwo\nmore\nthree\n\none\nthree\n",
		"diff --git a/dir/file.go b/dir/file.go\nindex 1..2\n--- a/dir/file.go\n+++ b/dir/file.go\n@@ -7,2 +7 @@\n-one\n three\n":                 "new\none\ntwo\nthree\n\nfour\nthree\n",
		"--- a/dir/file.go\r\n+++ b/dir/file.go\r\n@@ -8 +8 @@\r\n-three\r\n+3\r\n":                                                               "new\none\ntwo\nthree\n\nfour\none\n3\n",
		"--- /dev/null\n+++ b/dir/other.go\n@@ -0,0 +1,2 @@\n+first\n+second\n\\ No newline at end of file\n":                                     "first\nsecond",
		"--- a/dir/file.go\n+++ b/dir/file.go\n@@ -1,3 +1,3 @@\n one\n-2\n+two\n three\n":                                                         "no longer applies",
		"--- a/dir/file_test.go\n+++ b/dir/file_test.go\n@@ -1 +1 @@\n-a\n+b\n":                                                                   "is a test",
		"--- a/../file.go\n+++ b/../file.go\n@@ -1 +1 @@\n-a\n+b\n":                                                                               "is no file of the repository",
		"--- a/dir/gone.go\n+++ b/dir/gone.go\n@@ -1 +1 @@\n-a\n+b\n":                                                                             "not there",
		"--- a/dir/file.go\n+++ /dev/null\n@@ -1,8 +0,0 @@\n-new\n-one\n-two\n-three\n-\n-four\n-one\n-three\n":                                   "",
		"--- a/dir/file.go\n+++ b/dir/file.go\n@@ -6,2 +6,2 @@\n-four\n+4\n one\n--- a/dir/file.go\n+++ b/dir/file.go\n@@ -1 +1 @@\n-new\n+old\n": "old\none\ntwo\nthree\n\n4\none\nthree\n",
	} {
		_, lines := divide(diff)
		p, err := parsePatch(lines)
		if err != nil {
			t.Errorf("%q: %v", diff, err)
			continue
		}
		files, err := p.apply(place)
		got := ""
		for _, text := range files {
			got = string(text)
		}
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%q comes to %q, want %q", diff, got, want)
		}
	}
}

func TestWhatIsNoDiffIsAnErrorThatNamesTheFile(t *testing.T) {
	directory := written(t, map[string]string{
		"a.diff": "name: a\n", "b.diff": "--- x.go\n+++ x.go\n@@ -1,2 +1,2 @@\n-a\n+b\n", "c.diff": "--- x.go\n+++ x.go\n@@ -1 +1 @@\nx\n", "d.txt": "",
	})
	bugs, failures := readBugs(directory)
	if len(bugs) != 0 || len(failures) != 3 {
		t.Fatalf("%v, %v", bugs, failures)
	}
	for i, name := range []string{"a.diff", "b.diff", "c.diff"} {
		if !strings.Contains(failures[i].Error(), name) {
			t.Errorf("%v does not name %s", failures[i], name)
		}
	}
}

func TestASetStandsForItsOracles(t *testing.T) {
	for name, c := range map[string]struct{ with, without string }{
		"safety":      {"own-term-commit", "stability"},
		"liveness":    {"hang", "durability"},
		"outcome":     {"liveness-leader", "match-index"},
		"any":         {"crash", ""},
		"witness":     {"real-time", "linearizability"},
		"contract":    {"contract", "stability"},
		"match-index": {"match-index", "durable-quorum"},
	} {
		oracles, unknown := oraclesOf([]string{name})
		if len(unknown) != 0 || !slices.Contains(oracles, c.with) || slices.Contains(oracles, c.without) {
			t.Errorf("%s stands for %q", name, oracles)
		}
	}
	if oracles, unknown := oraclesOf([]string{"nonsense"}); len(unknown) != 1 || !slices.Equal(oracles, unknown) {
		t.Errorf("nonsense stands for %q", oracles)
	}
}

func TestABugIsFoundAndWhatBreaksNothingIsNot(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the harness four times")
	}
	o := options{
		Dir: []string{written(t, map[string]string{
			"a.diff": "kind: safety\nexpected: own-term-commit\n--- raft/commit.go\n+++ raft/commit.go\n@@ -19 +19 @@\n" +
				"-	if term, known := n.log.at(highest); !known || term != n.term {\n+	if term, known := n.log.at(highest); !known || term > n.term {\n",
			"b.diff": "kind: preserving\n--- raft/commit.go\n+++ raft/commit.go\n@@ -16 +16 @@\n-	if highest <= n.commit {\n+	if n.commit >= highest {\n",
			"c.diff": "--- raft/commit.go\n+++ raft/commit.go\n@@ -16 +16 @@\n-	if highest <= n.commit {\n+	if n.commit >= nothing {\n",
			"d.diff": "kind: safety\nexpected: stability\n--- raft/commit.go\n+++ raft/commit.go\n@@ -19 +19 @@\n" +
				"-	if term, known := n.log.at(highest); !known || term != n.term {\n+	if term, known := n.log.at(highest); !known || term > n.term {\n",
		})},
		Jobs: 1,
	}
	bugs, failures := o.choose()
	w, err := newWorkshop(time.Second)
	if err != nil || len(failures) != 0 || len(bugs) != 4 {
		t.Fatal(err, failures, len(bugs))
	}
	defer w.close()
	var results []*result
	for r := range o.try(w, bugs) {
		results = append(results, r)
	}
	found, harmless, broken, other := results[0], results[1], results[2], results[3]
	if found.err != nil || !found.Caught || !found.AsExpected || found.Oracle != "own-term-commit" || found.Seeds == 0 || found.CPUSeconds == 0 {
		t.Errorf("the bug: %+v", found)
	}
	if harmless.err != nil || harmless.Caught || !harmless.good() {
		t.Errorf("what breaks nothing: %+v", harmless)
	}
	if broken.err == nil || !strings.Contains(broken.err.Error(), "c.diff") || !strings.Contains(broken.err.Error(), "nothing") {
		t.Errorf("what does not compile: %+v", broken)
	}
	if !other.Caught || other.AsExpected || other.good() {
		t.Errorf("a bug that another oracle than expected notices: %+v", other)
	}
}
