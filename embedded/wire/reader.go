package wire

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// Damage says why bytes were refused as a frame. Intact is no damage.
type Damage uint8

// The kinds of damage.
const (
	Intact Damage = iota
	// Truncated: there are fewer bytes than the frame says.
	Truncated
	// Foreign: this is no frame.
	Foreign
	// UnknownVersion: the frame's format is not this one.
	UnknownVersion
	// WrongChecksum: the bytes are not those that were sent.
	WrongChecksum
	// Malformed: the checksum is right, but no message is written like this.
	Malformed
	// TooLarge: the peer was built for more entries in a message, or for more
	// members, than fit here.
	TooLarge
)

// String returns a sentence about the damage.
func (d Damage) String() string {
	switch d {
	case Intact:
		return "the frame is intact"
	case Truncated:
		return "the frame is shorter than it says"
	case Foreign:
		return "the bytes are no frame"
	case UnknownVersion:
		return "the frame's format is not known here"
	case WrongChecksum:
		return "the frame's checksum is wrong"
	case Malformed:
		return "the frame holds no message"
	case TooLarge:
		return "the frame has more entries or members than fit here"
	}
	return "unknown damage"
}

// A Frame is a message that was received, with the memory its payload needs beside
// the frame's own bytes.
type Frame struct {
	Message raft.Message
	Payload raft.Payload

	entries       [raft.MaxBatch]raft.Entry
	configuration raft.Configuration
	snapshot      raft.Snapshot
}

// Decode reads a message. The payload's data stays where it is, in the given bytes,
// which may be followed by others, such as Ethernet's padding. Bytes that are no frame
// are refused, and leave the Frame without meaning.
func (f *Frame) Decode(from []byte) Damage {
	body, damage := unwrap(from)
	if damage != Intact {
		return damage
	}
	m := &f.Message
	*m = raft.Message{
		Kind: raft.MessageKind(body[4]), Cluster: binary.LittleEndian.Uint64(body[8:]),
		From: member(body[16:]), To: member(body[24:]),
	}
	set := body[5]
	m.Reject, m.Full, m.Force, m.Probe, m.Configured = set&reject != 0, set&full != 0, set&force != 0, set&probe != 0, set&configured != 0
	used := binary.LittleEndian.Uint16(body[6:])
	r := reader{from: body, at: headBytes}
	for i := range numbers {
		if used>>i&1 == 0 {
			continue
		}
		value := r.number()
		r.require(value != 0 && setNumber(m, i, value))
	}
	r.require(m.Kind >= raft.PreVote && m.Kind <= raft.FetchReply && set < flagsEnd && used < 1<<numbers)
	f.payload(&r)
	r.require(r.at == len(body))
	return r.damage
}

// unwrap returns the frame without its checksum, which is right.
func unwrap(from []byte) ([]byte, Damage) {
	switch {
	case len(from) < headBytes+checksumBytes:
		return nil, Truncated
	case from[0] != magic:
		return nil, Foreign
	case from[1] != version:
		return nil, UnknownVersion
	}
	length := int(binary.LittleEndian.Uint16(from[2:]))
	switch {
	case length < headBytes+checksumBytes:
		return nil, Malformed
	case length > len(from):
		return nil, Truncated
	}
	body := from[:length-checksumBytes]
	if statemachine.Checksum(0, body) != binary.LittleEndian.Uint32(from[len(body):]) {
		return nil, WrongChecksum
	}
	return body, Intact
}

// payload reads what travels with the message.
func (f *Frame) payload(r *reader) {
	m := &f.Message
	f.Payload = raft.Payload{}
	switch m.Kind {
	case raft.Append:
		if m.Last > m.Index {
			f.batch(r, m.Index+1, m.EntryTerm, uint64(m.Last-m.Index))
		}
	case raft.FetchReply:
		f.batch(r, m.Index, m.LogTerm, 1)
	case raft.SnapshotChunk:
		s := &f.snapshot
		s.Index, s.Term = raft.Index(r.number()), raft.Term(r.number())
		s.Digest, s.Size = r.number(), r.number()
		s.ConfigurationIndex = raft.Index(r.number())
		r.configuration(&s.Configuration)
		f.Payload.Snapshot, f.Payload.Chunk = s, r.bytes(uint64(m.Bytes))
	default:
	}
}

// batch reads entries, from an index on, all of one term.
func (f *Frame) batch(r *reader, first raft.Index, term raft.Term, count uint64) {
	if count > raft.MaxBatch {
		r.fail(TooLarge)
		return
	}
	for i := range int(count) {
		head := r.number()
		e := &f.entries[i]
		*e = raft.Entry{Index: first + raft.Index(i), Term: term, Kind: raft.EntryKind(head & (1<<kindBits - 1))}
		size := head >> kindBits
		switch e.Kind {
		case raft.Command:
			e.Data = r.bytes(size)
		case raft.NoOp:
			r.require(size == 0)
		case raft.ConfigurationChange:
			r.require(size == 0 && i == int(count)-1)
			r.configuration(&f.configuration)
			e.Configuration = &f.configuration
		default:
			r.fail(Malformed)
		}
	}
	f.Payload.Entries = f.entries[:count]
}

// A reader reads as long as the bytes make sense.
type reader struct {
	from   []byte
	at     int
	damage Damage
}

func (r *reader) fail(d Damage) {
	if r.damage == Intact {
		r.damage = d
	}
}

func (r *reader) require(holds bool) {
	if !holds {
		r.fail(Malformed)
	}
}

// bytes are the next so many bytes, or nil.
func (r *reader) bytes(size uint64) []byte {
	if r.damage != Intact || size > uint64(len(r.from)-r.at) {
		r.fail(Malformed)
		return nil
	}
	from := r.at
	r.at += int(size)
	return r.from[from:r.at:r.at]
}

// number reads a number, which must be written in as few bytes as it can be.
func (r *reader) number() uint64 {
	value := uint64(0)
	for shift := 0; shift < 64 && r.at < len(r.from); shift += 7 {
		next := r.from[r.at]
		r.at++
		value |= uint64(next&0x7f) << shift
		if next < 0x80 {
			r.require((next != 0 || shift == 0) && (shift < 63 || next == 1))
			return value
		}
	}
	r.fail(Malformed)
	return 0
}

func (r *reader) slots() raft.Slots {
	if from := r.bytes(2); from != nil {
		return raft.Slots(binary.LittleEndian.Uint16(from))
	}
	return 0
}

func (r *reader) configuration(c *raft.Configuration) {
	*c = raft.Configuration{Voters: r.slots(), Outgoing: r.slots(), Learners: r.slots()}
	taken := r.slots()
	for i := range 16 {
		if taken>>i&1 == 0 {
			continue
		}
		from := r.bytes(memberBytes)
		switch {
		case from == nil:
			return
		case i >= raft.MaxMembers:
			r.fail(TooLarge)
			return
		}
		c.Members[i] = member(from)
		r.require(c.Members[i] != raft.Member{})
	}
}
