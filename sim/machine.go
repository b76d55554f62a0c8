package sim

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
)

const registers = 8

// A machine is the replicated state machine: registers that commands write to,
// and a hash of everything ever applied, which stands for the whole state.
type machine struct {
	index     raft.Index
	hash      uint64
	registers [registers]uint64
}

// apply takes the next committed entry.
func (m *machine) apply(e *raft.Entry) {
	m.index = e.Index
	m.hash = mix(m.hash, uint64(e.Index)<<8|uint64(e.Kind))
	if e.Kind != raft.Command {
		return
	}
	m.hash = mixBytes(m.hash, e.Data)
	if len(e.Data) >= 8 {
		value := binary.LittleEndian.Uint64(e.Data)
		m.registers[value%registers] = value
	}
}

// result stands for all that a reader could see.
func (m *machine) result() uint64 {
	result := mix(m.hash, uint64(m.index))
	for _, value := range m.registers {
		result = mix(result, value)
	}
	return result
}

const machineBytes = 8 * (2 + registers)

// save appends the state to b, and filler that makes it size bytes long, so that
// its transfer takes several chunks.
func (m *machine) save(b []byte, size int) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(m.index))
	b = binary.LittleEndian.AppendUint64(b, m.hash)
	for _, value := range m.registers {
		b = binary.LittleEndian.AppendUint64(b, value)
	}
	for filler := m.hash; len(b) < size; {
		filler = mix(filler, uint64(len(b)))
		b = append(b, byte(filler))
	}
	return b
}

// load replaces the state by a saved one, and reports whether it is one.
func (m *machine) load(b []byte) bool {
	if len(b) < machineBytes {
		return false
	}
	m.index = raft.Index(binary.LittleEndian.Uint64(b))
	m.hash = binary.LittleEndian.Uint64(b[8:])
	for i := range m.registers {
		m.registers[i] = binary.LittleEndian.Uint64(b[8*(2+i):])
	}
	return true
}
