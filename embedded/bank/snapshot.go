package bank

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/statemachine"
)

// The body of a snapshot:
//
//	2 bytes  the relays, little endian, a bit each
//	1 byte   how many values there are
//	         for each, by rising name:
//	1 byte     length of the name
//	…          the name
//	1 byte     length of the value
//	…          the value
var format = statemachine.Format{Name: [4]byte{'b', 'a', 'n', 'k'}, Version: 1}

const headBytes = 3

// SnapshotBytesMax is the most that Save writes.
const SnapshotBytesMax = statemachine.FrameBytes + headBytes + Values*(2+NameBytes+ValueBytes)

// SnapshotBytes implements [statemachine.Machine].
func (m *Machine) SnapshotBytes() int { return statemachine.FrameBytes + m.bodyBytes() }

func (m *Machine) bodyBytes() int {
	size := headBytes
	for i := range m.values[:m.count] {
		size += 2 + int(m.values[i].nameLength) + int(m.values[i].length)
	}
	return size
}

// Save implements [statemachine.Machine].
func (m *Machine) Save(into []byte) int {
	body := format.Frame(into, m.bodyBytes())
	if body == nil {
		return 0
	}
	binary.LittleEndian.PutUint16(body, m.relays)
	body[2] = byte(m.count)
	at := headBytes
	for i := range m.values[:m.count] {
		v := &m.values[i]
		body[at] = v.nameLength
		at += 1 + copy(body[at+1:], v.named())
		body[at] = v.length
		at += 1 + copy(body[at+1:], v.held())
	}
	return format.Seal(into, len(body))
}

// Load implements [statemachine.Machine].
func (m *Machine) Load(from []byte) statemachine.Damage {
	body, damage := format.Open(from)
	if damage == statemachine.Intact {
		damage = check(body)
	}
	if damage != statemachine.Intact {
		return damage
	}
	m.relays = binary.LittleEndian.Uint16(body)
	m.count = int(body[2])
	rest := body[headBytes:]
	for i := range m.values {
		v := &m.values[i]
		*v = value{}
		if i < m.count {
			v.nameLength = uint8(copy(v.name[:], rest[1:1+rest[0]]))
			rest = rest[1+rest[0]:]
			v.length = uint8(copy(v.bytes[:], rest[1:1+rest[0]]))
			rest = rest[1+rest[0]:]
		}
	}
	return statemachine.Intact
}

// check finds out whether a machine can have such a state.
func check(body []byte) statemachine.Damage {
	if len(body) < headBytes {
		return statemachine.Truncated
	}
	if body[2] > Values {
		return statemachine.Contradictory
	}
	rest := body[headBytes:]
	var before []byte
	for range body[2] {
		name, behind := cut(rest)
		held, left := cut(behind)
		switch {
		case behind == nil || left == nil:
			return statemachine.Truncated
		case len(name) > NameBytes || len(held) > ValueBytes || compare(before, name) >= 0:
			return statemachine.Contradictory
		}
		before, rest = name, left
	}
	if len(rest) > 0 {
		return statemachine.Truncated
	}
	return statemachine.Intact
}

// cut takes apart bytes with their length before them and what follows, which is nil
// if there are too few.
func cut(from []byte) (bytes, rest []byte) {
	if len(from) == 0 || len(from)-1 < int(from[0]) {
		return nil, nil
	}
	end := 1 + int(from[0])
	return from[1:end], from[end:]
}
