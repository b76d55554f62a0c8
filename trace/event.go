package trace

// An EventKind is what an [Event] tells of, with the fields that it uses.
type EventKind string

// The kinds of events.
const (
	// Start: the server's process begins on what its disk holds: State.
	Start EventKind = "start"
	// Crash: the process ends, and what was not durable is lost.
	Crash EventKind = "crash"
	// Step: the node makes a step: Input, Message if that is one that arrived,
	// Refusal if it refused something, State if it is another than before.
	Step EventKind = "step"
	// Send: a message leaves: Message.
	Send EventKind = "send"
	// Write: the store is given a write: Write.
	Write EventKind = "write"
	// Durable: a write, and all before it, would survive a crash: Write with
	// nothing but its Number and Kind.
	Durable EventKind = "durable"
	// Apply: the state machine has come to another entry: State.
	Apply EventKind = "apply"
	// Invoke: a client begins an operation: Client, Text.
	Invoke EventKind = "invoke"
	// Answer: a client learns what has become of its operation: Client, Text.
	Answer EventKind = "answer"
	// Fault: something goes wrong, or is mended: Text, and Cut.
	Fault EventKind = "fault"
	// Verdict: a rule is broken, which ends the run: Rule, Text.
	Verdict EventKind = "verdict"
)

// An Event is one line of a trace.
type Event struct {
	At     uint64    `json:"at"`   // true time since the start, in nanoseconds
	Step   uint64    `json:"step"` // the number of the simulated event that it is part of
	Kind   EventKind `json:"kind"`
	Server uint32    `json:"server,omitempty"` // whose; 0: the whole cluster's

	Input   string       `json:"input,omitempty"`
	Refusal string       `json:"refusal,omitempty"`
	Message *Message     `json:"message,omitempty"`
	State   *State       `json:"state,omitempty"`
	Write   *StoredWrite `json:"write,omitempty"`
	Client  *uint32      `json:"client,omitempty"`
	Cut     [][2]uint32  `json:"cut,omitempty"` // all links that are cut now, each from one server to another
	Rule    string       `json:"rule,omitempty"`
	Text    string       `json:"text,omitempty"`
}

// A Message is one on its way. Fields that its kind does not use are zero; what
// they mean is said at raft.Message.
type Message struct {
	ID         uint64 `json:"id"` // the same where it is sent and where it arrives, once or several times
	Kind       string `json:"kind"`
	From       uint32 `json:"from"`
	To         uint32 `json:"to"`
	Term       uint64 `json:"term"`
	Lost       bool   `json:"lost,omitempty"` // it will not arrive
	Reject     bool   `json:"reject,omitempty"`
	Full       bool   `json:"full,omitempty"`
	Force      bool   `json:"force,omitempty"`
	Probe      bool   `json:"probe,omitempty"`
	Configured bool   `json:"configured,omitempty"`
	Index      uint64 `json:"index,omitempty"`
	LogTerm    uint64 `json:"log_term,omitempty"`
	Last       uint64 `json:"last,omitempty"`
	EntryTerm  uint64 `json:"entry_term,omitempty"`
	Commit     uint64 `json:"commit,omitempty"`
	Round      uint64 `json:"round,omitempty"`
	Stamp      uint64 `json:"stamp,omitempty"`
	Offset     uint64 `json:"offset,omitempty"`
	Bytes      uint32 `json:"bytes,omitempty"`
}

// A State is what can be seen of a server.
type State struct {
	Role          string `json:"role"`
	Term          uint64 `json:"term"`
	Vote          uint32 `json:"vote,omitempty"`   // for whom in this term; 0: nobody
	Leader        uint32 `json:"leader,omitempty"` // of this term, as far as it knows
	Commit        uint64 `json:"commit"`
	Last          uint64 `json:"last"`
	LastTerm      uint64 `json:"last_term"`
	Durable       uint64 `json:"durable"`
	Applied       uint64 `json:"applied"`
	Configuration string `json:"configuration"` // such as "voters 1 2 3 learners 4"
}

// A StoredWrite is a change of a store.
type StoredWrite struct {
	Number uint64 `json:"number"`
	Kind   string `json:"kind"`
	// Of entries, the first and the last, and their term; of a truncation the
	// first that goes, of a compaction the last; of a snapshot its own.
	First  uint64 `json:"first,omitempty"`
	Last   uint64 `json:"last,omitempty"`
	Term   uint64 `json:"term,omitempty"`
	Vote   uint32 `json:"vote,omitempty"`
	Offset uint64 `json:"offset,omitempty"`
	// EntryKind is that of the first entry: "command", "no-op" or "configuration".
	EntryKind string `json:"entry_kind,omitempty"`
}
