package raft

// MessageKind is what a message asks or answers.
type MessageKind uint8

// The kinds of messages. Which fields each uses stands at Message.
const (
	PreVote MessageKind = iota + 1
	PreVoteReply
	Vote
	VoteReply
	Append
	AppendReply
	Heartbeat
	HeartbeatReply
	SnapshotChunk
	SnapshotReply
	TimeoutNow
	ReadIndex
	ReadIndexReply
	Fetch
	FetchReply
)

// Message is one message between two members. All kinds share one flat shape;
// a field a kind does not use is zero. The padding is left to the compiler:
// TinyGo copies a struct without any field by field, one with padding by memcpy.
type Message struct {
	Kind MessageKind
	// Reject answers no: to a vote, or to an Append whose previous entry does
	// not match.
	Reject bool
	// Full: in AppendReply, the entries did not fit; in HeartbeatReply, there
	// still is no room.
	Full bool
	// Force: in Vote, the leader itself asked for this election (§3.10), so
	// that voters need not protect it.
	Force bool
	// Probe: in Append, answer even if there are no entries.
	Probe bool
	// Configured: in Append, the entry at Last is a ConfigurationChange.
	Configured bool
	// Unmeasured: in Append on its way to the driver, the core does not know
	// these entries' sizes: fewer may be sent, and Sent reports how many.
	Unmeasured bool

	// Bytes: in Append and FetchReply, the data of the entries; in
	// SnapshotChunk, the bytes it carries.
	Bytes uint32

	Cluster uint64
	From    Member
	To      Member
	// Term is the sender's; in PreVote, and in a PreVoteReply that grants, the
	// term the candidate would campaign in.
	Term Term
	// Index and LogTerm are: in votes the candidate's last entry; in Append the
	// entry before the first; in AppendReply the last index that now matches,
	// or the rejected one with Last and LogTerm as a hint where to go on; in
	// HeartbeatReply up to where the log is durable, and its last term; in
	// SnapshotChunk and SnapshotReply the snapshot's; in ReadIndexReply the
	// index to wait for; in Fetch and FetchReply those of the entry.
	Index   Index
	LogTerm Term
	// Last: in Append the index of its last entry, all of which are of term
	// EntryTerm; in HeartbeatReply the follower's last index.
	Last      Index
	EntryTerm Term
	// Commit: in Append and Heartbeat, the leader's commit index as far as it
	// concerns this peer.
	Commit Index
	// Round numbers a leader's heartbeats; peers echo it. In Append,
	// SnapshotChunk and AppendReply it numbers the leader's attempts to get
	// through to this peer: late answers to earlier ones, of which a network that
	// duplicates has many, must not set off new ones. In ReadIndex and its
	// reply it is the follower's number for the request.
	Round uint64
	// Stamp is the leader's clock at the start of Round; peers echo it.
	Stamp Instant
	// Offset: in SnapshotChunk, where the bytes belong; in SnapshotReply, the
	// offset wanted next.
	Offset uint64
	// After is the write the message waits for. It does not travel.
	After uint64
}

// Payload is what travels with a message beside the message itself. It is valid
// until the call it is passed to returns.
type Payload struct {
	Entries  []Entry   // of an Append or a FetchReply
	Snapshot *Snapshot // of a SnapshotChunk
	Chunk    []byte    // of a SnapshotChunk
}
