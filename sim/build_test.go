package sim

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// expected is where another machine is told what hash the sweep below has.
const expected = "DRIFTLESS_SIM_HASH"

// compared are the seeds whose hash must be the same everywhere.
const comparedFirst, comparedLast = 1, 60

// comparedHash is what the compared seeds come to here.
func comparedHash(t *testing.T) string {
	t.Helper()
	sum := Sweep(context.Background(), comparedFirst, comparedLast, expand(0), nil)
	if sum.First != nil {
		t.Fatalf("seed %d breaks %s: %s", sum.First.Seed, sum.First.Failure.Rule, sum.First.Failure.What)
	}
	return fmt.Sprintf("%016x after %d messages, %d events and %d scans", sum.Hash, sum.Messages, sum.Events, sum.Scans)
}

func TestWebAssemblyComesToTheSameHash(t *testing.T) {
	if want := os.Getenv(expected); want != "" { // this is the other machine
		if found := comparedHash(t); found != want {
			t.Errorf("seeds %d to %d come to %s, elsewhere to %s", comparedFirst, comparedLast, found, want)
		}
		return
	}
	if testing.Short() {
		t.Skip("building takes a while: go test without -short")
	}
	file := filepath.Join(t.TempDir(), "sim.test")
	build := exec.Command("go", "test", "-c", "-o", file, ".")
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
		WithArgs("sim.test", "-test.v", "-test.run=^TestWebAssemblyComesToTheSameHash$").WithSysWalltime().WithSysNanotime()
	_, err = runtime.InstantiateWithConfig(t.Context(), program, configuration)
	if err != nil && !strings.Contains(err.Error(), "exit_code(0)") || !strings.Contains(output.String(), "--- PASS: TestWebAssembly") {
		t.Errorf("WebAssembly: %v\n%s", err, output.String())
	}
}
