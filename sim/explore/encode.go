package explore

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
)

// encode writes the server's state, which must be normal, into few bytes: how many
// writes are pending and messages held, then each word that differs from the first
// state's, with its number.
func (s *server) encode() []byte {
	out := append(s.encoded[:0], byte(s.disk.pending), byte(s.holds()))
	at := 0
	for _, part := range s.fixed() {
		out = appendDifference(out, at, part, s.template[at:])
		at += len(part)
	}
	first := s.firstVersion()
	for i := range s.disk.pending {
		version := wordsOf(&s.disk.versions[i+1])
		out = appendDifference(out, at, version, first)
		at += len(version)
	}
	held := s.held()
	for i := range held {
		message := wordsOf(&held[i])
		out = appendDifference(out, at, message, wordsOf(&noMessage))
		at += len(message)
	}
	s.encoded = out
	return out
}

var noMessage raft.Message

// firstVersion is what the disk of the first state holds.
func (s *server) firstVersion() []uint64 {
	return s.template[len(s.template)-len(wordsOf(s.disk.kept())):]
}

// held are the driver's messages that wait for a write.
func (s *server) held() []raft.Message {
	return array[raft.Message](&s.driver, s.layout.held)[:s.holds()]
}

// appendDifference appends the words that differ from some others. Most don't, so
// it looks at many at a time.
func appendDifference(out []byte, at int, words, others []uint64) []byte {
	const block = 16
	for len(words) > 0 {
		n := min(block, len(words))
		if string(bytesOf(words[:n])) != string(bytesOf(others[:n])) {
			for i := range n {
				if words[i] != others[i] {
					out = binary.LittleEndian.AppendUint16(out, uint16(at+i))
					out = binary.LittleEndian.AppendUint64(out, words[i])
				}
			}
		}
		words, others, at = words[n:], others[n:], at+n
	}
	return out
}

// decode makes the server what encode was given.
func (s *server) decode(in []byte) {
	pending, holds := int(in[0]), int(in[1])
	at := 0
	for _, part := range s.fixed() {
		at += copy(part, s.template[at:at+len(part)])
	}
	version := len(s.firstVersion())
	for i := range pending {
		copy(wordsOf(&s.disk.versions[i+1]), s.firstVersion())
	}
	held := array[raft.Message](&s.driver, s.layout.held)[:holds]
	clear(held)
	parts := s.fixed()
	for in = in[2:]; len(in) > 0; in = in[10:] {
		at, word := int(binary.LittleEndian.Uint16(in)), binary.LittleEndian.Uint64(in[2:])
		switch past := at - len(s.template); {
		case past < 0:
			put(parts[:], at, word)
		case past < pending*version:
			wordsOf(&s.disk.versions[1+past/version])[past%version] = word
		default:
			past -= pending * version
			message := len(wordsOf(&noMessage))
			wordsOf(&held[past/message])[past%message] = word
		}
	}
	clear(s.layout.input.words(&s.driver)) // whatever is left there must not matter
}

// put sets a word of several parts.
func put(parts [][]uint64, at int, word uint64) {
	for _, part := range parts {
		if at < len(part) {
			part[at] = word
			return
		}
		at -= len(part)
	}
}
