package sim

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/spec"
)

// A refinement follows a run with the specification (docs/spec.md): every step,
// write, message, crash and restart must be explained by actions that are enabled
// in its state, and leave every server as the core has it. What the core does
// beyond the specification is a step of no action.
//
// All entries have the hash of the chain of entries that they end as their value.
// A follower's are the ones that its leader made; that they say the same is
// checked when they are written.
type refinement struct {
	world *world
	state spec.State
}

// fails records the action that is not enabled.
func (r *refinement) fails(s *server, refusal *spec.Refusal) {
	if refusal != nil {
		r.world.ledger.fail("refinement", "no action explains what server %d did: %v (server %d is life %d)",
			s.id, refusal, s.id, s.lived())
	}
}

// lived is the specification's name for the server's present life.
func (s *server) lived() spec.Server { return spec.Server(s.life) + 1 }

// life is the specification's name for a member, Nobody for one that nobody knows.
func (r *refinement) life(m raft.Member) spec.Server {
	if m == (raft.Member{}) {
		return spec.Nobody
	}
	log, life := r.world.durableLog(m)
	if log == nil {
		return spec.Nobody
	}
	return spec.Server(life) + 1
}

// founded tells of the founding configuration.
func (r *refinement) founded(c *raft.Configuration) { r.state.Init(r.configuration(c)) }

func (r *refinement) configuration(c *raft.Configuration) spec.Configuration {
	return spec.Configuration{Voters: r.set(c, c.Voters), Outgoing: r.set(c, c.Outgoing), Learners: r.set(c, c.Learners)}
}

func (r *refinement) set(c *raft.Configuration, slots raft.Slots) spec.Set {
	var set spec.Set
	for rest := slots; rest != 0; rest &= rest - 1 {
		set |= spec.SetOf(r.life(c.Members[slotOf(rest)]))
	}
	return set
}

// started explains a start: what is durable is all there is.
func (r *refinement) started(s *server) {
	r.fails(s, r.state.Restart(s.lived(), spec.Index(s.seen.commit)))
	r.settled(s)
}

// crashed explains the end of a server's process.
func (r *refinement) crashed(s *server) { r.state.Crash(s.lived()) }

// persisted explains that another write is durable.
func (r *refinement) persisted(s *server) {
	durable := &s.disk.durable
	value := uint64(0)
	if durable.last > 0 {
		value = durable.at(durable.last).hash
	}
	r.fails(s, r.state.Persist(s.lived(), spec.Term(durable.hard.Term), r.life(durable.hard.Vote), spec.Index(durable.last), value))
}

// wrote explains an entry on its way to a server's disk. If it is new, the server
// has just made it, as a leader does.
func (r *refinement) wrote(s *server, e *raft.Entry, value uint64) {
	i, term := s.lived(), spec.Term(e.Term)
	at, holds, known := r.state.Entry(i, spec.Index(e.Index))
	switch {
	case known && (at != term || holds != value):
		r.world.ledger.fail("refinement", "server %d writes an entry %d of term %d, but was sent another one, of term %d",
			s.id, e.Index, e.Term, at)
	case known:
	case e.Kind == raft.ConfigurationChange:
		r.fails(s, r.state.ChangeConfiguration(i, term, value, r.configuration(e.Configuration)))
	default:
		r.fails(s, r.state.ClientRequest(i, term, value))
	}
}

// sent explains a message that leaves a server.
func (r *refinement) sent(s *server, m *raft.Message) {
	i, to, term := s.lived(), r.life(m.To), spec.Term(m.Term)
	index, logTerm := spec.Index(m.Index), spec.Term(m.LogTerm)
	switch {
	case !tellsTerm(m):
	case m.Kind == raft.Vote:
		r.fails(s, r.state.RequestVote(i, to, term, index, logTerm))
	case m.Kind == raft.VoteReply && !m.Reject:
		r.fails(s, r.state.GrantVote(i, to, term))
	case m.Kind == raft.Append:
		r.fails(s, r.state.AppendEntries(i, to, appendOf(m)))
	case acknowledges(m):
		r.fails(s, r.state.SendAcknowledgement(i, to, term, index))
	case m.Kind == raft.Heartbeat:
		r.fails(s, r.state.Heartbeat(i, to, term, spec.Index(m.Commit)))
	case m.Kind == raft.SnapshotChunk:
		r.fails(s, r.state.SendSnapshot(i, to, term, index, logTerm))
	case m.Kind == raft.ReadIndexReply && !m.Reject:
		r.fails(s, r.state.ReadIndex(i, index))
	default:
		r.fails(s, r.state.Speak(i, term))
	}
}

func appendOf(m *raft.Message) spec.Append {
	return spec.Append{
		Term: spec.Term(m.Term), Prev: spec.Index(m.Index), PrevTerm: spec.Term(m.LogTerm),
		Last: spec.Index(m.Last), EntryTerm: spec.Term(m.EntryTerm), Commit: spec.Index(m.Commit),
	}
}

// acknowledges reports whether a message says that its sender's log equals the
// leader's up to Index: a reply to a heartbeat does if the log ends with an entry of
// the leader's term.
func acknowledges(m *raft.Message) bool {
	return m.Kind == raft.AppendReply && !m.Reject || m.Kind == raft.HeartbeatReply && m.LogTerm == m.Term
}

// roleOf is a role as the specification has it, which knows no PreVote.
func roleOf(role raft.Role) spec.Role {
	switch role {
	case raft.Candidate:
		return spec.Candidate
	case raft.Leader:
		return spec.Leader
	case raft.Follower, raft.PreCandidate, raft.Stopped:
	}
	return spec.Follower
}

// settled compares a server with the specification, when what it did is done.
func (r *refinement) settled(s *server) {
	seen := &s.seen
	if seen.role == raft.Stopped {
		return // it says and does nothing more, whatever it was about to
	}
	core := spec.View{
		Term: spec.Term(seen.term), Vote: r.life(seen.vote), Role: roleOf(seen.role),
		Commit: spec.Index(seen.commit), Last: spec.Index(seen.last), Configuration: spec.Index(seen.configured),
	}
	if view := r.state.View(s.lived()); view != core {
		r.world.ledger.fail("refinement", "no action explains what server %d did: %s; it should be %+v, but is %+v",
			s.id, unexplained(&view, &core), view, core)
	}
}

// unexplained says which action there would have to be, and why there is none.
func unexplained(view, core *spec.View) string {
	switch {
	case core.Term != view.Term:
		return "UpdateTerm and Timeout alone change a term, and only raise it"
	case core.Vote != view.Vote:
		return "HandleRequestVote alone changes a vote in a term, and another term begins without one"
	case core.Role != view.Role:
		return "BecomeLeader, StepDown and what brings a new term alone change a role"
	case core.Last < view.Last:
		return "HandleAppendEntries removes nothing but what conflicts, InstallSnapshot nothing but what it replaces"
	case core.Last > view.Last:
		return "ClientRequest, ChangeConfiguration, HandleAppendEntries and InstallSnapshot alone make a log longer"
	case core.Commit != view.Commit:
		return "a commit index grows by AdvanceCommitIndex, and by what a follower is told"
	}
	return "a server goes by the last configuration in its log"
}

// stepped explains what a step has changed, but for new entries of a leader, which
// are known when they are written.
func (r *refinement) stepped(s *server, in *raft.Input, out *raft.Effects) {
	n := s.driver.Node()
	if n.Role() == raft.Stopped {
		return
	}
	x := explanation{refinement: r, s: s, n: n, i: s.lived()}
	if m := &in.Message; in.Kind == raft.Receive && m.To == s.member {
		x.message, x.from = m, r.life(m.From)
	}
	x.term()
	x.answers()
	x.role()
	x.news(in, out)
	x.promises(in, out)
}

// An explanation is that of one step.
type explanation struct {
	*refinement
	s       *server
	n       *raft.Node
	i       spec.Server
	message *raft.Message // or nil
	from    spec.Server   // who sent it
}

func (x *explanation) view() spec.View { return x.state.View(x.i) }

// is reports whether the message is of a kind and of the server's term.
func (x *explanation) is(kind raft.MessageKind) bool {
	return x.message != nil && x.message.Kind == kind && x.message.Term == x.n.Term()
}

// term explains a higher term: by the message, by an election, or by both, where a
// message calls for one.
func (x *explanation) term() {
	term := spec.Term(x.n.Term())
	if m := x.message; m != nil && tellsTerm(m) && spec.Term(m.Term) > x.view().Term && spec.Term(m.Term) <= term {
		x.fails(x.s, x.state.UpdateTerm(x.i, x.from, spec.Term(m.Term)))
	}
	if term > x.view().Term {
		x.fails(x.s, x.state.Timeout(x.i))
	}
}

// tellsTerm reports whether a message says which term its sender is in. PreVotes
// are about one that nobody is in, and what is stored is the same in every term.
func tellsTerm(m *raft.Message) bool {
	switch m.Kind {
	case raft.PreVote, raft.Fetch, raft.FetchReply:
		return false
	case raft.PreVoteReply:
		return m.Reject
	}
	return true
}

// answers explains a vote, and has candidates and leaders take in what they hear;
// a leader may commit by that, or by what is durable with itself.
func (x *explanation) answers() {
	view := x.view()
	switch m := x.message; {
	case x.is(raft.Vote) && x.life(x.n.Vote()) != view.Vote:
		x.fails(x.s, x.state.HandleRequestVote(x.i, x.from))
	case x.is(raft.VoteReply) && !m.Reject && view.Role == spec.Candidate:
		x.fails(x.s, x.state.HandleGrantedVote(x.i, x.from))
	case m != nil && m.Term == x.n.Term() && acknowledges(m) && view.Role == spec.Leader:
		x.fails(x.s, x.state.HandleAcknowledgement(x.i, x.from, spec.Index(m.Index)))
	}
	if commit := spec.Index(x.n.Commit()); view.Role == spec.Leader && commit > view.Commit {
		x.fails(x.s, x.state.AdvanceCommitIndex(x.i, commit))
	}
}

// role explains that an election was won, given up, or leadership with it.
func (x *explanation) role() {
	switch role := roleOf(x.n.Role()); {
	case role == x.view().Role:
	case role == spec.Leader:
		x.fails(x.s, x.state.BecomeLeader(x.i))
	case role == spec.Follower:
		x.fails(x.s, x.state.StepDown(x.i))
	}
}

// news explains what a follower learned from its leader.
func (x *explanation) news(in *raft.Input, out *raft.Effects) {
	commit := spec.Index(x.n.Commit())
	switch m := x.message; {
	case x.view().Role != spec.Follower:
		return
	case x.is(raft.Append):
		if upTo, taken := x.takenOf(m, out); taken {
			x.fails(x.s, x.state.HandleAppendEntries(x.i, x.from, appendOf(m), spec.Index(upTo)))
		}
	case x.is(raft.Heartbeat):
		x.fails(x.s, x.state.HandleHeartbeat(x.i, x.from, spec.Term(m.Term), spec.Index(m.Commit)))
	case x.is(raft.SnapshotChunk) && spec.Index(m.Index) <= commit:
		x.fails(x.s, x.state.InstallSnapshot(x.i, spec.Index(m.Index), false))
	case in.Kind == raft.Checked && (out.SaveSnapshot == raft.WriteInstall || commit > x.view().Commit):
		x.fails(x.s, x.state.InstallSnapshot(x.i, spec.Index(in.Snapshot.Index), out.SaveSnapshot == raft.WriteInstall))
	}
	if commit > x.view().Commit {
		x.fails(x.s, x.state.InferCommit(x.i, commit))
	}
}

// takenOf is how far a follower has taken in an Append, by its answer; false if it
// has not. Where the rest did not fit its log ends there.
func (x *explanation) takenOf(m *raft.Message, out *raft.Effects) (raft.Index, bool) {
	for n := range out.Messages[:out.Count] {
		switch reply := &out.Messages[n]; {
		case reply.Kind != raft.AppendReply:
		case reply.Reject:
			return 0, false
		case reply.Full:
			return x.n.Last(), true
		}
	}
	return m.Last, true
}

// promises explains what a follower is going to acknowledge, and what a leader
// tells a read.
func (x *explanation) promises(in *raft.Input, out *raft.Effects) {
	for n := range out.Messages[:out.Count] {
		if reply := &out.Messages[n]; acknowledges(reply) {
			x.fails(x.s, x.state.Acknowledge(x.i, spec.Index(reply.Index), reply.Kind == raft.HeartbeatReply))
		}
	}
	if in.Kind == raft.Read && in.Mode != raft.Stale && out.Refusal.Code == raft.OK && x.n.Role() == raft.Leader {
		x.fails(x.s, x.state.ReadIndex(x.i, spec.Index(out.Point.Index)))
	}
}
