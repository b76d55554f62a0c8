package raft

// propose appends commands to the leader's log (§3.5).
func (n *Node) propose(in *Input, out *Effects) {
	code := OK
	switch {
	case n.role != Leader:
		code = NotLeader
	case n.leadership.target != (Member{}) || n.leadership.leaving:
		code = Transferring
	case in.Count == 0 || in.Count > MaxBatch || in.Bytes > n.settings.MaxMessageBytes:
		code = TooLarge
	case n.marks.count == maxMarks || n.marks.uncommitted()+in.Bytes > n.settings.MaxUncommittedBytes:
		code = TooMuchUncommitted
	case !n.hasRoom(in, in.Count, in.Bytes):
		code = NoRoom
	}
	if code != OK {
		n.refuse(code, out)
		return
	}
	n.append(n.log.last+Index(in.Count), n.term, Command, in.Bytes, out)
	n.leadership.tellEntries |= n.everyoneElse()
}

// refuse says no, and who could say yes; for want of room it also makes some. A
// copy at every call would take 224 bytes of a board's flash.
//
//go:noinline
func (n *Node) refuse(code Code, out *Effects) {
	out.Refusal = Refusal{Code: code, Node: n.leader.ID, Term: n.term}
	switch code {
	case Transferring:
		out.Refusal.Node = n.leadership.target.ID
	case ChangePending:
		out.Refusal.Index = n.newest.index
	case NoRoom:
		n.wantRoom(out)
	}
}

// hasRoom reports whether entries fit without touching the reserve that no-ops
// and automatic leaves need, in the storage and in the table of term runs.
func (n *Node) hasRoom(in *Input, entries, bytes uint32) bool {
	reserve := n.settings.Reserve
	return in.Room.Entries >= reserve && in.Room.Entries-reserve >= entries && in.Room.Bytes >= bytes &&
		(n.log.count+reserve <= MaxRuns || n.log.end(n.log.first[0]) <= n.commit)
}

// lead sends what the leader owes, one message a peer: what is short and urgent
// first, so that it never queues behind entries or chunks.
func (n *Node) lead(out *Effects) {
	l := &n.leadership
	for rest := l.tellRound | l.tellEntries | l.tellCommit | l.tellRead | l.timeoutNow; rest != 0; rest &= rest - 1 {
		slot := rest.lowest()
		bit := Slots(1) << slot
		if out.speaksTo(n.peers[slot].member) || int(out.Count) == len(out.Messages) {
			continue
		}
		switch {
		case l.timeoutNow&bit != 0:
			l.timeoutNow &^= bit
			n.message(TimeoutNow, n.peers[slot].member, out)
		case l.tellRound&bit != 0:
			l.tellRound &^= bit
			n.sendHeartbeat(slot, out)
		case l.tellRead&bit != 0:
			l.tellRead &^= bit
			n.sendReadIndexReply(slot, out)
		default:
			n.sendEntries(slot, out)
		}
	}
}

// sendEntries sends a peer the next entries, or a chunk of the snapshot if they
// are gone from the log, or at least the commit index.
func (n *Node) sendEntries(slot int, out *Effects) {
	p, bit := &n.peers[slot], Slots(1)<<slot
	wants := n.leadership.tellEntries&bit != 0
	if p.pace == shipping {
		n.leadership.tellCommit &^= bit
		n.sendChunk(slot, out)
		return
	}
	prevTerm, known := n.log.at(p.next - 1)
	if !known {
		n.ship(slot, out)
		return
	}
	n.leadership.tellEntries &^= bit
	n.leadership.tellCommit &^= bit
	if p.paused {
		return
	}
	probe := p.pace == probing
	entries := wants && p.next <= n.log.last && !p.full && p.hasRoom(n.settings.MaxInflightBytes)
	if !entries && !probe && p.told >= n.commit {
		return
	}
	m := n.message(Append, p.member, out)
	m.Index, m.LogTerm, m.Last, m.Commit, m.Probe = p.next-1, prevTerm, p.next-1, n.commit, probe
	m.Round = uint64(p.attempt)
	p.told = n.commit
	if entries {
		n.pack(m, slot)
	}
	p.paused = probe || m.Unmeasured
	n.sequence.tried[slot] = n.sequence.round
	if !p.paused && p.next <= n.log.last && p.hasRoom(n.settings.MaxInflightBytes) {
		n.leadership.tellEntries |= bit
	}
}

// pack puts the next entries for a peer into an Append: of one term, and none
// after a configuration, so that a follower learns of it by this message alone.
func (n *Node) pack(m *Message, slot int) {
	p := &n.peers[slot]
	last := min(n.log.end(p.next), m.Index+MaxBatch)
	if n.newest.index >= p.next {
		last = min(last, n.newest.index)
	}
	if p.narrow {
		last = p.next
	}
	m.EntryTerm, _ = n.log.at(p.next)
	fits, bytes, known := n.marks.fit(m.Index, last, n.settings.MaxMessageBytes)
	if !known || m.Index < n.previous.index {
		m.Last, m.Unmeasured = last, true
		return
	}
	m.Last, m.Bytes = fits, bytes
	m.Configured = fits == n.newest.index
	if p.pace == streaming {
		p.sent(fits, bytes)
	}
}

// sent takes in how much of an Append of unknown size was sent.
func (n *Node) sent(in *Input) {
	bit := n.peerOf(in.Peer)
	if n.role != Leader || bit == 0 {
		return
	}
	p := &n.peers[bit.lowest()]
	if p.pace != streaming || in.Index < p.next || in.Index > n.log.last || !p.hasRoom(n.settings.MaxInflightBytes) {
		return
	}
	p.sent(in.Index, in.Bytes)
	p.paused = false
	n.leadership.tellEntries |= bit
}

// receiveAppend makes the log agree with the leader's (§3.5).
func (n *Node) receiveAppend(in *Input, out *Effects) {
	m := &in.Message
	if !n.hearLeader(in, out) {
		return
	}
	if m.Last <= n.commit {
		n.answerOld(m, out)
		return
	}
	prev, prevTerm := m.Index, m.LogTerm
	if prev < n.log.base { // what is below base is committed and equal
		prev, prevTerm = n.log.base, n.log.baseTerm
		if m.EntryTerm != prevTerm {
			n.diverged(m.Last, m.EntryTerm, out)
			return
		}
	}
	term, known := n.log.at(prev)
	if !known || term != prevTerm {
		n.reject(m, out)
		return
	}
	agreed := n.agreement(prev, m)
	if agreed < m.Last && agreed < n.commit {
		n.diverged(agreed+1, m.EntryTerm, out)
		return
	}
	full := agreed < m.Last && !n.appendFrom(agreed+1, in, out)
	if n.role == Stopped {
		return
	}
	if !full {
		agreed = m.Last
	}
	n.learnCommit(min(m.Commit, agreed))
	if m.Last > m.Index || m.Probe {
		n.acknowledge(m.From, n.whole(agreed, in), m.Round, out).Full = full
	}
}

// acknowledge says that the log up to an index equals the leader's; not before it
// is durable.
func (n *Node) acknowledge(leader Member, index Index, attempt uint64, out *Effects) *Message {
	reply := n.message(AppendReply, leader, out)
	reply.Index, reply.Round = index, attempt
	reply.After = max(reply.After, n.writes.covering(index))
	return reply
}

// answerOld answers an Append of entries that are all committed here: it is late.
func (n *Node) answerOld(m *Message, out *Effects) {
	if term, known := n.log.at(m.Last); known && m.Last > m.Index && term != m.EntryTerm {
		n.diverged(m.Last, m.EntryTerm, out)
		return
	}
	if term, known := n.log.at(m.Index); known && term != m.LogTerm {
		n.diverged(m.Index, m.LogTerm, out)
		return
	}
	if m.Last > m.Index || m.Probe {
		n.acknowledge(m.From, n.commit, m.Round, out)
	}
}

// reject says that the log does not hold the entry before the first, and where
// it might agree with the leader's.
func (n *Node) reject(m *Message, out *Effects) {
	if m.Index <= n.commit {
		n.diverged(m.Index, m.LogTerm, out)
		return
	}
	reply := n.message(AppendReply, m.From, out)
	reply.Reject, reply.Index, reply.Round = true, m.Index, m.Round
	reply.Last, reply.LogTerm = n.log.floor(m.Index, m.LogTerm)
}

// agreement is the last index after prev up to which the log already holds the
// message's entries: those with the same index and term (§3.5, Log Matching).
func (n *Node) agreement(prev Index, m *Message) Index {
	if prev == n.log.last || n.log.term[n.log.run(prev+1)] != m.EntryTerm {
		return prev
	}
	return min(n.log.end(prev+1), m.Last)
}

// appendFrom appends a message's entries from an index on, after removing those
// that conflict, and only if there are any: entries that merely follow may be
// newer than the message (§3.5). It returns false if they do not fit.
func (n *Node) appendFrom(from Index, in *Input, out *Effects) bool {
	m := &in.Message
	if m.Configured && !in.Configuration.wellFormed() {
		n.diverged(m.Last, m.EntryTerm, out)
		return false
	}
	n.saveCommit(out)
	if from <= n.log.last {
		n.truncate(from, out)
	}
	if !n.fits(in) {
		n.wantRoom(out)
		return false
	}
	n.append(m.Last, m.EntryTerm, Command, m.Bytes, out)
	if m.Configured {
		n.adopt(&in.Configuration, m.Last)
	}
	return true
}

// fits reports whether the rest of a message's entries fits after the log. Commands
// leave half of the reserve alone, or a log that a leader has filled, and that leader
// alone knows to be committed, could not lead when it is gone. The other half is for
// stores in which the same entries take more room than in the leader's. An entry by
// itself that begins a term is a no-op.
func (n *Node) fits(in *Input) bool {
	m := &in.Message
	need := uint64(m.Last - n.log.last)
	if need > 1 || !m.Configured && n.log.lastTerm() == m.EntryTerm {
		need += uint64(n.settings.Reserve / 2)
	}
	return uint64(in.Room.Entries) >= need && in.Room.Bytes >= m.Bytes && n.accepts(m.EntryTerm)
}

// truncate removes the entries from an index on, and the configuration if it was
// among them (§4.1).
func (n *Node) truncate(from Index, out *Effects) {
	assert(from > n.commit, "a committed entry was about to be removed")
	n.nextWrite()
	out.Truncate = from
	n.log.truncate(from)
	n.marks.truncate(from)
	n.writes.clip(from - 1)
	n.rollBack(from)
}

// receiveAppendReply learns how far a peer's log agrees with the leader's.
func (n *Node) receiveAppendReply(in *Input, out *Effects) {
	m := &in.Message
	bit := n.peerOf(m.From)
	if n.role != Leader || bit == 0 {
		return
	}
	if !m.Reject && m.Index > n.log.last {
		n.diverged(m.Index, m.Term, out)
		return
	}
	slot := bit.lowest()
	p := &n.peers[slot]
	n.instant.contact[slot] = n.instant.now
	switch {
	case m.Reject:
		n.backUp(slot, m)
	default:
		current := p.answers(m)
		n.matched(slot, m.Index, current, in, out)
		if current && m.Full && n.role == Leader {
			p.probe(p.match + 1)
			p.full, p.paused, p.narrow = true, true, true
		}
	}
}

// backUp goes back to where the peer's log may agree, over whole terms that
// cannot (§3.5, p. 21). Late answers to earlier attempts change nothing.
func (n *Node) backUp(slot int, m *Message) {
	p := &n.peers[slot]
	switch {
	case p.pace == shipping, m.Index <= p.match, !p.answers(m):
		return
	}
	next := min(m.Index, m.Last+1)
	if m.Last >= n.log.base {
		at, _ := n.log.floor(m.Last, m.LogTerm)
		next = min(next, at+1)
	}
	p.probe(max(next, 1))
	n.leadership.tellEntries |= 1 << slot
}

// matched takes in that a peer's durable log agrees up to an index. Only an answer
// to the present attempt, current, says that the way to it is clear.
func (n *Node) matched(slot int, index Index, current bool, in *Input, out *Effects) {
	p, bit := &n.peers[slot], Slots(1)<<slot
	news := index > p.match
	p.full, p.narrow = p.full && !news, p.narrow && !news
	p.match, p.next = max(p.match, index), max(p.next, index+1)
	switch {
	case current && p.pace != streaming:
		p.stream(p.match + 1)
	case !news:
		return
	case p.pace == streaming:
		p.landed(index)
	}
	if p.next <= n.log.last {
		n.leadership.tellEntries |= bit
	}
	if p.told < n.commit {
		n.leadership.tellCommit |= bit
	}
	n.advanceCommit(in, out)
	n.hurryTransfer(slot)
}
