package session

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/statemachine"
)

// The body of a snapshot, numbers little endian:
//
//	4 bytes  the capacity in sessions
//	4 bytes  the length of a response's cell
//	4 bytes  how many sessions are open
//	         for each, by rising id:
//	8 bytes    id
//	8 bytes    index of its last command
//	8 bytes    sequence of its last command
//	4 bytes    length of the response to it
//	…          the response, status first
//	…        the wrapped machine's snapshot
var format = statemachine.Format{Name: [4]byte{'s', 'e', 's', 's'}, Version: 1}

const (
	tableBytes = 12
	slotBytes  = 28
)

// SnapshotBytes implements [statemachine.Machine].
func (m *Machine) SnapshotBytes() int {
	return statemachine.FrameBytes + m.ownBytes() + m.wrapped.SnapshotBytes()
}

// ownBytes is the length of the body without the wrapped machine's part.
func (m *Machine) ownBytes() int {
	size := tableBytes + slotBytes*m.count
	for i := range m.slots[:m.count] {
		size += int(m.slots[i].length)
	}
	return size
}

// Save implements [statemachine.Machine].
func (m *Machine) Save(into []byte) int {
	size := m.SnapshotBytes()
	body := format.Frame(into, size-statemachine.FrameBytes)
	if body == nil {
		return 0
	}
	binary.LittleEndian.PutUint32(body, uint32(len(m.slots)))
	binary.LittleEndian.PutUint32(body[4:], uint32(m.cell))
	binary.LittleEndian.PutUint32(body[8:], uint32(m.count))
	at := tableBytes
	for i := range m.slots[:m.count] {
		slot := &m.slots[i]
		binary.LittleEndian.PutUint64(body[at:], slot.id)
		binary.LittleEndian.PutUint64(body[at+8:], slot.used)
		binary.LittleEndian.PutUint64(body[at+16:], slot.sequence)
		binary.LittleEndian.PutUint32(body[at+24:], slot.length)
		at += slotBytes
		at += copy(body[at:], m.kept(slot))
	}
	if m.wrapped.Save(body[at:]) != len(body)-at {
		return 0
	}
	return format.Seal(into, len(body))
}

// Load implements [statemachine.Machine].
func (m *Machine) Load(from []byte) statemachine.Damage {
	body, damage := format.Open(from)
	if damage != statemachine.Intact {
		return damage
	}
	size, damage := m.check(body)
	if damage != statemachine.Intact {
		return damage
	}
	if damage = m.wrapped.Load(body[size:]); damage != statemachine.Intact {
		return damage
	}
	m.take(body[:size])
	return statemachine.Intact
}

// check finds out whether a body begins with a table that this machine can be in,
// and how long that is.
func (m *Machine) check(body []byte) (int, statemachine.Damage) {
	if len(body) < tableBytes {
		return 0, statemachine.Truncated
	}
	count := binary.LittleEndian.Uint32(body[8:])
	switch {
	case binary.LittleEndian.Uint32(body) != uint32(len(m.slots)), binary.LittleEndian.Uint32(body[4:]) != uint32(m.cell):
		return 0, statemachine.WrongShape
	case count > uint32(len(m.slots)):
		return 0, statemachine.Contradictory
	}
	at, before := tableBytes, uint64(0)
	for range count {
		if len(body)-at < slotBytes {
			return 0, statemachine.Truncated
		}
		saved := body[at : at+slotBytes]
		id, used := binary.LittleEndian.Uint64(saved), binary.LittleEndian.Uint64(saved[8:])
		sequence, length := binary.LittleEndian.Uint64(saved[16:]), binary.LittleEndian.Uint32(saved[24:])
		at += slotBytes
		if id <= before || used < id || length > uint32(m.cell) || (length == 0) != (sequence == 0) {
			return 0, statemachine.Contradictory
		}
		if uint64(len(body)-at) < uint64(length) {
			return 0, statemachine.Truncated
		}
		at += int(length)
		before = id
	}
	return at, statemachine.Intact
}

// take makes a checked table this machine's.
func (m *Machine) take(table []byte) {
	m.count = int(binary.LittleEndian.Uint32(table[8:]))
	at := tableBytes
	for i := range m.slots {
		slot := &m.slots[i]
		*slot = Slot{cell: uint32(i)}
		if i >= m.count {
			continue
		}
		slot.id = binary.LittleEndian.Uint64(table[at:])
		slot.used = binary.LittleEndian.Uint64(table[at+8:])
		slot.sequence = binary.LittleEndian.Uint64(table[at+16:])
		slot.length = binary.LittleEndian.Uint32(table[at+24:])
		at += slotBytes
		at += copy(m.kept(slot), table[at:])
	}
}
