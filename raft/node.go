package raft

// Node is one server's part in Raft: all of its state but the entries' bytes.
// It is flat and copied by assignment. Set one up with [Driver.Start].
type Node struct {
	settings Settings
	cluster  uint64
	self     Member
	leader   Member // of this term, as far as known
	vote     Member // in this term
	term     Term
	commit   Index

	role   Role
	code   Code  // why it has stopped
	noRoom bool  // for a single entry, as the last input said
	forced bool  // the leader asked for this campaign
	me     Slots // the node's own slot in the newest configuration, if it has one
	voting Slots // those still to be asked for their vote
	votes  Slots // those who gave it

	log    termRuns
	marks  marks
	writes writes

	newest   placed // configuration in the log, committed or not (§4.1)
	previous placed // the one before it, always committed
	snapshot Snapshot
	cut      cut      // compaction waiting for its snapshot to be durable
	incoming incoming // snapshot being received

	leadership leadership
	reads      reads
	peers      [MaxMembers]peer

	sequence sequence
	instant  instant
}

// leadership is a leader's state that is not about one peer.
type leadership struct {
	start       Index  // of the leader's own term: its no-op
	target      Member // of a leadership transfer under way
	tellCommit  Slots  // peers to be told of the commit index
	tellEntries Slots  // peers to be sent what they lack
	tellRound   Slots  // peers to be sent the present round
	tellRead    Slots  // peers whose question can be answered
	timeoutNow  Slots  // the peer to be told to campaign
	handedOver  bool   // a TimeoutNow has left in this term
	readWaits   bool   // a read waits for the next round
	leaving     bool   // has removed itself and announces it
	_           [3]uint8
	farewell    uint64 // the round that announces it
}

// sequence holds the numbers that only ever grow, together with instant all of a
// node's state that could differ without making a difference.
type sequence struct {
	written   uint64 // the last write
	persisted uint64 // the last write known to be durable
	spoken    uint64 // the last write of the hard state: every message waits for it
	round     uint64 // the last round of heartbeats
	confirmed uint64 // the last round echoed by a quorum
	asked     uint64 // the last question to a leader
	answered  uint64 // the last one answered
	echoed    [MaxMembers]uint64
	question  [MaxMembers]uint64 // peers' questions, by their own numbers
	waits     [MaxMembers]uint64 // the round each waits for
	tried     [MaxMembers]uint64 // the round in which a peer was last sent entries
}

// instant holds the times on the node's own clock.
type instant struct {
	now       Instant
	quiet     Instant  // no vote is granted before, after a start
	heard     Instant  // when the leader was last heard
	election  Instant  // when to campaign
	heartbeat Instant  // when to begin the next round
	transfer  Instant  // when to give up a transfer
	writing   Instant  // since when a write is pending
	round     Instant  // when the present round began
	timeout   Duration // the election timeout last drawn
	asked     Instant  // when the pending question to the leader was put
	fresh     Instant  // when the last one answered was put
	contact   [MaxMembers]Instant
	stamp     [MaxMembers]uint64 // the latest start of a round echoed in this term
}

// forever is a deadline that is never reached.
const forever = Instant(1<<64 - 1)

// Self is the member that the node is.
func (n *Node) Self() Member { return n.self }

// Role is what the node is doing.
func (n *Node) Role() Role { return n.role }

// Stopped is why the node has stopped, or OK.
func (n *Node) Stopped() Code { return n.code }

// Term is the node's current term.
func (n *Node) Term() Term { return n.term }

// Vote is whom the node has voted for in its term; nobody if it has not.
func (n *Node) Vote() Member { return n.vote }

// Leader is who leads in the node's term; nobody if it does not know.
func (n *Node) Leader() Member { return n.leader }

// Commit is the highest index the node knows to be committed.
func (n *Node) Commit() Index { return n.commit }

// Last is the index of the log's last entry, durable or not.
func (n *Node) Last() Index { return n.log.last }

// Durable is the index up to which the node knows its log to be durable.
func (n *Node) Durable() Index { return n.writes.durable }

// Configuration is the newest in the log, committed or not, and the index of its
// entry. It must not be changed.
func (n *Node) Configuration() (*Configuration, Index) {
	return &n.newest.Configuration, n.newest.index
}

// Match is the index up to which a leader knows the log of the peer in a slot to
// be durable and equal to its own; 0 where it knows nothing.
func (n *Node) Match(slot int) Index {
	if n.role != Leader {
		return 0
	}
	return n.match(slot)
}

// Step takes in what happened at a time and fills in what is to be done about it.
// Time that goes back is taken to stand still.
func (n *Node) Step(now Instant, in *Input, out *Effects) {
	out.reset(n.sequence.written + 1)
	if n.role == Stopped {
		out.Refusal = Refusal{Code: HasStopped, Node: n.self.ID}
		return
	}
	n.instant.now = max(n.instant.now, now)
	n.noRoom = in.Room.Entries == 0
	switch in.Kind {
	case Tick:
		n.tick(in, out)
	case Receive:
		n.receive(in, out)
	case Propose:
		n.propose(in, out)
	case Change:
		n.changeConfiguration(in, out)
	case Transfer:
		n.transferTo(in, out)
	case Read:
		n.read(in, out)
	case Failed:
		n.stop(in.Code)
	case Persisted:
		n.persisted(in, out)
	case Sent:
		n.sent(in)
	case Compact:
		n.takeSnapshot(in, out)
	case Checked:
		n.checked(in, out)
	}
	n.speak(out)
}

// tick does what time alone brings about.
func (n *Node) tick(in *Input, out *Effects) {
	now := n.instant.now
	if n.role != Leader {
		if now >= n.instant.election && n.mayCampaign() {
			n.campaignSoon(in, out)
		}
		return
	}
	if now >= n.instant.transfer {
		n.endTransfer(in, out)
	}
	if now >= n.instant.heartbeat {
		n.beat(in, out)
	}
}

// Deadline is when the node must be stepped again if nothing else happens: at
// once, which is 0, if more messages are owed than fitted into the last effects.
func (n *Node) Deadline() Instant {
	switch {
	case n.role == Stopped:
		return forever
	case n.owes():
		return 0
	case n.role == Leader:
		return min(n.instant.heartbeat, n.instant.transfer)
	case n.mayCampaign():
		return n.instant.election
	}
	return forever
}

// stop ends the node's part; only a restart helps.
func (n *Node) stop(code Code) {
	n.role, n.code = Stopped, code
}

// diverged refuses input that no correct peer can have sent, and stops: to go on
// could lose data, and a person should know.
func (n *Node) diverged(index Index, term Term, out *Effects) {
	n.sequence.written = out.FirstWrite - 1 // a higher term was about to be saved, perhaps
	out.reset(out.FirstWrite)
	out.Refusal = Refusal{Code: Diverged, Node: n.self.ID, Index: index, Term: term}
	n.stop(Diverged)
}

// drawTimeout draws a new random election timeout in [T, 2T) (§3.4).
func (n *Node) drawTimeout(in *Input, out *Effects) {
	n.instant.timeout = n.settings.ElectionTimeout + in.Jitter%n.settings.ElectionTimeout
	n.instant.election = n.instant.now + Instant(n.instant.timeout)
	out.JitterUsed = true
}

// after is the instant a duration from now.
func (n *Node) after(d Duration) Instant { return n.instant.now + Instant(d) }

// since is the time passed since an instant.
func (n *Node) since(t Instant) Duration { return Duration(n.instant.now - t) }
