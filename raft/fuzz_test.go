package raft_test

import (
	"encoding/binary"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// A dice reads a fuzzer's bytes as small choices; when they are used up it
// yields zeros.
type dice struct{ bytes []byte }

func (d *dice) below(n int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

// number is mostly small, sometimes anything.
func (d *dice) number() uint64 {
	if d.below(16) != 15 || len(d.bytes) < 8 {
		return uint64(d.below(8))
	}
	v := binary.LittleEndian.Uint64(d.bytes)
	d.bytes = d.bytes[8:]
	return v
}

func (d *dice) flag() bool { return d.below(2) == 1 }

func (d *dice) member() raft.Member {
	return raft.Member{ID: raft.ID(d.below(6)), Incarnation: uint32(min(1, d.below(8)))}
}

func (d *dice) configuration() raft.Configuration {
	c := configurationOf(4)
	if d.below(4) == 3 {
		c.Members[d.below(raft.MaxMembers)] = d.member()
	}
	c.Voters, c.Outgoing, c.Learners = raft.Slots(d.below(16)), raft.Slots(d.below(16)*d.below(2)), raft.Slots(d.below(256)*d.below(2))
	return c
}

func (d *dice) message(to raft.Member) raft.Message {
	m := raft.Message{
		Kind: raft.MessageKind(d.below(17)), Cluster: cluster, From: d.member(), To: to,
		Reject: d.flag(), Full: d.flag(), Force: d.flag(), Probe: d.flag(),
		Term: raft.Term(d.number()), Index: raft.Index(d.number()), LogTerm: raft.Term(d.number()),
		EntryTerm: raft.Term(d.number()), Commit: raft.Index(d.number()),
		Round: d.number(), Stamp: raft.Instant(d.number()), Offset: d.number(),
	}
	m.Last = m.Index + raft.Index(d.below(4))
	if d.below(8) == 7 {
		m.Last = raft.Index(d.number())
	}
	return m
}

// payload is one that suits the message, mostly.
func (d *dice) payload(m *raft.Message) *raft.Payload {
	payload := &raft.Payload{}
	switch m.Kind {
	case raft.Append:
		for i := m.Index + 1; i <= m.Last && len(payload.Entries) < 5; i++ {
			payload.Entries = append(payload.Entries, raft.Entry{Index: i, Term: m.EntryTerm, Data: make([]byte, d.below(3))})
		}
		if n := len(payload.Entries); n > 0 && d.below(3) == 0 {
			c := d.configuration()
			payload.Entries[n-1].Kind, payload.Entries[n-1].Configuration = raft.ConfigurationChange, &c
			m.Configured = true
		}
		for _, e := range payload.Entries {
			m.Bytes += uint32(len(e.Data))
		}
	case raft.FetchReply:
		payload.Entries = []raft.Entry{{Index: m.Index, Term: m.LogTerm, Data: make([]byte, d.below(3))}}
	case raft.SnapshotChunk:
		payload.Chunk = make([]byte, d.below(5))
		m.Bytes = uint32(len(payload.Chunk))
		payload.Snapshot = &raft.Snapshot{
			Index: m.Index, Term: m.LogTerm, Size: uint64(d.below(8)), Digest: d.number(),
			ConfigurationIndex: raft.Index(d.below(4)), Configuration: d.configuration(),
		}
	}
	return payload
}

func seeds(f *testing.F) {
	f.Helper()
	f.Add([]byte{})
	for seed := range uint32(24) {
		bytes := make([]byte, 600)
		for i, state := 0, seed*2654435761+1; i < len(bytes); i++ {
			state = state*1664525 + 1013904223
			bytes[i] = byte(state >> 24)
		}
		f.Add(bytes)
	}
}

// FuzzStep: no sequence of messages makes a node panic, and a step that ends in
// Diverged writes nothing and says nothing.
func FuzzStep(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, bytes []byte) {
		d := &dice{bytes}
		lab := newLaboratory(t, 3)
		node := *lab.server(1).node()
		var in raft.Input
		var out raft.Effects
		written := uint64(1) // the identity
		for len(d.bytes) > 0 {
			lab.now += raft.Instant(d.below(64)) * millisecond
			in = raft.Input{Kind: raft.Receive, Room: raft.Room{Entries: 100, Bytes: 1000, Damaged: raft.Index(d.below(2) * d.below(8))}}
			switch d.below(8) {
			case 0:
				in.Kind = raft.Tick
			case 1:
				in.Kind, in.Number = raft.Persisted, written
			case 2:
				in.Kind, in.Count, in.Bytes = raft.Propose, uint32(d.below(4)), uint32(d.below(16))
			default:
				in.Message = d.message(node.Self())
				payload := d.payload(&in.Message)
				in.Configuration = d.configuration()
				if payload.Snapshot != nil {
					in.Snapshot = *payload.Snapshot
				}
			}
			node.Step(lab.now, &in, &out)
			for _, changed := range []bool{
				out.SaveHardState, out.Truncate != 0, out.AppendFirst != 0, out.StoreChunk,
				out.SaveSnapshot != 0, out.Repair, out.CompactIndex != 0,
			} {
				if changed {
					written++
					if out.Refusal.Code == raft.Diverged {
						t.Fatalf("a step that diverged on %+v writes: %+v", in.Message, out.Refusal)
					}
				}
			}
			if out.Refusal.Code == raft.Diverged && (out.Count != 0 || node.Stopped() != raft.Diverged) {
				t.Fatalf("a step that diverged sends %d messages, or goes on", out.Count)
			}
			if node.Role() == raft.Stopped {
				return
			}
		}
	})
}

// FuzzDriver: the same with a driver and a store, and with the calls a
// realization makes; what is in the store can always be started from.
func FuzzDriver(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, bytes []byte) {
		d := &dice{bytes}
		lab := newLaboratory(t, 3)
		s := lab.server(1)
		for len(d.bytes) > 0 && s.node().Role() != raft.Stopped {
			lab.flight = nil
			lab.now += raft.Instant(d.below(64)) * millisecond
			switch d.below(12) {
			case 0:
				s.driver.Wake()
			case 1:
				s.driver.Propose([]raft.Entry{{Data: make([]byte, d.below(8))}})
			case 2:
				c := d.configuration()
				s.driver.Change(&c)
			case 3:
				s.driver.Transfer(d.member())
			case 4:
				s.driver.Read(raft.ReadMode(d.below(3)))
			case 5:
				s.slow = d.flag()
				s.persist()
			case 6:
				s.trySnapshot(raft.Index(d.below(8)))
			case 7:
				s.restart()
			case 8:
				s.damaged = raft.Index(d.below(8))
			default:
				before, after := raft.Stored{}, raft.Stored{}
				s.Stored(&before)
				m := d.message(s.member)
				refusal := s.driver.Receive(&m, d.payload(&m))
				s.Stored(&after)
				if refusal.Code == raft.Diverged && before != after {
					t.Fatalf("%+v was refused and changed the store from %+v to %+v", m, before, after)
				}
			}
			s.settled()
		}
	})
}
