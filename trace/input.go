package trace

import (
	"encoding/binary"
	"hash/crc64"

	"github.com/driftless-raft/driftless/raft"
)

var iso = crc64.MakeTable(crc64.ISO)

// appendHash appends the hash of a step's effects.
func appendHash(into, effects []byte) []byte {
	return binary.LittleEndian.AppendUint64(into, crc64.Checksum(effects, iso))
}

func appendNumbers(into []byte, numbers ...uint64) []byte {
	for _, n := range numbers {
		into = binary.AppendUvarint(into, n)
	}
	return into
}

// A codec goes over the fields of a value, to write or to read them: one list of
// fields serves both.
type codec struct {
	into []byte       // being written
	from *blockReader // or read from
}

func number[T ~uint8 | ~uint16 | ~uint32 | ~uint64](c *codec, fields ...*T) {
	for _, f := range fields {
		if c.from == nil {
			c.into = binary.AppendUvarint(c.into, uint64(*f))
			continue
		}
		n := c.from.number()
		if *f = T(n); uint64(*f) != n {
			c.from.bad = true
		}
	}
}

// flags are booleans, in one number.
func (c *codec) flags(flags ...*bool) {
	bits := uint32(0)
	for i, f := range flags {
		if *f {
			bits |= 1 << i
		}
	}
	number(c, &bits)
	for i, f := range flags {
		*f = bits>>i&1 != 0
	}
}

func (c *codec) member(m *raft.Member) {
	number(c, &m.ID)
	number(c, &m.Incarnation)
}

func (c *codec) configuration(k *raft.Configuration) {
	number(c, &k.Voters, &k.Outgoing, &k.Learners)
	for i := range k.Members {
		c.member(&k.Members[i])
	}
}

func (c *codec) snapshot(s *raft.Snapshot) {
	number(c, &s.Index, &s.ConfigurationIndex)
	number(c, &s.Term)
	number(c, &s.Digest, &s.Size)
	c.configuration(&s.Configuration)
}

func (c *codec) message(m *raft.Message) {
	number(c, &m.Kind)
	c.flags(&m.Reject, &m.Full, &m.Force, &m.Probe, &m.Configured, &m.Unmeasured)
	number(c, &m.Bytes)
	number(c, &m.Cluster, &m.Round, &m.Offset, &m.After)
	c.member(&m.From)
	c.member(&m.To)
	number(c, &m.Term, &m.LogTerm, &m.EntryTerm)
	number(c, &m.Index, &m.Last, &m.Commit)
	number(c, &m.Stamp)
}

// input goes over the fields that an input of its kind uses.
func (c *codec) input(in *raft.Input) {
	number(c, &in.Kind)
	number(c, &in.Room.Entries, &in.Room.Bytes)
	number(c, &in.Room.Damaged)
	number(c, &in.Jitter)
	switch in.Kind {
	case raft.Receive:
		c.message(&in.Message)
		if in.Message.Kind == raft.Append && in.Message.Configured {
			c.configuration(&in.Configuration)
		}
		if in.Message.Kind == raft.SnapshotChunk {
			c.snapshot(&in.Snapshot)
		}
	case raft.Propose:
		number(c, &in.Count, &in.Bytes)
	case raft.Change:
		c.configuration(&in.Configuration)
	case raft.Transfer:
		c.member(&in.Peer)
	case raft.Read:
		number(c, &in.Mode)
	case raft.Failed:
		number(c, &in.Code)
	case raft.Persisted:
		number(c, &in.Number)
	case raft.Sent:
		c.member(&in.Peer)
		number(c, &in.Index)
		number(c, &in.Bytes)
	case raft.Compact:
		number(c, &in.Index)
		c.snapshot(&in.Snapshot)
	case raft.Checked:
		c.flags(&in.Intact)
		c.snapshot(&in.Snapshot)
	case raft.Tick:
	}
}

func appendInput(into []byte, in *raft.Input) []byte {
	c := codec{into: into}
	c.input(in)
	return c.into
}

// appendEffects appends all that a step wants done.
func appendEffects(into []byte, out *raft.Effects) []byte {
	c := codec{into: into}
	number(&c, &out.Refusal.Code)
	number(&c, &out.Refusal.Node)
	number(&c, &out.Refusal.Index, &out.Truncate, &out.AppendFirst, &out.AppendLast, &out.CompactIndex, &out.Point.Index)
	number(&c, &out.Refusal.Term, &out.CompactTerm, &out.Point.Term)
	number(&c, &out.FirstWrite, &out.Point.Round)
	c.flags(&out.SaveHardState, &out.StoreChunk, &out.Check, &out.Repair, &out.WantSnapshot, &out.JitterUsed, &out.Point.Asked)
	number(&c, &out.AppendKind)
	number(&c, &out.SaveSnapshot)
	number(&c, &out.Point.Mode)
	for i := range out.Messages[:out.Count] {
		c.message(&out.Messages[i])
	}
	return c.into
}
