package laws

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"testing"
)

// constructViolations finds what may not stand in the core: what allocates,
// waits, reads a clock, prints, or has another size on another machine. Three
// of these the linker of a board would find too, but only in the code that its
// program reaches and only where that linker is installed.
func (s *source) constructViolations() []string {
	var found []string
	for _, file := range s.files {
		ast.Inspect(file, func(node ast.Node) bool {
			if what := s.forbidden(node); what != "" {
				found = append(found, fmt.Sprintf("%s: %s", s.at(node.Pos()), what))
			}
			return true
		})
	}
	return append(found, s.platformSizes()...)
}

// forbidden says why a node of the syntax tree may not stand in the core.
func (s *source) forbidden(node ast.Node) string {
	switch node := node.(type) {
	case *ast.ImportSpec:
		return "imports " + node.Path.Value + ": the core imports nothing"
	case *ast.MapType:
		return "a map allocates and has no order"
	case *ast.ChanType, *ast.SendStmt, *ast.SelectStmt:
		return "a channel waits: the core is a function of its inputs"
	case *ast.GoStmt:
		return "a goroutine: the core is a function of its inputs"
	case *ast.UnaryExpr:
		if node.Op == token.ARROW {
			return "a channel waits: the core is a function of its inputs"
		}
	case *ast.BasicLit:
		if node.Kind == token.FLOAT || node.Kind == token.IMAG {
			return "floating point differs between machines"
		}
	case *ast.Ident:
		switch s.info.Uses[node] {
		case types.Universe.Lookup("append"):
			return "append allocates: capacities are fixed"
		case types.Universe.Lookup("print"), types.Universe.Lookup("println"):
			return node.Name + ": the core doesn't print"
		case types.Universe.Lookup("recover"):
			return "recover: an assertion that fails must stop the node"
		case types.Universe.Lookup("float32"), types.Universe.Lookup("float64"):
			return "floating point differs between machines"
		}
	}
	return ""
}

// platformSizes finds int, uint and uintptr where they are kept or travel: in
// struct fields, named types and exported variables and constants. A function may
// take or return an int that counts or indexes a slice in memory, as len does:
// capacities bound it far below any int's size.
func (s *source) platformSizes() []string {
	var found []string
	for _, file := range s.files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.TypeSpec:
				found = append(found, s.platformSizeOf(node.Name)...)
			case *ast.StructType:
				for _, name := range fieldNames(node.Fields) {
					found = append(found, s.platformSizeOf(name)...)
				}
			case *ast.ValueSpec:
				for _, name := range node.Names {
					if name.IsExported() {
						found = append(found, s.platformSizeOf(name)...)
					}
				}
			}
			return true
		})
	}
	return found
}

func (s *source) platformSizeOf(name *ast.Ident) []string {
	object := s.info.Defs[name]
	if object == nil {
		return nil
	}
	declared := object.Type()
	if _, isType := object.(*types.TypeName); isType {
		declared = declared.Underlying()
	}
	if !hasPlatformSize(declared) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s has the type %s, whose size differs between machines",
		s.at(name.Pos()), name.Name, types.TypeString(declared, func(*types.Package) string { return "" }))}
}

// hasPlatformSize says whether a type is made of int, uint or uintptr. It
// stops at named types and at structs: their own lines are judged.
func hasPlatformSize(t types.Type) bool {
	switch t := t.(type) {
	case *types.Basic:
		return t.Kind() == types.Int || t.Kind() == types.Uint || t.Kind() == types.Uintptr
	case *types.Alias:
		return hasPlatformSize(types.Unalias(t))
	case *types.Pointer:
		return hasPlatformSize(t.Elem())
	case *types.Slice:
		return hasPlatformSize(t.Elem())
	case *types.Array:
		return hasPlatformSize(t.Elem())
	case *types.Signature:
		return hasPlatformSize(t.Params()) || hasPlatformSize(t.Results())
	case *types.Tuple:
		for variable := range t.Variables() {
			if hasPlatformSize(variable.Type()) {
				return true
			}
		}
	}
	return false
}

// exportedReceiver says whether a function is reachable from outside the
// package by its receiver: it has none, or one of an exported type.
func exportedReceiver(declaration *ast.FuncDecl) bool {
	if declaration.Recv == nil {
		return true
	}
	receiver := declaration.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}

// undocumented finds exported names that nothing is said about. A comment
// above a group speaks for the constants in it; everything else, a method of an
// exported interface too, has its own, above it or on its line. What an
// interface of one method says, it says of that method; the fields of a struct
// are the business of the struct's comment.
func (s *source) undocumented() []string {
	var found []string
	missing := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		for _, comment := range comments {
			if comment != nil && comment.Text() != "" {
				return
			}
		}
		found = append(found, fmt.Sprintf("%s: %s is exported and has no comment", s.at(name.Pos()), name.Name))
	}
	for _, file := range s.files {
		for _, declaration := range file.Decls {
			switch declaration := declaration.(type) {
			case *ast.FuncDecl:
				if exportedReceiver(declaration) {
					missing(declaration.Name, declaration.Doc)
				}
			case *ast.GenDecl:
				undocumentedIn(declaration, missing)
			}
		}
	}
	return found
}

func undocumentedIn(declaration *ast.GenDecl, missing func(*ast.Ident, ...*ast.CommentGroup)) {
	var group *ast.CommentGroup
	if declaration.Tok == token.CONST || !declaration.Lparen.IsValid() {
		group = declaration.Doc
	}
	for _, spec := range declaration.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				missing(name, spec.Doc, spec.Comment, group)
			}
		case *ast.TypeSpec:
			missing(spec.Name, spec.Doc, group)
			if !spec.Name.IsExported() {
				continue
			}
			if port, ok := spec.Type.(*ast.InterfaceType); ok && port.Methods.NumFields() > 1 {
				for _, method := range port.Methods.List {
					for _, name := range method.Names {
						missing(name, method.Doc, method.Comment)
					}
				}
			}
		}
	}
}

func TestTheCoreDoesWithoutForbiddenConstructs(t *testing.T) {
	for variant, core := range coreVariants(t) {
		t.Run(variant, func(t *testing.T) {
			for _, violation := range core.constructViolations() {
				t.Error("raft/" + violation)
			}
		})
	}
}

func TestEveryExportedNameOfTheCoreIsExplained(t *testing.T) {
	for variant, core := range coreVariants(t) {
		t.Run(variant, func(t *testing.T) {
			for _, violation := range core.undocumented() {
				t.Error("raft/" + violation)
			}
		})
	}
}

func TestAForbiddenConstructIsFound(t *testing.T) {
	cases := []struct {
		name, text string
		want       []string
	}{
		{"nothing forbidden", "type T struct{ a [4]uint64; b []byte; F func(int32) bool }\n\nfunc F(t *T) { n := len(t.b); _ = n }\n\nconst C = 1\n\nfunc f(n int) int { return n }", nil},
		{"an import", `import "os"`, []string{`imports "os"`}},
		{"fmt", "import \"fmt\"\n\nfunc f() { fmt.Println() }", []string{`imports "fmt"`}},
		{"time under another name", `import clock "time"`, []string{`imports "time"`}},
		{"append", "func f(b []byte) { b = append(b, 1); _ = b }", []string{"append allocates"}},
		{"append of one's own", "func f() { append := func() {}; append() }", nil},
		{"a map", "func f() { _ = map[bool]bool{} }", []string{"a map allocates"}},
		{"a map in a field", "type t struct { m map[bool]bool }", []string{"a map allocates"}},
		{"a channel type", "type t struct { c chan bool }", []string{"a channel waits"}},
		{"a send", "func f(c <-chan bool, d chan<- bool) { d <- <-c }", []string{"a channel", "a channel", "a channel", "a channel"}},
		{"select", "func f() { select {} }", []string{"a channel waits"}},
		{"go", "func f() { go f() }", []string{"a goroutine"}},
		{"println", `func f() { println("x") }`, []string{"println: the core doesn't print"}},
		{"recover", "func f() { recover() }", []string{"recover"}},
		{"floating point", "func f(x float64) bool { return x < 0.5 }", []string{"floating point", "floating point"}},
		{"int in a struct", "type t struct { n, m int }", []string{"n has the type int", "m has the type int"}},
		{"int in a local struct", "func f() { var x struct { n uint }; _ = x }", []string{"n has the type uint"}},
		{"int inside a field's type", "type t struct { a [4]*uint; f func() uintptr }", []string{"a has the type [4]*uint", "f has the type func() uintptr"}},
		{"int under a name of one's own", "type t int", []string{"t has the type int"}},
		{"int as an alias", "type t = int\n\nfunc F(t) {}", []string{"t has the type int"}},
		{"int as a count", "type port interface { read() int }\n\nfunc F(n int) int { return n }", nil},
		{"int inferred for a variable", "var V = 3", []string{"V has the type int"}},
		{"int as a constant's type", "const C int = 3", []string{"C has the type int"}},
		{"int out of sight", "type t bool\n\nfunc (t) M(n int) {}\n\nfunc f(n int) { var v = n; _ = v }\n\nvar v = 3", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			expectViolations(t, snippet(t, c.text).constructViolations(), c.want...)
		})
	}
}

func TestAnExportedNameWithoutACommentIsFound(t *testing.T) {
	cases := []struct {
		name, text string
		want       []string
	}{
		{
			"everything said",
			"// T is.\ntype T struct{ A bool }\n\n// F does.\nfunc F() {}\n\n// Kinds.\nconst (\n\tX = 1\n\tY = 2\n)\n\n// V is.\nvar V bool\n\nfunc f() {}\n\ntype t struct{ A bool }\n\nfunc (t) M() {}",
			nil,
		},
		{"a function", "func F() {}", []string{"F is exported"}},
		{"a directive is no comment", "//go:noinline\nfunc F() {}", []string{"F is exported"}},
		{"a method", "// T is.\ntype T bool\n\nfunc (T) M() {}", []string{"M is exported"}},
		{"a method of a pointer", "// T is.\ntype T bool\n\nfunc (*T) M() {}", []string{"M is exported"}},
		{"a type", "type T bool", []string{"T is exported"}},
		{"a type in a group", "// Both are.\ntype (\n\tT bool\n\tU bool\n)", []string{"T is exported", "U is exported"}},
		{"a port of one method", "// P is.\ntype P interface{ Send() }", nil},
		{"a port's method", "// P is.\ntype P interface {\n\tSend()\n\t// Close does.\n\tClose()\n\tOpen() // Open does.\n}", []string{"Send is exported"}},
		{"a variable", "var V bool", []string{"V is exported"}},
		{"a constant", "const C = 1", []string{"C is exported"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			expectViolations(t, snippet(t, c.text).undocumented(), c.want...)
		})
	}
}
