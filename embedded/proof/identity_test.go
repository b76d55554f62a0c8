package proof_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// boards are those that the proof programs run on: a 32-bit Arm and a 32-bit RISC-V.
// The budget holds for the first, and of the programs for the core's alone.
var boards = []string{"lm3s6965evb", "virt"}

var programs = []string{"board", "machines", "server", "runtime"}

// The scripts are compared with their files, which is more, by tests of their own.
func TestEveryArchitectureComputesTheSame(t *testing.T) {
	for _, program := range programs {
		t.Run(program, func(t *testing.T) {
			want := onHost(t, program)
			if !isHashes(want) {
				t.Fatalf("the host printed no hashes: %q", want)
			}
			t.Logf("%-24s %s", runtime.GOOS+", "+runtime.GOARCH, inOneLine(want))
			compare := func(place, got string) {
				t.Logf("%-24s %s", place, inOneLine(got))
				if got != want {
					t.Errorf("%s computes something else than the host\nthere:\n%s\nhost:\n%s", place, got, want)
				}
			}
			compare("WebAssembly", inWebAssembly(t, program))
			for _, board := range boards { // last, since without the tools they are skipped
				output, sizes := onBoard(t, board, program)
				compare(board, output)
				if program == "board" && board == boards[0] {
					checkBudget(t, sizes)
				}
			}
		})
	}
}

// isHashes reports whether an output is lines of a name and 16 digits, no hash twice.
func isHashes(output string) bool {
	var hashes []string
	for line := range strings.Lines(output) {
		_, hash, _ := strings.Cut(strings.TrimSpace(line), " ")
		if len(hash) != 16 || strings.Trim(hash, "0123456789abcdef") != "" || slices.Contains(hashes, hash) {
			return false
		}
		hashes = append(hashes, hash)
	}
	return len(hashes) > 0
}

func inOneLine(output string) string { return strings.Join(strings.Fields(output), " ") }

func TestAStackThatOverflowsEndsTheProgram(t *testing.T) {
	needTools(t)
	for _, board := range boards {
		t.Run(board, func(t *testing.T) {
			elf, exceptions := filepath.Join(t.TempDir(), "overflowing.elf"), filepath.Join(t.TempDir(), "exceptions")
			if _, err := tool("build", "-board", board, "-o", elf, "./overflowing"); err != nil {
				t.Fatal(err)
			}
			output, err := tool("run", "-board", board, elf, "-d", "int", "-D", exceptions)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || output != "begun\n" {
				t.Fatalf("got %q and %v, want %q and exit code 1", output, err, "begun\n")
			}
			if board != "virt" {
				return // an Arm's exception comes with others: that of the debugger, to say so
			}
			// An exception whose handling needs the stack would raise the next one.
			told, err := os.ReadFile(exceptions)
			if n := strings.Count(string(told), "desc="); err != nil || n != 1 || !strings.Contains(string(told), "desc=fault_store") {
				t.Errorf("%d exceptions (%v), want one, of a store:\n%.500s", n, err, told)
			}
		})
	}
}
