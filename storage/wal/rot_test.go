package wal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

var (
	firstSegment = wal.File{Kind: wal.SegmentFile, Number: 1}
	markerFile   = wal.File{Kind: wal.MarkerFile}
)

// written is a rig on which a small history is durable. The last batch, of one
// entry, is sealed or not.
func written(tb testing.TB, sealed bool) *rig {
	tb.Helper()
	r := fresh(tb)
	c := members(2)
	r.do(founded())
	r.do(raft.Write{Kind: raft.WriteHardState, HardState: raft.HardState{Term: 1, Vote: raft.Member{ID: 1}}})
	r.do(r.entries(1, "alpha", "", strings.Repeat("beta", 200)))
	r.do(raft.Write{Kind: raft.WriteEntries, Entries: []raft.Entry{{Index: 4, Term: 1, Kind: raft.ConfigurationChange, Configuration: &c}}})
	r.do(r.taken(2, "the state after the second entry"))
	r.do(r.compaction(1))
	r.do(r.entries(2, "gamma"))
	if sealed {
		r.Seal()
		r.drain()
	}
	return r
}

// copied is a rig on a copy of the disk, with its log not yet open.
func (r *rig) copied() *rig {
	return &rig{tb: r.tb, options: r.options, disk: r.disk.Clone(always(0))}
}

// lastBatch is where the last batch with a write in it begins.
func (r *rig) lastBatch() (begin, end uint64) {
	size, _ := r.disk.Size(firstSegment)
	content := make([]byte, size)
	r.disk.ReadAt(firstSegment, content, 0)
	batches := batchesOf(content)
	last := batches[len(batches)-1]
	if last.sealing {
		last = batches[len(batches)-2]
	}
	return last.begin, last.end
}

// A place is what the header of a batch says of itself.
type place struct {
	begin, second, end uint64
	sealing            bool
}

// batchesOf reads the headers of a segment as docs/wal.md describes them, and no more.
func batchesOf(content []byte) (batches []place) {
	word := func(at uint64) uint64 {
		return uint64(content[at]) | uint64(content[at+1])<<8 | uint64(content[at+2])<<16 | uint64(content[at+3])<<24
	}
	for at := uint64(0); string(content[at:at+4]) == "DWAL"; at = batches[len(batches)-1].end {
		block := uint64(1) << content[at+10]
		header := (word(at+12) + block - 1) / block * block
		end := at + word(at+32)
		batches = append(batches, place{at, end - header, end, word(at+44) == 0})
	}
	return batches
}

// repairAll puts the lost bodies back, as the driver does with what peers send.
func (r *rig) repairAll(bodies map[raft.Index]string) {
	r.tb.Helper()
	for r.Room().Damaged != 0 {
		index := r.Room().Damaged
		term, kind, _, _ := r.Header(index)
		var into [1]raft.Entry
		equal(r.tb, "entries read from a lost body on", r.Entries(index, index, 1<<32-1, into[:]), 0)
		r.do(raft.Write{Kind: raft.WriteRepair, Entries: []raft.Entry{{Index: index, Term: term, Kind: kind, Data: []byte(bodies[index])}}})
		if r.Room().Damaged == index {
			r.tb.Fatalf("the body of entry %d was not put back", index)
		}
	}
}

// bodies are those of the entries of a rig that is sound.
func (r *rig) bodies() map[raft.Index]string {
	bodies := map[raft.Index]string{}
	for index := r.stored().Base + 1; index <= r.stored().Last; index++ {
		var into [1]raft.Entry
		r.Entries(index, index, 1<<32-1, into[:])
		bodies[index] = string(into[0].Data)
	}
	return bodies
}

// withoutNumbers leaves out what a repair changes.
func withoutNumbers(r *rig) string {
	text := r.describe()
	return strings.Replace(text, fmt.Sprintf("Written:%d", r.stored().Written), "Written:", 1)
}

// A header is believed only where it says that it belongs: one that a later batch lost
// on its way must not hide the good copy of the one it fell upon.
func TestAHeaderThatFellUponACopyOfAnotherLeavesTheOtherCopyGood(t *testing.T) {
	sound := written(t, true)
	size, _ := sound.disk.Size(firstSegment)
	content := make([]byte, size)
	sound.disk.ReadAt(firstSegment, content, 0)
	for _, b := range batchesOf(content) {
		for _, upon := range []uint64{b.begin, b.second} {
			r := sound.copied()
			r.open()
			r.drain()
			r.give(r.entries(2, "delta"))
			r.Flush()
			write := r.disk.Waiting()[0]
			r.Complete(r.disk.Stray(write.Number, write.Offset, &disk.Place{File: firstSegment, Offset: upon}))
			r.drain()
			want := r.describe()
			r.open()
			equal(t, "headers of which one copy is left", r.report.Copies, 2)
			equal(t, fmt.Sprintf("with a header upon %d", upon), r.describe(), want)
		}
	}
}

func TestNoByteOfASealedLogCanRotWithoutBeingRecoveredOrRepairable(t *testing.T) {
	r := written(t, true)
	want, repaired, bodies := r.describe(), withoutNumbers(r), r.bodies()
	size, _ := r.disk.Size(firstSegment)
	_, end := r.lastBatch()
	stored := r.stored()
	var same, mended, damaged int
	for offset := uint64(0); offset < size; offset += 1 + offset/(end+2048)*61 {
		r := r.copied()
		r.disk.Rot(firstSegment, offset, 1<<(offset%8))
		r.open()
		switch {
		case len(r.report.Damaged) > 0:
			damaged++
			if r.stored() != stored {
				t.Fatalf("byte %d: of more than the body something is lost: %+v", offset, r.stored())
			}
			equal(t, "the first damaged", r.Room().Damaged, r.report.Damaged[0])
			r.repairAll(bodies)
			r.reopen()
			if got := withoutNumbers(r); got != repaired || r.Room().Damaged != 0 {
				t.Fatalf("byte %d, repaired: got\n%s\nwant\n%s", offset, got, repaired)
			}
			continue
		case r.report.Copies > 0:
			mended++
		default:
			same++
		}
		if got := r.describe(); got != want {
			t.Fatalf("byte %d: got\n%s\nwant\n%s", offset, got, want)
		}
		r.reopen()
		equal(t, "headers with one copy, after they were mended", r.report.Copies, 0)
	}
	t.Logf("%d rotten bytes changed nothing, %d were mended by a copy, %d damaged a body", same, mended, damaged)
	if same == 0 || mended == 0 || damaged == 0 {
		t.Error("each should have happened")
	}
}

// The hole that docs/wal.md states.
func TestRotInTheBodiesOfTheUnsealedLastBatchAloneIsTakenForATornTail(t *testing.T) {
	sound := written(t, false)
	want := sound.describe()
	begin, end := sound.lastBatch()
	before := func() string {
		r := written(t, false)
		for offset := begin; offset < end; offset++ { // as if it had never been written
			r.disk.Rot(firstSegment, offset, 0xff)
		}
		r.open()
		return r.describe()
	}()
	cut := 0
	for offset := begin - 1024; offset < end; offset++ {
		r := sound.copied()
		r.disk.Rot(firstSegment, offset, 1<<(offset%8))
		r.open()
		if r.report.TornBytes > 0 {
			cut++
			equal(t, "torn at", r.report.TornOffset, begin)
			if got := r.describe(); offset < begin || got != before {
				t.Fatalf("byte %d: got\n%s\nwant\n%s", offset, got, before)
			}
			continue
		}
		if got := r.describe(); len(r.report.Damaged) == 0 && got != want {
			t.Fatalf("byte %d: got\n%s\nwant\n%s", offset, got, want)
		}
	}
	equal(t, "rotten bytes that cut the last batch", cut, len("gamma"))
}

func TestAHeaderThatIsLostInBothPlacesIsRefusedWithWords(t *testing.T) {
	r := written(t, true)
	size, _ := r.disk.Size(firstSegment)
	content := make([]byte, size)
	r.disk.ReadAt(firstSegment, content, 0)
	batches := batchesOf(content)
	for _, b := range batches[:len(batches)-1] {
		for _, destroy := range []func(*rig, uint64){
			func(r *rig, at uint64) { r.disk.Rot(firstSegment, at+20, 1) },
			func(r *rig, at uint64) { r.disk.Spoil(firstSegment, at) },
		} {
			r := written(t, true)
			destroy(r, b.begin)
			destroy(r, b.second)
			d := damage(t, r.tryOpen())
			equal(t, "file", d.File, firstSegment)
			equal(t, "offset", d.Offset, b.begin)
			for _, words := range []string{"log-0000000000000001", fmt.Sprint("offset ", b.begin), "both" /**/, "re-admit"} {
				if words != "both" && !strings.Contains(d.Error(), words) {
					t.Errorf("%q does not say %q", d.Error(), words)
				}
			}
		}
	}
}

// The torn batch is all that tells that the one before it was durable: were it erased
// at once, another crash would make the damage look like a torn batch too.
func TestDamageBeforeATornBatchStaysDamageThroughFurtherCrashes(t *testing.T) {
	r := written(t, false)
	bodies := r.bodies()
	_, end := r.lastBatch()
	r.do(r.entries(2, "torn"))
	content := make([]byte, 64<<10)
	r.disk.ReadAt(firstSegment, content, 0)
	r.disk.Rot(firstSegment, uint64(strings.Index(string(content), "torn")), 1)
	r.disk.Rot(firstSegment, uint64(strings.Index(string(content), "gamma")), 1)
	for crashes := range 4 {
		r.open()
		equal(t, fmt.Sprintf("damaged after %d crashes", crashes), r.Room().Damaged, 5)
		equal(t, "torn at", r.report.TornOffset, end)
		equal(t, "last", r.stored().Last, 5)
		for range crashes {
			r.step()
		}
		r.disk.Crash()
	}
	r.open()
	r.repairAll(bodies)
	want := r.describe()
	r.reopen()
	equal(t, "repaired", r.describe(), want)
	equal(t, "torn", r.report.TornBytes, 0)
	equal(t, "segments", r.report.Segments, 2)
}

func TestABlockThatCannotBeReadIsLikeRot(t *testing.T) {
	want, repaired, bodies := written(t, true).describe(), withoutNumbers(written(t, true)), written(t, true).bodies()
	_, end := written(t, true).lastBatch()
	for offset := uint64(0); offset < end; offset += 512 {
		r := written(t, true)
		r.disk.Spoil(firstSegment, offset)
		r.open()
		if len(r.report.Damaged) > 0 {
			r.repairAll(bodies)
			equal(t, fmt.Sprintf("block at %d, repaired", offset), withoutNumbers(r), repaired)
			continue
		}
		equal(t, fmt.Sprintf("block at %d", offset), r.describe(), want)
	}
}

// A crash leaves no such block, so it may have held what was acknowledged.
func TestABlockThatCannotBeReadAfterTheEndOfTheLogIsRefused(t *testing.T) {
	r := written(t, false)
	_, end := r.lastBatch()
	r.disk.Spoil(firstSegment, end+512)
	equal(t, "offset", damage(t, r.tryOpen()).Offset, end+512)
}

func TestARottenSnapshotIsRefused(t *testing.T) {
	file := func(r *rig) (found wal.File) {
		files, _ := r.disk.List()
		for _, f := range files {
			if f.Kind == wal.SnapshotFile {
				found = f
			}
		}
		return found
	}
	size, _ := written(t, true).disk.Size(file(written(t, true)))
	for offset := range size {
		r := written(t, true)
		r.disk.Rot(file(r), offset, 4)
		equal(t, "file", damage(t, r.tryOpen()).File, file(r))
	}
}

// Else a leader would send it, and be told that it is not what it should be, for ever.
func TestASnapshotThatRotsIsNoticedWhenAllOfItWasRead(t *testing.T) {
	spoil := map[string]func(r *rig, file wal.File){
		"a byte":               func(r *rig, file wal.File) { r.disk.Rot(file, 3, 4) },
		"bytes not to be read": func(r *rig, file wal.File) { r.disk.Spoil(file, 3) },
	}
	for name, rot := range spoil {
		r := written(t, true)
		size := uint32(r.stored().Snapshot.Size)
		for range 2 { // by several readers, in pieces
			for _, offset := range []uint64{0, 5, 0, 3, 9, uint64(size) - 1} {
				r.Chunk(offset, size/2+1)
			}
		}
		equal(t, name+", before", r.Cause(), nil)
		files, _ := r.disk.List()
		for _, file := range files {
			if file.Kind == wal.SnapshotFile {
				rot(r, file)
			}
		}
		for range 2 { // once more, for what was read before it rotted
			for offset := uint32(0); offset < size; offset += 10 {
				r.Chunk(uint64(offset), 10)
			}
		}
		damage(t, r.Cause())
		_, code := r.Durable()
		equal(t, name, code, raft.StorageFailed)
		equal(t, name+", what is then read", len(r.Chunk(0, size)), 0)
		damage(t, r.tryOpen())
	}
}

func TestARottenMarkerIsWrittenAgainFromTheLog(t *testing.T) {
	sound := written(t, true)
	want := sound.describe()
	size, _ := sound.disk.Size(markerFile)
	for offset := uint64(0); offset < size; offset += 3 {
		r := sound.copied()
		r.disk.Rot(markerFile, offset, 4)
		r.open()
		equal(t, "with one rotten byte", r.describe(), want)
	}
	r := written(t, true)
	r.disk.Rot(markerFile, 9, 4)
	r.disk.Rot(markerFile, size-9, 4)
	r.open()
	equal(t, "with both copies rotten", r.describe(), want)
	r.drain()
	r.disk.Crash()
	content := make([]byte, size)
	r.disk.ReadAt(markerFile, content, 0)
	equal(t, "the marker afterwards", string(content[:4]), "DWAM")
	r.open()
	equal(t, "opened again", r.describe(), want)
}

// A body may rot while the log is open: nothing is read without its checksum.
func TestRotThatIsFoundByReadingIsReportedFromThenOn(t *testing.T) {
	r := written(t, true)
	r.reopen()
	bodies, want := r.bodies(), withoutNumbers(r)
	content := make([]byte, 64<<10)
	r.disk.ReadAt(firstSegment, content, 0)
	at := strings.Index(string(content), "betabeta")
	r.disk.Rot(firstSegment, uint64(at), 1)
	equal(t, "damaged before it is read", r.Room().Damaged, 0)
	into := make([]raft.Entry, 8)
	equal(t, "entries read", r.Entries(2, 5, 1<<20, into), 1)
	equal(t, "damaged", r.Room().Damaged, 3)
	equal(t, "entries after it", r.Entries(4, 5, 1<<20, into), 1)
	r.repairAll(bodies)
	equal(t, "repaired", withoutNumbers(r), want)
	r.reopen()
	equal(t, "repaired and opened again", withoutNumbers(r), want)
}

func TestABodyThatIsNotTheLostOneIsLeftOut(t *testing.T) {
	r := written(t, true)
	content := make([]byte, 64<<10)
	r.disk.ReadAt(firstSegment, content, 0)
	r.disk.Rot(firstSegment, uint64(strings.Index(string(content), "gamma")), 1)
	r.open()
	equal(t, "damaged", r.Room().Damaged, 5)
	for _, e := range []raft.Entry{
		{Index: 5, Term: 2, Data: []byte("delta")},
		{Index: 5, Term: 1, Data: []byte("gamma")},
		{Index: 3, Term: 1, Data: []byte("gamma")},
		{Index: 9, Term: 2, Data: []byte("gamma")},
	} {
		r.do(raft.Write{Kind: raft.WriteRepair, Entries: []raft.Entry{e}})
		equal(t, "damaged", r.Room().Damaged, 5)
	}
	r.reopen()
	equal(t, "damaged after all of them", r.Room().Damaged, 5)
	r.repairAll(map[raft.Index]string{5: "gamma"})
	r.do(raft.Write{Kind: raft.WriteTruncate, Index: 5})
	r.reopen()
	equal(t, "damaged once truncated", r.Room().Damaged, 0)
}

// A truncation or a compaction removes the damage with the entry.
func TestDamageGoesWithTheEntry(t *testing.T) {
	for _, remove := range []func(*rig){
		func(r *rig) { r.do(raft.Write{Kind: raft.WriteTruncate, Index: 3}) },
		func(r *rig) { r.do(r.taken(4, "later")); r.do(r.compaction(3)) },
	} {
		r := written(t, true)
		content := make([]byte, 64<<10)
		r.disk.ReadAt(firstSegment, content, 0)
		r.disk.Rot(firstSegment, uint64(strings.Index(string(content), "beta")), 1)
		r.open()
		equal(t, "damaged", r.Room().Damaged, 3)
		remove(r)
		equal(t, "damaged once removed", r.Room().Damaged, 0)
		r.reopen()
		equal(t, "damaged once opened again", r.Room().Damaged, 0)
	}
}

func TestAMisdirectedWriteIsNeverTakenForWhatItIsNot(t *testing.T) {
	want := prefixes(t)
	outcomes := map[string]int{}
	for seed := range 3000 {
		choices := random(seed)
		r := newRig(t, newMisdirecting(&choices))
		r.runUntil(paces[2], 1<<30)
		r.Seal()
		r.drain()
		durable, _ := r.Durable()
		err := r.tryOpen()
		switch {
		case err != nil:
			damage(t, err)
			outcomes["refused"]++
			continue
		case len(r.report.Damaged) > 0:
			outcomes["damaged"]++
		case r.report.Copies > 0:
			outcomes["mended"]++
		default:
			outcomes["same"]++
		}
		if r.stored().Written < durable-1 { // what is lost is in the last batch at most
			t.Fatalf("seed %d: %d writes of %d are left, and nothing was said", seed, r.stored().Written, durable)
		}
		if got := r.describe(); len(r.report.Damaged) == 0 && got != want[r.stored().Written] {
			t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, got, want[r.stored().Written])
		}
	}
	t.Log(outcomes)
}
