package raft

// receive judges where a message comes from and what its term means (§3.3)
// before its kind is looked at. What is for another cluster or another
// incarnation is refused before its term can do anything. Who sends it does not
// matter: this node's configuration may be older than the sender's, and name an
// earlier incarnation (§4.1). Answers count only from members.
func (n *Node) receive(in *Input, out *Effects) {
	m := &in.Message
	switch {
	case m.Cluster != n.cluster:
		out.Refusal = Refusal{Code: WrongCluster, Node: m.From.ID}
		return
	case m.To != n.self || m.From.ID == n.self.ID && m.From != n.self:
		out.Refusal = Refusal{Code: WrongMember, Node: m.From.ID}
		return
	case m.From == n.self || m.From.ID == 0 || !m.plausible():
		n.diverged(m.Index, m.Term, out)
		return
	}
	if m.Kind == Fetch || m.Kind == FetchReply { // what is stored is what it is in any term
		n.dispatch(in, out)
		return
	}
	if m.Term > n.term && !n.raiseTerm(in, out) {
		return
	}
	if m.Term < n.term && m.Kind != PreVote {
		n.answerStale(m, out)
		return
	}
	n.dispatch(in, out)
}

// plausible reports whether a correct peer could have sent the message in some
// cluster, whatever this node's state.
func (m *Message) plausible() bool {
	const farthest = 1 << 62 // neither indexes nor terms get there in a million years
	if m.Term == 0 && m.Kind != PreVoteReply || m.Term > farthest || m.Index > farthest || m.Last > farthest ||
		m.Commit > farthest || m.Offset > farthest {
		return false
	}
	switch m.Kind {
	case PreVote, Vote:
		return m.LogTerm < m.Term // who has an entry of a term is past campaigning for it
	case Append:
		return m.Last >= m.Index && m.LogTerm <= m.Term &&
			(m.Last == m.Index || m.EntryTerm >= m.LogTerm && m.EntryTerm <= m.Term && m.EntryTerm > 0)
	case SnapshotChunk:
		return m.LogTerm <= m.Term && m.Index > 0
	case PreVoteReply, VoteReply, AppendReply, Heartbeat, HeartbeatReply, SnapshotReply, TimeoutNow, ReadIndex, ReadIndexReply, Fetch, FetchReply:
		return true
	}
	return false
}

// raiseTerm moves to a message's higher term, if the message warrants it, and
// reports whether it is to be looked at further.
func (n *Node) raiseTerm(in *Input, out *Effects) bool {
	m := &in.Message
	leader := Member{}
	switch m.Kind {
	case PreVote: // asks about a term that nobody is in yet (§9.6)
		return true
	case PreVoteReply:
		if !m.Reject {
			return n.role == PreCandidate && m.Term == n.term+1
		}
	case Vote:
		if n.protects(m) {
			return false // the leader is alive: no server may depose it (§4.2.3)
		}
	case Append, Heartbeat, SnapshotChunk, TimeoutNow:
		leader = m.From
	}
	n.follow(m.Term, leader, in, out)
	return true
}

// answerStale tells a deposed leader of the new term, so that it steps down; it
// might otherwise hear of it from nobody. Others find out by themselves.
func (n *Node) answerStale(m *Message, out *Effects) {
	var kind MessageKind
	switch m.Kind {
	case Append, Heartbeat, SnapshotChunk:
		kind = AppendReply
	case Vote:
		kind = VoteReply
	case ReadIndex:
		kind = ReadIndexReply
	default:
		return
	}
	n.message(kind, m.From, out).Reject = true
}

func (n *Node) dispatch(in *Input, out *Effects) {
	switch in.Message.Kind {
	case PreVote:
		n.receivePreVote(in, out)
	case PreVoteReply, VoteReply:
		n.receiveVoteReply(in, out)
	case Vote:
		n.receiveVote(in, out)
	case Append:
		n.receiveAppend(in, out)
	case AppendReply:
		n.receiveAppendReply(in, out)
	case Heartbeat:
		n.receiveHeartbeat(in, out)
	case HeartbeatReply:
		n.receiveHeartbeatReply(in, out)
	case SnapshotChunk:
		n.receiveChunk(in, out)
	case SnapshotReply:
		n.receiveSnapshotReply(in, out)
	case TimeoutNow:
		n.receiveTimeoutNow(in, out)
	case ReadIndex:
		n.receiveReadIndex(in, out)
	case ReadIndexReply:
		n.receiveReadIndexReply(in)
	case Fetch:
		n.receiveFetch(in, out)
	case FetchReply:
		n.receiveFetchReply(in, out)
	}
}

// message adds a message to the effects. It waits for the term and the vote to
// be durable (§3.8), as every message does.
func (n *Node) message(kind MessageKind, to Member, out *Effects) *Message {
	m := &out.Messages[out.Count]
	out.Count++
	*m = Message{}
	m.Kind, m.Cluster, m.From, m.To, m.Term, m.After = kind, n.cluster, n.self, to, n.term, n.sequence.spoken
	return m
}

// speak adds the messages that are owed, one to each peer that has not been
// spoken to in this step.
func (n *Node) speak(out *Effects) {
	switch n.role {
	case Leader:
		n.lead(out)
	case Candidate, PreCandidate:
		n.canvass(out)
	case Follower:
		n.ask(out)
	}
}

// owes reports whether there is something left to say.
func (n *Node) owes() bool {
	switch n.role {
	case Leader:
		l := &n.leadership
		return l.tellRound|l.tellEntries|l.tellCommit|l.tellRead|l.timeoutNow != 0
	case Candidate, PreCandidate:
		return n.voting != 0
	case Follower:
		return n.reads.ask
	}
	return false
}

// hearLeader takes in a sign of life of the leader of this term. It returns
// false, and stops the node, if there is another one: the term would have two
// leaders (§3.6.3, Election Safety).
func (n *Node) hearLeader(in *Input, out *Effects) bool {
	m := &in.Message
	if n.role == Leader || n.leader != (Member{}) && n.leader != m.From {
		n.diverged(m.Index, m.Term, out)
		return false
	}
	if n.role != Follower {
		n.follow(n.term, m.From, in, out)
	}
	n.leader = m.From
	n.instant.heard = n.instant.now
	n.instant.election = n.after(n.instant.timeout)
	return true
}

// follow makes the node a follower in a term at least its own.
func (n *Node) follow(term Term, leader Member, in *Input, out *Effects) {
	if term > n.term {
		n.term, n.vote = term, Member{}
		n.incoming = incoming{}
		n.saveHardState(out)
	}
	if n.role != Follower || leader == (Member{}) {
		n.drawTimeout(in, out)
	}
	if n.role == Leader {
		n.instant.transfer = forever
	}
	n.role, n.leader = Follower, leader
	n.votes, n.voting = 0, 0
	n.leadership = leadership{}
	n.reads.forget()
}
