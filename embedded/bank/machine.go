// Package bank is a state machine of values by name and of relays: the configuration
// that boards of one plant share, and what the one of them that may drive the outputs
// has to switch on.
//
//	n := bank.PutSet(buffer[:], []byte("limit"), []byte("72"))  // a command
//	n = bank.PutSwitch(buffer[:], 3, true)                      // another
//	outcome, value := bank.ParseResponse(response)
//
// All are of fixed sizes. Nothing here allocates, and the package links without a heap.
package bank

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
)

const (
	// Values is how many values there can be at a time.
	Values = 16
	// Relays is how many relays there are. They begin switched off.
	Relays = 16
)

// A value has a name. Lengths stand beside the arrays because slices would need a heap.
type value struct {
	nameLength uint8
	length     uint8
	name       [NameBytes]byte
	bytes      [ValueBytes]byte
}

func (v *value) named() []byte { return v.name[:v.nameLength] }
func (v *value) held() []byte  { return v.bytes[:v.length] }

// Machine implements [statemachine.Machine]. The zero value is its first state.
type Machine struct {
	values [Values]value // the first count, by rising name
	count  int
	relays uint16
	answer [ResponseBytes]byte
}

// On reports whether a relay is switched on. Whether this board may drive it is another
// question.
func (m *Machine) On(relay uint8) bool { return relay < Relays && m.relays>>relay&1 != 0 }

// Apply implements [statemachine.Machine].
func (m *Machine) Apply(_ raft.Index, command []byte) []byte {
	if len(command) == 3 && command[0] == switchRelay {
		return m.switches(command[1], command[2])
	}
	name, rest, ok := parseNamed(command)
	switch {
	case ok && command[0] == set && len(rest) <= ValueBytes:
		return m.set(name, rest)
	case ok && command[0] == remove && len(rest) == 0:
		return m.remove(name)
	}
	return m.respond(Malformed, nil)
}

func (m *Machine) switches(relay, on byte) []byte {
	if relay >= Relays || on > 1 {
		return m.respond(Malformed, nil)
	}
	m.relays = m.relays&^(1<<relay) | uint16(on)<<relay
	return m.respondRelays()
}

func (m *Machine) set(name, to []byte) []byte {
	at, found := m.find(name)
	if !found {
		if m.count == Values {
			return m.respond(Full, nil)
		}
		copy(m.values[at+1:m.count+1], m.values[at:m.count])
		m.count++
		m.values[at] = value{nameLength: uint8(len(name))}
		copy(m.values[at].name[:], name)
	}
	v := &m.values[at]
	v.length = uint8(copy(v.bytes[:], to))
	return m.respond(Done, v.held())
}

func (m *Machine) remove(name []byte) []byte {
	at, found := m.find(name)
	if !found {
		return m.respond(Absent, nil)
	}
	copy(m.values[at:m.count], m.values[at+1:m.count])
	m.count--
	return m.respond(Done, nil)
}

// find is where a value is, or belongs.
func (m *Machine) find(name []byte) (int, bool) {
	for i := range m.values[:m.count] {
		if order := compare(m.values[i].named(), name); order >= 0 {
			return i, order == 0
		}
	}
	return m.count, false
}

// compare orders names by their bytes. That of package bytes needs a heap.
func compare(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return len(a) - len(b)
}

// Query implements [statemachine.Machine].
func (m *Machine) Query(question []byte) []byte {
	if len(question) == 1 && question[0] == askRelays {
		return m.respondRelays()
	}
	name, rest, ok := parseNamed(question)
	if !ok || question[0] != ask || len(rest) > 0 {
		return m.respond(Malformed, nil)
	}
	at, found := m.find(name)
	if !found {
		return m.respond(Absent, nil)
	}
	return m.respond(Done, m.values[at].held())
}

func (m *Machine) respond(o Outcome, held []byte) []byte {
	m.answer[0] = byte(o)
	return m.answer[:1+copy(m.answer[1:], held)]
}

func (m *Machine) respondRelays() []byte {
	m.answer[0] = byte(Done)
	binary.LittleEndian.PutUint16(m.answer[1:], m.relays)
	return m.answer[:3]
}
