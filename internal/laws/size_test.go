package laws

import (
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"testing"
)

// The bounds on package raft, so that a reader can hold it in the head.
const (
	exportedNamesMax   = 45   // types, functions and variables; constants are free
	exportedMethodsMax = 45   // declared ones and those of exported interfaces
	codeLinesMax       = 3000 // without comments and blank lines
	functionLinesMax   = 70   // from the word func to the closing brace, both included
)

// A size is what a reader of a package has to take in.
type size struct {
	types, functions, variables int // exported
	methods, interfaceMethods   int // exported
	constants                   int // exported; not bounded
	codeLines                   int
	longest                     function
	tooLong                     []function
}

// A function is the name, place and length of one.
type function struct {
	name, at string
	lines    int
}

func (f function) String() string {
	return fmt.Sprintf("%s (%s, %d lines)", f.name, f.at, f.lines)
}

// measure counts a package from its syntax tree.
func (s *source) measure() size {
	counted := size{codeLines: s.codeLines()}
	for _, file := range s.files {
		for _, declaration := range file.Decls {
			switch declaration := declaration.(type) {
			case *ast.FuncDecl:
				switch {
				case !declaration.Name.IsExported():
				case declaration.Recv == nil:
					counted.functions++
				default:
					counted.methods++
				}
			case *ast.GenDecl:
				counted.addDeclaration(declaration)
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			var name string
			switch node := node.(type) {
			case *ast.FuncDecl:
				name = node.Name.Name
			case *ast.FuncLit:
				name = "a function literal"
			default:
				return true
			}
			lines := s.fset.Position(node.End()).Line - s.fset.Position(start(node)).Line + 1
			counted.addFunction(function{name: name, at: s.at(start(node)), lines: lines})
			return true
		})
	}
	return counted
}

// start returns the position of the word func, past the doc comment.
func start(node ast.Node) token.Pos {
	if declaration, ok := node.(*ast.FuncDecl); ok {
		return declaration.Type.Func
	}
	return node.Pos()
}

func (c *size) addFunction(f function) {
	if f.lines > c.longest.lines {
		c.longest = f
	}
	if f.lines > functionLinesMax {
		c.tooLong = append(c.tooLong, f)
	}
}

func (c *size) addDeclaration(declaration *ast.GenDecl) {
	for _, spec := range declaration.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if !spec.Name.IsExported() {
				continue
			}
			c.types++
			if methods, ok := spec.Type.(*ast.InterfaceType); ok {
				c.interfaceMethods += exportedCount(fieldNames(methods.Methods))
			}
		case *ast.ValueSpec:
			if declaration.Tok == token.CONST {
				c.constants += exportedCount(spec.Names)
			} else {
				c.variables += exportedCount(spec.Names)
			}
		}
	}
}

func fieldNames(fields *ast.FieldList) []*ast.Ident {
	var names []*ast.Ident
	for _, field := range fields.List {
		names = append(names, field.Names...)
	}
	return names
}

func exportedCount(names []*ast.Ident) int {
	count := 0
	for _, name := range names {
		if name.IsExported() {
			count++
		}
	}
	return count
}

// violations compares what was counted with the bounds.
func (c *size) violations() []string {
	var found []string
	bound := func(what string, got, limit int) {
		if got > limit {
			found = append(found, fmt.Sprintf("%d %s: at most %d", got, what, limit))
		}
	}
	bound("exported types, functions and variables", c.types+c.functions+c.variables, exportedNamesMax)
	bound("exported methods", c.methods, exportedMethodsMax)
	bound("code lines", c.codeLines, codeLinesMax)
	for _, f := range c.tooLong {
		found = append(found, fmt.Sprintf("%v: at most %d", f, functionLinesMax))
	}
	return found
}

func TestTheCoreCanBeHeldInTheHead(t *testing.T) {
	for variant, core := range coreVariants(t) {
		t.Run(variant, func(t *testing.T) {
			counted := core.measure()
			t.Logf("%d of %d exported types, functions and variables (%d types, %d functions, %d variables); %d constants",
				counted.types+counted.functions+counted.variables, exportedNamesMax,
				counted.types, counted.functions, counted.variables, counted.constants)
			t.Logf("%d of %d exported methods, and %d that the ports ask for",
				counted.methods, exportedMethodsMax, counted.interfaceMethods)
			t.Logf("%d of %d code lines; the longest function is %v", counted.codeLines, codeLinesMax, counted.longest)
			for _, violation := range counted.violations() {
				t.Error(violation)
			}
		})
	}
}

func TestEverythingCountedIsFound(t *testing.T) {
	counted := snippet(t, `
// A comment is no code.
type Exported struct{ Field int }

type hidden struct{}

/* Nor
is this. */
type Port interface {
	Send() bool // one
	receive()
	Close()
}

var A, B, c = 1, 2, 3

const One, Two = 1, 2

const raw = `+"`two\n\nmore`"+`

func Function() { _ = func() {} }
func function() {}

func (Exported) Method()  {}
func (hidden) Method()    {}
func (*Exported) method() {}
`).measure()
	want := size{
		types: 2, functions: 1, variables: 2, methods: 2, interfaceMethods: 2, constants: 2,
		codeLines: 1 + 2 + 5 + 2 + 3 + 2 + 3,
		longest:   function{name: "Function", at: "snippet.go:24", lines: 1},
	}
	if fmt.Sprintf("%+v", counted) != fmt.Sprintf("%+v", want) {
		t.Errorf("counted\n  %+v\nwant\n  %+v", counted, want)
	}
	expectViolations(t, counted.violations())
}

func TestEachBoundIsKept(t *testing.T) {
	repeat := func(format string, times int) string {
		text := ""
		for i := range times {
			text += fmt.Sprintf(format, i)
		}
		return text
	}
	cases := []struct {
		name, atBound, over, want string
	}{
		{"types", repeat("type T%d bool\n", 45), "type Extra bool", "46 exported types"},
		{"functions", repeat("func F%d() {}\n", 45), "func Extra() {}", "46 exported types, functions"},
		{"variables", repeat("var V%d bool\n", 45), "var Extra bool", "46 exported types, functions and variables"},
		{"methods", "type t bool\n" + repeat("func (t) M%d() {}\n", 45), "func (t) Extra() {}", "46 exported methods"},
		{"code lines", repeat("var v%d bool // said\n\n// more\n", 2999), "var extra bool", "3001 code lines"},
		{
			"lines of a function", "func f() {\n" + repeat("_ = %d\n", 68) + "}",
			"// A comment above doesn't count.\nfunc g() {\n" + repeat("_ = %d // nor beside\n", 69) + "}",
			"g (snippet.go:73, 71 lines): at most 70",
		},
		{
			"lines of a function literal", "var f = func() {\n" + repeat("_ = %d\n", 68) + "}",
			"var g = func() {\n" + repeat("_ = %d\n", 69) + "}",
			"a function literal (snippet.go:72, 71 lines): at most 70",
		},
		{"constants are free", repeat("const C%d = 1\n", 100), "const Extra = 1", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			counted := snippet(t, c.atBound).measure()
			expectViolations(t, counted.violations())
			counted = snippet(t, c.atBound+"\n"+c.over).measure()
			if c.want == "" {
				expectViolations(t, counted.violations())
				return
			}
			expectViolations(t, counted.violations(), c.want)
		})
	}
}

// specLinesMax bounds package spec, so that it can be read beside the dissertation.
const specLinesMax = 600 // without comments and blank lines

func TestTheSpecificationCanBeReadInOneSitting(t *testing.T) {
	counted := readSource(t, filepath.Join(moduleRoot(t), "spec")).measure()
	t.Logf("%d of %d code lines; the longest function is %v", counted.codeLines, specLinesMax, counted.longest)
	if counted.codeLines >= specLinesMax {
		t.Errorf("package spec has %d code lines: fewer than %d", counted.codeLines, specLinesMax)
	}
	for _, f := range counted.tooLong {
		t.Errorf("%v: at most %d", f, functionLinesMax)
	}
}
