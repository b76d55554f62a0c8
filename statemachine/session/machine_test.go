package session_test

import (
	"encoding/binary"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
)

const capacity = 3

// A failer is a test, a fuzz target or a property.
type failer interface {
	Helper()
	Fatalf(format string, arguments ...any)
}

// A subject is a machine under test, with the log it has been given.
type subject struct {
	session.Machine
	registers register.Machine
	index     raft.Index
	buffer    [64]byte
}

func newSubject(t failer) *subject {
	t.Helper()
	s := &subject{}
	memory := session.Memory{
		Slots:     make([]session.Slot, capacity),
		Responses: make([]byte, capacity*session.CellBytes(register.ResponseBytes)),
	}
	if !s.Format(&memory, &s.registers) {
		t.Fatalf("the memory was refused")
	}
	return s
}

func (s *subject) apply(command []byte) []byte {
	s.index++
	return s.Apply(s.index, command)
}

// open opens a session and returns its id.
func (s *subject) open(t failer) uint64 {
	t.Helper()
	status, id, _ := session.ParseResponse(s.apply(s.buffer[:session.PutOpen(s.buffer[:])]))
	if status != session.Opened || id != uint64(s.index) {
		t.Fatalf("opening at %d: %v, %d", s.index, status, id)
	}
	return id
}

// add adds one to register 0 in a session and returns what comes of it.
func (s *subject) add(id, sequence uint64) (session.Status, uint64) {
	n := register.PutAdd(s.buffer[session.HeaderBytes:], 0, 1)
	status, _, wrapped := session.ParseResponse(s.apply(s.buffer[:session.PutCommand(s.buffer[:], id, sequence, n)]))
	_, value := register.ParseResponse(wrapped)
	return status, value
}

func (s *subject) value() uint64 {
	_, value := register.ParseResponse(s.Query(s.buffer[:register.PutRead(s.buffer[:], 0)]))
	return value
}

func (s *subject) expect(t *testing.T, id, sequence uint64, status session.Status, value uint64) {
	t.Helper()
	if gotStatus, got := s.add(id, sequence); gotStatus != status || got != value {
		t.Errorf("session %d, sequence %d: %v with %d, want %v with %d", id, sequence, gotStatus, got, status, value)
	}
}

func TestARepeatedCommandGetsTheResponseItHad(t *testing.T) {
	s := newSubject(t)
	a, b := s.open(t), s.open(t)
	s.expect(t, a, 1, session.Done, 1)
	s.expect(t, b, 1, session.Done, 2)
	s.expect(t, a, 1, session.Done, 1)
	s.expect(t, b, 1, session.Done, 2)
	if s.value() != 2 {
		t.Errorf("two commands, four times proposed, made %d", s.value())
	}
}

func TestACommandThatWasGivenUpNeverRunsAfterTheNext(t *testing.T) {
	s := newSubject(t)
	id := s.open(t)
	s.expect(t, id, 2, session.Done, 1)
	s.expect(t, id, 1, session.Overtaken, 0)
	if s.value() != 1 {
		t.Errorf("an overtaken command ran: %d", s.value())
	}
}

func TestACommandOfASessionThatEndedIsRefused(t *testing.T) {
	s := newSubject(t)
	first := s.open(t)
	s.expect(t, first, 1, session.Done, 1)
	for range capacity {
		s.open(t)
	}
	s.expect(t, first, 1, session.Ended, 0)
	s.expect(t, first, 2, session.Ended, 0)
	s.expect(t, 0, 1, session.Ended, 0)
	s.expect(t, 999, 1, session.Ended, 0)
	if s.value() != 1 || s.Sessions() != capacity {
		t.Errorf("%d sessions, value %d", s.Sessions(), s.value())
	}
}

func TestTheSessionLeastRecentlyUsedInTheLogEnds(t *testing.T) {
	s := newSubject(t)
	a, b, c := s.open(t), s.open(t), s.open(t)
	s.expect(t, a, 1, session.Done, 1)
	s.expect(t, c, 1, session.Done, 2)
	s.expect(t, a, 1, session.Done, 1) // a repetition counts as use
	d := s.open(t)                     // b ends
	s.expect(t, b, 1, session.Ended, 0)
	e := s.open(t) // c ends
	s.expect(t, c, 1, session.Ended, 0)
	s.expect(t, a, 1, session.Done, 1)
	s.expect(t, d, 1, session.Done, 3)
	s.expect(t, e, 1, session.Done, 4)
}

func TestBytesThatAreNoCommandAreRefused(t *testing.T) {
	s := newSubject(t)
	id := s.open(t)
	n := session.PutCommand(s.buffer[:], id, 1, 0)
	for length := range n {
		if length == session.OpenBytes {
			continue // checked below: a session's first byte is not that of opening one
		}
		if status, _, _ := session.ParseResponse(s.apply(s.buffer[:length])); status != session.Malformed {
			t.Errorf("%d bytes of a command: %v", length, status)
		}
	}
	for name, command := range map[string][]byte{
		"an unknown kind": {9}, "a session's first byte": {2}, "opening with more": {1, 0},
	} {
		if status, _, _ := session.ParseResponse(s.apply(command)); status != session.Malformed {
			t.Errorf("%s: %v", name, status)
		}
	}
	s.expect(t, id, 0, session.Malformed, 0)
	s.expect(t, id, 1, session.Done, 1)
}

func TestAResponseThatIsTooLongIsNotKeptButTheCommandRunsOnce(t *testing.T) {
	var registers register.Machine
	var m session.Machine
	m.Format(&session.Memory{Slots: make([]session.Slot, 1), Responses: make([]byte, 4)}, &registers)
	s := &subject{}
	command := s.buffer[:session.PutCommand(s.buffer[:], 1, 1, register.PutAdd(s.buffer[session.HeaderBytes:], 0, 1))]
	m.Apply(1, []byte{1})
	for index := raft.Index(2); index < 5; index++ {
		if status, _, _ := session.ParseResponse(m.Apply(index, command)); status != session.TooLong {
			t.Errorf("at %d: %v", index, status)
		}
	}
	var question [2]byte
	if _, value := register.ParseResponse(registers.Query(question[:register.PutRead(question[:], 0)])); value != 1 {
		t.Errorf("the command ran %d times", value)
	}
}

func TestMemoryForNothingIsRefused(t *testing.T) {
	var m session.Machine
	var registers register.Machine
	for _, memory := range []session.Memory{{}, {Slots: make([]session.Slot, 2), Responses: make([]byte, 1)}} {
		if m.Format(&memory, &registers) {
			t.Errorf("%d slots with %d bytes were taken", len(memory.Slots), len(memory.Responses))
		}
	}
}

func TestASnapshotOfAnotherShapeIsRefused(t *testing.T) {
	s := newSubject(t)
	saved := make([]byte, s.SnapshotBytes())
	s.Save(saved)
	for name, memory := range map[string]session.Memory{
		"more sessions":    {Slots: make([]session.Slot, 2*capacity), Responses: make([]byte, 2*capacity*10)},
		"longer responses": {Slots: make([]session.Slot, capacity), Responses: make([]byte, capacity*20)},
	} {
		var other session.Machine
		var registers register.Machine
		other.Format(&memory, &registers)
		if damage := other.Load(saved); damage != statemachine.WrongShape {
			t.Errorf("%s: %v", name, damage)
		}
	}
}

func TestASnapshotThatDoesNotFitIsNotWritten(t *testing.T) {
	s := newSubject(t)
	s.open(t)
	for length := range s.SnapshotBytes() {
		if n := s.Save(make([]byte, length)); n != 0 {
			t.Errorf("into %d bytes: wrote %d", length, n)
		}
	}
}

func TestResponsesAreParsedWhateverTheyAre(t *testing.T) {
	for _, response := range [][]byte{nil, {byte(session.Opened)}, {byte(session.Opened), 1, 2}} {
		if status, _, _ := session.ParseResponse(response); status != session.Malformed {
			t.Errorf("%v: %v", response, status)
		}
	}
	response := binary.LittleEndian.AppendUint64([]byte{byte(session.Opened)}, 7)
	if status, id, _ := session.ParseResponse(response); status != session.Opened || id != 7 {
		t.Errorf("%v of %d", status, id)
	}
}

func TestNothingAllocates(t *testing.T) {
	s := newSubject(t)
	other := newSubject(t)
	saved := make([]byte, 4096)
	var id uint64
	allocations := testing.AllocsPerRun(200, func() {
		id = s.open(t)
		s.add(id, 1)
		s.add(id, 1)
		s.add(id, 0)
		s.value()
		n := s.Save(saved)
		if n != s.SnapshotBytes() || other.Load(saved[:n]) != statemachine.Intact || other.Load(saved[:n-1]) == statemachine.Intact {
			t.Fatal("saved and not loaded")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}
