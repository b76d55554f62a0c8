package embedded

import "github.com/driftless-raft/driftless/raft"

// QuestionBytes is the length of the longest question of a read.
const QuestionBytes = 32

// A Client is told what has come of requests. It must not call the node.
type Client interface {
	// Answered takes an answer, which is valid until it returns.
	Answered(*Answer)
}

// An Answer is what has come of a request.
type Answer struct {
	Tag     uint32 // of the request
	Outcome Outcome
	Reason  Reason  // of a refusal
	Leader  raft.ID // whom to ask instead of a node that has refused; 0 if not known
	Body    []byte  // the machine's response or answer
}

// An Outcome is what became of a request.
type Outcome uint8

// The outcomes.
const (
	Done    Outcome = iota
	Refused         // it has not happened and will not
	Unknown         // it may have happened, or may still
)

// A Reason says why a request was refused: OK if it was not, a [raft.Code], or one of
// those that follow.
type Reason uint8

// OK is no refusal.
const OK = Reason(raft.OK)

// The reasons that are not the core's.
const (
	// Superseded: something else is committed in the command's place.
	Superseded Reason = 200 + iota
	// NothingToCompact: there is a snapshot of all that is applied.
	NothingToCompact
	// SnapshotTooLarge: the machine's state does not fit where snapshots are kept.
	SnapshotTooLarge
	// SnapshotUnreadable: the node needs its snapshot and could not load it. A server
	// with this reason must be wiped and added again.
	SnapshotUnreadable
	// TooManyRequests: as many as there are slots for wait for their answers.
	TooManyRequests
	// QuestionTooLong: a question has more than QuestionBytes.
	QuestionTooLong
)

// String returns the reason in words.
func (r Reason) String() string {
	switch r {
	case Superseded:
		return "something else is committed in its place"
	case NothingToCompact:
		return "there is a snapshot of all that is applied"
	case SnapshotTooLarge:
		return "the snapshot does not fit"
	case SnapshotUnreadable:
		return "the snapshot cannot be read: wipe the server and add it again"
	case TooManyRequests:
		return "too many requests are waiting"
	case QuestionTooLong:
		return "the question is too long"
	}
	return raft.Code(r).String()
}

// A RequestSlot is a request that waits for its answer.
type RequestSlot struct {
	kind     requestKind
	tag      uint32
	index    raft.Index // of a proposal
	term     raft.Term
	point    raft.ReadPoint // of a read
	length   uint32         // of its question
	question [QuestionBytes]byte
}

type requestKind uint8

const (
	free requestKind = iota
	proposal
	read
)

// Propose has a command replicated. The answer is Done, with the machine's response,
// when this node has applied it. The tag comes back with the answer.
func (n *Node) Propose(tag uint32, command []byte) {
	slot := n.open(tag)
	if slot == nil {
		return
	}
	n.batch[0] = raft.Entry{Data: command}
	index, term, refusal := n.driver.Propose(n.batch[:1])
	if refusal.Code == raft.OK {
		slot.kind, slot.tag, slot.index, slot.term = proposal, tag, index, term
	} else {
		n.refuse(tag, Reason(refusal.Code))
	}
	n.settle()
}

// Read asks the machine a question, when that may be asked by the mode.
func (n *Node) Read(tag uint32, mode raft.ReadMode, question []byte) {
	slot := n.open(tag)
	if slot == nil {
		return
	}
	if len(question) > len(slot.question) {
		n.refuse(tag, QuestionTooLong)
		return
	}
	point, refusal := n.driver.Read(mode)
	if refusal.Code == raft.OK {
		slot.kind, slot.tag, slot.point = read, tag, point
		slot.length = uint32(copy(slot.question[:], question))
	} else {
		n.refuse(tag, Reason(refusal.Code))
	}
	n.settle()
}

// Change asks for other members: see [raft.Driver.Change]. It is Done when the change
// has begun; Status shows how it goes on.
func (n *Node) Change(tag uint32, c *raft.Configuration) {
	if n.refusesAll(tag) {
		return
	}
	_, refusal := n.driver.Change(c)
	n.begun(tag, Reason(refusal.Code))
}

// Transfer hands leadership over: see [raft.Driver.Transfer]. It is Done when that has
// begun.
func (n *Node) Transfer(tag uint32, to raft.Member) {
	if n.refusesAll(tag) {
		return
	}
	refusal := n.driver.Transfer(to)
	n.begun(tag, Reason(refusal.Code))
}

// Compact takes a snapshot of all that is applied and cuts the log there. It is Done
// when that has begun.
func (n *Node) Compact(tag uint32) {
	if n.refusesAll(tag) {
		return
	}
	n.begun(tag, n.compact(n.applied))
}

// begun answers a request that is done once it has begun.
func (n *Node) begun(tag uint32, reason Reason) {
	if reason == OK {
		n.tell(tag, Done, nil)
	} else {
		n.refuse(tag, reason)
	}
	n.settle()
}

// refusesAll refuses a request because the node takes no part.
func (n *Node) refusesAll(tag uint32) bool {
	if n.running {
		return false
	}
	n.refuse(tag, n.reason())
	return true
}

// open finds a free slot, or refuses the request.
func (n *Node) open(tag uint32) *RequestSlot {
	if n.refusesAll(tag) {
		return nil
	}
	for i := range n.memory.Requests {
		if slot := &n.memory.Requests[i]; slot.kind == free {
			return slot
		}
	}
	n.refuse(tag, TooManyRequests)
	return nil
}

func (n *Node) tell(tag uint32, outcome Outcome, body []byte) {
	n.answer = Answer{Tag: tag, Outcome: outcome, Body: body}
	n.ports.Client.Answered(&n.answer)
}

func (n *Node) refuse(tag uint32, reason Reason) {
	n.answer = Answer{Tag: tag, Outcome: Refused, Reason: reason}
	if n.running {
		n.answer.Leader = n.driver.Node().Leader().ID
	}
	n.ports.Client.Answered(&n.answer)
}

// answerProposal answers who has proposed an entry that is being applied. Whoever has
// proposed another at its index is told by its fate.
func (n *Node) answerProposal(e *raft.Entry, response []byte) {
	for i := range n.memory.Requests {
		slot := &n.memory.Requests[i]
		if slot.kind == proposal && slot.index == e.Index && slot.term == e.Term {
			slot.kind = free
			n.tell(slot.tag, Done, response)
		}
	}
}

// answerAll answers the requests of which more is known now.
func (n *Node) answerAll() {
	for i := range n.memory.Requests {
		switch slot := &n.memory.Requests[i]; slot.kind {
		case free:
		case proposal:
			n.followProposal(slot)
		case read:
			n.followRead(slot)
		}
	}
}

// followProposal answers a proposal that will not be applied here.
func (n *Node) followProposal(slot *RequestSlot) {
	fate := n.driver.Node().Fate(slot.index, slot.term)
	switch {
	case n.driver.Node().Role() == raft.Stopped, fate == raft.Unknown,
		fate == raft.Committed && n.applied >= slot.index: // a snapshot has brought it
		slot.kind = free
		n.tell(slot.tag, Unknown, nil)
	case fate == raft.Superseded:
		slot.kind = free
		n.refuse(slot.tag, Superseded)
	}
}

// followRead answers a read whose time has come.
func (n *Node) followRead(slot *RequestSlot) {
	switch n.driver.Resolve(&slot.point) {
	case raft.ReadReady:
		slot.kind = free
		n.tell(slot.tag, Done, n.ports.Machine.Query(slot.question[:slot.length]))
	case raft.ReadLost:
		slot.kind = free
		n.refuse(slot.tag, Reason(raft.NotLeader))
	case raft.ReadPending:
	}
}

// abandon answers all requests of a node that takes no part any more.
func (n *Node) abandon() {
	for i := range n.memory.Requests {
		if slot := &n.memory.Requests[i]; slot.kind != free {
			slot.kind = free
			n.tell(slot.tag, Unknown, nil)
		}
	}
}
