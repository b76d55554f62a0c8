package proof_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/embedded/proof"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

func TestTheHostAllocatesNothing(t *testing.T) {
	allocations := testing.AllocsPerRun(1, func() {
		proof.Run(func(string) {})
		proof.RunMachines(func(string) {})
		proof.RunServer(func(string) {})
		proof.RunRuntime(func(string) {})
	})
	if allocations != 0 {
		t.Errorf("Run made %v allocations, want none", allocations)
	}
}

// onBoard returns what a proof program prints when run on an emulated board, and
// the sizes that the build script prints.
func onBoard(t *testing.T, board, program string) (output, sizes string) {
	t.Helper()
	needTools(t)
	elf := filepath.Join(t.TempDir(), "board.elf")
	sizes, err := tool("build", "-board", board, "-o", elf, "./"+program)
	if err != nil {
		t.Fatalf("the proof program does not link without a heap:\n%v", err)
	}
	output, err = tool("run", "-board", board, elf)
	if err != nil {
		t.Fatalf("the proof program failed on the board: %v\nits output:\n%s", err, output)
	}
	return output, sizes
}

// inWebAssembly returns what a proof program prints when run as WebAssembly.
func inWebAssembly(t *testing.T, name string) string {
	t.Helper()
	file := buildWithGo(t, name, "GOOS=wasip1", "GOARCH=wasm")
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	ctx := t.Context()
	runtime := wazero.NewRuntime(ctx)
	defer runtime.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	var output bytes.Buffer // print writes to standard error
	if _, err := runtime.InstantiateWithConfig(ctx, program, wazero.NewModuleConfig().WithStderr(&output)); err != nil {
		t.Fatalf("running as WebAssembly: %v\nits output:\n%s", err, output.String())
	}
	return output.String()
}

// Without this test a linker that overlooks allocations would pass for a proof.
func TestAnAllocatingProgramDoesNotLink(t *testing.T) {
	needTools(t)
	const program = "allocating/main.go"
	_, err := tool("build", "-o", filepath.Join(t.TempDir(), "allocating.elf"), "./allocating")
	if err == nil {
		t.Fatal("a program that allocates was linked with -gc=none: the no-heap proof proves nothing")
	}
	message := err.Error()
	if want := "linker could not find symbol runtime.alloc"; !strings.Contains(message, want) {
		t.Fatalf("linking failed for another reason than %q:\n%s", want, message)
	}
	source, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(source), "\n") {
		place := fmt.Sprintf("embedded/proof/%s:%d:", program, i+1)
		if strings.HasSuffix(line, "// allocates") && !strings.Contains(message, place) {
			t.Errorf("the error does not name %s%s\n%s", place, line, message)
		}
	}
}

// onHost returns what a proof program prints when run here.
func onHost(t *testing.T, program string) string {
	t.Helper()
	output, err := exec.Command(buildWithGo(t, program)).CombinedOutput()
	if err != nil {
		t.Fatalf("the proof program failed on the host: %v\nits output:\n%s", err, output)
	}
	return string(output)
}

// buildWithGo builds a proof program with ordinary Go and the capacities of
// boards, which are part of a node's state and so of the hashes. For this reason
// the host runs it as a program too, instead of calling Run from the test.
func buildWithGo(t *testing.T, program string, environment ...string) string {
	t.Helper()
	watchSources(t)
	file := filepath.Join(t.TempDir(), "board.out")
	build := exec.Command("go", "build", "-tags=driftless_board", "-o", file, "./"+program)
	build.Env = append(os.Environ(), environment...)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the proof program with %q: %v\n%s", environment, err, output)
	}
	return file
}

// needTools skips the test where TinyGo or the emulator is absent, so that a clone
// tests with nothing but Go. In CI a proof that was not made is a failure.
func needTools(t *testing.T) {
	t.Helper()
	if _, err := tool("find"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	watchSources(t)
}

// watchSources looks at the files that only the programs we start read: go test
// keeps a result in its cache until a file changes that the test itself looked at.
func watchSources(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"../tinygo", "../../raft", "../../statemachine", "../../internal/script", "../wire", "../bank", "../node.go", "../apply.go", "../requests.go", "../executor.go", "../output.go", "."} {
		if err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	os.Getenv("DRIFTLESS_TINYGO")
}

// tool runs one of the scripts in embedded/tinygo and returns what it prints. The
// error has the words it failed with.
func tool(name string, args ...string) (string, error) {
	command := exec.Command("../tinygo/"+name, args...)
	var output, failure bytes.Buffer
	command.Stdout, command.Stderr = &output, &failure
	err := command.Run()
	if err != nil {
		err = fmt.Errorf("embedded/tinygo/%s: %w\n%s", name, err, strings.TrimSpace(failure.String()))
	}
	return output.String(), err
}

// checkBudget compares the sizes that the build script printed with budget.json:
// growth is then a decision and not an accident.
func checkBudget(t *testing.T, sizes string) {
	t.Helper()
	content, err := os.ReadFile("budget.json")
	if err != nil {
		t.Fatal(err)
	}
	var budget struct {
		Flash int `json:"flash_bytes"`
		RAM   int `json:"ram_bytes"` // variables and stack
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&budget); err != nil {
		t.Fatalf("budget.json: %v", err)
	}
	var flash, ram int
	if _, err := fmt.Sscanf(sizes, "flash=%d ram=%d", &flash, &ram); err != nil {
		t.Fatalf("embedded/tinygo/build printed %q, which has no sizes: %v", sizes, err)
	}
	t.Logf("flash: %d of %d bytes, RAM with stack: %d of %d bytes", flash, budget.Flash, ram, budget.RAM)
	if flash > budget.Flash {
		t.Errorf("the proof program takes %d bytes of flash, %d over its budget (embedded/proof/budget.json)", flash, flash-budget.Flash)
	}
	if ram > budget.RAM {
		t.Errorf("the proof program takes %d bytes of RAM, %d over its budget (embedded/proof/budget.json)", ram, ram-budget.RAM)
	}
}
