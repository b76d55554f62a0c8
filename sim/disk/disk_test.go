package disk_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// tape is a disk's choices from a list, and zeros when that has run out.
type tape struct{ choices []uint64 }

func (t *tape) Draw(bound uint64) uint64 {
	if len(t.choices) == 0 {
		return 0
	}
	choice := t.choices[0] % bound
	t.choices = t.choices[1:]
	return choice
}

// random is splitmix64.
type random uint64

func (r *random) Draw(bound uint64) uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return (z ^ z>>31) % bound
}

const sector = 4

var (
	one = wal.File{Kind: wal.SnapshotFile, Number: 1}
	two = wal.File{Kind: wal.SnapshotFile, Number: 2}
)

// A bench is a disk with words for what is done to it.
type bench struct {
	*testing.T
	*disk.Disk
	number uint64
}

func on(t *testing.T, o disk.Options, c disk.Choices) *bench {
	t.Helper()
	o.SectorBytes = sector
	return &bench{T: t, Disk: disk.New(o, c)}
}

func (b *bench) try(o wal.Operation) error {
	b.number++
	o.Number = b.number
	b.Submit(o)
	_, err := b.Perform(o.Number)
	return err
}

func (b *bench) do(operations ...wal.Operation) {
	b.Helper()
	for _, o := range operations {
		if err := b.try(o); err != nil {
			b.Fatal(err)
		}
	}
}

func create(file wal.File) wal.Operation { return wal.Operation{Kind: wal.Create, File: file} }
func sync(file wal.File) wal.Operation   { return wal.Operation{Kind: wal.Sync, File: file} }
func syncDirectory() wal.Operation       { return wal.Operation{Kind: wal.SyncDirectory} }

func write(file wal.File, offset uint64, text string) wal.Operation {
	return wal.Operation{Kind: wal.Write, File: file, Offset: offset, Bytes: []byte(text)}
}

// text is a file's content, or why there is none.
func (b *bench) text(file wal.File) string {
	size, err := b.Size(file)
	if err != nil {
		return "no file"
	}
	into := make([]byte, size)
	if _, err := b.ReadAt(file, into, 0); err != nil {
		return "unreadable"
	}
	return string(into)
}

func (b *bench) expect(file wal.File, want string) {
	b.Helper()
	if got := b.text(file); got != want {
		b.Errorf("%v: got %q, want %q", file, got, want)
	}
}

func TestWhatWasSyncedSurvivesAnyCrash(t *testing.T) {
	for seed := range random(200) {
		b := on(t, disk.Options{Fates: disk.AnyFate}, &seed)
		b.do(create(one), write(one, 0, "abcdefgh"), sync(one), syncDirectory())
		b.Crash()
		b.expect(one, "abcdefgh")
	}
}

func TestACrashLeavesOfEachUnsyncedSectorAnyOfItsFates(t *testing.T) {
	for fates, want := range map[disk.Fate][]string{
		0:            {"ABCDEFGHij"},
		disk.Lost:    {"ABCDEFGHij", "ABCDefghij", "abcdEFGHij", "abcdefghij"},
		disk.Torn:    {"ABCDEFGHij", "ABcdEFGHij"},
		disk.Garbage: {"ABCDEFGHij"},
	} {
		seen := map[string]bool{}
		for seed := range random(400) {
			b := on(t, disk.Options{Fates: fates}, &seed)
			b.do(create(one), write(one, 0, "abcdefghij"), sync(one), syncDirectory(), write(one, 0, "ABCDEFGH"))
			b.Crash()
			text := b.text(one)
			if text[8:] != "ij" {
				t.Errorf("fates %d: the synced sector is %q", fates, text[8:])
			}
			seen[text] = true
		}
		for _, text := range want {
			if !seen[text] {
				t.Errorf("fates %d: never saw %q", fates, text)
			}
		}
		if fates == 0 && len(seen) != 1 || fates == disk.Lost && len(seen) != 4 || fates == disk.Garbage && len(seen) < 100 {
			t.Errorf("fates %d: saw %d states", fates, len(seen))
		}
	}
}

func TestANameIsDurableOnlyWithItsDirectoryAndARenameIsOneStep(t *testing.T) {
	seen := map[string]int{}
	for seed := range random(200) {
		b := on(t, disk.Options{}, &seed)
		b.do(create(one), write(one, 0, "new"), sync(one), create(two), write(two, 0, "old"), sync(two), syncDirectory())
		b.do(wal.Operation{Kind: wal.Rename, File: one, Target: two})
		b.expect(two, "new")
		b.Crash()
		seen[b.text(one)+", "+b.text(two)]++
	}
	if len(seen) != 2 || seen["new, old"] == 0 || seen["no file, new"] == 0 {
		t.Errorf("got %v", seen)
	}
	for seed := range random(50) {
		b := on(t, disk.Options{}, &seed)
		b.do(create(one), write(one, 0, "a"), sync(one))
		b.Crash()
		seen[b.text(one)]++
	}
	if seen["no file"] == 0 || seen["a"] == 0 {
		t.Errorf("a file whose name was not synced: %v", seen)
	}
}

// As Linux does: the pages are clean afterwards, and go on showing what is not there.
func TestAFailedSyncLeavesTheCacheShowingWhatTheDiskMayNotHave(t *testing.T) {
	b := on(t, disk.Options{Fates: disk.Lost}, &tape{})
	b.do(create(one), write(one, 0, "abcd"), sync(one), syncDirectory(), write(one, 0, "ABCD"))
	b.Fail(wal.Sync)
	b.Disk = b.Clone(&tape{[]uint64{1}})
	if err := b.try(sync(one)); err == nil {
		t.Fatal("the sync should have failed")
	}
	b.expect(one, "ABCD")
	b.do(sync(one)) // and has nothing to do
	b.expect(one, "ABCD")
	if err := b.Settle(); err != nil {
		t.Fatal(err)
	}
	b.expect(one, "abcd")

	b = on(t, disk.Options{FailedSyncs: 1_000_000}, &tape{})
	b.do(create(one))
	if b.try(sync(one)) == nil || b.try(syncDirectory()) == nil {
		t.Error("with a million in a million every sync should fail")
	}
}

func TestAFullDiskSaysSoAndGivesSpaceBackForWhatIsRemoved(t *testing.T) {
	b := on(t, disk.Options{CapacityBytes: 10}, &tape{})
	b.do(create(one), wal.Operation{Kind: wal.Allocate, File: one, Size: 6}, write(one, 0, "abcdef"), create(two))
	for _, o := range []wal.Operation{write(two, 0, "abcde"), {Kind: wal.Allocate, File: two, Size: 5}} {
		if err := b.try(o); !errors.Is(err, wal.ErrNoSpace) {
			t.Errorf("%v: got %v", o.Kind, err)
		}
	}
	b.do(write(two, 0, "abcd"), wal.Operation{Kind: wal.Remove, File: one}, write(two, 0, "abcdefghij"))
	b.expect(two, "abcdefghij")
}

func TestRotLiesOverTheTrueBytesUntilTheSectorIsWritten(t *testing.T) {
	b := on(t, disk.Options{}, &tape{})
	b.do(create(one), write(one, 0, "abcdefgh"), sync(one), syncDirectory())
	b.Rot(one, 1, 0x20)
	b.expect(one, "aBcdefgh")
	b.Crash()
	b.expect(one, "aBcdefgh")
	b.Spoil(one, 5)
	b.expect(one, "unreadable")
	into := make([]byte, 4)
	if n, err := b.ReadAt(one, into, 0); n != 4 || err != nil {
		t.Errorf("a good sector beside it: %d, %v", n, err)
	}
	b.do(write(one, 4, "EFGH"))
	b.expect(one, "aBcdEFGH")
	b.do(write(one, 0, "abcd"))
	b.expect(one, "abcdEFGH")
}

func TestAMisdirectedWriteLeavesItsPlaceAsItWasAndSpoilsAnother(t *testing.T) {
	b := on(t, disk.Options{MisdirectedWrites: 500_000}, &tape{})
	b.do(create(one), write(one, 0, "abcdefghijkl"))
	b.Disk = b.Clone(&tape{[]uint64{999_999, 1, 0, 0}}) // its second sector goes to the first of the file
	b.do(write(one, 4, "EFGHIJKL"))
	b.expect(one, "IJKLEFGHijkl")
}

func TestASectorThatGoesAstrayIsOnAnotherPlaceOrNowhere(t *testing.T) {
	for _, c := range []struct {
		to   *disk.Place
		want string
	}{
		{nil, "ABCDefghIJKL"},
		{&disk.Place{File: one, Offset: 1}, "EFGHefghIJKL"},
	} {
		b := on(t, disk.Options{}, &tape{})
		b.do(create(one), write(one, 0, "abcdefghijkl"))
		b.Submit(wal.Operation{Number: 77, Kind: wal.Write, File: one, Bytes: []byte("ABCDEFGHIJKL")})
		if number, err := b.Stray(77, 5, c.to); number != 77 || err != nil {
			t.Fatal(number, err)
		}
		b.expect(one, c.want)
		if !b.Spoilt(one, 3, 2) || b.Spoilt(one, 8, 4) || b.Spoilt(two, 0, 1) {
			t.Error("another sector is spoilt than the one that went astray")
		}
		b.Mend(one, 4)
		b.expect(one, strings.Replace(c.want, "efgh", "EFGH", 1))
	}
}

func TestAStaleReadFindsZerosOnce(t *testing.T) {
	b := on(t, disk.Options{}, &tape{})
	b.do(create(one), write(one, 0, "abcdefgh"))
	b.SpoilOnce(one, 5)
	into := make([]byte, 4)
	for _, want := range []string{"abcd", "abcd"} { // which is beside it
		if _, err := b.ReadAt(one, into, 0); err != nil || string(into) != want {
			t.Errorf("got %q, %v", into, err)
		}
	}
	b.expect(one, "abcd\x00\x00\x00\x00")
	b.expect(one, "abcdefgh")
	b.Spoil(one, 5)
	b.SpoilOnce(one, 5)
	b.Rot(one, 5, 1) // of what can't be read anyway
	b.expect(one, "unreadable")
}

func TestAFailedWriteHasDoneAPartOfIt(t *testing.T) {
	b := on(t, disk.Options{}, &tape{})
	b.do(create(one), write(one, 0, "abcd"))
	b.Disk = b.Clone(&tape{[]uint64{2}})
	b.Fail(wal.Write)
	if b.try(write(one, 0, "ABCD")) == nil {
		t.Error("the write should have failed")
	}
	b.expect(one, "ABcd")
	b.Fail(wal.Create)
	b.do(write(one, 0, "ABCD")) // is of another kind
	if b.try(create(two)) == nil || len(b.files()) != 1 {
		t.Error("nothing should have been created")
	}
}

func TestTheEndOfAProcessLeavesTheCacheAndSomeOfWhatWaits(t *testing.T) {
	seen := map[string]int{}
	for seed := range random(100) {
		b := on(t, disk.Options{Fates: disk.AnyFate}, &seed)
		b.do(create(one), write(one, 0, "abcd"))
		for i, text := range []string{"A", "B"} {
			b.Submit(wal.Operation{Number: uint64(100 + i), Kind: wal.Write, File: one, Offset: uint64(i), Bytes: []byte(text)})
		}
		b.Abandon()
		if len(b.Waiting()) != 0 {
			t.Fatal("operations still wait")
		}
		seen[b.text(one)]++
	}
	if len(seen) != 3 || seen["abcd"] == 0 || seen["Abcd"] == 0 || seen["ABcd"] == 0 {
		t.Errorf("got %v", seen)
	}
}

func TestADiskThatWasResetIsLikeANewOne(t *testing.T) {
	seed := random(1)
	b := on(t, disk.Options{Fates: disk.AnyFate}, &seed)
	b.do(create(one), write(one, 0, "abcdefgh"), sync(one), syncDirectory(), create(two), write(two, 0, "x"))
	b.Spoil(one, 0)
	b.Fail(wal.Sync)
	before := seed
	b.Reset(disk.Options{SectorBytes: sector, CapacityBytes: 8})
	if seed != before {
		t.Error("a decision was made")
	}
	if len(b.files()) != 0 || b.Used() != 0 || b.Losses() != (disk.Losses{}) {
		t.Errorf("left over: %v, %d bytes, %v", b.files(), b.Used(), b.Losses())
	}
	b.do(create(one), write(one, 4, "abcd"), sync(one))
	b.expect(one, "\x00\x00\x00\x00abcd")
	b.Limit(9)
	b.do(write(one, 8, "e"))
	if err := b.try(write(one, 9, "f")); !errors.Is(err, wal.ErrNoSpace) {
		t.Errorf("got %v", err)
	}
}

func TestTheSameChoicesGiveTheSameDisk(t *testing.T) {
	run := func(seed random) string {
		b := on(t, disk.Options{Fates: disk.AnyFate, FailedSyncs: 200_000, MisdirectedWrites: 200_000}, &seed)
		for round := range 50 {
			file := wal.File{Kind: wal.SnapshotFile, Number: seed.Draw(4)}
			if !slices.Contains(b.files(), file) {
				b.do(create(file))
			}
			b.try(write(file, seed.Draw(20), strings.Repeat(string(rune('a'+round%26)), int(seed.Draw(9)))))
			switch seed.Draw(5) {
			case 0:
				b.try(sync(file))
			case 1:
				b.try(syncDirectory())
			case 2:
				b.Crash()
			}
		}
		text := ""
		for _, file := range b.files() {
			text += fmt.Sprintf("%v %q\n", file, b.text(file))
		}
		return text
	}
	different := map[string]bool{}
	for seed := range random(50) {
		got := run(seed)
		if got != run(seed) {
			t.Fatalf("seed %d gives two disks", seed)
		}
		different[got] = true
	}
	if len(different) < 25 {
		t.Errorf("50 seeds give %d disks", len(different))
	}
}

func (b *bench) files() []wal.File {
	files, err := b.List()
	if err != nil {
		b.Fatal(err)
	}
	return files
}
