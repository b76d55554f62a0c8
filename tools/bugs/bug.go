package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A bug is one diff with what its header says about it.
type bug struct {
	file     string
	name     string
	kind     kind
	expected []string // oracles, of which one must notice; none: any will do
	sentence string
	source   string
	patch    patch
}

// A kind is what a diff breaks.
type kind string

const (
	unsaid     kind = "" // nothing is expected of it
	safety     kind = "safety"
	liveness   kind = "liveness"
	preserving kind = "preserving" // it breaks nothing
)

// readBugs reads the diffs of a directory, in the order of their names. Those that
// can't be read are returned as errors, each of which names its file.
func readBugs(directory string) (bugs []*bug, failures []error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, []error{err}
	}
	for _, entry := range entries {
		extension := filepath.Ext(entry.Name())
		if entry.IsDir() || extension != ".diff" && extension != ".patch" {
			continue
		}
		b, err := readBug(filepath.Join(directory, entry.Name()))
		if err != nil {
			failures = append(failures, err)
			continue
		}
		bugs = append(bugs, b)
	}
	return bugs, failures
}

// readBug reads one file.
func readBug(file string) (*bug, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	b := &bug{file: file}
	head, diff := divide(string(text))
	b.parseHeader(head)
	if b.patch, err = parsePatch(diff); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if b.name == "" {
		b.name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	if directory, _ := filepath.Abs(filepath.Dir(file)); b.kind == unsaid && filepath.Base(directory) == string(preserving) {
		b.kind = preserving
	}
	return b, nil
}

// divide tells the header from the diff.
func divide(text string) (head, diff []string) {
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "diff ") || strings.HasPrefix(line, "Index: ") {
			return lines[:i], lines[i:]
		}
	}
	return lines, nil
}

// parseHeader takes in the lines before the diff. What it does not know it passes
// over: others write more into theirs.
func (b *bug) parseHeader(lines []string) {
	values := map[string]string{}
	key := ""
	for _, line := range lines {
		if text, commented := strings.CutPrefix(line, "#"); commented {
			line = strings.TrimPrefix(text, " ")
		}
		continues := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		name, value, found := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case strings.TrimSpace(line) == "":
			key = ""
		case found && keyOf[name] != "" && !continues:
			key = keyOf[name]
			values[key] = strings.TrimSpace(value)
		case !continues:
			key = ""
		case key != "":
			values[key] = strings.TrimSpace(values[key] + " " + strings.TrimSpace(line))
		}
	}
	b.name, b.sentence, b.source = values["name"], values["bug"], values["source"]
	b.expected = oracleNames(values["expected"])
	b.kind = kindOf(strings.ToLower(values["kind"]))
}

// keyOf is what a header line is about, by the names people give it.
var keyOf = map[string]string{
	"name": "name", "title": "name",
	"kind": "kind", "class": "kind", "type": "kind", "breaks": "kind", "property": "kind", "category": "kind",
	"expected": "expected", "expect": "expected", "oracle": "expected", "oracles": "expected",
	"expected oracles": "expected", "expected-oracles": "expected", "expected_oracles": "expected",
	"bug": "bug", "change": "bug", "sentence": "bug", "description": "bug", "summary": "bug", "what": "bug",
	"source": "source", "sources": "source", "origin": "source", "reference": "source", "see": "source",
}

// kindOf is the kind that some words speak of.
func kindOf(text string) kind {
	switch {
	case strings.Contains(text, "preserv"):
		return preserving
	case strings.Contains(text, "safe"):
		return safety
	case strings.Contains(text, "live"):
		return liveness
	}
	return unsaid
}

// oracleNames are the names in a list, as the simulator writes them.
func oracleNames(list string) []string {
	var names []string
	for name := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(",;|[]{}", r) }) {
		name = strings.ToLower(strings.Trim(name, " \t\"'`."))
		name = strings.NewReplacer(" ", "-", "_", "-").Replace(name)
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
