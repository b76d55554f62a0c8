package contract

import (
	"fmt"

	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
)

const (
	sessionsMax  = 16
	commandBytes = session.HeaderBytes + register.CommandBytes
)

// NewMachine makes the state machine that every server of a cluster must run: the
// registers of package register within a table of 16 sessions. Commands and
// responses have up to 35 bytes. Whoever brings the same from elsewhere must get
// the same responses, byte for byte.
func NewMachine() statemachine.Machine {
	cell := session.CellBytes(register.ResponseBytes)
	m := new(session.Machine)
	m.Format(&session.Memory{Slots: make([]session.Slot, sessionsMax), Responses: make([]byte, sessionsMax*cell)}, new(register.Machine))
	return m
}

// An operation is what a command does to its register.
type operation uint8

const (
	write          operation = iota // set it to value
	add                             // add value to it
	compareAndSwap                  // set it to value if it is old
)

// A name is a command's: whoever does not know what became of a command sends it
// again by the same name.
type name struct {
	session  uint64
	sequence uint64
}

// A command is one operation of one client.
type command struct {
	name
	operation operation
	register  int
	value     uint64
	old       uint64
}

// encode is the command's bytes.
func (c *command) encode() []byte {
	b := make([]byte, commandBytes)
	body := b[session.HeaderBytes:]
	length := 0
	switch c.operation {
	case write:
		length = register.PutWrite(body, uint8(c.register), c.value)
	case add:
		length = register.PutAdd(body, uint8(c.register), c.value)
	case compareAndSwap:
		length = register.PutCompareAndSwap(body, uint8(c.register), c.old, c.value)
	}
	return b[:session.PutCommand(b, c.session, c.sequence, length)]
}

// String shows the command.
func (c *command) String() string {
	name := fmt.Sprintf("command %d of session %d", c.sequence, c.session)
	switch c.operation {
	case write:
		return fmt.Sprintf("%s: set register %d to %d", name, c.register, c.value)
	case add:
		return fmt.Sprintf("%s: add %d to register %d", name, c.value, c.register)
	case compareAndSwap:
		return fmt.Sprintf("%s: set register %d from %d to %d", name, c.register, c.old, c.value)
	}
	return name
}

// An answer is what a command or a read comes to: what the register holds then.
type answer struct {
	value   uint64
	refused bool // a compareAndSwap met another value
}

// parseResponse reads a machine's response to a command. It returns false if the
// command did not take effect, now or before.
func parseResponse(response []byte) (answer, bool) {
	status, _, body := session.ParseResponse(response)
	if status != session.Done {
		return answer{}, false
	}
	return parseAnswer(body)
}

// parseAnswer reads a register's response to a command or a question.
func parseAnswer(body []byte) (answer, bool) {
	outcome, value := register.ParseResponse(body)
	return answer{value: value, refused: outcome == register.Mismatch}, outcome == register.Done || outcome == register.Mismatch
}

// question is the bytes that ask for a register.
func question(of int) []byte {
	var b [register.CommandBytes]byte
	return b[:register.PutRead(b[:], uint8(of))]
}
