package raft

// An entry whose body is lost can be had from any peer that has an entry of the
// same index and term, since they are the same entry (Log Matching, §3.5). So
// neither a term nor a role matters to these messages, and no rule of Raft to them.

// fetch asks one of the members for the first body that the storage has lost. It
// is called at heartbeats and where an election is due, so it is asked again, of
// another, until it is there.
func (n *Node) fetch(in *Input, out *Effects) {
	if in.Room.Damaged != 0 && in.Room.Damaged <= n.snapshot.Index && n.cut.write == 0 {
		n.compact(n.snapshot.Index, out) // the snapshot stands for it
		return
	}
	others := n.newest.Everybody() &^ n.me
	term, known := n.log.at(in.Room.Damaged)
	if in.Room.Damaged <= n.log.base || !known || others == 0 || int(out.Count) == len(out.Messages) {
		return
	}
	for skip := uint64(in.Jitter) % uint64(others.count()); skip > 0; skip-- {
		others &= others - 1
	}
	out.JitterUsed = true
	m := n.message(Fetch, n.newest.Members[others.lowest()], out)
	m.Index, m.LogTerm = in.Room.Damaged, term
}

// whole is how far up to an index the node may be counted on. After the first body
// that is lost others may be too, and where an entry is not known to be committed this
// may be the last copy.
func (n *Node) whole(index Index, in *Input) Index {
	if damaged := in.Room.Damaged; damaged != 0 {
		return min(index, max(n.commit, damaged-1))
	}
	return index
}

// receiveFetch has the driver send the body, if it is here. A leader that has
// compacted it sends its snapshot, which stands for it.
func (n *Node) receiveFetch(in *Input, out *Effects) {
	m := &in.Message
	if m.Index <= n.log.base {
		if bit := n.peerOf(m.From); n.role == Leader && bit != 0 && n.peers[bit.lowest()].pace != shipping {
			n.ship(bit.lowest(), out)
		}
		return
	}
	if term, known := n.log.at(m.Index); known && term == m.LogTerm {
		reply := n.message(FetchReply, m.From, out)
		reply.Index, reply.LogTerm = m.Index, m.LogTerm
	}
}

// receiveFetchReply has the body put back, if it is still the one that is missing.
func (n *Node) receiveFetchReply(in *Input, out *Effects) {
	m := &in.Message
	if term, known := n.log.at(m.Index); m.Index == in.Room.Damaged && m.Index > n.log.base && known && term == m.LogTerm {
		out.Repair = true
		n.nextWrite()
	}
}

// lacks reports whether a snapshot at an index would stand for an entry whose body
// is lost here.
func (n *Node) lacks(in *Input, index Index) bool {
	return in.Room.Damaged > n.log.base && in.Room.Damaged <= index && index > n.snapshot.Index
}

// adoptSnapshot makes a received snapshot the node's although its log already
// holds the snapshot's last entry: the log stays, for what follows may have been
// acknowledged, and is cut where the snapshot ends once that is durable.
func (n *Node) adoptSnapshot(out *Effects) {
	s := &n.incoming.snapshot
	if _, known := n.log.at(s.Index); known && s.Index > n.snapshot.Index && n.cut.write == 0 {
		n.snapshot = *s
		out.SaveSnapshot = WriteAdopt
		n.cut = cut{n.nextWrite(), s.Index}
	}
}
