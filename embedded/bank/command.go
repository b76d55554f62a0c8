package bank

import "encoding/binary"

// A command's first byte says what it does; a name and a value have up to NameBytes and
// ValueBytes, and a name at least one:
//
//	1, length of the name, name, value   set a value
//	2, length of the name, name          remove a value
//	3, relay, 0 or 1                     switch a relay
//
// So does a question's:
//
//	4, length of the name, name          what is the value?
//	5                                    which relays are on?
//
// A response or answer is an [Outcome], and behind it the value that now stands there,
// or the relays, 2 bytes, little endian, a bit each.
const (
	set         = 1
	remove      = 2
	switchRelay = 3
	ask         = 4
	askRelays   = 5

	// NameBytes is the length of the longest name.
	NameBytes = 12
	// ValueBytes is the length of the longest value.
	ValueBytes = 24
	// CommandBytes is the length of the longest command.
	CommandBytes = 2 + NameBytes + ValueBytes
	// ResponseBytes is the length of the longest response or answer.
	ResponseBytes = 1 + ValueBytes
)

// Outcome says what a command or a question has come to.
type Outcome uint8

// The outcomes.
const (
	// Done: what follows is what stands there now.
	Done Outcome = iota + 1
	// Absent: there is no value of this name.
	Absent
	// Full: there are as many values as there is place for; nothing has changed.
	Full
	// Malformed: these bytes are no command, or no question.
	Malformed
)

// String returns the outcome's name.
func (o Outcome) String() string {
	switch o {
	case Done:
		return "done"
	case Absent:
		return "absent"
	case Full:
		return "full"
	case Malformed:
		return "malformed"
	}
	return "unknown outcome"
}

// PutSet writes the command that sets a value and returns its length, or 0 if it does
// not fit or there can be no such name or value.
func PutSet(into, name, value []byte) int {
	length := putNamed(into, set, name)
	if length == 0 || len(value) > ValueBytes || len(into)-length < len(value) {
		return 0
	}
	return length + copy(into[length:], value)
}

// PutRemove writes the command that removes a value and returns its length, or 0.
func PutRemove(into, name []byte) int { return putNamed(into, remove, name) }

// PutGet writes the question for a value and returns its length, or 0.
func PutGet(into, name []byte) int { return putNamed(into, ask, name) }

// PutSwitch writes the command that switches a relay and returns its length, or 0.
func PutSwitch(into []byte, relay uint8, on bool) int {
	if len(into) < 3 || relay >= Relays {
		return 0
	}
	into[0], into[1], into[2] = switchRelay, relay, 0
	if on {
		into[2] = 1
	}
	return 3
}

// PutGetRelays writes the question for the relays and returns its length, or 0.
func PutGetRelays(into []byte) int {
	if len(into) == 0 {
		return 0
	}
	into[0] = askRelays
	return 1
}

func putNamed(into []byte, kind byte, name []byte) int {
	if len(name) == 0 || len(name) > NameBytes || len(into) < 2+len(name) {
		return 0
	}
	into[0], into[1] = kind, byte(len(name))
	return 2 + copy(into[2:], name)
}

// parseNamed returns the name in a command or question, and what stands behind it.
func parseNamed(command []byte) (name, rest []byte, ok bool) {
	if len(command) < 2 {
		return nil, nil, false
	}
	length := int(command[1])
	if length == 0 || length > NameBytes || len(command)-2 < length {
		return nil, nil, false
	}
	return command[2 : 2+length], command[2+length:], true
}

// ParseResponse returns what a command or a question has come to, and the value that
// stands there.
func ParseResponse(response []byte) (Outcome, []byte) {
	if len(response) == 0 {
		return Malformed, nil
	}
	return Outcome(response[0]), response[1:]
}

// ParseRelays returns the relays that are on, a bit each, from the value of an answer.
func ParseRelays(value []byte) (uint16, bool) {
	if len(value) != 2 {
		return 0, false
	}
	return binary.LittleEndian.Uint16(value), true
}
