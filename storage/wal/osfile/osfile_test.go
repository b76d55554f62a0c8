package osfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/wal"
	"github.com/driftless-raft/driftless/storage/wal/osfile"
)

// A machine runs a log on a directory in one of the two ways.
type machine struct {
	*wal.Log
	directory *osfile.Directory
	worker    *osfile.Worker // or nil
}

func open(t *testing.T, path string, threaded bool) *machine {
	t.Helper()
	directory, err := osfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{directory: directory}
	var executor wal.Executor = directory
	if threaded {
		m.worker = osfile.NewWorker(directory)
		executor = m.worker
	}
	options := wal.Options{SegmentBytes: 64 << 10, CacheBytes: 1}
	if m.Log, _, err = wal.Open(options, directory, executor); err != nil {
		t.Fatal(err)
	}
	return m
}

// settle waits until all that was written is durable.
func (m *machine) settle(t *testing.T) {
	t.Helper()
	m.Flush()
	var stored raft.Stored
	for m.Stored(&stored); m.Cause() == nil; {
		if number, _ := m.Durable(); number == stored.Written {
			return
		}
		if m.worker == nil {
			m.directory.Perform(m.Log)
			continue
		}
		done := <-m.worker.Done()
		m.Complete(done.Number, done.Err)
	}
	t.Fatal(m.Cause())
}

// close ends the process, as it were.
func (m *machine) close(t *testing.T) {
	t.Helper()
	if m.worker != nil {
		m.worker.Stop()
		for range m.worker.Done() {
		}
	}
	if err := m.directory.Close(); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) write(w raft.Write) {
	var stored raft.Stored
	m.Stored(&stored)
	w.Number = stored.Written + 1
	m.Write(&w)
}

// describe tells what the log holds.
func (m *machine) describe() string {
	var stored raft.Stored
	m.Stored(&stored)
	text := fmt.Sprintf("%+v %q\n", stored, m.Chunk(0, uint32(stored.Snapshot.Size)))
	for index := stored.Base + 1; index <= stored.Last; index++ {
		var into [1]raft.Entry
		n := m.Entries(index, index, 1<<32-1, into[:])
		text += fmt.Sprintln(n, into[0].Index, into[0].Term, len(into[0].Data), string(into[0].Data[:min(3, len(into[0].Data))]))
	}
	return text
}

func onBoth(t *testing.T, prove func(t *testing.T, threaded bool)) {
	t.Helper()
	t.Run("in the owner's goroutine", func(t *testing.T) { prove(t, false) })
	t.Run("with a worker", func(t *testing.T) { prove(t, true) })
}

func TestWhatIsWrittenIsThereWhenTheDirectoryIsOpenedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, threaded bool) {
		path := filepath.Join(t.TempDir(), "store")
		m := open(t, path, threaded)
		configuration := raft.Configuration{Voters: 1}
		configuration.Members[0] = raft.Member{ID: 1, Incarnation: 2}
		m.write(raft.Write{Kind: raft.WriteIdentity, Identity: raft.Identity{Cluster: 1, Self: configuration.Members[0]}, Snapshot: &raft.Snapshot{Configuration: configuration}})
		for index := raft.Index(1); index <= 40; index++ { // over several segments
			e := raft.Entry{Index: index, Term: 1, Data: bytes.Repeat([]byte{byte('a' + index%26)}, 10_000)}
			m.write(raft.Write{Kind: raft.WriteEntries, Entries: []raft.Entry{e}})
			if index%5 == 0 {
				m.settle(t)
			}
		}
		var taken raft.Snapshot
		m.TakeSnapshot(30, []byte("a state"), &taken)
		taken.Term, taken.Configuration = 1, configuration
		m.write(raft.Write{Kind: raft.WriteSnapshot, Snapshot: &taken})
		m.write(raft.Write{Kind: raft.WriteCompact, Index: 28, Term: 1})
		m.settle(t)
		m.Seal()
		m.write(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 2}})
		m.settle(t)
		want := m.describe()
		m.close(t)
		m = open(t, path, threaded)
		if got := m.describe(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		m.settle(t)
		m.close(t)
		names, _ := filepath.Glob(filepath.Join(path, "*"))
		if strings.Contains(strings.Join(names, " "), "log-0000000000000001") {
			t.Errorf("the first segment should be gone: %v", names)
		}
	})
}

func TestSpaceForASegmentIsReservedAhead(t *testing.T) {
	path := t.TempDir()
	m := open(t, path, false)
	m.directory.Perform(m.Log)
	info, err := os.Stat(filepath.Join(path, "log-0000000000000001"))
	if err != nil || info.Size() != 64<<10 {
		t.Errorf("got %v and %v, want a segment of 64 KiB", info, err)
	}
	m.close(t)
}

func TestADirectoryInUseIsRefused(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("directories are locked on Linux only")
	}
	path := t.TempDir()
	m := open(t, path, false)
	_, err := osfile.Open(path)
	var locked *osfile.LockedError
	if !errors.As(err, &locked) || locked.Path != path {
		t.Errorf("got %v", err)
	}
	m.close(t)
	again, err := osfile.Open(path)
	if err != nil {
		t.Fatalf("once it is closed: %v", err)
	}
	again.Close()
}

func TestFilesOfOthersAreLeftAlone(t *testing.T) {
	path := t.TempDir()
	for _, name := range []string{"lost+found", "log-1", "snapshot-000000000000000g", "notes"} {
		if err := os.WriteFile(filepath.Join(path, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := open(t, path, false)
	m.write(raft.Write{Kind: raft.WriteHardState})
	m.settle(t)
	m.close(t)
	for _, name := range []string{"lost+found", "log-1", "snapshot-000000000000000g", "notes"} {
		if content, err := os.ReadFile(filepath.Join(path, name)); err != nil || string(content) != "x" {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
}

func TestAFileThatIsTakenAwayIsAFailureWithWords(t *testing.T) {
	path := t.TempDir()
	m := open(t, path, false)
	m.directory.Perform(m.Log)
	m.directory.Close()
	os.Remove(filepath.Join(path, "log-0000000000000001"))
	m.write(raft.Write{Kind: raft.WriteHardState})
	m.Flush()
	m.directory.Perform(m.Log)
	var failed *wal.OperationError
	if _, code := m.Durable(); code != raft.StorageFailed || !errors.As(m.Cause(), &failed) || failed.File.Number != 1 {
		t.Errorf("got %v, %v", code, m.Cause())
	}
}
