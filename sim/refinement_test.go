package sim

import (
	"context"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

func TestFollowingTheSpecificationChangesNothingElse(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		options := Expand(seed, 0)
		plain := Run(seed, options)
		options.Spec = true
		followed := Run(seed, options)
		if followed.Failure != nil {
			t.Errorf("seed %d: %s: %s", seed, followed.Failure.Rule, followed.Failure.What)
		}
		if plain.Hash != followed.Hash || plain.Coverage != followed.Coverage {
			t.Errorf("seed %d: hash %016x without the specification, %016x with it", seed, plain.Hash, followed.Hash)
		}
	}
}

func TestEveryStepIsExplained(t *testing.T) {
	sum := Sweep(context.Background(), 1, 200, func(seed uint64) Options {
		o := Expand(seed, 0)
		o.Spec = true
		return o
	}, nil)
	if sum.First != nil {
		t.Errorf("seed %d breaks %s: %s", sum.First.Seed, sum.First.Failure.Rule, sum.First.Failure.What)
	}
}

// unexplainable are things that the specification does not allow, each with the
// action that is not enabled or is missing. They begin from a steady cluster that
// is followed with the specification.
var unexplainable = []struct {
	name, action string
	happens      func(r *refinement, leader, follower *server)
}{
	{"a vote nobody asked for", "HandleRequestVote", func(r *refinement, leader, follower *server) {
		another(r, follower)
		r.stepped(follower, received(raft.Message{Kind: raft.Vote, From: leader.member, To: follower.member, Term: follower.seen.term}), &raft.Effects{})
	}},
	{"a term nobody has spoken of", "UpdateTerm", func(r *refinement, _, follower *server) {
		m := raft.Message{Kind: raft.Heartbeat, From: raft.Member{ID: 77}, To: follower.member, Term: follower.seen.term}
		another(r, follower)
		r.stepped(follower, received(m), &raft.Effects{})
	}},
	{"an election held by a server that is no voter", "Timeout", func(r *refinement, _, follower *server) {
		another(r, follower)
		r.stepped(follower, &raft.Input{Kind: raft.Tick}, &raft.Effects{})
	}},
	{"a message of a term that is not durable", "Speak", func(r *refinement, leader, follower *server) {
		r.sent(follower, &raft.Message{Kind: raft.HeartbeatReply, To: leader.member, Term: follower.seen.term + 1})
	}},
	{"a vote that is told but not durable", "GrantVote", func(r *refinement, leader, follower *server) {
		r.sent(follower, &raft.Message{Kind: raft.VoteReply, To: leader.member, Term: follower.seen.term + 1})
	}},
	{"a vote request of no candidate", "RequestVote", func(r *refinement, leader, follower *server) {
		r.sent(follower, &raft.Message{Kind: raft.Vote, To: leader.member, Term: follower.seen.term})
	}},
	{"entries that the leader has not", "AppendEntries", func(r *refinement, leader, follower *server) {
		r.sent(leader, &raft.Message{Kind: raft.Append, To: follower.member, Term: leader.seen.term, Index: leader.seen.last + 1, Last: leader.seen.last + 1})
	}},
	{"a heartbeat that commits too much", "Heartbeat", func(r *refinement, leader, follower *server) {
		r.sent(leader, &raft.Message{Kind: raft.Heartbeat, To: follower.member, Term: leader.seen.term, Commit: leader.seen.commit + 1})
	}},
	{"a snapshot of what is not committed", "SendSnapshot", func(r *refinement, leader, follower *server) {
		r.sent(leader, &raft.Message{Kind: raft.SnapshotChunk, To: follower.member, Term: leader.seen.term, Index: leader.seen.commit + 1})
	}},
	{"an answer to a read that misses something", "ReadIndex", func(r *refinement, leader, follower *server) {
		r.sent(leader, &raft.Message{Kind: raft.ReadIndexReply, To: follower.member, Term: leader.seen.term, Index: leader.seen.commit - 1})
	}},
	{"an acknowledgement of what was not taken in", "SendAcknowledgement", func(r *refinement, leader, follower *server) {
		r.sent(follower, &raft.Message{Kind: raft.AppendReply, To: leader.member, Term: follower.seen.term, Index: follower.seen.last + 1})
	}},
	{"a message that nobody has sent", "HandleAppendEntries", func(r *refinement, leader, follower *server) {
		r.stepped(follower, received(raft.Message{
			Kind: raft.Append, From: leader.member, To: follower.member, Term: leader.seen.term,
			Index: leader.seen.last + 1, Last: leader.seen.last + 1,
		}), &raft.Effects{})
	}},
	{"a heartbeat that nobody has sent", "HandleHeartbeat", func(r *refinement, leader, follower *server) {
		r.stepped(follower, received(raft.Message{
			Kind: raft.Heartbeat, From: leader.member, To: follower.member, Term: leader.seen.term, Commit: leader.seen.last + 1,
		}), &raft.Effects{})
	}},
	{"an acknowledgement that nobody has sent", "HandleAcknowledgement", func(r *refinement, leader, follower *server) {
		r.stepped(leader, received(raft.Message{
			Kind: raft.AppendReply, From: follower.member, To: leader.member, Term: leader.seen.term, Index: leader.seen.last + 1,
		}), &raft.Effects{})
	}},
	{"an entry written by a follower of its own accord", "ClientRequest", func(r *refinement, _, follower *server) {
		r.wrote(follower, &raft.Entry{Index: follower.seen.last + 1, Term: follower.seen.term}, 1)
	}},
	{"a configuration written by a follower of its own accord", "ChangeConfiguration", func(r *refinement, _, follower *server) {
		r.wrote(follower, &raft.Entry{
			Index: follower.seen.last + 1, Term: follower.seen.term, Kind: raft.ConfigurationChange, Configuration: &follower.seen.configuration,
		}, 1)
	}},
	{"another entry than was sent", "writes an entry", func(r *refinement, _, follower *server) {
		r.wrote(follower, &raft.Entry{Index: follower.seen.last, Term: follower.seen.term}, 1)
	}},
	{"something durable that never was", "Persist", func(r *refinement, _, follower *server) {
		follower.disk.durable.hard.Term++
		r.persisted(follower)
	}},
	{"a start of a server that is up", "Restart", func(r *refinement, _, follower *server) { r.started(follower) }},
	{"a term that falls", "UpdateTerm and Timeout alone", func(r *refinement, _, follower *server) {
		follower.seen.term--
		r.settled(follower)
	}},
	{"a vote that is forgotten", "HandleRequestVote alone", func(r *refinement, leader, _ *server) {
		leader.seen.vote = raft.Member{}
		r.settled(leader)
	}},
	{"a leader nobody elected", "BecomeLeader, StepDown", func(r *refinement, _, follower *server) {
		follower.seen.role = raft.Leader
		r.settled(follower)
	}},
	{"entries that are gone", "HandleAppendEntries removes nothing", func(r *refinement, _, follower *server) {
		follower.seen.last--
		r.settled(follower)
	}},
	{"entries that nobody sent", "alone make a log longer", func(r *refinement, _, follower *server) {
		follower.seen.last++
		r.settled(follower)
	}},
	{"a commit nobody told of", "a commit index grows by", func(r *refinement, _, follower *server) {
		follower.seen.commit++
		r.settled(follower)
	}},
	{"a configuration that is not the last", "a server goes by the last", func(r *refinement, _, follower *server) {
		follower.seen.configured++
		r.settled(follower)
	}},
}

// another makes the specification take the server for one that has just joined.
func another(r *refinement, s *server) {
	s.life = 40
	r.state.Restart(s.lived(), 0)
}

func received(m raft.Message) *raft.Input { return &raft.Input{Kind: raft.Receive, Message: m} }

func TestWhatTheSpecificationDoesNotAllowIsNoticed(t *testing.T) {
	for _, u := range unexplainable {
		t.Run(u.name, func(t *testing.T) {
			w, leader, follower := followed(t)
			u.happens(w.ledger.refinement, leader, follower)
			if f := w.ledger.failure; f == nil || f.Rule != "refinement" || !strings.Contains(f.What, u.action) {
				t.Errorf("%s was to be missing, but what was noticed is %v", u.action, f)
			}
		})
	}
}
