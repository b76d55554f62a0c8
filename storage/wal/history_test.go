package wal_test

import (
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// A history is a random one on a rig, with what the log held after each write.
type history struct {
	*rig
	choices *random
	states  map[uint64]string // by the number of the write
	sealed  int
	crashes int
	rotated uint64 // segments seen by recoveries
}

func (h *history) draw(bound uint64) uint64 { return h.choices.Draw(bound) }

// writeOne makes a write of any kind that is possible, with bodies large enough to
// fill segments.
func (h *history) writeOne() {
	stored := h.stored()
	term := max(stored.BaseTerm, 1) + raft.Term(stored.Written/16)
	above := max(stored.Base, stored.Snapshot.Index)
	switch h.draw(14) {
	case 0:
		h.give(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: term}})
	case 1:
		if stored.Last <= above {
			return
		}
		h.give(raft.Write{Kind: raft.WriteTruncate, Index: above + 1 + raft.Index(h.draw(uint64(stored.Last-above)))})
	case 2:
		if stored.Last <= above {
			return
		}
		h.give(h.taken(above+1+raft.Index(h.draw(uint64(stored.Last-above))), h.text(3000)))
	case 4:
		if to := min(stored.Last, stored.Snapshot.Index); to > stored.Base {
			h.give(h.compaction(to))
		}
	case 6:
		state := h.text(2000)
		s := foreign(stored.Last+5, term, state)
		half := len(state) / 2
		h.give(raft.Write{Kind: raft.WriteChunk, Snapshot: s, Chunk: []byte(state[:half])})
		h.give(raft.Write{Kind: raft.WriteChunk, Snapshot: s, Offset: uint64(half), Chunk: []byte(state[half:])})
		if h.draw(4) == 0 {
			h.give(raft.Write{Kind: raft.WriteInstall, Snapshot: s})
		}
	case 7:
		c := members(raft.ID(1 + h.draw(9)))
		if h.Room().Entries > 0 {
			e := raft.Entry{Index: stored.Last + 1, Term: term, Kind: raft.ConfigurationChange, Configuration: &c}
			h.give(raft.Write{Kind: raft.WriteEntries, Entries: []raft.Entry{e}})
		}
	default:
		var texts []string
		for range h.draw(5) {
			texts = append(texts, h.text(12000))
		}
		if room := h.Room(); int(room.Entries) > len(texts) && int(room.Bytes) > len(strings.Join(texts, "")) {
			h.give(h.entries(term, texts...))
		}
	}
}

func (h *history) text(bytesMax uint64) string {
	return strings.Repeat(string(rune('a'+h.draw(26))), int(h.draw(bytesMax)))
}

// act does something: writes, carries operations out, seals, or crashes.
func (h *history) act() {
	h.tb.Helper()
	switch h.draw(8) {
	case 0, 1, 2:
		before := h.stored().Written
		h.writeOne()
		for number := before + 1; number < h.stored().Written; number++ {
			delete(h.states, number) // made in one go with the next: any may be left, and looks like none before
		}
		h.states[h.stored().Written] = h.describe()
		h.Flush()
	case 3, 4, 5:
		for range h.draw(6) {
			h.performAny()
		}
	case 6:
		if h.Unsealed() {
			h.sealed++
		}
		h.Seal()
	case 7:
		if h.draw(4) == 0 {
			h.crash()
		}
	}
	if code := h.Cause(); code != nil {
		h.tb.Fatal(code)
	}
}

// performAny carries out an operation that is the first of its file.
func (h *history) performAny() {
	waiting := h.disk.Waiting()
	if len(waiting) == 0 {
		return
	}
	chosen := int(h.draw(uint64(len(waiting))))
	for i := range waiting[:chosen] {
		if waiting[i].File == waiting[chosen].File {
			chosen = i
			break
		}
	}
	h.Complete(h.disk.Perform(waiting[chosen].Number))
}

func (h *history) crash() {
	h.tb.Helper()
	h.crashes++
	durable, _ := h.Durable()
	written := h.stored().Written
	h.disk.Crash()
	h.open()
	h.rotated = max(h.rotated, h.report.Segments)
	kept := h.stored().Written
	if kept < durable || kept > written {
		h.tb.Fatalf("crash %d: %d writes are left of %d, of which %d were durable", h.crashes, kept, written, durable)
	}
	if want, known := h.states[kept]; known && h.describe() != want {
		h.tb.Fatalf("crash %d, %d writes left: got\n%s\nwant\n%s", h.crashes, kept, h.describe(), want)
	}
	h.states[kept] = h.describe()
	for number := range h.states {
		if number > kept {
			delete(h.states, number)
		}
	}
}

func TestALongHistoryWithCrashesKeepsAPrefixOfItsWritesAcrossSegments(t *testing.T) {
	segments, crashes, sealed := uint64(0), 0, 0
	for seed := range 40 {
		choices := random(seed)
		d := disk.New(disk.Options{Fates: disk.AnyFate}, &choices)
		options := small()
		options.Bytes, options.CacheBytes = 1<<18, 1<<13
		r := &rig{tb: t, disk: d, options: options}
		r.open()
		h := &history{rig: r, choices: &choices, states: map[uint64]string{0: r.describe()}}
		for range 300 {
			h.act()
		}
		h.drain()
		h.Seal()
		h.drain()
		h.crash()
		h.leavesNothingBehind()
		segments, crashes, sealed = max(segments, h.rotated), crashes+h.crashes, sealed+h.sealed
	}
	t.Logf("up to %d segments, %d crashes, %d seals", segments, crashes, sealed)
	if segments < 4 || crashes < 100 || sealed < 100 {
		t.Errorf("too little happened: %d segments, %d crashes, %d seals", segments, crashes, sealed)
	}
}

// leavesNothingBehind expects that no file is left that nothing refers to, once all
// of the log is compacted.
func (h *history) leavesNothingBehind() {
	h.tb.Helper()
	h.do(h.entries(1000, "x"))
	h.do(h.taken(h.stored().Last, "state"))
	h.do(h.compaction(h.stored().Last))
	h.Seal()
	h.drain()
	files, _ := h.disk.List()
	count := map[wal.FileKind]int{}
	for _, file := range files {
		count[file.Kind]++
	}
	// The segment that is written to, the one reserved, and perhaps the one in which
	// the compaction stands.
	if count[wal.SnapshotFile] != 1 || count[wal.TemporaryFile] != 0 || count[wal.SegmentFile] > 3 {
		h.tb.Fatalf("files are left over: %v", files)
	}
}
