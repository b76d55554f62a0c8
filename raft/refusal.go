package raft

// Code says why something was refused. OK is no refusal.
type Code uint8

// The codes.
const (
	OK Code = iota
	// NotLeader: only a leader can do this; Node names it where it is known.
	NotLeader
	// NoLeader: nobody is known to lead, so nobody can be asked.
	NoLeader
	// NoRoom: the log or its table of term runs is at its reserve.
	NoRoom
	// TooMuchUncommitted: MaxUncommittedBytes, or the marks to count them, are
	// used up. Try again when entries have committed.
	TooMuchUncommitted
	// TooLarge: the proposal is over MaxBatch entries or MaxMessageBytes.
	TooLarge
	// Transferring: leadership is being handed to Node.
	Transferring
	// ChangePending: the configuration at Index is not yet committed or still
	// joint.
	ChangePending
	// TermNotCommitted: the leader has not yet committed an entry of its term.
	TermNotCommitted
	// NotCaughtUp: Node may become a voter only as a learner that has caught
	// up.
	NotCaughtUp
	// NoSlot: MaxMembers slots are taken; remove a member first.
	NoSlot
	// BadConfiguration: no voters, a member twice, or a member nobody.
	BadConfiguration
	// NotVoter: Node is not a voter of the configuration.
	NotVoter
	// SnapshotOutOfRange: Index is above the commit index or the durable log,
	// or not above the last snapshot, or below what the core still knows.
	SnapshotOutOfRange
	// SnapshotPinned: the present snapshot is being sent to Node.
	SnapshotPinned
	// SnapshotPending: the snapshot before is not yet durable.
	SnapshotPending
	// NoLease: a read by lease is not possible now, or not allowed by Settings.
	NoLease
	// ClockUnfit: LeaseReads needs a clock that counts suspended time.
	ClockUnfit
	// BadSettings: a setting is out of its range.
	BadSettings
	// WrongCluster: the message is of another cluster.
	WrongCluster
	// WrongMember: the message is for another member or another incarnation.
	WrongMember
	// EmptyStore: the store was neither bootstrapped nor joined.
	EmptyStore
	// NotEmpty: the store already belongs to Node.
	NotEmpty
	// CommitBeyondLog: the recorded commit index exceeds the log's last, Index.
	CommitBeyondLog
	// LogGap: the entry at Index is missing.
	LogGap
	// TermBelowLog: the recorded term is below Term, of the entry at Index.
	TermBelowLog
	// TermsOutOfOrder: the entry at Index has a lower term than the one before.
	TermsOutOfOrder
	// TooManyRuns: the log needs more term runs than MaxRuns; a snapshot at
	// Index or above was lost.
	TooManyRuns
	// StorageFailed: a write or sync failed; what the store holds is known only
	// after a restart.
	StorageFailed
	// Diverged: input that no correct peer can have sent, at Index and Term.
	Diverged
	// HasStopped: the node refused to go on earlier.
	HasStopped
)

var codeNames = [...]string{
	OK: "ok", NotLeader: "not the leader", NoLeader: "no leader is known",
	NoRoom: "the log is full", TooMuchUncommitted: "too much is uncommitted",
	TooLarge: "the proposal is too large", Transferring: "leadership is being transferred",
	ChangePending: "a configuration change is pending", TermNotCommitted: "nothing of this term is committed yet",
	NotCaughtUp: "the new voter is not a learner that has caught up", NoSlot: "no member slot is free",
	BadConfiguration: "the configuration is malformed", NotVoter: "not a voter",
	SnapshotOutOfRange: "no snapshot can be taken at this index", SnapshotPinned: "the snapshot is being sent to a peer",
	SnapshotPending: "the snapshot before is not yet durable", NoLease: "no lease is held",
	ClockUnfit: "leases need a clock that counts suspended time", BadSettings: "a setting is out of range",
	WrongCluster: "a message of another cluster", WrongMember: "a message for or from another incarnation",
	EmptyStore: "the store is empty: bootstrap it or join a cluster", NotEmpty: "the store is not empty",
	CommitBeyondLog: "the recorded commit index is beyond the log", LogGap: "the log has a gap",
	TermBelowLog: "the recorded term is below the log's", TermsOutOfOrder: "the log's terms are out of order",
	TooManyRuns: "the log has more term runs than fit", StorageFailed: "the storage failed",
	Diverged: "input that no correct peer can have sent", HasStopped: "the node has stopped",
}

// String returns the code in words.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return "unknown code"
}

// Refusal says what was refused and about what. Fields a code does not mention
// are zero.
type Refusal struct {
	Code  Code
	Node  ID
	Index Index
	Term  Term
}
