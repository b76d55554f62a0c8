package raft_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// inRole returns server 1 of three, in term 5 and in a role. The other servers do
// nothing: what they say is made by hand.
func inRole(t *testing.T, role raft.Role) *server {
	t.Helper()
	lab := newLaboratory(t, 3)
	s := lab.server(1)
	term := raft.Term(5)
	if role == raft.Candidate || role == raft.Leader || role == raft.Stopped {
		term = 4
	}
	s.receive(raft.Message{Kind: raft.Heartbeat, From: first(2), Term: term})
	if role != raft.Follower {
		lab.now = s.driver.Deadline()
		s.driver.Wake()
	}
	if term == 4 {
		s.receive(raft.Message{Kind: raft.PreVoteReply, From: first(2), Term: 5})
	}
	if role == raft.Leader || role == raft.Stopped {
		s.receive(raft.Message{Kind: raft.VoteReply, From: first(2), Term: 5})
	}
	if role == raft.Stopped {
		s.receive(raft.Message{Kind: raft.Heartbeat, From: first(2), Term: 5})
	}
	if s.node().Role() != role || s.node().Term() != 5 {
		t.Fatalf("the server should be %s in term 5: %s", role, s)
	}
	return s
}

// from gives the server a message of member 3.
func from(s *server, m raft.Message) {
	p := &packet{Message: m}
	p.Cluster, p.From, p.To = cluster, first(3), s.member
	switch m.Kind {
	case raft.SnapshotChunk:
		p.Index, p.LogTerm, p.Bytes, p.chunk = 3, 4, 1, []byte{1}
		p.snapshot = &raft.Snapshot{Index: 3, Term: 4, Size: 2, Configuration: configurationOf(3)}
	case raft.FetchReply:
		p.Index, p.LogTerm, p.Bytes, p.entries = 3, 4, 1, commands(3, 4, "x")
	}
	s.lab.accept(s, p)
}

// The table's columns are the roles a server in term 5 had before: follower,
// pre-candidate, candidate, leader and stopped. Its cells are the role and the
// term after. The lower, same and higher terms are 4, 5 and 6.
//
// By §3.3 a lower term changes nothing and a higher one makes a follower, with
// these exceptions: a pre-vote and the answer that grants it are about a term that
// nobody is in yet (§9.6); a leader, and who has just heard from one, ignores the
// vote request of a server the leader has not asked to campaign (§4.2.3, §3.10);
// what is stored is the same in any term, so to fetch it is about none.
// By Figure 3.1 the rest follows, but for the pre-candidate, who stands between
// follower and candidate (§9.6), and the leader without a quorum, who steps down
// (§6.2). A second leader in a term cannot be (§3.6.3): the server stops.
func TestEveryInputInEveryRoleLeadsToTheRoleOfFigure31(t *testing.T) {
	columns := []raft.Role{raft.Follower, raft.PreCandidate, raft.Candidate, raft.Leader, raft.Stopped}
	letters := map[raft.Role]string{raft.Follower: "F", raft.PreCandidate: "P", raft.Candidate: "C", raft.Leader: "L", raft.Stopped: "S"}
	message := func(m raft.Message) func(*server) { return func(s *server) { from(s, m) } }
	type row struct {
		name  string
		input func(*server)
		cells string
	}
	rows := []row{
		{"Tick before the deadline", func(s *server) { s.lab.now++; s.driver.Wake() }, "F5 P5 C5 L5 S5"},
		{"Tick at the deadline", func(s *server) {
			if s.node().Role() != raft.Stopped {
				s.lab.now = s.driver.Deadline()
			}
			s.driver.Wake()
		}, "P5 P5 P5 L5 S5"},
		{"Tick after an election timeout of silence", func(s *server) { s.lab.now += 2 * timeout; s.driver.Wake() }, "P5 P5 P5 F5 S5"},

		{"PreVote of a lower term", message(raft.Message{Kind: raft.PreVote, Term: 4}), "F5 P5 C5 L5 S5"},
		{"PreVote of the same term", message(raft.Message{Kind: raft.PreVote, Term: 5}), "F5 P5 C5 L5 S5"},
		{"PreVote of a higher term", message(raft.Message{Kind: raft.PreVote, Term: 6}), "F5 P5 C5 L5 S5"},
		{"PreVoteReply that grants a lower term", message(raft.Message{Kind: raft.PreVoteReply, Term: 4}), "F5 P5 C5 L5 S5"},
		{"PreVoteReply that grants the same term", message(raft.Message{Kind: raft.PreVoteReply, Term: 5}), "F5 P5 C5 L5 S5"},
		{"PreVoteReply that grants a higher term", message(raft.Message{Kind: raft.PreVoteReply, Term: 6}), "F5 C6 C5 L5 S5"},
		{"PreVoteReply that refuses in a lower term", message(raft.Message{Kind: raft.PreVoteReply, Term: 4, Reject: true}), "F5 P5 C5 L5 S5"},
		{"PreVoteReply that refuses in the same term", message(raft.Message{Kind: raft.PreVoteReply, Term: 5, Reject: true}), "F5 P5 C5 L5 S5"},
		{"PreVoteReply that refuses in a higher term", message(raft.Message{Kind: raft.PreVoteReply, Term: 6, Reject: true}), "F6 F6 F6 F6 S5"},
		{"Vote of a lower term", message(raft.Message{Kind: raft.Vote, Term: 4}), "F5 P5 C5 L5 S5"},
		{"Vote of the same term", message(raft.Message{Kind: raft.Vote, Term: 5}), "F5 F5 C5 L5 S5"},
		{"Vote of a higher term", message(raft.Message{Kind: raft.Vote, Term: 6}), "F5 F6 F6 L5 S5"},
		{"Vote of a lower term the leader asked for", message(raft.Message{Kind: raft.Vote, Term: 4, Force: true}), "F5 P5 C5 L5 S5"},
		{"Vote of the same term the leader asked for", message(raft.Message{Kind: raft.Vote, Term: 5, Force: true}), "F5 F5 C5 L5 S5"},
		{"Vote of a higher term the leader asked for", message(raft.Message{Kind: raft.Vote, Term: 6, Force: true}), "F6 F6 F6 F6 S5"},
		{"VoteReply that grants in a lower term", message(raft.Message{Kind: raft.VoteReply, Term: 4}), "F5 P5 C5 L5 S5"},
		{"VoteReply that grants in the same term", message(raft.Message{Kind: raft.VoteReply, Term: 5}), "F5 P5 L5 L5 S5"},
		{"VoteReply that grants in a higher term", message(raft.Message{Kind: raft.VoteReply, Term: 6}), "F6 F6 F6 F6 S5"},
		{"VoteReply that refuses in a lower term", message(raft.Message{Kind: raft.VoteReply, Term: 4, Reject: true}), "F5 P5 C5 L5 S5"},
		{"VoteReply that refuses in the same term", message(raft.Message{Kind: raft.VoteReply, Term: 5, Reject: true}), "F5 P5 C5 L5 S5"},
		{"VoteReply that refuses in a higher term", message(raft.Message{Kind: raft.VoteReply, Term: 6, Reject: true}), "F6 F6 F6 F6 S5"},

		{"Append of a lower term", message(raft.Message{Kind: raft.Append, Term: 4}), "F5 P5 C5 L5 S5"},
		{"Append of the same term", leads(raft.Append), "F5 F5 F5 S5 S5"},
		{"Append of a higher term", message(raft.Message{Kind: raft.Append, Term: 6}), "F6 F6 F6 F6 S5"},
		{"AppendReply of a lower term", message(raft.Message{Kind: raft.AppendReply, Term: 4}), "F5 P5 C5 L5 S5"},
		{"AppendReply of the same term", message(raft.Message{Kind: raft.AppendReply, Term: 5}), "F5 P5 C5 L5 S5"},
		{"AppendReply of a higher term", message(raft.Message{Kind: raft.AppendReply, Term: 6}), "F6 F6 F6 F6 S5"},
		{"Heartbeat of a lower term", message(raft.Message{Kind: raft.Heartbeat, Term: 4}), "F5 P5 C5 L5 S5"},
		{"Heartbeat of the same term", leads(raft.Heartbeat), "F5 F5 F5 S5 S5"},
		{"Heartbeat of a higher term", message(raft.Message{Kind: raft.Heartbeat, Term: 6}), "F6 F6 F6 F6 S5"},
		{"HeartbeatReply of a lower term", message(raft.Message{Kind: raft.HeartbeatReply, Term: 4}), "F5 P5 C5 L5 S5"},
		{"HeartbeatReply of the same term", message(raft.Message{Kind: raft.HeartbeatReply, Term: 5}), "F5 P5 C5 L5 S5"},
		{"HeartbeatReply of a higher term", message(raft.Message{Kind: raft.HeartbeatReply, Term: 6}), "F6 F6 F6 F6 S5"},
		{"SnapshotChunk of a lower term", message(raft.Message{Kind: raft.SnapshotChunk, Term: 4}), "F5 P5 C5 L5 S5"},
		{"SnapshotChunk of the same term", leads(raft.SnapshotChunk), "F5 F5 F5 S5 S5"},
		{"SnapshotChunk of a higher term", message(raft.Message{Kind: raft.SnapshotChunk, Term: 6}), "F6 F6 F6 F6 S5"},
		{"SnapshotReply of a lower term", message(raft.Message{Kind: raft.SnapshotReply, Term: 4}), "F5 P5 C5 L5 S5"},
		{"SnapshotReply of the same term", message(raft.Message{Kind: raft.SnapshotReply, Term: 5}), "F5 P5 C5 L5 S5"},
		{"SnapshotReply of a higher term", message(raft.Message{Kind: raft.SnapshotReply, Term: 6}), "F6 F6 F6 F6 S5"},
		{"TimeoutNow of a lower term", message(raft.Message{Kind: raft.TimeoutNow, Term: 4}), "F5 P5 C5 L5 S5"},
		{"TimeoutNow of the same term", leads(raft.TimeoutNow), "C6 C6 C6 S5 S5"},
		{"TimeoutNow of a higher term", message(raft.Message{Kind: raft.TimeoutNow, Term: 6}), "C7 C7 C7 C7 S5"},
		{"ReadIndex of a lower term", message(raft.Message{Kind: raft.ReadIndex, Term: 4}), "F5 P5 C5 L5 S5"},
		{"ReadIndex of the same term", message(raft.Message{Kind: raft.ReadIndex, Term: 5}), "F5 P5 C5 L5 S5"},
		{"ReadIndex of a higher term", message(raft.Message{Kind: raft.ReadIndex, Term: 6}), "F6 F6 F6 F6 S5"},
		{"ReadIndexReply of a lower term", message(raft.Message{Kind: raft.ReadIndexReply, Term: 4}), "F5 P5 C5 L5 S5"},
		{"ReadIndexReply of the same term", message(raft.Message{Kind: raft.ReadIndexReply, Term: 5}), "F5 P5 C5 L5 S5"},
		{"ReadIndexReply of a higher term", message(raft.Message{Kind: raft.ReadIndexReply, Term: 6}), "F6 F6 F6 F6 S5"},
		{"Fetch of a lower term", message(raft.Message{Kind: raft.Fetch, Term: 4}), "F5 P5 C5 L5 S5"},
		{"Fetch of the same term", message(raft.Message{Kind: raft.Fetch, Term: 5}), "F5 P5 C5 L5 S5"},
		{"Fetch of a higher term", message(raft.Message{Kind: raft.Fetch, Term: 6}), "F5 P5 C5 L5 S5"},
		{"FetchReply of a lower term", message(raft.Message{Kind: raft.FetchReply, Term: 4}), "F5 P5 C5 L5 S5"},
		{"FetchReply of the same term", message(raft.Message{Kind: raft.FetchReply, Term: 5}), "F5 P5 C5 L5 S5"},
		{"FetchReply of a higher term", message(raft.Message{Kind: raft.FetchReply, Term: 6}), "F5 P5 C5 L5 S5"},

		{"Append of a second leader in the same term", message(raft.Message{Kind: raft.Append, Term: 5}), "S5 F5 F5 S5 S5"},
		{"Heartbeat of a second leader in the same term", message(raft.Message{Kind: raft.Heartbeat, Term: 5}), "S5 F5 F5 S5 S5"},
		{"SnapshotChunk of a second leader in the same term", message(raft.Message{Kind: raft.SnapshotChunk, Term: 5}), "S5 F5 F5 S5 S5"},
		{"TimeoutNow of a second leader in the same term", message(raft.Message{Kind: raft.TimeoutNow, Term: 5}), "S5 C6 C6 S5 S5"},
		{"A message of no kind", message(raft.Message{Term: 5}), "S5 S5 S5 S5 S5"},
		{"Propose", func(s *server) { s.tryPropose("x") }, "F5 P5 C5 L5 S5"},
		{"Read", func(s *server) { s.driver.Read(raft.Linearizable) }, "F5 P5 C5 L5 S5"},
		{"Transfer", func(s *server) { s.driver.Transfer(first(2)) }, "F5 P5 C5 L5 S5"},
		{"Change", func(s *server) { c := configurationOf(2); s.driver.Change(&c) }, "F5 P5 C5 L5 S5"},
		{"Compact", func(s *server) { s.driver.Compact(&raft.Snapshot{}, 0) }, "F5 P5 C5 L5 S5"},
		{"Failed", func(s *server) { s.Fail(raft.StorageFailed); s.driver.Wake() }, "S5 S5 S5 S5 S5"},
		{"Persisted", alone(raft.Input{Kind: raft.Persisted}), "F5 P5 C5 L5 S5"},
		{"Sent", alone(raft.Input{Kind: raft.Sent, Peer: first(2)}), "F5 P5 C5 L5 S5"},
		{"Checked, intact", alone(raft.Input{Kind: raft.Checked, Intact: true}), "F5 P5 C5 L5 S5"},
		{"Checked, damaged", alone(raft.Input{Kind: raft.Checked}), "F5 P5 C5 L5 S5"},
	}
	for _, kind := range kindNames {
		for _, term := range []string{"lower", "same", "higher"} {
			if !slices.ContainsFunc(rows, func(r row) bool {
				return strings.HasPrefix(r.name, kind+" ") && strings.Contains(r.name, term+" term")
			}) {
				t.Errorf("the table has no row for %s of the %s term", kind, term)
			}
		}
	}
	for _, row := range rows {
		cells := strings.Fields(row.cells)
		for i, role := range columns {
			t.Run(fmt.Sprintf("%s/%s", row.name, role), func(t *testing.T) {
				s := inRole(t, role)
				row.input(s)
				if got := fmt.Sprint(letters[s.node().Role()], s.node().Term()); got != cells[i] {
					t.Errorf("got %s, want %s: %s", got, cells[i], s)
				}
			})
		}
	}
}

// alone steps the server's node with what else comes only from its driver.
func alone(in raft.Input) func(*server) {
	return func(s *server) {
		in.Room = s.Room()
		s.node().Step(s.lab.now, &in, new(raft.Effects))
	}
}

// leads gives the server a message of term 5 that only a leader sends. Member 2
// is the leader that the follower knows.
func leads(k raft.MessageKind) func(*server) {
	return func(s *server) {
		p := &packet{Message: raft.Message{Kind: k, Cluster: cluster, From: first(2), To: s.member, Term: 5}}
		if k == raft.SnapshotChunk {
			p.Index, p.LogTerm, p.Bytes, p.chunk = 3, 4, 1, []byte{1}
			p.snapshot = &raft.Snapshot{Index: 3, Term: 4, Size: 2, Configuration: configurationOf(3)}
		}
		s.lab.accept(s, p)
	}
}
