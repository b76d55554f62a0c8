// Package register is a state machine of sixteen registers of 64 bits: small enough
// for a board, and rich enough to tell a correct cluster from one that isn't. It is
// what the contract drives on every realization, usually within a
// [github.com/driftless-raft/driftless/statemachine/session.Machine].
//
//	n := register.PutAdd(buffer[:], 3, 5)  // a command: add 5 to register 3
//	n = register.PutRead(buffer[:], 3)     // a question
//	outcome, value := register.ParseResponse(response)
//
// Nothing here allocates, and the package links without a heap.
package register

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// Registers is how many there are. They begin as zeros.
const Registers = 16

// Machine implements [statemachine.Machine]. The zero value is its first state.
type Machine struct {
	values [Registers]uint64
	answer [ResponseBytes]byte
}

// Apply implements [statemachine.Machine].
func (m *Machine) Apply(_ raft.Index, command []byte) []byte {
	c, ok := ParseCommand(command)
	if !ok {
		return m.respond(Malformed, 0)
	}
	value := &m.values[c.Register]
	switch c.Kind {
	case Write:
		*value = c.Value
	case Add:
		*value += c.Value
	case CompareAndSwap:
		if *value != c.Expected {
			return m.respond(Mismatch, *value)
		}
		*value = c.Value
	}
	return m.respond(Done, *value)
}

// Query implements [statemachine.Machine]. There is one question: what a register
// holds.
func (m *Machine) Query(question []byte) []byte {
	if len(question) != questionBytes || question[0] != read || question[1] >= Registers {
		return m.respond(Malformed, 0)
	}
	return m.respond(Done, m.values[question[1]])
}

func (m *Machine) respond(o Outcome, value uint64) []byte {
	m.answer[0] = byte(o)
	binary.LittleEndian.PutUint64(m.answer[1:], value)
	return m.answer[:]
}

// The body of a snapshot is the sixteen values, little endian.
var format = statemachine.Format{Name: [4]byte{'r', 'e', 'g', 's'}, Version: 1}

const bodyBytes = 8 * Registers

// SnapshotBytes implements [statemachine.Machine]. It is always the same.
func (*Machine) SnapshotBytes() int { return statemachine.FrameBytes + bodyBytes }

// Save implements [statemachine.Machine].
func (m *Machine) Save(into []byte) int {
	body := format.Frame(into, bodyBytes)
	if body == nil {
		return 0
	}
	for i, value := range m.values {
		binary.LittleEndian.PutUint64(body[8*i:], value)
	}
	return format.Seal(into, bodyBytes)
}

// Load implements [statemachine.Machine].
func (m *Machine) Load(from []byte) statemachine.Damage {
	body, damage := format.Open(from)
	switch {
	case damage != statemachine.Intact:
		return damage
	case len(body) != bodyBytes:
		return statemachine.Truncated
	}
	for i := range m.values {
		m.values[i] = binary.LittleEndian.Uint64(body[8*i:])
	}
	return statemachine.Intact
}
