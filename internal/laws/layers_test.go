package laws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A layer is one line of docs/layers.txt.
type layer struct {
	name    string   // import path within the module
	allowed []string // the packages it may import, import paths within the module
	later   bool     // planned: not expected to exist
}

// parseLayers reads the format that the head of docs/layers.txt describes and
// checks that the list itself points down only.
func parseLayers(text string) ([]layer, error) {
	var layers []layer
	lineOf := map[string]int{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, allowed, found := strings.Cut(line, ":")
		if !found {
			return nil, fmt.Errorf("line %d: %q has no colon after the package", i+1, line)
		}
		entry := layer{}
		entry.name, entry.later = strings.CutSuffix(strings.TrimSpace(name), " (later)")
		if first, twice := lineOf[entry.name]; twice {
			return nil, fmt.Errorf("line %d: %s is listed already, on line %d", i+1, entry.name, first)
		}
		lineOf[entry.name] = i + 1
		for target := range strings.SplitSeq(allowed, ",") {
			if target = strings.TrimSpace(target); target != "" {
				entry.allowed = append(entry.allowed, target)
			}
		}
		layers = append(layers, entry)
	}
	for _, entry := range layers {
		for _, target := range entry.allowed {
			switch line := lineOf[target]; {
			case line == 0:
				return nil, fmt.Errorf("line %d: %s may import %s, which has no line of its own",
					lineOf[entry.name], entry.name, target)
			case line <= lineOf[entry.name]:
				return nil, fmt.Errorf("line %d: %s may import %s, which doesn't stand below it",
					lineOf[entry.name], entry.name, target)
			}
		}
	}
	return layers, nil
}

// A graph says which packages of the module a package imports outside its
// tests. The keys are all the packages there are.
type graph map[string]map[string]bool

func (g graph) add(from, to string) {
	if g[from] == nil {
		g[from] = map[string]bool{}
	}
	if to != "" {
		g[from][to] = true
	}
}

// reachable returns all that a package imports, directly or through others.
func (g graph) reachable(from string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		for target := range g[name] {
			if !seen[target] {
				seen[target] = true
				visit(target)
			}
		}
	}
	visit(from)
	return seen
}

// layerViolations compares what is imported with what is allowed.
func layerViolations(layers []layer, imports graph) []string {
	var found []string
	listed := map[string]layer{}
	for _, entry := range layers {
		listed[entry.name] = entry
		_, exists := imports[entry.name]
		switch {
		case !exists && !entry.later:
			found = append(found, fmt.Sprintf("%s is listed but doesn't exist: mark it (later) or strike it", entry.name))
		case exists && entry.later:
			found = append(found, fmt.Sprintf("%s exists: strike its (later)", entry.name))
		}
	}
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		entry, known := listed[from]
		if !known {
			found = append(found, fmt.Sprintf("%s isn't listed: give it a line in docs/layers.txt", from))
			continue
		}
		for _, to := range slices.Sorted(maps.Keys(imports[from])) {
			if !slices.Contains(entry.allowed, to) {
				found = append(found, fmt.Sprintf("%s imports %s: docs/layers.txt allows no such arrow", from, to))
			}
		}
	}
	return append(found, separationViolations(imports)...)
}

// separationViolations finds realizations that reach the simulator or one
// another, even through a package that the list would let them import.
func separationViolations(imports graph) []string {
	apart := []string{"server", "client", "embedded", "sim"}
	realization := func(name string) string {
		top, _, _ := strings.Cut(name, "/")
		if !slices.Contains(apart, top) {
			return ""
		}
		return top
	}
	var found []string
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		own := realization(from)
		if own == "" || own == "sim" {
			continue
		}
		for _, to := range slices.Sorted(maps.Keys(imports.reachable(from))) {
			if other := realization(to); other != "" && other != own {
				found = append(found, fmt.Sprintf("%s reaches %s: server, client and embedded never import sim or each other", from, to))
			}
		}
	}
	return found
}

// importsInSource reads the arrows from the files themselves, whatever their
// build tags, so that none can hide behind a tag that nobody thought of.
func importsInSource(t *testing.T) graph {
	t.Helper()
	imports := graph{}
	root := moduleRoot(t)
	walkFiles(t, func(name string, nested bool) {
		if nested || path.Ext(name) != ".go" {
			return
		}
		from := path.Dir(name)
		imports.add(from, "")
		if strings.HasSuffix(name, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(name)), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if to, inside := strings.CutPrefix(target, modulePath+"/"); inside {
				imports.add(from, to)
			}
		}
	})
	return imports
}

// importsByGoCommand asks the go command for the same, for one set of tags.
func importsByGoCommand(t *testing.T, tags string) graph {
	t.Helper()
	imports := graph{}
	decoder := json.NewDecoder(bytes.NewReader(goCommand(t, "list", "-json=ImportPath,Imports", "-tags", tags, "./...")))
	for {
		var listed struct {
			ImportPath string
			Imports    []string
		}
		err := decoder.Decode(&listed)
		if errors.Is(err, io.EOF) {
			return imports
		}
		if err != nil {
			t.Fatal(err)
		}
		from := strings.TrimPrefix(listed.ImportPath, modulePath+"/")
		imports.add(from, "")
		for _, target := range listed.Imports {
			if to, inside := strings.CutPrefix(target, modulePath+"/"); inside {
				imports.add(from, to)
			}
		}
	}
}

func TestImportsPointDownOnly(t *testing.T) {
	layers, err := parseLayers(readFile(t, "docs/layers.txt"))
	if err != nil {
		t.Fatalf("docs/layers.txt: %v", err)
	}
	imports := importsInSource(t)
	for _, tags := range []string{"", boardTag} {
		for from, targets := range importsByGoCommand(t, tags) {
			imports.add(from, "")
			for to := range targets {
				imports.add(from, to)
			}
		}
	}
	arrows := 0
	for _, targets := range imports {
		arrows += len(targets)
	}
	t.Logf("%d packages, %d arrows between them, %d lines in docs/layers.txt", len(imports), arrows, len(layers))
	for _, violation := range layerViolations(layers, imports) {
		t.Error(violation)
	}
}

func TestTheCoreImportsNothing(t *testing.T) {
	for _, tags := range []string{"", boardTag} {
		deps := strings.Fields(string(goCommand(t, "list", "-deps", "-tags", tags, "./raft")))
		if len(deps) != 1 || deps[0] != modulePath+"/raft" {
			t.Errorf("go list -deps -tags %q ./raft should print one line, the package itself; it prints %d:\n%s",
				tags, len(deps), strings.Join(deps, "\n"))
		}
	}
}

func TestALayerViolationIsFoundByName(t *testing.T) {
	const list = "server: wal, raft\nclient:\nhelper: sim\nsim: wal, raft\nwal: raft\nplanned (later): raft\nraft:\n"
	complete := func() graph {
		return graph{"server": {"wal": true}, "client": {}, "sim": {"raft": true}, "helper": {}, "wal": {}, "raft": {}}
	}
	cases := []struct {
		name   string
		change func(graph)
		want   []string
	}{
		{"what is listed is allowed", func(graph) {}, nil},
		{"an arrow up", func(g graph) { g.add("raft", "wal") }, []string{"raft imports wal"}},
		{"an arrow not listed", func(g graph) { g.add("wal", "client") }, []string{"wal imports client", "server reaches client"}},
		{"a package not listed", func(g graph) { g.add("util", "") }, []string{"util isn't listed"}},
		{"a listed package that is gone", func(g graph) { delete(g, "client") }, []string{"client is listed but doesn't exist"}},
		{"a planned package that has come", func(g graph) { g.add("planned", "raft") }, []string{"planned exists"}},
		{
			"a realization that imports the simulator", func(g graph) { g.add("client", "sim") },
			[]string{"client imports sim", "client reaches sim"},
		},
		{
			"a realization that reaches the simulator through another package",
			func(g graph) { g.add("server", "helper"); g.add("helper", "sim") },
			[]string{"server imports helper", "server reaches sim"},
		},
		{
			"a part of one realization that imports another", func(g graph) { g.add("server/api", "client") },
			[]string{"server/api isn't listed", "server/api reaches client"},
		},
	}
	layers, err := parseLayers(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			imports := complete()
			c.change(imports)
			expectViolations(t, layerViolations(layers, imports), c.want...)
		})
	}
}

func TestAListOfLayersThatContradictsItselfIsRefused(t *testing.T) {
	for list, want := range map[string]string{
		"raft: wal\nwal: raft\n":  "wal may import raft, which doesn't stand below it",
		"raft: raft\n":            "raft may import raft, which doesn't stand below it",
		"wal: raft\n":             "raft, which has no line",
		"raft:\nwal:\nraft:\n":    "listed already, on line 1",
		"raft imports nothing\n":  "no colon",
		"# raft: wal\nwal: raft ": "raft, which has no line",
	} {
		if _, err := parseLayers(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one that says %q", list, err, want)
		}
	}
}

// expectViolations compares violations with the beginnings they should have,
// one by one and in order.
func expectViolations(t *testing.T, got []string, want ...string) {
	t.Helper()
	matches := len(got) == len(want)
	for i := 0; matches && i < len(got); i++ {
		matches = strings.Contains(got[i], want[i])
	}
	if !matches {
		t.Errorf("got the violations\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
