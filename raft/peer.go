package raft

// pace is how a leader sends to a peer.
type pace uint8

const (
	probing   pace = iota // one Append at a time, until one matches
	streaming             // many Appends in flight (§10.2.1)
	shipping              // a snapshot, since the log no longer holds what the peer lacks
)

// peer is what a leader knows of one other member (§3.5).
type peer struct {
	member Member
	match  Index  // the highest index known to be durable there and equal to ours
	next   Index  // the next entry to send
	told   Index  // the commit index last told
	offset uint64 // of the snapshot, what it wants next
	pace   pace
	paused bool // wait for an answer or the next heartbeat's
	full   bool // it has no room
	narrow bool // it had no room for many entries: try a single one
	head   uint8
	count  uint8
	// attempt counts how often the leader has begun anew with this peer, modulo
	// 2¹⁶.
	attempt uint16
	bytes   uint32              // in flight
	size    [maxInflight]uint32 // of each Append in flight
	last    [maxInflight]Index  // likewise
}

// resetPeer forgets all about the member in a slot, for a new term or a new
// member. It counts as heard just now, so that a new leader has time.
func (n *Node) resetPeer(slot int) {
	member := n.newest.Members[slot]
	if n.newest.Everybody()>>slot&1 == 0 {
		member = n.previous.Members[slot]
	}
	n.peers[slot] = peer{member: member, next: n.log.last + 1}
	n.instant.contact[slot] = n.instant.now
	n.instant.stamp[slot] = 0
	n.sequence.echoed[slot], n.sequence.question[slot] = 0, 0
	n.sequence.waits[slot], n.sequence.tried[slot] = 0, 0
}

// everyoneElse is the set of slots a leader sends to: all other members, and
// those that are leaving until the configuration without them is committed, so
// that they learn of it.
func (n *Node) everyoneElse() Slots {
	all := n.newest.Everybody()
	if n.newest.index > n.commit {
		all |= n.previous.Everybody() &^ n.previous.Find(n.self)
	}
	return all &^ n.me
}

// peerOf is the slot, as a set, of a member the leader sends to; empty for
// others, such as earlier incarnations.
func (n *Node) peerOf(m Member) Slots {
	for rest := n.everyoneElse(); rest != 0; rest &= rest - 1 {
		if slot := rest.lowest(); n.peers[slot].member == m {
			return 1 << slot
		}
	}
	return 0
}

// match is the match index of a slot; the leader's own is what is durable.
func (n *Node) match(slot int) Index {
	if n.me>>slot&1 != 0 {
		return n.writes.durable
	}
	return n.peers[slot].match
}

// hasRoom reports whether another Append may be put in flight.
func (p *peer) hasRoom(maxBytes uint32) bool {
	return p.count < maxInflight && p.bytes < maxBytes
}

// sent notes that entries up to last are in flight.
func (p *peer) sent(last Index, bytes uint32) {
	at := (p.head + p.count) % maxInflight
	p.last[at], p.size[at] = last, bytes
	p.count++
	p.bytes += bytes
	p.next = last + 1
}

// landed notes that entries up to an index have been acknowledged.
func (p *peer) landed(index Index) {
	for p.count > 0 && p.last[p.head] <= index {
		p.bytes -= p.size[p.head]
		p.head = (p.head + 1) % maxInflight
		p.count--
	}
}

// probe goes back to one Append at a time, from an entry on.
func (p *peer) probe(next Index) {
	p.attempt++
	p.pace, p.paused, p.next = probing, false, max(next, p.match+1)
	p.head, p.count, p.bytes, p.offset = 0, 0, 0, 0
}

// stream goes on with many Appends in flight, from an entry on.
func (p *peer) stream(next Index) {
	p.probe(next)
	p.pace = streaming
}

// answers reports whether an answer is to the present attempt.
func (p *peer) answers(m *Message) bool { return m.Round == uint64(p.attempt) }
