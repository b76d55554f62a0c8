package register

import "encoding/binary"

// A command's first byte is its [Kind], the second the register; numbers are little
// endian:
//
//	1, register, value (8 bytes)                       write
//	2, register, value (8 bytes)                       add, modulo 2⁶⁴
//	3, register, expected (8 bytes), value (8 bytes)   compare and swap
//
// A question is 4, register. A response is an [Outcome] and what the register holds
// then (8 bytes).
const (
	read = 4

	questionBytes = 2

	// CommandBytes is the length of the longest command.
	CommandBytes = 18
	// ResponseBytes is the length of every response and answer.
	ResponseBytes = 9
)

// Outcome says what a command or a question has come to.
type Outcome uint8

// The outcomes.
const (
	// Done: the value is what the register holds now.
	Done Outcome = iota + 1
	// Mismatch: the register did not hold what a compare and swap expected; the
	// value is what it does hold.
	Mismatch
	// Malformed: these bytes are no command, or no question.
	Malformed
)

// String returns the outcome's name.
func (o Outcome) String() string {
	switch o {
	case Done:
		return "done"
	case Mismatch:
		return "mismatch"
	case Malformed:
		return "malformed"
	}
	return "unknown outcome"
}

// Kind is what a command does.
type Kind uint8

// The kinds of commands.
const (
	Write          Kind = 1
	Add            Kind = 2
	CompareAndSwap Kind = 3
)

// Command is a command taken apart.
type Command struct {
	Kind     Kind
	Register uint8
	Expected uint64 // by a CompareAndSwap
	Value    uint64 // to write, to add, or to swap in
}

// ParseCommand takes a command apart. It returns false for bytes that are none.
func ParseCommand(command []byte) (Command, bool) {
	if len(command) < 10 || command[1] >= Registers {
		return Command{}, false
	}
	c := Command{Kind: Kind(command[0]), Register: command[1], Value: binary.LittleEndian.Uint64(command[2:])}
	switch c.Kind {
	case Write, Add:
		return c, len(command) == 10
	case CompareAndSwap:
		if len(command) != CommandBytes {
			return c, false
		}
		c.Expected, c.Value = c.Value, binary.LittleEndian.Uint64(command[10:])
		return c, true
	}
	return c, false
}

// PutWrite writes the command that sets a register, and returns its length.
func PutWrite(into []byte, register uint8, value uint64) int {
	return put(into, Write, register, value)
}

// PutAdd writes the command that adds to a register, and returns its length.
func PutAdd(into []byte, register uint8, value uint64) int { return put(into, Add, register, value) }

// PutCompareAndSwap writes the command that sets a register if it holds what is
// expected, and returns its length.
func PutCompareAndSwap(into []byte, register uint8, expected, value uint64) int {
	n := put(into, CompareAndSwap, register, expected)
	binary.LittleEndian.PutUint64(into[n:], value)
	return n + 8
}

// PutRead writes the question what a register holds, and returns its length.
func PutRead(into []byte, register uint8) int {
	into[0], into[1] = read, register
	return questionBytes
}

func put(into []byte, kind Kind, register uint8, value uint64) int {
	into[0], into[1] = byte(kind), register
	binary.LittleEndian.PutUint64(into[2:], value)
	return 10
}

// ParseResponse returns what a command or a question has come to, and what the
// register held then.
func ParseResponse(response []byte) (Outcome, uint64) {
	if len(response) != ResponseBytes {
		return Malformed, 0
	}
	return Outcome(response[0]), binary.LittleEndian.Uint64(response[1:])
}
