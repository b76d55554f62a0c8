package bank_test

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/driftless-raft/driftless/embedded/bank"
	"github.com/driftless-raft/driftless/statemachine"
)

// moved is a machine with the state of another.
func moved(t interface{ Fatalf(string, ...any) }, m *bank.Machine) *bank.Machine {
	saved := make([]byte, m.SnapshotBytes())
	if n := m.Save(saved); n != len(saved) || n > bank.SnapshotBytesMax {
		t.Fatalf("a snapshot of %d bytes took %d; the most is %d", len(saved), n, bank.SnapshotBytesMax)
	}
	other := new(bank.Machine)
	if damage := other.Load(saved); damage != statemachine.Intact {
		t.Fatalf("saved, and not loaded: %v", damage)
	}
	again := make([]byte, len(saved))
	if other.Save(again); !bytes.Equal(saved, again) {
		t.Fatalf("loaded and saved again, the state is another:\n% x\n% x", saved, again)
	}
	return other
}

func TestTheBankDoesWhatAMapDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := new(bank.Machine)
		model, relays := map[string]string{}, uint16(0)
		var buffer [bank.CommandBytes]byte
		names := rapid.Map(rapid.IntRange(0, bank.Values+3), func(i int) string { return fmt.Sprint("n", i) })
		expect := func(t *rapid.T, response []byte, outcome bank.Outcome, value string) {
			if got, held := bank.ParseResponse(response); got != outcome || string(held) != value {
				t.Fatalf("%v with %q, want %v with %q", got, held, outcome, value)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				name := names.Draw(t, "name")
				value := string(rapid.SliceOfN(rapid.Byte(), 0, bank.ValueBytes).Draw(t, "value"))
				n := bank.PutSet(buffer[:], []byte(name), []byte(value))
				if _, known := model[name]; !known && len(model) == bank.Values {
					expect(t, m.Apply(1, buffer[:n]), bank.Full, "")
					return
				}
				model[name] = value
				expect(t, m.Apply(1, buffer[:n]), bank.Done, value)
			},
			"remove": func(t *rapid.T) {
				name := names.Draw(t, "name")
				outcome := bank.Absent
				if _, known := model[name]; known {
					outcome = bank.Done
				}
				delete(model, name)
				expect(t, m.Apply(1, buffer[:bank.PutRemove(buffer[:], []byte(name))]), outcome, "")
			},
			"switch": func(t *rapid.T) {
				relay, on := rapid.Uint8Range(0, bank.Relays-1).Draw(t, "relay"), rapid.Bool().Draw(t, "on")
				relays &^= 1 << relay
				if on {
					relays |= 1 << relay
				}
				m.Apply(1, buffer[:bank.PutSwitch(buffer[:], relay, on)])
			},
			"move": func(t *rapid.T) { m = moved(t, m) },
			"": func(t *rapid.T) {
				name := names.Draw(t, "name")
				value, known := model[name]
				outcome := bank.Absent
				if known {
					outcome = bank.Done
				}
				expect(t, m.Query(buffer[:bank.PutGet(buffer[:], []byte(name))]), outcome, value)
				_, answer := bank.ParseResponse(m.Query(buffer[:bank.PutGetRelays(buffer[:])]))
				if got, ok := bank.ParseRelays(answer); !ok || got != relays || m.On(3) != (relays>>3&1 != 0) {
					t.Fatalf("the relays are %016b, want %016b", got, relays)
				}
			},
		})
	})
}

func TestWhatIsTooLongIsNotWritten(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 100)
	into := make([]byte, 200)
	for i, n := range []int{
		bank.PutSet(into, nil, nil), bank.PutSet(into, long, nil), bank.PutSet(into, long[:1], long), bank.PutSet(into[:3], long[:1], long[:1]),
		bank.PutRemove(into[:2], long[:1]), bank.PutGet(into, long[:bank.NameBytes+1]), bank.PutSwitch(into, bank.Relays, true),
		bank.PutSwitch(into[:2], 0, true), bank.PutGetRelays(nil),
	} {
		if n != 0 {
			t.Errorf("command %d took %d bytes", i, n)
		}
	}
}

// FuzzApply has a machine carry out and answer whatever bytes; the state must stay one
// that can be saved and loaded.
func FuzzApply(f *testing.F) {
	f.Add([]byte{1, 1, 'a', 'b'}, []byte{4, 1, 'a'})
	f.Add([]byte{3, 15, 1}, []byte{5})
	f.Add([]byte{2, 1, 'a'}, []byte{4, 200})
	f.Fuzz(func(t *testing.T, command, question []byte) {
		m := new(bank.Machine)
		var buffer [bank.CommandBytes]byte
		m.Apply(1, buffer[:bank.PutSet(buffer[:], []byte("a"), []byte("1"))])
		if outcome, _ := bank.ParseResponse(m.Apply(2, command)); outcome == bank.Malformed {
			if n := m.SnapshotBytes(); n != statemachine.FrameBytes+3+2+2 {
				t.Errorf("a malformed command has changed the state, which now takes %d bytes", n)
			}
		}
		if answer := m.Query(question); len(answer) == 0 || len(answer) > bank.ResponseBytes {
			t.Errorf("the answer is % x", answer)
		}
		moved(t, m)
	})
}

// FuzzLoad loads whatever bytes, also with the checksum that belongs to them. What is
// accepted must be saved as the same bytes.
func FuzzLoad(f *testing.F) {
	m := new(bank.Machine)
	var buffer [bank.CommandBytes]byte
	for _, name := range []string{"b", "a", "longest name"} {
		m.Apply(1, buffer[:bank.PutSet(buffer[:], []byte(name), []byte("value of "+name))])
	}
	saved := make([]byte, m.SnapshotBytes())
	m.Save(saved)
	f.Add(saved[16 : len(saved)-4])
	f.Add([]byte{0, 0, 2, 1, 'b', 0, 1, 'a', 0})
	format := statemachine.Format{Name: [4]byte{'b', 'a', 'n', 'k'}, Version: 1}
	f.Fuzz(func(t *testing.T, body []byte) {
		whole := make([]byte, statemachine.FrameBytes+len(body))
		copy(format.Frame(whole, len(body)), body)
		format.Seal(whole, len(body))
		m := new(bank.Machine)
		if m.Load(body) == statemachine.Intact {
			t.Error("bytes without a frame were loaded")
		}
		if m.Load(whole) != statemachine.Intact {
			if m.SnapshotBytes() != new(bank.Machine).SnapshotBytes() {
				t.Error("what was refused has changed the state")
			}
			return
		}
		again := make([]byte, len(whole))
		if n := m.Save(again); !bytes.Equal(again[:n], whole) {
			t.Errorf("loaded from % x and saved as % x", whole, again[:n])
		}
	})
}
