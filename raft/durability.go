package raft

// writes remembers which writes are not yet durable and how far each makes the
// log durable. Durability is learned by write number only: of two writes of the
// same index, with different terms, the older one's completion may arrive after
// the newer entry is in the log.
type writes struct {
	durable Index // the log up to here is durable
	head    uint32
	count   uint32
	number  [maxWrites]uint64
	last    [maxWrites]Index
}

func (w *writes) slot(i uint32) uint32 { return (w.head + i) % maxWrites }

// record notes that the log up to last is durable with a write. Where no place is
// free the newest is taken: what it stood for becomes durable a little later.
func (w *writes) record(number uint64, last Index) {
	if w.count < maxWrites {
		w.count++
	}
	newest := w.slot(w.count - 1)
	w.number[newest], w.last[newest] = number, last
}

// persist notes that all writes up to a number are durable.
func (w *writes) persist(number uint64) {
	for w.count > 0 && w.number[w.head] <= number {
		w.durable = w.last[w.head]
		w.head = w.slot(1)
		w.count--
	}
}

// clip notes that the entries above an index have been removed or replaced.
func (w *writes) clip(index Index) {
	w.durable = min(w.durable, index)
	for i := range w.last {
		w.last[i] = min(w.last[i], index)
	}
}

// covering is the write after which the log up to an index is durable, 0 if it is.
func (w *writes) covering(index Index) uint64 {
	for i := uint32(0); i < w.count && index > w.durable; i++ {
		if at := w.slot(i); w.last[at] >= index {
			return w.number[at]
		}
	}
	return 0
}

// nextWrite numbers a write of this step. In line it would take 200 bytes more of a
// board's flash.
//
//go:noinline
func (n *Node) nextWrite() uint64 {
	if n.sequence.written == n.sequence.persisted {
		n.instant.writing = n.instant.now
	}
	n.sequence.written++
	return n.sequence.written
}

// saveHardState has the term and the vote written. Every message waits for it.
func (n *Node) saveHardState(out *Effects) {
	if out.SaveHardState {
		return // what is written is the node's state after the step
	}
	assert(out.Truncate == 0 && out.AppendFirst == 0, "the hard state must be the first write of a step")
	out.SaveHardState = true
	n.sequence.spoken = n.nextWrite()
}

// accepts reports whether entries of a term could be appended: a run is free, or
// the first one can be forgotten, which must be durably committed, since a restart
// has to forget it too.
func (n *Node) accepts(term Term) bool {
	return n.log.accepts(term, min(n.commit, n.writes.durable))
}

// saveCommit has the commit index written before a run is forgotten, so that a
// restart knows that it may forget it. No message waits for that.
func (n *Node) saveCommit(out *Effects) {
	if n.log.count == MaxRuns && !out.SaveHardState {
		out.SaveHardState = true
		n.nextWrite()
	}
}

// hardState is what is to be remembered. The commit index goes no further than
// the durable log does.
func (n *Node) hardState() HardState {
	return HardState{Term: n.term, Vote: n.vote, Commit: min(n.commit, n.writes.durable)}
}

// append extends the log by entries of one term and has them written.
func (n *Node) append(last Index, term Term, kind EntryKind, bytes uint32, out *Effects) {
	assert(out.AppendFirst == 0, "a step appends once")
	if term != n.log.lastTerm() {
		n.saveCommit(out)
		out.WantSnapshot = out.WantSnapshot || n.log.count+n.settings.Reserve >= MaxRuns
	}
	out.AppendFirst, out.AppendLast, out.AppendKind = n.log.last+1, last, kind
	n.log.extend(last, term)
	n.marks.add(last, bytes)
	n.writes.record(n.nextWrite(), last)
}

// persisted takes in that all writes up to a number are durable. It is the only
// way a leader comes to count itself, and a candidate its own vote.
func (n *Node) persisted(in *Input, out *Effects) {
	assert(in.Number <= n.sequence.written, "a write is durable that was never made")
	n.sequence.persisted = max(n.sequence.persisted, in.Number)
	n.writes.persist(in.Number)
	n.instant.writing = n.instant.now
	switch n.role {
	case Candidate:
		if n.sequence.persisted >= n.sequence.spoken {
			n.votes |= n.me
			n.tally(in, out)
		}
	case Leader:
		n.advanceCommit(in, out)
	}
	n.cutLog(out)
}
