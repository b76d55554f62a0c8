//go:build unix

package smartfusion2_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftless-raft/driftless/embedded/emulator"
	"github.com/driftless-raft/driftless/embedded/ether"
)

// The tests run the trial program on emulated boards: what it says there is what the
// drivers do.

// firmware builds the trial. Without TinyGo or the emulator the test is skipped, so that
// a clone tests with nothing but Go; in CI that is a failure.
func firmware(t *testing.T) string {
	t.Helper()
	const tools = "../../tinygo/"
	if output, err := exec.Command(tools + "find").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: %s", err, output)
		}
		t.Skipf("%v: %s", err, output)
	}
	for _, folder := range []string{".", "trial", tools, tools + "target"} { // which the go command does not know we read
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if _, err := os.Stat(filepath.Join(folder, f.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "trial.elf")
	if output, err := exec.Command(tools+"build", "-o", file, "-board", "emcraft-sf2", "./trial").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return file
}

// blankFlash is a file with the flash of a new board.
func blankFlash(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nor")
	if err := emulator.EraseFlash(file); err != nil {
		t.Fatal(err)
	}
	return file
}

func start(t *testing.T, o *emulator.Options) *emulator.Board {
	t.Helper()
	b, err := emulator.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func cut(t *testing.T, b *emulator.Board) {
	t.Helper()
	if err := b.Cut(); err != nil {
		t.Error(err)
	}
}

// next is what a board says next.
func next(t *testing.T, b *emulator.Board) string {
	t.Helper()
	select {
	case line, on := <-b.Lines():
		if !on {
			t.Fatal("the board has failed")
		}
		return strings.TrimRight(line, "\x00")
	case <-time.After(time.Minute):
		t.Fatal("the board says nothing")
	}
	return ""
}

func expect(t *testing.T, b *emulator.Board, want string) {
	t.Helper()
	if got := next(t, b); got != want {
		t.Fatalf("the board says %q, not %q", got, want)
	}
}

func say(t *testing.T, b *emulator.Board, text string) {
	t.Helper()
	if err := b.Say(text); err != nil {
		t.Fatal(err)
	}
}

func TestTheFlashKeepsWhatIsProgrammedAndTheProcessorSleepsBetweenItsDeadlines(t *testing.T) {
	program, flash := firmware(t), blankFlash(t)
	for _, left := range []int{8, 7, 6} {
		// Time by instructions, so that what it says is the same in every run.
		b := start(t, &emulator.Options{Program: program, Flash: flash, Instructions: true})
		expect(t, b, fmt.Sprintf("starts left: %08x", left))
		expect(t, b, "erased: 000000ff")
		expect(t, b, "f0 and 3f: 00003030")
		expect(t, b, "beside it: 000000ff")
		expect(t, b, "sleeps")
		expect(t, b, "woke: 0000000a")
		expect(t, b, "slept: 000003e8")
		expect(t, b, "which of two")
		cut(t, b)
	}
}

func TestBoardsSendEachOtherFramesAndSleepUntilTheyCome(t *testing.T) {
	program, folder := firmware(t), t.TempDir()
	cable := filepath.Join(folder, "cable")
	paths := map[int]string{1: filepath.Join(folder, "1"), 2: filepath.Join(folder, "2")}
	s, err := ether.Listen(cable, paths)
	if err != nil {
		t.Fatal(err)
	}
	var boards [3]*emulator.Board
	for number := 1; number <= 2; number++ {
		b := start(t, &emulator.Options{Program: program, Flash: blankFlash(t), Socket: paths[number], Cable: cable})
		boards[number] = b
		t.Cleanup(func() { cut(t, b) })
		for next(t, b) != "which of two" {
		}
		say(t, b, fmt.Sprint(number))
		expect(t, b, "ready")
	}
	for round := range 20 { // more than the MAC has descriptors for
		from, to := boards[1+round%2], boards[2-round%2]
		say(t, from, fmt.Sprintf("frame %d, over the cable\n", round))
		expect(t, to, fmt.Sprintf("frame %d, over the cable", round))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if forwarded, lost := s.Frames(); forwarded != 20 || lost != 0 {
		t.Errorf("the switch forwarded %d frames and lost %d, not 20 and 0", forwarded, lost)
	}
}
