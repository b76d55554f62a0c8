package wire

import (
	"encoding/binary"
	"math/bits"

	"github.com/driftless-raft/driftless/raft"
)

// A writer writes as long as there is room.
type writer struct {
	into []byte
	at   int
	full bool
}

// room is place for some bytes, or nil.
func (w *writer) room(size int) []byte {
	if w.full || len(w.into)-w.at < size {
		w.full = true
		return nil
	}
	w.at += size
	return w.into[w.at-size : w.at]
}

// number writes a number, seven bits a byte, the lowest first, all but the last with
// the eighth bit set.
func (w *writer) number(value uint64) {
	size := (max(bits.Len64(value), 1) + 6) / 7
	into := w.room(size)
	for i := range into {
		into[i] = byte(value) | 0x80
		value >>= 7
	}
	if len(into) > 0 {
		into[len(into)-1] &^= 0x80
	}
}

func (w *writer) bytes(data []byte) { copy(w.room(len(data)), data) }

// payload writes what travels with a message.
func (w *writer) payload(m *raft.Message, payload *raft.Payload) {
	switch m.Kind {
	case raft.Append, raft.FetchReply:
		for i := range payload.Entries {
			w.entry(&payload.Entries[i])
		}
	case raft.SnapshotChunk:
		w.snapshot(payload.Snapshot)
		w.bytes(payload.Chunk)
	default:
	}
}

// kindBits is how many bits of an entry's first number tell its kind.
const kindBits = 2

func (w *writer) entry(e *raft.Entry) {
	if e.Kind == raft.ConfigurationChange {
		w.number(uint64(e.Kind))
		w.configuration(e.Configuration)
		return
	}
	w.number(uint64(len(e.Data))<<kindBits | uint64(e.Kind))
	w.bytes(e.Data)
}

func (w *writer) snapshot(s *raft.Snapshot) {
	w.number(uint64(s.Index))
	w.number(uint64(s.Term))
	w.number(s.Digest)
	w.number(s.Size)
	w.number(uint64(s.ConfigurationIndex))
	w.configuration(&s.Configuration)
}

// configuration writes the three sets of slots, the set of slots that are somebody's,
// and whose they are.
func (w *writer) configuration(c *raft.Configuration) {
	taken := raft.Slots(0)
	for i := range c.Members {
		if c.Members[i] != (raft.Member{}) {
			taken |= 1 << i
		}
	}
	for _, set := range [4]raft.Slots{c.Voters, c.Outgoing, c.Learners, taken} {
		if into := w.room(2); into != nil {
			binary.LittleEndian.PutUint16(into, uint16(set))
		}
	}
	for i := range c.Members {
		if taken>>i&1 == 0 {
			continue
		}
		if into := w.room(memberBytes); into != nil {
			putMember(into, c.Members[i])
		}
	}
}

const memberBytes = 8
