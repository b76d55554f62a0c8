package raft

// ReadMode is how fresh a read must be.
type ReadMode uint8

// The modes of reads.
const (
	// Linearizable: the read sees everything acknowledged before it began. The
	// leader confirms that it still leads by a round of heartbeats begun after
	// the read arrived (§6.4, ReadIndex); a follower asks the leader to.
	Linearizable ReadMode = iota
	// Lease: as Linearizable, without the round, as long as no clock in the
	// cluster errs more than Settings.MaxClockErrorPPM (§6.4.1).
	Lease
	// Stale: whatever this node has applied.
	Stale
)

// ReadPoint is what one read waits for. It belongs to the node that made it and
// may be kept or dropped at will: the core holds no reads.
type ReadPoint struct {
	Mode ReadMode
	// Asked: a follower has asked, or will ask, the leader.
	Asked bool
	Term  Term
	// Round must be confirmed: of heartbeats, or of questions to the leader.
	Round uint64
	// Index must be applied.
	Index Index
}

// ReadOutcome is what became of a read.
type ReadOutcome uint8

// The outcomes of reads.
const (
	// ReadPending: not yet.
	ReadPending ReadOutcome = iota
	// ReadReady: it may be served.
	ReadReady
	// ReadLost: this node no longer leads, or another leader has to be asked;
	// read again.
	ReadLost
)

// reads is a follower's side of asking the leader; one question is on its way at
// a time and stands for all reads that came before it (§6.4).
type reads struct {
	open  bool // a question is on its way
	ask   bool // it is to be sent
	again bool // reads wait for the next question
	_     [5]uint8
	index Index // the answer to the last one answered
}

// forget drops the question: there is another leader, or none.
func (r *reads) forget() { r.open, r.ask, r.again = false, false, false }

// patience reports whether the answer is overdue.
func (r *reads) patience(n *Node) bool { return n.since(n.instant.asked) >= n.settings.Heartbeat }

// read says what a read that begins now must wait for.
func (n *Node) read(in *Input, out *Effects) {
	point := &out.Point
	point.Mode, point.Term, point.Index = in.Mode, n.term, n.commit
	switch {
	case in.Mode == Stale:
	case n.role != Leader && in.Mode == Lease:
		n.refuse(NotLeader, out)
	case n.role != Leader:
		n.readAtFollower(out)
	case in.Mode == Lease:
		n.readByLease(out)
	default:
		n.readAtLeader(out)
	}
	if out.Refusal.Code != OK {
		out.Point = ReadPoint{}
	}
}

// readIndex is what a read at the leader must see: everything committed, which
// the leader knows only once an entry of its own term is (§6.4). Until then the
// read waits for that entry.
func (n *Node) readIndex() Index { return max(n.commit, n.leadership.start) }

// readAtLeader makes a read wait for a round begun after it arrived. While a
// round is on its way the next one is shared by all who come.
func (n *Node) readAtLeader(out *Effects) {
	out.Point.Index = n.readIndex()
	out.Point.Round = n.nextRound()
}

// nextRound is the number of a round that begins not before now, and sees that
// there will be one.
func (n *Node) nextRound() uint64 {
	if n.sequence.confirmed == n.sequence.round {
		n.beginRound()
		return n.sequence.round
	}
	n.leadership.readWaits = true
	return n.sequence.round + 1
}

// readByLease serves a read without a round while nobody else can be leader. A
// transfer invites somebody else to be (§6.4.1).
func (n *Node) readByLease(out *Effects) {
	l := &n.leadership
	if !n.settings.LeaseReads || n.commit < l.start || l.handedOver || l.target != (Member{}) || n.instant.now >= n.leaseEnd() {
		n.refuse(NoLease, out)
	}
}

// readAtFollower makes a read wait for the answer to a question put to the leader
// after it arrived.
func (n *Node) readAtFollower(out *Effects) {
	if n.leader == (Member{}) || n.role != Follower {
		n.refuse(NoLeader, out)
		return
	}
	out.Point.Asked = true
	if n.reads.open {
		n.reads.again = true
		out.Point.Round = n.sequence.asked + 1
		return
	}
	n.question()
	out.Point.Round = n.sequence.asked
}

// question begins the next question to the leader.
func (n *Node) question() {
	n.sequence.asked++
	n.instant.asked = n.instant.now
	n.reads.open, n.reads.ask, n.reads.again = true, true, false
}

// ask sends the question that is owed.
func (n *Node) ask(out *Effects) {
	if !n.reads.ask || out.speaksTo(n.leader) || int(out.Count) == len(out.Messages) {
		return
	}
	n.reads.ask = false
	n.message(ReadIndex, n.leader, out).Round = n.sequence.asked
}

// receiveReadIndex takes in a follower's question. It is answered when a round
// begun after it is confirmed.
func (n *Node) receiveReadIndex(in *Input, out *Effects) {
	m := &in.Message
	bit := n.peerOf(m.From)
	if n.role != Leader || bit == 0 {
		reply := n.message(ReadIndexReply, m.From, out)
		reply.Reject, reply.Round = true, m.Round
		return
	}
	slot := bit.lowest()
	if m.Round == n.sequence.question[slot] { // put again: it still waits, or the answer was lost
		if n.sequence.waits[slot] == 0 {
			n.leadership.tellRead |= bit // the round confirmed then began after it was first put
		}
		return
	}
	n.leadership.tellRead &^= bit // an answer still owed was to the question before
	n.sequence.question[slot] = m.Round
	n.sequence.waits[slot] = n.nextRound()
	n.answerQuestions()
}

// answerQuestions finds the questions whose round is confirmed.
func (n *Node) answerQuestions() {
	for rest := n.everyoneElse(); rest != 0; rest &= rest - 1 {
		slot := rest.lowest()
		if n.sequence.waits[slot] != 0 && n.sequence.waits[slot] <= n.sequence.confirmed {
			n.sequence.waits[slot] = 0
			n.leadership.tellRead |= 1 << slot
		}
	}
}

func (n *Node) sendReadIndexReply(slot int, out *Effects) {
	m := n.message(ReadIndexReply, n.peers[slot].member, out)
	m.Round, m.Index = n.sequence.question[slot], n.readIndex()
}

// receiveReadIndexReply learns what the reads that asked must wait for.
func (n *Node) receiveReadIndexReply(in *Input) {
	m := &in.Message
	if n.role != Follower || m.From != n.leader || !n.reads.open || m.Round != n.sequence.asked {
		return
	}
	if m.Reject { // it does not lead, or does not count this server among its members
		n.reads.forget()
		return
	}
	n.reads.open = false
	n.reads.index = m.Index
	n.sequence.answered = m.Round
	n.instant.fresh = n.instant.asked
	if n.reads.again {
		n.question()
	}
}

// Resolve says whether a read may be served, and the index that the state machine
// must have reached before.
func (n *Node) Resolve(p *ReadPoint) (Index, ReadOutcome) {
	switch {
	case n.role == Stopped:
		return 0, ReadLost
	case p.Mode != Linearizable:
		return p.Index, ReadReady
	case p.Asked && n.sequence.answered >= p.Round:
		return max(p.Index, n.reads.index), ReadReady
	case n.term != p.Term || p.Asked != (n.role != Leader) || p.Asked && !n.reads.open:
		return 0, ReadLost
	case !p.Asked && n.sequence.confirmed >= p.Round && n.commit >= n.leadership.start:
		return p.Index, ReadReady
	}
	return 0, ReadPending
}

// Fresh is an instant on the node's own clock at which everything committed in
// the cluster by then was at or below an index it knows, which bounds how stale a
// stale read is: by the time passed since, once Index is applied.
func (n *Node) Fresh() (Instant, Index) { return n.instant.fresh, n.reads.index }
