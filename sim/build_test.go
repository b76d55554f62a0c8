//go:build !wasip1

package sim

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

func TestWebAssemblyComesToTheSameHash(t *testing.T) {
	if testing.Short() {
		t.Skip("building takes a while: go test without -short")
	}
	file := filepath.Join(t.TempDir(), "sim.test")
	build := exec.Command("go", "test", "-c", "-ldflags=-s -w", "-o", file, ".")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, output)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	runtime := wazero.NewRuntime(t.Context())
	defer runtime.Close(t.Context())
	wasi_snapshot_preview1.MustInstantiate(t.Context(), runtime)
	var output bytes.Buffer
	configuration := wazero.NewModuleConfig().WithStdout(&output).WithStderr(&output).WithEnv(expected, comparedHash(t)).
		WithArgs("sim.test", "-test.v", "-test.run=^TestThisMachineComesToTheHashOfAnother$").WithSysWalltime().WithSysNanotime()
	_, err = runtime.InstantiateWithConfig(t.Context(), program, configuration)
	if err != nil && !strings.Contains(err.Error(), "exit_code(0)") || !strings.Contains(output.String(), "--- PASS: TestThisMachine") {
		t.Errorf("WebAssembly: %v\n%s", err, output.String())
	}
}
