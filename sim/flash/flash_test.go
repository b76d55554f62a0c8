package flash_test

import (
	"bytes"
	"testing"

	"github.com/driftless-raft/driftless/sim/flash"
)

// random is a device's choices made up from a seed (splitmix64).
type random uint64

func (r *random) Draw(bound uint64) uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return (z ^ z>>31) % bound
}

func device(seed random) *flash.Device {
	return flash.New(flash.Options{Sectors: 2, SectorBytes: 256, BlockBytes: 4}, &seed)
}

func read(t *testing.T, d *flash.Device, offset int64, size int) []byte {
	t.Helper()
	p := make([]byte, size)
	if _, err := d.ReadAt(p, offset); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProgrammingClearsBitsAndErasingSetsThoseOfOneSector(t *testing.T) {
	d := device(1)
	for _, offset := range []int64{0, 256} {
		if _, err := d.WriteAt([]byte{1, 2, 3, 4}, offset); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.EraseBlocks(0, 1); err != nil {
		t.Fatal(err)
	}
	if got := read(t, d, 0, 4); !bytes.Equal(got, []byte{255, 255, 255, 255}) {
		t.Errorf("the erased sector holds %v", got)
	}
	if got := read(t, d, 256, 4); !bytes.Equal(got, []byte{1, 2, 3, 4}) {
		t.Errorf("the other one holds %v", got)
	}
	if d.Erases(0) != 1 || d.Erases(1) != 0 || len(d.Faults()) != 0 {
		t.Errorf("erases %d and %d, faults %q", d.Erases(0), d.Erases(1), d.Faults())
	}
}

func TestABlockProgrammedTwiceOrInPartIsAFault(t *testing.T) {
	d := device(1)
	d.WriteAt(make([]byte, 4), 8)
	d.WriteAt(make([]byte, 4), 8)
	d.WriteAt(make([]byte, 2), 12)
	if len(d.Faults()) != 2 {
		t.Errorf("faults: %q", d.Faults())
	}
}

func TestACutLeavesWhatWasProgrammedBeforeAndNothingAfterTheByteAtTheCut(t *testing.T) {
	for seed := range random(100) {
		d := device(seed)
		d.CutAfter(5)
		done, err := d.WriteAt(make([]byte, 12), 0)
		if done != 5 || err == nil || !d.Off() {
			t.Fatalf("%d bytes, %v", done, err)
		}
		d.PowerOn()
		got := read(t, d, 0, 12)
		if !bytes.Equal(got[:5], make([]byte, 5)) || !bytes.Equal(got[6:], bytes.Repeat([]byte{255}, 6)) {
			t.Fatalf("seed %d: the device holds %v", seed, got)
		}
	}
}

func TestACutEraseTouchesItsSectorOnlyAndTheNextOneIsWhole(t *testing.T) {
	for seed := range random(100) {
		d := device(seed)
		d.WriteAt([]byte{1, 2, 3, 4}, 256)
		d.CutAfter(2)
		if d.EraseBlocks(0, 1) == nil || !d.Off() {
			t.Fatal("the erase went through")
		}
		d.PowerOn()
		if got := read(t, d, 256, 4); !bytes.Equal(got, []byte{1, 2, 3, 4}) {
			t.Fatalf("the other sector holds %v", got)
		}
		d.EraseBlocks(0, 1)
		if got := read(t, d, 0, 256); !bytes.Equal(got, bytes.Repeat([]byte{255}, 256)) {
			t.Fatalf("seed %d: the sector erased again holds %v", seed, got)
		}
	}
}

func TestStuckBitsOutlastErasingAndProgramming(t *testing.T) {
	d := device(1)
	d.Stick(0, 0x01, 0x80)
	d.EraseBlocks(0, 1)
	if got := read(t, d, 0, 1)[0]; got != 0xfe {
		t.Errorf("erased: %x", got)
	}
	d.WriteAt(make([]byte, 4), 0)
	if got := read(t, d, 0, 1)[0]; got != 0x80 {
		t.Errorf("programmed: %x", got)
	}
}

func TestASectorBeginsToFailAfterItsEndurance(t *testing.T) {
	choices := random(1)
	d := flash.New(flash.Options{Sectors: 1, SectorBytes: 256, BlockBytes: 4, Endurance: 50}, &choices)
	failed := uint32(0)
	for failed == 0 && d.Erases(0) < 1000 {
		d.EraseBlocks(0, 1)
		if !bytes.Equal(read(t, d, 0, 256), bytes.Repeat([]byte{255}, 256)) {
			failed = d.Erases(0)
		}
	}
	if failed <= 50 {
		t.Errorf("the first erase to fail was number %d", failed)
	}
}
