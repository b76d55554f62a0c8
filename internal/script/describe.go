package script

import "github.com/driftless-raft/driftless/raft"

var kindNames = [...]string{
	raft.PreVote: "PreVote", raft.PreVoteReply: "PreVoteReply", raft.Vote: "Vote", raft.VoteReply: "VoteReply",
	raft.Append: "Append", raft.AppendReply: "AppendReply", raft.Heartbeat: "Heartbeat", raft.HeartbeatReply: "HeartbeatReply",
	raft.SnapshotChunk: "SnapshotChunk", raft.SnapshotReply: "SnapshotReply", raft.TimeoutNow: "TimeoutNow",
	raft.ReadIndex: "ReadIndex", raft.ReadIndexReply: "ReadIndexReply",
	raft.Fetch: "Fetch", raft.FetchReply: "FetchReply",
}

// message prints what matters of a message, for its kind.
func (p *Player) message(m *raft.Message) {
	p.field("", uint64(m.From.ID)).field("->", uint64(m.To.ID)).text(" ").text(kindNames[m.Kind]).field(" term ", uint64(m.Term))
	switch m.Kind {
	case raft.PreVote, raft.Vote:
		p.place(" last ", m.Index, m.LogTerm)
	case raft.Append:
		p.place(" prev ", m.Index, m.LogTerm)
		if m.Last > m.Index {
			p.field(" entries ", uint64(m.Index)+1).place("-", m.Last, m.EntryTerm)
		}
		p.field(" commit ", uint64(m.Commit))
	case raft.AppendReply:
		p.field(" index ", uint64(m.Index))
		if m.Reject {
			p.place(" hint ", m.Last, m.LogTerm)
		}
	case raft.Heartbeat:
		p.field(" round ", m.Round).field(" commit ", uint64(m.Commit))
	case raft.HeartbeatReply:
		p.field(" round ", m.Round).field(" last ", uint64(m.Last))
	case raft.SnapshotChunk:
		p.place(" snapshot ", m.Index, m.LogTerm).field(" offset ", m.Offset).field(" bytes ", uint64(m.Bytes))
	case raft.SnapshotReply:
		p.place(" snapshot ", m.Index, m.LogTerm).field(" offset ", m.Offset)
	case raft.Fetch, raft.FetchReply:
		p.place(" entry ", m.Index, m.LogTerm)
	case raft.ReadIndex:
		p.field(" round ", m.Round)
	case raft.ReadIndexReply:
		p.field(" round ", m.Round).field(" index ", uint64(m.Index))
	}
	p.flag(m.Reject, " reject").flag(m.Full, " full").flag(m.Force, " force").flag(m.Probe, " probe").flag(m.Configured, " configuration")
}

// place prints a place in the log after what it is, as index/term.
func (p *printer) place(name string, index raft.Index, term raft.Term) *printer {
	return p.field(name, uint64(index)).field("/", uint64(term))
}

// flag prints a name if a flag is set.
func (p *printer) flag(set bool, name string) *printer {
	if set {
		p.text(name)
	}
	return p
}

// status prints what a server is and how far it has come.
func (p *Player) status(s *server) {
	p.field("", uint64(s.member.ID)).text(": ")
	if s.down {
		p.text("down").end()
		return
	}
	n := s.driver.Node()
	p.text(n.Role().String()).field(", term ", uint64(n.Term()))
	if n.Stopped() != raft.OK {
		p.text(" (").text(n.Stopped().String()).text(")")
	}
	if n.Vote().ID != 0 {
		p.field(", vote ", uint64(n.Vote().ID))
	}
	if n.Leader().ID != 0 {
		p.field(", leader ", uint64(n.Leader().ID))
	}
	p.field(", last ", uint64(n.Last())).field(", durable ", uint64(n.Durable())).field(", commit ", uint64(n.Commit())).end()
}

// log prints the log on a server's disk, as index/term and what there is, and the
// configuration in use.
func (p *Player) log(s *server) {
	m := s.image()
	p.field("", uint64(s.member.ID)).text(":")
	if m.snapshot.Index > 0 {
		p.place(" snapshot ", m.snapshot.Index, m.snapshot.Term).text(" ").bytes(s.snapshotState())
	}
	for index := m.base + 1; index <= m.last; index++ {
		e := m.at(index)
		p.place(" ", index, e.term).text(" ")
		switch {
		case index == m.damaged:
			p.text("lost")
		case e.kind == raft.NoOp:
			p.text("-")
		case e.kind == raft.Command:
			p.bytes(e.data[:e.size])
		case e.kind == raft.ConfigurationChange:
			p.members(&m.configuration(index).configuration)
		}
	}
	p.text(" | ")
	c, _ := s.driver.Node().Configuration()
	p.members(c)
	p.end()
}

// members prints the voters of a configuration, the old ones while it is joint,
// and the learners.
func (p *Player) members(c *raft.Configuration) {
	p.text("{")
	p.some(c, c.Voters)
	if c.Outgoing != 0 {
		p.text(" and ")
		p.some(c, c.Outgoing)
	}
	if c.Learners != 0 {
		p.text(" / ")
		p.some(c, c.Learners)
	}
	p.text("}")
}

func (p *Player) some(c *raft.Configuration, slots raft.Slots) {
	separator := ""
	for slot := range c.Members {
		if slots>>slot&1 != 0 {
			p.field(separator, uint64(c.Members[slot].ID))
			separator = "+"
		}
	}
}
