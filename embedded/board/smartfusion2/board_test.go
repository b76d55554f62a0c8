package smartfusion2_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// blankFlash is a file with 16 MiB of ones.
func blankFlash(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nor")
	if err := os.WriteFile(file, bytes.Repeat([]byte{0xff}, 16<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A board is an emulator that runs the trial.
type board struct {
	t       *testing.T
	process *exec.Cmd
	keys    io.Writer
	screen  *bufio.Reader
}

func start(t *testing.T, program, flash string, more ...string) *board {
	t.Helper()
	arguments := append([]string{
		"-machine", "emcraft-sf2", "-display", "none", "-monitor", "none", "-serial", "stdio",
		"-kernel", program, "-drive", "if=mtd,format=raw,file=" + flash,
	}, more...)
	b := &board{t: t, process: exec.Command("qemu-system-arm", arguments...)}
	keys, err := b.process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	screen, err := b.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	b.keys, b.screen = keys, bufio.NewReader(screen)
	if err := b.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.cut)
	guard := time.AfterFunc(time.Minute, func() { _ = b.process.Process.Kill() }) // or a board that says nothing would be waited for
	t.Cleanup(func() { guard.Stop() })
	return b
}

// cut takes the power away.
func (b *board) cut() {
	if err := b.process.Process.Kill(); err == nil {
		_ = b.process.Wait()
	} else if !errors.Is(err, os.ErrProcessDone) {
		b.t.Error(err)
	}
}

// expect compares the next line.
func (b *board) expect(want string) {
	b.t.Helper()
	line, err := b.screen.ReadString('\n')
	if got := strings.TrimRight(line, "\x00\n"); got != want {
		b.t.Fatalf("the board says %q, not %q (%v)", got, want, err)
	}
}

func (b *board) say(text string) {
	b.t.Helper()
	if _, err := io.WriteString(b.keys, text); err != nil {
		b.t.Fatal(err)
	}
}

func TestTheFlashKeepsWhatIsProgrammedAndTheProcessorSleepsBetweenItsDeadlines(t *testing.T) {
	program, flash := firmware(t), blankFlash(t)
	for _, left := range []int{8, 7, 6} {
		// Time by instructions, so that what it says is the same in every run.
		b := start(t, program, flash, "-icount", "shift=6,sleep=off")
		b.expect(fmt.Sprintf("starts left: %08x", left))
		b.expect("erased: 000000ff")
		b.expect("f0 and 3f: 00003030")
		b.expect("beside it: 000000ff")
		b.expect("sleeps")
		b.expect("woke: 0000000a")
		b.expect("slept: 000003e8")
		b.expect("which of two")
		b.cut()
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
	defer s.Close()
	var boards [3]*board
	for number := 1; number <= 2; number++ {
		boards[number] = start(t, program, blankFlash(t),
			"-netdev", "dgram,id=cable,local.type=unix,local.path="+paths[number]+",remote.type=unix,remote.path="+cable, "-net", "nic,netdev=cable")
		for line := ""; !strings.Contains(line, "which of two"); {
			if line, err = boards[number].screen.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		boards[number].say(fmt.Sprint(number))
		boards[number].expect("ready")
	}
	for round := range 20 { // more than the MAC has descriptors for
		from, to := boards[1+round%2], boards[2-round%2]
		from.say(fmt.Sprintf("frame %d, over the cable\n", round))
		to.expect(fmt.Sprintf("frame %d, over the cable", round))
	}
	if forwarded, lost := s.Frames(); forwarded != 20 || lost != 0 {
		t.Errorf("the switch forwarded %d frames and lost %d, not 20 and 0", forwarded, lost)
	}
}
