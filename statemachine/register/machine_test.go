package register_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/register"
)

// read asks what a register holds.
func read(m *register.Machine, at uint8) (register.Outcome, uint64) {
	var question [2]byte
	return register.ParseResponse(m.Query(question[:register.PutRead(question[:], at)]))
}

func TestRegistersDoWhatAMapDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, other := new(register.Machine), new(register.Machine)
		model := map[uint8]uint64{}
		var buffer [register.CommandBytes]byte
		registers := rapid.Uint8Range(0, register.Registers-1)
		values := rapid.Uint64Range(0, 3)
		apply := func(t *rapid.T, at uint8, n int, outcome register.Outcome) {
			got, value := register.ParseResponse(m.Apply(1, buffer[:n]))
			if got != outcome || value != model[at] {
				t.Fatalf("%v with %d, want %v with %d", got, value, outcome, model[at])
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				at, value := registers.Draw(t, "register"), rapid.Uint64().Draw(t, "value")
				model[at] = value
				apply(t, at, register.PutWrite(buffer[:], at, value), register.Done)
			},
			"add": func(t *rapid.T) {
				at, value := registers.Draw(t, "register"), rapid.Uint64().Draw(t, "value")
				model[at] += value
				apply(t, at, register.PutAdd(buffer[:], at, value), register.Done)
			},
			"compare and swap": func(t *rapid.T) {
				at, value := registers.Draw(t, "register"), values.Draw(t, "value")
				expected := model[at] + values.Draw(t, "off")/3
				outcome := register.Mismatch
				if expected == model[at] {
					model[at], outcome = value, register.Done
				}
				apply(t, at, register.PutCompareAndSwap(buffer[:], at, expected, value), outcome)
			},
			"move": func(t *rapid.T) {
				saved := make([]byte, m.SnapshotBytes())
				if m.Save(saved) != len(saved) || other.Load(saved) != statemachine.Intact {
					t.Fatal("saved and not loaded")
				}
				m, other = other, m
			},
			"": func(t *rapid.T) {
				at := registers.Draw(t, "register")
				if outcome, value := read(m, at); outcome != register.Done || value != model[at] {
					t.Fatalf("register %d: %v with %d, want %d", at, outcome, value, model[at])
				}
			},
		})
	})
}

func TestBytesThatAreNoCommandChangeNothing(t *testing.T) {
	var m register.Machine
	var buffer [register.CommandBytes]byte
	n := register.PutCompareAndSwap(buffer[:], 3, 0, 1)
	for length := range n {
		if outcome, _ := register.ParseResponse(m.Apply(1, buffer[:length])); outcome != register.Malformed {
			t.Errorf("%d bytes of a command: %v", length, outcome)
		}
	}
	register.PutWrite(buffer[:], register.Registers, 7)
	for name, command := range map[string][]byte{
		"an unknown command": {9, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "too long a write": make([]byte, 11),
		"a register that is not": buffer[:10],
	} {
		if outcome, _ := register.ParseResponse(m.Apply(1, command)); outcome != register.Malformed {
			t.Errorf("%s: %v", name, outcome)
		}
	}
	for _, question := range [][]byte{nil, {4}, {4, register.Registers}, {1, 0}, {4, 0, 0}} {
		if outcome, _ := register.ParseResponse(m.Query(question)); outcome != register.Malformed {
			t.Errorf("question %v: %v", question, outcome)
		}
	}
	for at := range uint8(register.Registers) {
		if _, value := read(&m, at); value != 0 {
			t.Errorf("register %d holds %d", at, value)
		}
	}
	if outcome, _ := register.ParseResponse(nil); outcome != register.Malformed {
		t.Errorf("no response at all: %v", outcome)
	}
}

func TestNothingAllocates(t *testing.T) {
	var m, other register.Machine
	var buffer [register.CommandBytes]byte
	saved := make([]byte, m.SnapshotBytes())
	allocations := testing.AllocsPerRun(100, func() {
		m.Apply(1, buffer[:register.PutWrite(buffer[:], 1, 2)])
		m.Apply(2, buffer[:register.PutAdd(buffer[:], 1, 2)])
		m.Apply(3, buffer[:register.PutCompareAndSwap(buffer[:], 1, 4, 5)])
		m.Apply(4, buffer[:3])
		read(&m, 1)
		if m.Save(saved) == 0 || other.Load(saved) != statemachine.Intact {
			t.Fatal("saved and not loaded")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func FuzzAnyBytes(f *testing.F) {
	var m register.Machine
	saved := make([]byte, m.SnapshotBytes())
	m.Save(saved)
	f.Add(saved)
	f.Add(saved[16 : len(saved)-4])
	f.Fuzz(func(t *testing.T, data []byte) {
		var m register.Machine
		m.Apply(1, data)
		m.Query(data)
		framed := make([]byte, statemachine.FrameBytes+len(data))
		format := statemachine.Format{Name: [4]byte{'r', 'e', 'g', 's'}, Version: 1}
		copy(format.Frame(framed, len(data)), data)
		format.Seal(framed, len(data))
		for _, snapshot := range [][]byte{data, framed} {
			if m.Load(snapshot) != statemachine.Intact {
				continue
			}
			again := make([]byte, m.SnapshotBytes())
			if m.Save(again); !slices.Equal(again, snapshot) {
				t.Errorf("loaded\n%x, saved\n%x", snapshot, again)
			}
		}
	})
}
