package kv

import (
	"encoding/binary"
	"fmt"
)

// A command's first byte says what it is; numbers are little endian:
//
//	1, length of the key (2 bytes), key, value                       put
//	2, length of the key (2 bytes), key                              delete
//	3, expected revision (8 bytes), length (2 bytes), key, value     compare and swap
//
// A response is an [Outcome] and a revision (8 bytes).
//
// A question is one of these:
//
//	4, key                                                           get
//	5, most items (4 bytes), length (2 bytes), from, to              range
//
// The answer to a get is an outcome, the item's revision (8 bytes) and its value.
// That to a range is Done, the store's revision (8 bytes), 1 or 0 for whether there
// are more, how many items follow (4 bytes), and for each its revision (8 bytes),
// the length of its key (2 bytes) and of its value (4 bytes), key and value.
const (
	put            = 1
	remove         = 2
	compareAndSwap = 3
	get            = 4
	scan           = 5

	// KeyBytesMax is the length of the longest key. The shortest has one byte.
	KeyBytesMax = 1 << 10
	// ValueBytesMax is the length of the longest value.
	ValueBytesMax = 1 << 20
	// AnswerBytesMax is about what the answer to a range is cut to, but for its
	// first item.
	AnswerBytesMax = 1 << 22

	// ResponseBytes is the length of every response to a command.
	ResponseBytes = 9
)

// Outcome says what a command or a question has come to.
type Outcome uint8

// The outcomes.
const (
	// Done: the revision is that of the change, or of the item that was asked for.
	Done Outcome = iota + 1
	// NotFound: there is no such key.
	NotFound
	// Mismatch: the item has not the revision that was expected, but this one; 0 if
	// there is none.
	Mismatch
	// Malformed: these bytes are no command, or no question.
	Malformed
	// TooLarge: the key or the value is over its limit, or the key is empty.
	TooLarge
)

// String returns the outcome's name.
func (o Outcome) String() string {
	switch o {
	case Done:
		return "done"
	case NotFound:
		return "not found"
	case Mismatch:
		return "mismatch"
	case Malformed:
		return "malformed"
	case TooLarge:
		return "too large"
	}
	return "unknown outcome"
}

// KeySizeError is returned for a key that is empty or too long.
type KeySizeError struct{ Bytes int }

// Error implements error.
func (e *KeySizeError) Error() string {
	return fmt.Sprintf("kv: a key of %d bytes, but keys have 1 to %d", e.Bytes, KeyBytesMax)
}

// ValueSizeError is returned for a value that is too long.
type ValueSizeError struct{ Bytes int }

// Error implements error.
func (e *ValueSizeError) Error() string {
	return fmt.Sprintf("kv: a value of %d bytes, but values have at most %d: split it over several keys", e.Bytes, ValueBytesMax)
}

// Put is the command that stores a value, whatever was there. It returns a
// [KeySizeError] or a [ValueSizeError].
func Put(key string, value []byte) ([]byte, error) {
	return encode([]byte{put}, key, value)
}

// Delete is the command that removes a key. It returns a [KeySizeError].
func Delete(key string) ([]byte, error) {
	return encode([]byte{remove}, key, nil)
}

// CompareAndSwap is the command that stores a value if the key's item has the
// expected revision, 0 standing for no item. It returns a [KeySizeError] or a
// [ValueSizeError].
func CompareAndSwap(key string, expected uint64, value []byte) ([]byte, error) {
	return encode(binary.LittleEndian.AppendUint64([]byte{compareAndSwap}, expected), key, value)
}

func encode(command []byte, key string, value []byte) ([]byte, error) {
	if len(key) == 0 || len(key) > KeyBytesMax {
		return nil, &KeySizeError{len(key)}
	}
	if len(value) > ValueBytesMax {
		return nil, &ValueSizeError{len(value)}
	}
	command = binary.LittleEndian.AppendUint16(command, uint16(len(key)))
	command = append(command, key...)
	return append(command, value...), nil
}

// parsed is a command taken apart.
type parsed struct {
	what     byte
	key      string
	value    []byte
	expected uint64
}

func parse(command []byte) (parsed, Outcome) {
	var c parsed
	if len(command) < 3 {
		return c, Malformed
	}
	c.what = command[0]
	rest := command[1:]
	switch c.what {
	case compareAndSwap:
		if len(rest) < 10 {
			return c, Malformed
		}
		c.expected = binary.LittleEndian.Uint64(rest)
		rest = rest[8:]
	case put, remove:
	default:
		return c, Malformed
	}
	length := int(binary.LittleEndian.Uint16(rest))
	if rest = rest[2:]; len(rest) < length || c.what == remove && len(rest) > length {
		return c, Malformed
	}
	if length == 0 || length > KeyBytesMax || len(rest)-length > ValueBytesMax {
		return c, TooLarge
	}
	c.key, c.value = string(rest[:length]), rest[length:]
	return c, Done
}

func (s *Store) respond(o Outcome, revision uint64) []byte {
	s.answer = binary.LittleEndian.AppendUint64(append(s.answer[:0], byte(o)), revision)
	return s.answer
}

// ParseResponse is what a command has come to.
func ParseResponse(response []byte) (Outcome, uint64) {
	if len(response) != ResponseBytes {
		return Malformed, 0
	}
	return Outcome(response[0]), binary.LittleEndian.Uint64(response[1:])
}
