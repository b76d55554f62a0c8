package statemachine_test

import (
	"hash/crc32"
	"testing"

	"pgregory.net/rapid"

	"github.com/driftless-raft/driftless/statemachine"
)

var format = statemachine.Format{Name: [4]byte{'t', 'e', 's', 't'}, Version: 2}

func sealed(body string) []byte {
	into := make([]byte, statemachine.FrameBytes+len(body))
	copy(format.Frame(into, len(body)), body)
	return into[:format.Seal(into, len(body))]
}

func TestTheChecksumIsCRC32CHoweverTheDataIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		cut := rapid.IntRange(0, len(data)).Draw(t, "cut")
		got := statemachine.Checksum(statemachine.Checksum(0, data[:cut]), data[cut:])
		if want := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)); got != want {
			t.Errorf("got %08x, want %08x", got, want)
		}
	})
}

func TestAFrameReturnsTheBodyItWasMadeAround(t *testing.T) {
	for _, body := range []string{"", "a", "something longer"} {
		got, damage := format.Open(sealed(body))
		if damage != statemachine.Intact || string(got) != body {
			t.Errorf("got %q and %v, want %q", got, damage, body)
		}
	}
	if format.Frame(make([]byte, statemachine.FrameBytes+3), 4) != nil {
		t.Error("a frame was given that does not fit")
	}
}

func TestAnyChangedBitIsNoticed(t *testing.T) {
	whole := sealed("a body")
	for bit := range 8 * len(whole) {
		whole[bit/8] ^= 1 << (bit % 8)
		if _, damage := format.Open(whole); damage == statemachine.Intact {
			t.Errorf("bit %d was changed, and nobody noticed", bit)
		}
		whole[bit/8] ^= 1 << (bit % 8)
	}
	for length := range whole {
		if _, damage := format.Open(whole[:length]); damage != statemachine.Truncated && length < statemachine.FrameBytes {
			t.Errorf("cut to %d bytes: %v", length, damage)
		}
	}
}

func TestDamageIsToldInWords(t *testing.T) {
	other := statemachine.Format{Name: [4]byte{'e', 'l', 's', 'e'}, Version: 1}
	newer := statemachine.Format{Name: format.Name, Version: 3}
	reseal := func(f statemachine.Format) []byte {
		into := make([]byte, statemachine.FrameBytes)
		return into[:f.Seal(into, 0)]
	}
	flipped := sealed("a body")
	flipped[len(flipped)-1]++
	seen := map[string]bool{}
	for damage, bytes := range map[statemachine.Damage][]byte{
		statemachine.Intact:         sealed(""),
		statemachine.Truncated:      append(sealed(""), 0),
		statemachine.Foreign:        reseal(other),
		statemachine.UnknownVersion: reseal(newer),
		statemachine.WrongChecksum:  flipped,
	} {
		_, got := format.Open(bytes)
		if got != damage || seen[got.String()] {
			t.Errorf("got %q, want %q", got, damage)
		}
		seen[got.String()] = true
	}
}
