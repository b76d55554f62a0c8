package contract

// A Span is a length of time in thirty-seconds of the cluster's least election
// timeout, so that a scenario means the same where a timeout is 200 ms and where
// it is 10 s.
type Span uint32

// ElectionTimeout is the least time without a leader after which a server
// campaigns.
const ElectionTimeout Span = 32

// A Runner starts clusters of one realization of Raft.
type Runner interface {
	// Name stands at the head of the realization's column in the matrix.
	Name() string
	// Version stands below it: what exactly was tried.
	Version() string
	// Lacks says why the realization can't do something by nature; "" if it can.
	Lacks(Capability) string
	// Start starts a cluster that shares nothing with any other. An error is a
	// failure of the scenario.
	Start(Setup) (Cluster, error)
}

// Setup is what cluster a scenario needs.
type Setup struct {
	// Servers is how many there are, up to 7. They are numbered from 1.
	Servers int
	// Founders is how many of them, from the first on, found the cluster as its
	// voters. The others run with empty stores and wait to be added.
	Founders int
	// Earlier has all servers run the release before this one, until
	// Cluster.Upgrade.
	Earlier bool
}

// A Member is one life of a server: a server that loses its disk is another
// member from then on.
type Member struct {
	Server int // from 1
	Life   int // how often it has lost its disk
}

// A Cluster is what a scenario acts on. Whatever it asks for can be had over a
// network or a serial line. It is used by one goroutine.
//
// An error of any method but Status and Applied is a failure of the environment,
// such as a machine that does not start, and ends the scenario.
type Cluster interface {
	// Pass lets time go by.
	Pass(Span) error

	// Crash ends a server's process without notice: what it had not made
	// durable may be lost.
	Crash(server int) error
	// Restart starts the process of a crashed server on what its disk holds.
	Restart(server int) error
	// Wipe replaces the disk of a crashed server by an empty one. Once
	// restarted it waits to be added as another member.
	Wipe(server int) error
	// Pause stops a server while the world goes on; its clock goes on too.
	Pause(server int) error
	// Resume lets a paused server go on from where it was.
	Resume(server int) error
	// HoldDisk keeps whatever a server writes from becoming durable, until
	// ReleaseDisk or Crash.
	HoldDisk(server int) error
	// ReleaseDisk ends HoldDisk.
	ReleaseDisk(server int) error
	// Upgrade restarts a server that runs the release before in this one.
	Upgrade(server int) error

	// Cut loses all that one server sends to another from now on, and as far as
	// possible what is on its way.
	Cut(from, to int) error
	// Heal ends Cut.
	Heal(from, to int) error
	// Disturb sets how the network treats every message; the zero value is a
	// network without faults.
	Disturb(Disturbance) error

	// Ask sends a request to a server. The answer comes as time passes.
	Ask(server int, request Request) Call
	// Status is how a server sees itself. An error says that it can't be asked:
	// it is down, or paused, or does not answer in time.
	Status(server int) (Status, error)
	// Applied lists what a server's state machine has applied since it was last
	// started or loaded a snapshot, after an index, in order. It may leave out
	// the oldest. An error says that the server can't be asked.
	Applied(server int, after uint64) ([]Applied, error)

	// Close ends the cluster. It returns an error if the realization's own
	// checks have found one.
	Close() error
}

// A Disturbance is what happens to each message.
type Disturbance struct {
	LossPercent        int
	DuplicationPercent int
	// DelayMax is the most that a message is delayed beyond what the network
	// takes, evenly distributed, so that messages overtake each other.
	DelayMax Span
}

// A Role is what a server is doing in its term.
type Role uint8

// The roles.
const (
	Follower  Role = iota // or a learner, or waiting to be added
	Candidate             // campaigns, or asks whether it should
	Leader
	Stopped // refuses to go on
)

// String returns the role's name.
func (r Role) String() string {
	return [...]string{"follower", "candidate", "leader", "stopped"}[min(r, Stopped)]
}

// Status is how a server sees itself and its cluster.
type Status struct {
	Member  Member
	Role    Role
	Term    uint64
	Leader  int    // the server that leads in this term; 0 if it does not know
	First   uint64 // the first index still in its log: the one after the last compacted
	Last    uint64 // the last index in its log, durable or not
	Commit  uint64 // up to where it knows its log to be committed
	Applied uint64 // up to where its state machine has come

	// The newest configuration in its log, committed or not.
	Voters   []Member
	Outgoing []Member // the voters of the old half of a joint configuration
	Learners []Member
	// Settled: that configuration is committed and not joint.
	Settled bool
}

// Applied is what was applied at an index. Every index has its entry.
type Applied struct {
	Index    uint64
	Command  []byte // nil if the entry is none for the state machine
	Response []byte
}

// A RequestKind is what a request asks for.
type RequestKind uint8

// The kinds of requests, with the fields of Request each uses.
const (
	// Propose a command: Body. Done, with the machine's response, when the server
	// has applied it.
	Propose RequestKind = iota
	// Read: Body is a question to the state machine; Mode. Done with the answer.
	Read
	// Change the members to Voters and Learners, of which the new voters must
	// be learners already. Done when the change has begun; Status shows how it
	// goes on.
	Change
	// Transfer leadership to Target. Done when it has begun. To the zero Target,
	// give up a transfer that is under way.
	Transfer
	// Compact takes a snapshot of all that is applied and cuts the log there.
	// Done when that has begun. Refused where there is nothing to compact.
	Compact
)

// A ReadMode is how fresh a read must be.
type ReadMode uint8

// The modes of reads.
const (
	Linearizable ReadMode = iota // sees all that was acknowledged before it began
	Lease                        // the same, on the strength of a lease; leaders only
	Stale                        // what this server has applied
)

// A Request is what a client or an operator asks of one server.
type Request struct {
	Kind     RequestKind
	Body     []byte
	Mode     ReadMode
	Voters   []Member
	Learners []Member
	Target   Member
}

// A Call is a request on its way.
type Call interface {
	// Reply is what has come of the request by now. Once it is not Pending it
	// stays as it is.
	Reply() Reply
}

// An Outcome is what came of a request.
type Outcome uint8

// The outcomes.
const (
	Pending Outcome = iota // there is no answer yet
	Done
	Refused // it has not happened and will not
	Unknown // it may have happened, or may still: the server is gone, or can't tell
)

// A Reason says why a request was refused.
type Reason uint8

// The reasons.
const (
	Other         Reason = iota // Text says what
	NotLeader                   // only a leader can do this; Reply.Leader may name it
	Unreachable                 // the server is down
	Busy                        // try again later: no room, a transfer under way
	Superseded                  // something else is committed in its place
	NoLease                     // no lease is held
	ChangePending               // another change is not yet over
	NotCaughtUp                 // a new voter is not a learner that has caught up
	NotMember                   // the target is not a voter
	NothingToDo                 // there is nothing to compact
)

// A Reply is what came of a request, and why.
type Reply struct {
	Outcome Outcome
	Reason  Reason // of a refusal
	Text    string // the reason in the realization's own words
	Leader  int    // the server to ask instead; 0 if not known
	Body    []byte // the state machine's response or answer
}
