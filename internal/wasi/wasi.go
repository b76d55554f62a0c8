// Package wasi runs tests as WebAssembly, in a runtime written in Go, so that another
// architecture needs nothing but Go.
package wasi

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// Test builds the tests of the package in the present folder for wasip1 and runs the one
// of a name, with an environment. It returns what that wrote, and an error if it did not
// end well. With go test -short the calling test is skipped.
func Test(t *testing.T, name string, environment map[string]string) (output string, err error) {
	t.Helper()
	if testing.Short() {
		t.Skip("building takes a while: go test without -short")
	}
	file := filepath.Join(t.TempDir(), "wasi.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-ldflags=-s -w", "-o", file, ".")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, said)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	runtime := wazero.NewRuntime(t.Context())
	defer func() { _ = runtime.Close(t.Context()) }() // which keeps nothing
	wasi_snapshot_preview1.MustInstantiate(t.Context(), runtime)
	var written bytes.Buffer
	configuration := wazero.NewModuleConfig().WithStdout(&written).WithStderr(&written).
		WithArgs("wasi.test", "-test.v", "-test.run=^"+name+"$").WithSysWalltime().WithSysNanotime()
	for key, value := range environment {
		configuration = configuration.WithEnv(key, value)
	}
	_, err = runtime.InstantiateWithConfig(t.Context(), program, configuration)
	if err != nil && strings.Contains(err.Error(), "exit_code(0)") {
		err = nil // so a Go program ends
	}
	return written.String(), err
}
