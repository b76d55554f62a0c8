package sim

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// sessionsMax is the largest table of sessions.
const sessionsMax = 64

// A machine is the replicated state machine: the register machine within a table of
// sessions, and a hash of everything ever applied and answered, which stands for the
// whole state.
type machine struct {
	index     raft.Index
	hash      uint64
	registers watched
	sessions  session.Machine
	slots     [sessionsMax]session.Slot
	responses [sessionsMax * (1 + register.ResponseBytes)]byte
	recent    [recentMax]answered
}

// recentMax is how many responses a server remembers for the clients that wait.
const recentMax = 64

// An answered entry is one with the response that its command had.
type answered struct {
	index    raft.Index
	state    uint64 // of the machine after it
	length   int
	response [1 + register.ResponseBytes]byte
}

// A watched register machine tells whether the last command has reached it: it does
// not if the table of sessions has answered it.
type watched struct {
	register.Machine
	ran bool
}

// Apply implements [statemachine.Machine].
func (m *watched) Apply(index raft.Index, command []byte) []byte {
	m.ran = true
	return m.Machine.Apply(index, command)
}

// format makes the machine an empty one with room for a number of sessions.
func (m *machine) format(capacity uint8) {
	*m = machine{}
	memory := session.Memory{Slots: m.slots[:capacity], Responses: m.responses[:int(capacity)*len(m.recent[0].response)]}
	m.sessions.Format(&memory, &m.registers)
}

// apply takes the next committed entry. Of its data the first byte says how much of
// it is the command; what follows is filler.
func (m *machine) apply(e *raft.Entry) {
	m.index = e.Index
	m.hash = mix(m.hash, uint64(e.Index)<<8|uint64(e.Kind))
	m.registers.ran = false
	if e.Kind != raft.Command {
		return
	}
	m.hash = mixBytes(m.hash, e.Data)
	response := m.sessions.Apply(e.Index, unfilled(e.Data))
	m.hash = mixBytes(m.hash, response)
	a := &m.recent[e.Index%recentMax]
	a.index, a.state, a.length = e.Index, m.result(), copy(a.response[:], response)
}

// unfilled is the command in an entry's data.
func unfilled(data []byte) []byte {
	if len(data) == 0 || int(data[0]) >= len(data) {
		return nil
	}
	return data[1 : 1+data[0]]
}

// answer is the response to the command of an entry, if it was applied here and not
// too long ago.
func (m *machine) answer(index raft.Index) []byte {
	a := &m.recent[index%recentMax]
	if a.index != index {
		return nil
	}
	return a.response[:a.length]
}

// read is what a register holds.
func (m *machine) read(at uint8) uint64 {
	var question [2]byte
	_, value := register.ParseResponse(m.sessions.Query(question[:register.PutRead(question[:], at)]))
	return value
}

// result stands for all that a reader could see.
func (m *machine) result() uint64 { return mix(m.hash, uint64(m.index)) }

const (
	imageHeader = 20
	// A table's snapshot has a frame and 12 bytes of its own, and 28 bytes and a
	// response for each session.
	imageBytesMax = imageHeader + 2*statemachine.FrameBytes + 12 + 8*register.Registers + sessionsMax*(28+1+register.ResponseBytes)
)

// save appends the state to b, and filler that makes it size bytes long, so that
// its transfer takes several chunks.
func (m *machine) save(b []byte, size int) []byte {
	length := m.sessions.SnapshotBytes()
	b = binary.LittleEndian.AppendUint64(b, uint64(m.index))
	b = binary.LittleEndian.AppendUint64(b, m.hash)
	b = binary.LittleEndian.AppendUint32(b, uint32(length))
	for len(b) < imageHeader+length {
		b = append(b, 0)
	}
	m.sessions.Save(b[imageHeader:])
	for filler := m.hash; len(b) < size; {
		filler = mix(filler, uint64(len(b)))
		b = append(b, byte(filler))
	}
	return b
}

// load replaces the state by a saved one, and says what is wrong if it is none.
func (m *machine) load(b []byte) statemachine.Damage {
	if len(b) < imageHeader || len(b) < imageBytes(b) {
		return statemachine.Truncated
	}
	m.index = raft.Index(binary.LittleEndian.Uint64(b))
	m.hash = binary.LittleEndian.Uint64(b[8:])
	m.recent = [recentMax]answered{}
	return m.sessions.Load(b[imageHeader:imageBytes(b)])
}

// imageBytes is the length of a saved state without what follows it.
func imageBytes(b []byte) int { return imageHeader + int(binary.LittleEndian.Uint32(b[16:])) }
