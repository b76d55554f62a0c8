package raft

// Clock is a node's sense of time.
type Clock interface {
	// Now is monotonic.
	Now() Instant
	// Jitter is a random duration, uniform below limit, for the next election
	// timeout, and for the choice of whom to ask for a lost body. It is the only
	// randomness in Raft (§3.4), and must differ between nodes and between starts.
	Jitter(limit Duration) Duration
	// CountsSuspendedTime reports whether Now goes on while the machine is
	// suspended, as CLOCK_BOOTTIME does. Leases need it.
	CountsSuspendedTime() bool
}

// Transport carries messages to peers. It may lose, duplicate, reorder and
// delay them.
type Transport interface {
	// Send takes a message to its member To. It keeps neither pointer, nor the
	// payload's bytes, after it returns.
	Send(*Message, *Payload)
}

// WriteKind is what a write changes.
type WriteKind uint8

// The kinds of writes, with the fields of Write each uses.
const (
	// WriteIdentity makes an empty store somebody's: Identity, and Snapshot,
	// whose configuration is the first.
	WriteIdentity WriteKind = iota + 1
	// WriteHardState replaces the hard state: HardState.
	WriteHardState
	// WriteTruncate removes the entries from Index on.
	WriteTruncate
	// WriteEntries appends Entries right after the last one.
	WriteEntries
	// WriteSnapshot makes the snapshot that the realization has taken the
	// store's: Snapshot. The log stays.
	WriteSnapshot
	// WriteCompact removes the entries up to and including Index, of Term.
	WriteCompact
	// WriteChunk stores a piece of a snapshot received from the leader apart
	// from the present one: Snapshot, Offset, Chunk. Offset 0 starts anew.
	WriteChunk
	// WriteInstall makes the received snapshot the store's and removes the
	// whole log: Snapshot.
	WriteInstall
	// WriteAdopt makes the received snapshot the store's: Snapshot. The log
	// stays.
	WriteAdopt
	// WriteRepair puts back the lost body of a stored entry: Entries[0], of the
	// index and term that the store still knows. A body that is not the lost one
	// is left out.
	WriteRepair
)

// Write is one numbered change of the store. After a crash the store holds a
// prefix of the writes it was given, by number.
type Write struct {
	Number    uint64
	Kind      WriteKind
	Identity  Identity
	HardState HardState
	Index     Index
	Term      Term
	Offset    uint64
	Entries   []Entry
	Snapshot  *Snapshot
	Chunk     []byte
}

// Storage keeps what must survive a restart. What it is given to write can be
// read back at once; when it is durable, Durable says so. It may be synchronous
// (every write durable when Write returns) or asynchronous; then the driver is
// told with [Driver.Wake] that Durable has moved.
type Storage interface {
	// Stored fills in what the store holds, durable or not. An empty store
	// fills in zeros.
	Stored(*Stored)
	// Header returns the term, kind and data size of the entry at an index, and
	// false where there is none.
	Header(Index) (Term, EntryKind, uint32, bool)
	// Configuration fills in the ConfigurationChange at an index, and returns
	// false where there is none.
	Configuration(Index, *Configuration) bool
	// Entries reads entries from first up to last into the given slice and
	// returns how many: as many as fit in it, but the first that would take
	// their data over maxBytes, and whatever follows, is left out unless it is
	// the first of all; none follows a ConfigurationChange or an entry of
	// another term; one whose body is lost is left out, and whatever follows.
	Entries(first, last Index, maxBytes uint32, into []Entry) int
	// Chunk returns up to length bytes of the present snapshot at offset.
	Chunk(offset uint64, length uint32) []byte
	// Intact reports whether the received snapshot is complete and has the
	// digest it should have.
	Intact(*Snapshot) bool
	// Room is what still fits.
	Room() Room
	// Write takes a write. It keeps neither the pointer nor anything it points
	// to after it returns.
	Write(*Write)
	// Durable is the highest number such that this write and all before it
	// will survive a crash, and OK; or a code after a failure, and then the
	// node stops: after a failed sync nothing in a cache can be believed.
	Durable() (uint64, Code)
}
