package explore

import (
	"fmt"
	"strings"

	"github.com/driftless-raft/driftless/raft"
)

// A packet is a message with what travels with it.
type packet struct {
	message  raft.Message
	count    uint32 // of entries
	_        uint32
	entries  [logMax]record
	snapshot image
	chunk    [imageBytes]byte
	_        uint32
}

// packets are all messages there have been, by number.
type packets struct {
	known     interner
	route     slab[route]
	scratch   packet
	asTheyAre bool // instants stay in them
}

// A route is what is asked of a packet often.
type route struct {
	from, to uint8 // servers, from 0
	judged   bool  // it is answered otherwise by a server that protects a leader
}

// pack makes a packet of a message on its way. What it waits for does not travel.
func (p *packets) pack(m *raft.Message, payload *raft.Payload) uint32 {
	s := &p.scratch
	*s = packet{message: *m}
	s.message.After = 0
	if !p.asTheyAre {
		normalizeStamp(&s.message)
	}
	if payload != nil {
		s.count = uint32(len(payload.Entries))
		for i := range payload.Entries {
			s.entries[i] = recordOf(&payload.Entries[i])
		}
		if payload.Snapshot != nil {
			s.snapshot = take(payload.Snapshot)
			copy(s.chunk[:], payload.Chunk)
		}
	}
	return p.add()
}

// normalizeStamp replaces the instant in a message by the number of the round it is
// the start of, which orders alike.
func normalizeStamp(m *raft.Message) {
	if m.Stamp != 0 {
		m.Stamp = raft.Instant(m.Round)
	}
}

// add numbers the scratch packet.
func (p *packets) add() uint32 {
	m := &p.scratch.message
	words := wordsOf(&p.scratch)
	for len(words) > 0 && words[len(words)-1] == 0 {
		words = words[:len(words)-1]
	}
	id, fresh := p.known.intern(bytesOf(words))
	if fresh {
		p.route.push(route{
			from: uint8(m.From.ID - 1), to: uint8(m.To.ID - 1),
			judged: m.Kind == raft.PreVote || m.Kind == raft.Vote && !m.Force,
		})
	}
	return id
}

// load is the packet of a number, valid until the next call of the packets.
func (p *packets) load(id uint32) *packet {
	p.scratch = packet{}
	copy(bytesOf(wordsOf(&p.scratch)), p.known.of(id))
	return &p.scratch
}

func (p *packets) routeOf(id uint32) *route { return p.route.at(int(id - 1)) }

func (p *packets) bytes() uint64 { return p.known.bytes() + p.route.bytes() }

var messageNames = [...]string{
	raft.PreVote: "PreVote", raft.PreVoteReply: "PreVoteReply", raft.Vote: "Vote", raft.VoteReply: "VoteReply",
	raft.Append: "Append", raft.AppendReply: "AppendReply", raft.Heartbeat: "Heartbeat",
	raft.HeartbeatReply: "HeartbeatReply", raft.SnapshotChunk: "SnapshotChunk", raft.SnapshotReply: "SnapshotReply",
	raft.TimeoutNow: "TimeoutNow", raft.ReadIndex: "ReadIndex", raft.ReadIndexReply: "ReadIndexReply",
	raft.Fetch: "Fetch", raft.FetchReply: "FetchReply",
}

// describe tells a packet in words.
func (p *packet) describe() string {
	m := &p.message
	text := fmt.Sprintf("%s of term %d", messageNames[m.Kind], m.Term)
	switch m.Kind {
	case raft.PreVote, raft.Vote:
		text += fmt.Sprintf(", last entry %d of term %d", m.Index, m.LogTerm)
	case raft.PreVoteReply, raft.VoteReply:
		text += map[bool]string{true: ": no", false: ": yes"}[m.Reject]
	case raft.Append:
		text += fmt.Sprintf(", entries %s after %d of term %d, commit %d", describeRecords(p.entries[:p.count]), m.Index, m.LogTerm, m.Commit)
	case raft.AppendReply:
		if m.Reject {
			text += fmt.Sprintf(": no at %d, try %d", m.Index, m.Last)
		} else {
			text += fmt.Sprintf(": yes up to %d", m.Index)
		}
	case raft.Heartbeat, raft.HeartbeatReply:
		text += fmt.Sprintf(", round %d, commit %d", m.Round, m.Commit)
	case raft.SnapshotChunk, raft.SnapshotReply:
		text += fmt.Sprintf(", snapshot at %d, offset %d", m.Index, m.Offset)
	}
	return text
}

// describeRecords tells entries in words: "1:no-op 1:a".
func describeRecords(records []record) string {
	var text strings.Builder
	text.WriteString("[")
	for i := range records {
		r := &records[i]
		if i > 0 {
			text.WriteString(" ")
		}
		switch r.kind {
		case raft.Command:
			fmt.Fprintf(&text, "%d:%c", r.term, 'a'+rune(r.value)-1)
		case raft.NoOp:
			fmt.Fprintf(&text, "%d:no-op", r.term)
		case raft.ConfigurationChange:
			fmt.Fprintf(&text, "%d:%v", r.term, r.configuration)
		}
	}
	return text.String() + "]"
}

// String tells a configuration in words: the voters, then the leaving ones, then
// the learners.
func (m masks) String() string {
	text := "voters" + names(m.voters)
	if m.outgoing != 0 {
		text += " outgoing" + names(m.outgoing)
	}
	if m.learners != 0 {
		text += " learners" + names(m.learners)
	}
	return text
}

func names(set raft.Slots) string {
	var text strings.Builder
	for slot := range nodesMax {
		if set>>slot&1 != 0 {
			fmt.Fprintf(&text, " %d", slot+1)
		}
	}
	return text.String()
}
