package session

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// Slot is the memory of one session.
type Slot struct {
	id       uint64 // the index of the entry that opened it
	used     uint64 // the index of its last command
	sequence uint64 // of its last command; 0: none yet
	length   uint32 // of the last response, status included
	cell     uint32 // where among the responses that stands
}

// Memory is what a machine works in. It belongs to the machine from then on.
type Memory struct {
	// Slots: one for each session that can be open at a time. At least one.
	Slots []Slot
	// Responses is divided evenly among the sessions: len(Slots) times
	// [CellBytes] of the longest response.
	Responses []byte
}

// CellBytes is the memory that keeps one response of the wrapped machine, of up to
// the given length.
func CellBytes(response int) int { return 1 + response }

// Machine is a wrapped machine with a table of sessions. It implements
// [statemachine.Machine].
type Machine struct {
	wrapped   statemachine.Machine
	slots     []Slot // the first count are in use, by rising id
	count     int
	responses []byte
	cell      int // the length of each
	answer    [openedBytes]byte
}

// Format begins with no sessions, around a machine in its own first state. It
// returns false if the memory is for no session, or for no response.
func (m *Machine) Format(memory *Memory, wrapped statemachine.Machine) bool {
	if len(memory.Slots) == 0 || len(memory.Responses) < len(memory.Slots) {
		return false
	}
	m.wrapped = wrapped
	m.slots, m.count = memory.Slots, 0
	m.cell = len(memory.Responses) / len(memory.Slots)
	m.responses = memory.Responses
	for i := range m.slots {
		m.slots[i] = Slot{cell: uint32(i)}
	}
	return true
}

// Apply implements [statemachine.Machine].
func (m *Machine) Apply(index raft.Index, command []byte) []byte {
	if len(command) == OpenBytes && command[0] == openSession {
		return m.open(uint64(index))
	}
	id, sequence, wrapped, ok := ParseCommand(command)
	if !ok || sequence == 0 {
		return m.refuse(Malformed)
	}
	at, found := m.find(id)
	if !found {
		return m.refuse(Ended)
	}
	slot := &m.slots[at]
	slot.used = uint64(index)
	switch {
	case sequence < slot.sequence:
		return m.refuse(Overtaken)
	case sequence > slot.sequence:
		m.perform(slot, index, sequence, wrapped)
	}
	return m.kept(slot)
}

// perform carries a command out and keeps its response.
func (m *Machine) perform(slot *Slot, index raft.Index, sequence uint64, wrapped []byte) {
	response := m.wrapped.Apply(index, wrapped)
	cell := m.cellOf(slot)
	slot.sequence = sequence
	if CellBytes(len(response)) > len(cell) {
		cell[0], slot.length = byte(TooLong), 1
		return
	}
	cell[0] = byte(Done)
	slot.length = uint32(1 + copy(cell[1:], response))
}

// open opens a session. If there are too many, the one ends whose last command is
// the oldest in the log.
func (m *Machine) open(index uint64) []byte {
	at := m.count
	if m.count == len(m.slots) {
		oldest := 0
		for i := range m.slots {
			if m.slots[i].used < m.slots[oldest].used {
				oldest = i
			}
		}
		cell := m.slots[oldest].cell
		at = m.count - 1
		copy(m.slots[oldest:at], m.slots[oldest+1:])
		m.slots[at].cell = cell
	} else {
		m.count++
	}
	m.slots[at] = Slot{id: index, used: index, cell: m.slots[at].cell}
	m.answer[0] = byte(Opened)
	binary.LittleEndian.PutUint64(m.answer[1:], index)
	return m.answer[:]
}

// find is the slot of an open session. Ids rise from slot to slot, because those of
// new sessions do.
func (m *Machine) find(id uint64) (int, bool) {
	low, high := 0, m.count
	for low < high {
		middle := (low + high) / 2
		if m.slots[middle].id < id {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < m.count && m.slots[low].id == id
}

func (m *Machine) refuse(status Status) []byte {
	m.answer[0] = byte(status)
	return m.answer[:1]
}

func (m *Machine) cellOf(slot *Slot) []byte {
	start := int(slot.cell) * m.cell
	return m.responses[start : start+m.cell]
}

// kept is the response to a session's last command.
func (m *Machine) kept(slot *Slot) []byte { return m.cellOf(slot)[:slot.length] }

// Query implements [statemachine.Machine]: it asks the wrapped machine. Questions
// need no session, for asking twice does no harm.
func (m *Machine) Query(question []byte) []byte { return m.wrapped.Query(question) }

// Sessions is how many sessions are open.
func (m *Machine) Sessions() int { return m.count }
