package wire

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

const (
	magic   = 0xd7
	version = 1

	headBytes     = 32
	checksumBytes = 4
	frameMax      = 1<<16 - 1
)

// The flags of a message, a bit each. Unmeasured, and the number of the write a
// message waits for, are between a core and its driver, and do not travel.
const (
	reject = 1 << iota
	full
	force
	probe
	configured
	flagsEnd
)

// The numbers of a message that travel unless they are zero, in this order.
const numbers = 10

// number is one of a message's numbers. Those of 64 bits come first.
func number(m *raft.Message, i int) uint64 {
	switch i {
	case 0:
		return uint64(m.Term)
	case 1:
		return uint64(m.Index)
	case 2:
		return uint64(m.LogTerm)
	case 3:
		return uint64(m.Last)
	case 4:
		return uint64(m.EntryTerm)
	case 5:
		return uint64(m.Commit)
	case 6:
		return m.Round
	case 7:
		return uint64(m.Stamp)
	case 8:
		return m.Offset
	}
	return uint64(m.Bytes)
}

// setNumber is its inverse. It returns false if the number has no such value.
func setNumber(m *raft.Message, i int, value uint64) bool {
	switch i {
	case 0:
		m.Term = raft.Term(value)
	case 1:
		m.Index = raft.Index(value)
	case 2:
		m.LogTerm = raft.Term(value)
	case 3:
		m.Last = raft.Index(value)
	case 4:
		m.EntryTerm = raft.Term(value)
	case 5:
		m.Commit = raft.Index(value)
	case 6:
		m.Round = value
	case 7:
		m.Stamp = raft.Instant(value)
	case 8:
		m.Offset = value
	default:
		m.Bytes = uint32(value)
		return value < 1<<32
	}
	return true
}

// Encode writes a message with its payload and returns how many bytes it took, or 0
// if they don't fit.
func Encode(m *raft.Message, payload *raft.Payload, into []byte) int {
	if len(into) < headBytes+checksumBytes {
		return 0
	}
	into = into[:min(len(into), frameMax)]
	w := writer{into: into[:len(into)-checksumBytes], at: headBytes}
	used := uint16(0)
	for i := range numbers {
		if value := number(m, i); value != 0 {
			used |= 1 << i
			w.number(value)
		}
	}
	w.payload(m, payload)
	if w.full {
		return 0
	}
	into[0], into[1] = magic, version
	binary.LittleEndian.PutUint16(into[2:], uint16(w.at+checksumBytes))
	into[4], into[5] = byte(m.Kind), flags(m)
	binary.LittleEndian.PutUint16(into[6:], used)
	binary.LittleEndian.PutUint64(into[8:], m.Cluster)
	putMember(into[16:], m.From)
	putMember(into[24:], m.To)
	binary.LittleEndian.PutUint32(into[w.at:], statemachine.Checksum(0, into[:w.at]))
	return w.at + checksumBytes
}

func flags(m *raft.Message) byte {
	set := byte(0)
	if m.Reject {
		set |= reject
	}
	if m.Full {
		set |= full
	}
	if m.Force {
		set |= force
	}
	if m.Probe {
		set |= probe
	}
	if m.Configured {
		set |= configured
	}
	return set
}

func putMember(into []byte, m raft.Member) {
	binary.LittleEndian.PutUint32(into, uint32(m.ID))
	binary.LittleEndian.PutUint32(into[4:], m.Incarnation)
}

func member(from []byte) raft.Member {
	return raft.Member{ID: raft.ID(binary.LittleEndian.Uint32(from)), Incarnation: binary.LittleEndian.Uint32(from[4:])}
}
