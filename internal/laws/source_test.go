package laws

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// boardTag selects the core's capacities for microcontrollers.
const boardTag = "driftless_board"

// A source is one package, parsed and type-checked: its non-test files under
// one set of build tags.
type source struct {
	fset  *token.FileSet
	files []*ast.File
	text  [][]byte // the files' contents, in the order of files
	info  types.Info
}

// coreVariants returns package raft under each set of build tags it knows.
func coreVariants(t *testing.T) map[string]*source {
	t.Helper()
	dir := filepath.Join(moduleRoot(t), "raft")
	return map[string]*source{
		"default":           readSource(t, dir),
		"-tags " + boardTag: readSource(t, dir, boardTag),
	}
}

// readSource parses the non-test files of the package in dir that belong to
// the build with these tags.
func readSource(t *testing.T, dir string, tags ...string) *source {
	t.Helper()
	context := build.Default
	context.BuildTags = tags
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	var names []string
	for _, entry := range entries {
		name := entry.Name()
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		match, err := context.MatchFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		if !match {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		files[name] = string(text)
	}
	if len(names) == 0 {
		t.Fatalf("%s has no Go files for the tags %q", dir, tags)
	}
	return parseSource(t, names, files)
}

// snippet parses one file given as text, for the tests of the checks.
func snippet(t *testing.T, text string) *source {
	t.Helper()
	return parseSource(t, []string{"snippet.go"}, map[string]string{"snippet.go": "package snippet\n" + text})
}

func parseSource(t *testing.T, names []string, files map[string]string) *source {
	t.Helper()
	s := &source{fset: token.NewFileSet(), info: types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}}
	for _, name := range names {
		file, err := parser.ParseFile(s.fset, name, files[name], parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, file)
		s.text = append(s.text, []byte(files[name]))
	}
	// Errors are left to the compiler, which words them better; here an import
	// that can't be resolved must not hide what else is wrong with the source.
	config := types.Config{Error: func(error) {}, FakeImportC: true}
	_, _ = config.Check("source", s.fset, s.files, &s.info)
	return s
}

// codeLines counts the lines that hold something other than a comment.
func (s *source) codeLines() int {
	count := 0
	for _, text := range s.text {
		fset := token.NewFileSet()
		file := fset.AddFile("", fset.Base(), len(text))
		var tokens scanner.Scanner
		tokens.Init(file, text, nil, 0) // without scanner.ScanComments: comments are skipped
		last := 0
		for {
			pos, tok, literal := tokens.Scan()
			if tok == token.EOF {
				break
			}
			if tok == token.SEMICOLON && literal == "\n" {
				continue // put there by the scanner
			}
			first := max(file.Line(pos), last+1)
			last = max(last, file.Line(pos)+strings.Count(literal, "\n"))
			count += last - first + 1
		}
	}
	return count
}

// at returns file and line of a position, for messages.
func (s *source) at(pos token.Pos) string {
	position := s.fset.Position(pos)
	position.Column = 0
	return position.String()
}
