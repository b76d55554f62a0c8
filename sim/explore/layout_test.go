package explore

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

var update = flag.Bool("update", false, "write testdata/layout.txt anew")

// fields lists all fields of a type, with those of its structures.
func fields(t reflect.Type, path string, into *strings.Builder) {
	for t.Kind() == reflect.Array { // capacities differ between builds
		path += "[]"
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		fmt.Fprintf(into, "%s %v\n", path, t)
		return
	}
	for f := range t.Fields() {
		fields(f.Type, strings.TrimPrefix(path+"."+f.Name, "."), into)
	}
}

func TestNoFieldOfADriverIsUnknown(t *testing.T) {
	var now strings.Builder
	fields(reflect.TypeFor[raft.Driver](), "", &now)
	const file = "testdata/layout.txt"
	if *update {
		if err := os.WriteFile(file, []byte(now.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	known, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(known)) {
		listed[line] = true
	}
	for line := range strings.Lines(now.String()) {
		if !listed[line] {
			t.Errorf("new: %s", line)
		}
		delete(listed, line)
	}
	for line := range listed {
		t.Errorf("gone: %s", line)
	}
	if t.Failed() {
		t.Error("Decide for each new field whether it makes a difference between states, whether it is an instant, a number " +
			"or a server's name, and have normalize.go and layout.go deal with it; then run go test ./sim/explore -run Driver -update.")
	}
}

func TestTheMirrorsAreWhatTheyMirror(t *testing.T) {
	node := reflect.TypeFor[raft.Node]()
	for name, mirror := range map[string]reflect.Type{
		"sequence": reflect.TypeFor[sequence](), "instant": reflect.TypeFor[instant](),
	} {
		f, found := node.FieldByName(name)
		if !found || f.Type.NumField() != mirror.NumField() || f.Type.Size() != mirror.Size() {
			t.Fatalf("raft.Node.%s is not as large as its mirror, or gone", name)
		}
		for i := range mirror.NumField() {
			a, b := f.Type.Field(i), mirror.Field(i)
			if a.Name != b.Name || a.Offset != b.Offset || a.Type != b.Type {
				t.Errorf("%s.%s: %v at %d in raft, %v at %d here", name, b.Name, a.Type, a.Offset, b.Type, b.Offset)
			}
		}
	}
}

func TestAFieldThatIsGoneIsNamed(t *testing.T) {
	defer func() {
		if got := recover(); got != missingField("node.nothing") {
			t.Errorf("got %v", got)
		}
	}()
	placeOf(reflect.TypeFor[raft.Driver](), "node.nothing")
}

func TestADecodedServerIsTheOneThatWasEncoded(t *testing.T) {
	u := explored(t, &Options{Nodes: 3, Elections: 1, Proposals: 1, Crashes: 1, Slow: 1})
	for id := uint32(1); int(id) <= u.servers.items.length; id++ {
		u.server.decode(u.servers.of(id))
		u.server.normalize()
		if again, fresh := u.servers.intern(u.server.encode()); fresh || again != id {
			t.Fatalf("state %d of a server is another when it has been decoded and normalized: %s", id, u.server.describe())
		}
	}
}

// explored is the universe after all states have been visited.
func explored(t *testing.T, o *Options) *universe {
	t.Helper()
	o.Strategy = BreadthFirst
	u, first, err := newUniverse(o)
	if err != nil {
		t.Fatal(err)
	}
	g := &guard{ctx: t.Context(), options: o, progress: func(uint64, uint64, int) {}}
	if r := newSearch(u, g).run(first); r.Violation != nil {
		t.Fatal(r.Violation.What, r.Violation.Path)
	}
	return u
}
