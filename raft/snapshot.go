package raft

// cut is a compaction that waits for its snapshot to be durable.
type cut struct {
	write   uint64 // that saves the snapshot; 0 if none is pending
	through Index
}

// incoming is a snapshot being received. A transfer is all of this; a chunk that
// is of another starts anew, or is late.
type incoming struct {
	snapshot Snapshot
	from     Member
	offset   uint64 // received so far
	active   bool
	checking bool // complete, waiting to be checked
	attempt  uint16
	_        uint32
}

// takeSnapshot takes in that the state machine's state has been saved (§5.1). The
// log is cut only when the snapshot is durable.
func (n *Node) takeSnapshot(in *Input, out *Effects) {
	index := in.Snapshot.Index
	term, known := n.log.at(index)
	configuration := &n.newest
	if configuration.index > index {
		configuration = &n.previous
	}
	if configuration.index > index || configuration.Voters == 0 {
		known = false // the configuration at that index has been forgotten, or a joiner was never told
	}
	switch pinned := n.pinned(in); {
	case !known, index <= n.snapshot.Index, index > min(n.commit, n.writes.durable), in.Index > index:
		n.refuse(SnapshotOutOfRange, out)
		out.Refusal.Index = index
	case n.cut.write != 0:
		n.refuse(SnapshotPending, out)
	case pinned != 0:
		n.refuse(SnapshotPinned, out)
		out.Refusal.Node = n.peers[pinned.lowest()].member.ID
	default:
		n.snapshot.Index, n.snapshot.Term = index, term
		n.snapshot.Digest, n.snapshot.Size = in.Snapshot.Digest, in.Snapshot.Size
		n.snapshot.ConfigurationIndex, n.snapshot.Configuration = configuration.index, configuration.Configuration
		out.SaveSnapshot = WriteSnapshot
		n.cut = cut{n.nextWrite(), in.Index}
		n.restartShipping()
	}
}

// pinned is the set of peers that are being sent the present snapshot. It is kept
// for them, or they would be sent one after the other and never catch up, until
// they are silent for an election timeout or room is needed, for entries or their bytes.
func (n *Node) pinned(in *Input) Slots {
	if n.role != Leader || !n.hasRoom(in, 1, n.settings.MaxMessageBytes) {
		return 0
	}
	set := Slots(0)
	for rest := n.everyoneElse() & n.inContact(); rest != 0; rest &= rest - 1 {
		if slot := rest.lowest(); n.peers[slot].pace == shipping {
			set |= 1 << slot
		}
	}
	return set
}

// restartShipping begins the transfers under way anew, with another snapshot.
func (n *Node) restartShipping() {
	for rest := n.everyoneElse(); rest != 0 && n.role == Leader; rest &= rest - 1 {
		if p := &n.peers[rest.lowest()]; p.pace == shipping {
			p.offset, p.paused = 0, false
		}
	}
}

// cutLog drops the log that a durable snapshot stands for.
func (n *Node) cutLog(out *Effects) {
	if n.cut.write == 0 || n.sequence.persisted < n.cut.write {
		return
	}
	through := n.cut.through
	n.cut = cut{}
	n.compact(through, out)
}

// compact drops the log up to an index that a durable snapshot stands for.
func (n *Node) compact(through Index, out *Effects) {
	if term, known := n.log.at(through); known && through > n.log.base && out.CompactIndex == 0 {
		out.CompactIndex, out.CompactTerm = through, term
		n.nextWrite()
		n.log.compact(through)
	}
}

// wantRoom makes room: entries that were kept although the snapshot stands for
// them go at once; else a newer snapshot is asked for.
func (n *Node) wantRoom(out *Effects) {
	if n.cut.write == 0 && n.log.base < n.snapshot.Index {
		n.compact(n.snapshot.Index, out)
		return
	}
	out.WantSnapshot = true
}

// ship begins to send a peer the snapshot, since what it lacks is gone from the
// log. If the core has forgotten even more than the snapshot stands for, it needs
// a newer one first.
func (n *Node) ship(slot int, out *Effects) {
	p, bit := &n.peers[slot], Slots(1)<<slot
	if n.snapshot.Index < n.log.base || n.snapshot.Index == 0 {
		out.WantSnapshot = true
		n.leadership.tellEntries &^= bit
		n.leadership.tellCommit &^= bit
		return
	}
	p.probe(p.next)
	p.pace, p.full = shipping, false
	n.sendChunk(slot, out)
}

// sendChunk sends the next piece of the snapshot, one at a time.
func (n *Node) sendChunk(slot int, out *Effects) {
	p := &n.peers[slot]
	n.leadership.tellEntries &^= 1 << slot
	if p.paused {
		return
	}
	p.paused = true
	n.sequence.tried[slot] = n.sequence.round
	m := n.message(SnapshotChunk, p.member, out)
	m.Index, m.LogTerm, m.Offset, m.Round = n.snapshot.Index, n.snapshot.Term, p.offset, uint64(p.attempt)
	m.Bytes = uint32(min(n.snapshot.Size-p.offset, uint64(n.settings.ChunkBytes)))
}

// receiveChunk takes in a piece of a snapshot (§5, Figure 5.3).
func (n *Node) receiveChunk(in *Input, out *Effects) {
	m, s := &in.Message, &in.Snapshot
	if s.Index != m.Index || s.Term != m.LogTerm || m.Offset > s.Size || uint64(m.Bytes) > s.Size-m.Offset ||
		m.Bytes == 0 && m.Offset < s.Size || s.ConfigurationIndex > s.Index || !s.Configuration.wellFormed() {
		n.diverged(m.Index, m.LogTerm, out)
		return
	}
	term, known := n.log.at(m.Index)
	committed, _ := n.log.at(n.commit)
	if m.Index <= n.commit && known && term != m.LogTerm || m.Index > n.commit && m.LogTerm < committed {
		n.diverged(m.Index, m.LogTerm, out)
		return
	}
	if !n.hearLeader(in, out) {
		return
	}
	if (m.Index <= n.commit || known && term == m.LogTerm) && !n.lacks(in, m.Index) {
		n.learnCommit(m.Index)
		n.incoming = incoming{}
		n.acknowledge(m.From, max(m.Index, n.commit), m.Round, out)
		return
	}
	if !n.incoming.continues(m.From, s) {
		n.incoming = incoming{snapshot: *s, from: m.From, active: true}
	}
	if n.incoming.checking {
		return
	}
	n.incoming.attempt = uint16(m.Round)
	if m.Offset == n.incoming.offset {
		out.StoreChunk = true
		n.nextWrite()
		n.incoming.offset += uint64(m.Bytes)
		if n.incoming.offset == s.Size {
			n.incoming.checking, out.Check = true, true
			return
		}
	}
	n.wantChunk(m.From, out)
}

// continues reports whether a chunk belongs to the transfer under way.
func (i *incoming) continues(from Member, s *Snapshot) bool {
	mine := &i.snapshot
	return i.active && i.from == from && mine.Index == s.Index && mine.Term == s.Term &&
		mine.Digest == s.Digest && mine.Size == s.Size
}

// wantChunk asks the leader for the next piece.
func (n *Node) wantChunk(leader Member, out *Effects) {
	reply := n.message(SnapshotReply, leader, out)
	reply.Index, reply.LogTerm, reply.Offset = n.incoming.snapshot.Index, n.incoming.snapshot.Term, n.incoming.offset
}

// checked puts a complete snapshot in the log's place, or asks for it again if it
// was damaged on the way.
func (n *Node) checked(in *Input, out *Effects) {
	i := &n.incoming
	if !i.checking || i.snapshot.Index != in.Snapshot.Index || i.snapshot.Digest != in.Snapshot.Digest {
		return
	}
	i.checking = false
	if !in.Intact {
		i.offset = 0
		n.wantChunk(i.from, out)
		return
	}
	if at, known := n.log.at(i.snapshot.Index); i.snapshot.Index <= n.commit || known && at == i.snapshot.Term {
		n.learnCommit(i.snapshot.Index) // the entries are there, or came meanwhile: they stay
		n.adoptSnapshot(out)
		n.incoming = incoming{}
		return
	}
	before := n.commit
	n.snapshot = i.snapshot
	n.commit = n.snapshot.Index
	n.newest = placed{n.snapshot.ConfigurationIndex, n.snapshot.Configuration}
	n.previous = n.newest
	n.me = n.newest.Find(n.self)
	n.log.reset(n.snapshot.Index, n.snapshot.Term)
	n.marks.reset(n.snapshot.Index)
	n.writes.clip(before)
	n.cut = cut{}
	out.SaveSnapshot = WriteInstall
	n.writes.record(n.nextWrite(), n.snapshot.Index)
	leader, attempt := i.from, uint64(i.attempt)
	n.incoming = incoming{}
	if n.role == Follower && leader == n.leader {
		n.acknowledge(leader, n.snapshot.Index, attempt, out)
	}
}

// receiveSnapshotReply goes on with the transfer where the peer wants it.
func (n *Node) receiveSnapshotReply(in *Input, out *Effects) {
	m := &in.Message
	bit := n.peerOf(m.From)
	if n.role != Leader || bit == 0 {
		return
	}
	slot := bit.lowest()
	p := &n.peers[slot]
	n.instant.contact[slot] = n.instant.now
	if p.pace != shipping || m.Index != n.snapshot.Index || m.LogTerm != n.snapshot.Term {
		return
	}
	if m.Offset > n.snapshot.Size {
		n.diverged(m.Index, m.LogTerm, out)
		return
	}
	if m.Offset > p.offset {
		p.paused = false
		n.leadership.tellEntries |= bit
	}
	// A peer that wants less than it was sent has lost it, or the answer is
	// late: the next heartbeat's answer will have the chunk sent again. To
	// answer every late answer by a chunk would multiply duplicates.
	p.offset = m.Offset
}
