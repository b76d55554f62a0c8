package register

import "encoding/binary"

// A command's first byte says what it is, the second is the register, numbers are
// little endian:
//
//	1, register, value (8 bytes)                       write
//	2, register, value (8 bytes)                       add, modulo 2⁶⁴
//	3, register, expected (8 bytes), value (8 bytes)   compare and swap
//
// A question is 4, register. A response is an [Outcome] and what the register holds
// then (8 bytes).
const (
	write          = 1
	add            = 2
	compareAndSwap = 3
	read           = 4

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

// wellFormed reports whether bytes are a command.
func wellFormed(command []byte) bool {
	if len(command) < 2 || command[1] >= Registers {
		return false
	}
	switch command[0] {
	case write, add:
		return len(command) == 10
	case compareAndSwap:
		return len(command) == 18
	}
	return false
}

// PutWrite writes the command that sets a register, and returns its length.
func PutWrite(into []byte, register uint8, value uint64) int {
	return put(into, write, register, value)
}

// PutAdd writes the command that adds to a register, and returns its length.
func PutAdd(into []byte, register uint8, value uint64) int { return put(into, add, register, value) }

// PutCompareAndSwap writes the command that sets a register if it holds what is
// expected, and returns its length.
func PutCompareAndSwap(into []byte, register uint8, expected, value uint64) int {
	n := put(into, compareAndSwap, register, expected)
	binary.LittleEndian.PutUint64(into[n:], value)
	return n + 8
}

// PutRead writes the question what a register holds, and returns its length.
func PutRead(into []byte, register uint8) int {
	into[0], into[1] = read, register
	return questionBytes
}

func put(into []byte, what, register uint8, value uint64) int {
	into[0], into[1] = what, register
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
