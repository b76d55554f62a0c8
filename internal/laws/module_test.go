package laws

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// modulePath is the import path of the product module.
const modulePath = "github.com/driftless-raft/driftless"

// moduleRoot returns the folder of the product module's go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("the module's root should be two folders above internal/laws: %v", err)
	}
	return root
}

// readFile returns a file of the repository, named by its path from the root.
func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// goCommand runs the go command in the module's root and returns what it
// printed on standard output.
func goCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = moduleRoot(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// walkFiles calls visit for every file of the repository that the go command
// could see: not for those in folders whose names begin with a dot or an
// underscore, nor for test data. The slash-separated name starts at the root;
// nested says whether the file belongs to a module of its own below the root.
func walkFiles(t *testing.T, visit func(name string, nested bool)) {
	t.Helper()
	root := moduleRoot(t)
	nestedModules := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(relative)
		if !entry.IsDir() {
			visit(name, nestedModules[path.Dir(name)])
			return nil
		}
		if name == "." {
			return nil
		}
		base := entry.Name()
		if base == "testdata" || base[0] == '.' || base[0] == '_' {
			return fs.SkipDir
		}
		_, missing := os.Stat(filepath.Join(file, "go.mod"))
		nestedModules[name] = missing == nil || nestedModules[path.Dir(name)]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
