//go:build unix

package main_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/driftless-raft/driftless/embedded/emulator"
	"github.com/driftless-raft/driftless/embedded/ether"
	"github.com/driftless-raft/driftless/raft"
)

// build builds the firmware and returns its file and its sizes, or skips the test where
// TinyGo or the emulator is absent; in CI that is a failure.
func build(t *testing.T) (file string, flash, ram int) {
	t.Helper()
	const tools = "../tinygo/"
	if output, err := exec.Command(tools + "find").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: %s", err, output)
		}
		t.Skipf("%v: %s", err, output)
	}
	watchSources(t)
	file = filepath.Join(t.TempDir(), "firmware.elf")
	output, err := exec.Command(tools+"build", "-o", file, "-board", "emcraft-sf2", "../firmware").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if _, err := fmt.Sscanf(lines[len(lines)-1], "flash=%d ram=%d", &flash, &ram); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return file, flash, ram
}

// watchSources looks at the files that only TinyGo reads: go test keeps a result in its
// cache until a file changes that the test itself looked at.
func watchSources(t *testing.T) {
	t.Helper()
	for _, folder := range []string{"..", "../../raft", "../../statemachine", "../../storage/memory"} {
		if err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheFirmwareForSevenMembersKeepsToItsBudget(t *testing.T) {
	_, flash, ram := build(t)
	text, err := os.ReadFile("budget.json")
	if err != nil {
		t.Fatal(err)
	}
	var budget struct {
		Flash int `json:"flash_bytes"`
		RAM   int `json:"ram_bytes"`
	}
	if err := json.Unmarshal(text, &budget); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes of flash and %d of RAM, its stack included", flash, ram)
	if flash > budget.Flash || ram > budget.RAM {
		t.Errorf("the firmware takes %d bytes of flash and %d of RAM, more than %d and %d", flash, ram, budget.Flash, budget.RAM)
	}
}

// patience is how long anything may take on a busy host.
const patience = time.Minute

// A fleet is boards, wired, that found a cluster.
type fleet struct {
	t      *testing.T
	cable  *ether.Switch
	boards map[int]*emulator.Board
	tag    int

	acknowledged, unknown int // commands
}

func found(t *testing.T, count int) *fleet {
	t.Helper()
	program, _, _ := build(t)
	folder, err := os.MkdirTemp("", "boards") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	cable := filepath.Join(folder, "cable")
	sockets := map[int]string{}
	members := ""
	for number := 1; number <= count; number++ {
		sockets[number] = filepath.Join(folder, fmt.Sprint(number))
		members += fmt.Sprintf(" %d/%x", number, 0x10+number)
	}
	f := &fleet{t: t, boards: map[int]*emulator.Board{}}
	if f.cable, err = ether.Listen(cable, sockets); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.cable.Close() })
	for number := 1; number <= count; number++ {
		b, err := emulator.Start(&emulator.Options{Program: program, Socket: sockets[number], Cable: cable})
		if err != nil {
			t.Fatal(err)
		}
		f.boards[number] = b
		if greeting := f.line(number); greeting != "driftless core="+raft.Fingerprint {
			t.Fatalf("board %d greets with %q", number, greeting)
		}
		t.Cleanup(func() { f.cut(number) })
		if got := f.ask(number, fmt.Sprintf("bootstrap 7 %d/%x%s", number, 0x10+number, members)); got != "done" {
			t.Fatalf("board %d does not found the cluster: %s", number, got)
		}
	}
	return f
}

// cut takes a board's power away.
func (f *fleet) cut(number int) {
	if b := f.boards[number]; b != nil {
		delete(f.boards, number)
		if err := b.Cut(); err != nil {
			f.t.Error(err)
		}
	}
}

// ask types a command and returns the last line of its answer; those before it too, if
// there are any.
func (f *fleet) ask(number int, command string) string {
	f.t.Helper()
	f.tag++
	tag := fmt.Sprintf("#%d ", f.tag)
	if err := f.boards[number].Say(tag + command + "\n"); err != nil {
		f.t.Fatal(err)
	}
	answer := ""
	for {
		text, mine := strings.CutPrefix(f.line(number), tag)
		if !mine {
			continue // of a command nobody waits for any more
		}
		answer += text
		if !strings.HasPrefix(text, "applied ") {
			return answer
		}
		answer += "\n"
	}
}

// line is what a board says next.
func (f *fleet) line(number int) string {
	f.t.Helper()
	select {
	case line, on := <-f.boards[number].Lines():
		if !on {
			f.t.Fatalf("board %d has failed", number)
		}
		return line
	case <-time.After(patience):
		f.t.Fatalf("board %d says nothing", number)
	}
	return ""
}

// leader waits until all of some boards follow one of them, and returns it.
func (f *fleet) leader(among ...int) int {
	f.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		leaders := map[string]int{}
		leads := 0
		for _, number := range among {
			status := f.ask(number, "status")
			if !strings.Contains(status, " core="+raft.Fingerprint) {
				f.t.Fatalf("board %d runs another core: %s", number, status)
			}
			if strings.Contains(status, " role=leader ") {
				leads = number
			}
			_, of, _ := strings.Cut(status, " term=")
			term, _, _ := strings.Cut(of, " first=")
			leaders[term]++
		}
		for term, count := range leaders {
			if leads != 0 && count == len(among) && strings.HasSuffix(term, fmt.Sprintf(" leader=%d", leads)) {
				return leads
			}
		}
	}
	f.t.Fatalf("boards %v don't agree on a leader", among)
	return 0
}

// write has commands replicated by whoever leads, each of which opens a session. On a
// busy host leaders may change: a command that was refused is given to the next.
func (f *fleet) write(count int, among ...int) {
	f.t.Helper()
	for end := time.Now().Add(patience); count > 0; {
		switch answer := f.ask(f.leader(among...), "propose 01"); {
		case strings.HasPrefix(answer, "done 01"):
			f.acknowledged++
			count--
		case answer == "unknown":
			f.unknown++
		case !strings.HasPrefix(answer, "refused ") || time.Now().After(end):
			f.t.Fatalf("the leader answers a command with %s", answer)
		}
	}
}

// agree waits until boards have applied the same: all that was acknowledged, and else
// nothing but what nobody could tell of.
func (f *fleet) agree(among ...int) {
	f.t.Helper()
	for end := time.Now().Add(patience); ; {
		same := map[string]bool{}
		for _, number := range among {
			same[f.ask(number, "applied 0")] = true
		}
		for log := range same {
			commands := strings.Count(log, " 01 01")
			if len(same) == 1 && f.acknowledged <= commands && commands <= f.acknowledged+f.unknown {
				return
			}
		}
		if time.Now().After(end) {
			f.t.Fatalf("%d commands were acknowledged, and %d may have been carried out; boards %v have applied %v",
				f.acknowledged, f.unknown, among, same)
		}
	}
}

func TestBoardsElectReplicateAndGoOnWithoutTheirLeader(t *testing.T) {
	if testing.Short() {
		t.Skip("it is about programs on boards, of which the race detector knows nothing")
	}
	for _, count := range []int{5, 7} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			f := found(t, count)
			all := make([]int, count)
			for i := range all {
				all[i] = i + 1
			}
			f.write(10, all...)
			f.agree(all...)

			// Nobody hears the leader: another one takes over.
			first := f.leader(all...)
			f.cable.Set(func(from, to int) []time.Duration {
				if from == first || to == first {
					return nil
				}
				return ether.Clear(from, to)
			})
			f.write(5, without(all, first)...)
			f.agree(without(all, first)...)
			f.cable.Set(ether.Clear)
			f.agree(all...)

			// The leader loses its power.
			second := f.leader(all...)
			f.cut(second)
			f.write(5, without(all, second)...)
			f.agree(without(all, second)...)
		})
	}
}

// without is a list without one of its numbers.
func without(list []int, number int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(n int) bool { return n == number })
}
