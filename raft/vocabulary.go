package raft

// Term is Raft's logical clock (§3.3). Zero is before the first election.
type Term uint64

// Index is a place in the log (§3.5). The first entry has index 1; zero is the
// empty log.
type Index uint64

// Instant is a reading of a node's own monotonic clock, in nanoseconds since a
// moment of the realization's choosing. It must never go back and, where leases
// are on, must count the time a machine spends suspended.
type Instant uint64

// Duration is a span of time in nanoseconds.
type Duration uint64

// ID names a server for as long as the cluster remembers it. Zero is nobody.
type ID uint32

// Member is one life of a server: its id, and a random number drawn when its
// store was created. A server that lost its disk comes back with another
// incarnation, so that nothing it has forgotten can be attributed to it.
type Member struct {
	ID          ID
	Incarnation uint32
}

// Role is what a node is doing in its term (§3.3).
type Role uint8

// The roles of a node.
const (
	Follower     Role = iota // answers leaders and candidates
	PreCandidate             // asks whether it could win before it raises its term (§9.6)
	Candidate                // asks for votes in a new term
	Leader                   // replicates the log
	Stopped                  // has refused to go on; only a restart helps
)

// String returns the role's name.
func (r Role) String() string {
	switch r {
	case Follower:
		return "follower"
	case PreCandidate:
		return "pre-candidate"
	case Candidate:
		return "candidate"
	case Leader:
		return "leader"
	case Stopped:
		return "stopped"
	}
	return "unknown role"
}

// EntryKind is what an entry of the log is for.
type EntryKind uint8

// The kinds of entries.
const (
	Command             EntryKind = iota // bytes for the state machine
	NoOp                                 // a new leader's first entry (§6.4)
	ConfigurationChange                  // a new cluster configuration (§4)
)

// Entry is an entry of the log on its way between the ports. The core never
// sees one: it knows entries by index, term, kind and size.
type Entry struct {
	Index Index
	Term  Term
	Kind  EntryKind
	// Data is a Command's bytes. Whoever passes an Entry keeps Data unchanged
	// until the call returns; whoever wants it longer copies it.
	Data []byte
	// Configuration is set for a ConfigurationChange only, and is valid until
	// the call returns.
	Configuration *Configuration
}

// HardState is what a server must remember across restarts beside its log
// (§3.2): currentTerm and votedFor. The commit index is kept with it so that a
// restart applies sooner; it never exceeds the durable log.
type HardState struct {
	Term   Term
	Vote   Member
	Commit Index
}

// Identity says whose store this is. The zero Identity is an empty store's.
type Identity struct {
	Cluster uint64
	Self    Member
}

// Snapshot describes a state machine's state after the entry at Index (§5). Its
// bytes are the realization's business.
type Snapshot struct {
	Index  Index
	Term   Term
	Digest uint64 // of the bytes, by the realization's choice of hash
	Size   uint64 // in bytes
	// Configuration is the one in force at Index, and ConfigurationIndex the
	// entry that brought it.
	ConfigurationIndex Index
	Configuration      Configuration
}

// Stored is what a storage holds when a node starts.
type Stored struct {
	Identity  Identity
	HardState HardState
	// Snapshot is the newest one; at index 0 it holds nothing but the
	// configuration given to [Driver.Bootstrap].
	Snapshot Snapshot
	// The log holds the entries after Base, which was of BaseTerm, up to Last.
	Base     Index
	BaseTerm Term
	Last     Index
	// Written is the number of the last write taken, durable or not.
	Written uint64
}

// Room is what still fits into a storage.
type Room struct {
	// Entries is how many more entries fit. Entries of kind NoOp and
	// ConfigurationChange must fit as long as Entries is not zero.
	Entries uint32
	// Bytes is how much data of Commands fits in these entries, in bytes.
	Bytes uint32
	// Damaged is the first stored entry whose body is lost, 0 if there is none.
	// Its index and term are known, so the node votes and follows; but it neither
	// campaigns nor applies past it until it has fetched the body from a peer.
	Damaged Index
}

// Settings are chosen when a node starts.
type Settings struct {
	// ElectionTimeout is T: elections start after a random time in [T, 2T)
	// without a leader. At least three times Heartbeat.
	ElectionTimeout Duration
	// Heartbeat is the time between a leader's heartbeats (§3.4).
	Heartbeat Duration
	// MaxMessageBytes bounds the data of one Append, and thereby of one
	// proposal, in bytes.
	MaxMessageBytes uint32
	// MaxInflightBytes bounds the data sent to one peer and not acknowledged.
	// At least MaxMessageBytes.
	MaxInflightBytes uint32
	// MaxUncommittedBytes bounds the data of a leader's uncommitted entries;
	// beyond it proposals are refused. At least MaxMessageBytes and below 2³¹.
	MaxUncommittedBytes uint32
	// ChunkBytes is the most of a snapshot one message carries. At least 1.
	ChunkBytes uint32
	// Reserve is how many entries, and how many term runs, only no-ops and
	// automatic leaves may use, so that a log full of proposals can still elect
	// leaders. Followers keep half of it, also for other configuration changes: the
	// other half is how much less room the same entries may leave them. 16 or more,
	// but for tests that want to see it exhausted. The same on all servers, as is the
	// size of their logs.
	Reserve uint32
	// LeaseReads allows reads by lease (§6.4.1). They need a clock that counts
	// suspended time.
	LeaseReads bool
	// MaxClockErrorPPM bounds how much faster or slower than true time any
	// clock in the cluster runs, in parts per million, below 1,000,000.
	MaxClockErrorPPM uint32
}
