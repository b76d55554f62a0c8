package raft

// InputKind is what happened to a node.
type InputKind uint8

// The kinds of inputs, with the fields of Input each uses.
const (
	// Tick: time has passed; nothing else.
	Tick InputKind = iota
	// Receive: Message has arrived; for an Append that is Configured, the
	// last entry's Configuration; for a SnapshotChunk, Snapshot.
	Receive
	// Propose: Count commands of Bytes in all are to be appended.
	Propose
	// Change: Configuration's Voters and Learners are to be the cluster's. The
	// slots they stand in do not matter.
	Change
	// Transfer: Peer is to lead; nobody means that a transfer under way is
	// given up.
	Transfer
	// Read: a read of Mode wants to know what to wait for.
	Read
	// Failed: the storage has failed with Code.
	Failed
	// Persisted: all writes up to Number are durable.
	Persisted
	// Sent: of an Unmeasured Append to Peer, the entries up to Index with Bytes
	// were sent.
	Sent
	// Compact: the realization has taken Snapshot (Index, Digest and Size
	// count); the log up to Index may go once it is durable.
	Compact
	// Checked: the received snapshot, Snapshot, is Intact or not.
	Checked
)

// Input is one thing that happened to a node.
type Input struct {
	Kind   InputKind
	Mode   ReadMode
	Intact bool
	Code   Code
	// Room is what fits into the storage at this moment; for every kind.
	Room Room
	// Jitter, below Settings.ElectionTimeout, is used if this step draws a new
	// election timeout; for every kind.
	Jitter Duration

	Count         uint32
	Bytes         uint32
	Number        uint64
	Index         Index
	Peer          Member
	Message       Message
	Configuration Configuration
	Snapshot      Snapshot
}

// Effects is what a step wants done: the writes, with consecutive numbers from
// FirstWrite, in this order: hard state, truncation, entries, chunk, snapshot,
// repair, compaction; then the messages, each as soon as
// the write it names is durable. The node's own state holds the content of
// writes: the hard state, the configuration, the snapshot.
type Effects struct {
	Refusal Refusal

	FirstWrite uint64
	// Truncate removes the entries from this index on, if it is not zero.
	Truncate Index
	// AppendFirst to AppendLast, if not zero, are to be appended, of
	// AppendKind: commands out of the input's payload, or an entry the node
	// made itself.
	AppendFirst Index
	AppendLast  Index
	// CompactIndex and CompactTerm, if not zero, are where to cut the log.
	CompactIndex Index
	CompactTerm  Term

	SaveHardState bool
	AppendKind    EntryKind
	// StoreChunk: store the chunk that came with the input at its offset.
	StoreChunk bool
	// Check: the received snapshot is complete; answer with Checked.
	Check bool
	// SaveSnapshot, if not zero, is how the newest snapshot is to be written:
	// WriteInstall, WriteAdopt or WriteSnapshot.
	SaveSnapshot WriteKind
	// Repair: put back the body of a stored entry that came with the input.
	Repair bool
	// WantSnapshot: the log or its table of runs is filling up; take one soon.
	WantSnapshot bool
	// JitterUsed: Input.Jitter was used, draw another for the next input.
	JitterUsed bool

	// Point answers a Read.
	Point ReadPoint

	// Messages holds Count messages: at most one a peer, and one Fetch.
	Count    int32
	_        int32
	Messages [MaxMembers - 1]Message
}

// reset empties the effects; the messages beyond Count are not worth clearing.
func (out *Effects) reset(next uint64) {
	out.Refusal = Refusal{}
	out.FirstWrite = next
	out.Truncate, out.AppendFirst, out.AppendLast = 0, 0, 0
	out.CompactIndex, out.CompactTerm = 0, 0
	out.SaveHardState, out.AppendKind = false, Command
	out.StoreChunk, out.Check, out.SaveSnapshot, out.Repair = false, false, 0, false
	out.WantSnapshot, out.JitterUsed = false, false
	out.Point = ReadPoint{}
	out.Count = 0
}

// speaksTo reports whether a message to the member is already among the effects.
func (out *Effects) speaksTo(m Member) bool {
	for i := int32(0); i < out.Count; i++ {
		if out.Messages[i].To == m {
			return true
		}
	}
	return false
}
