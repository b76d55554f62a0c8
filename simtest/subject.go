package simtest

import (
	"github.com/driftless-raft/driftless/sim"
	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// A Subject is a state machine to be tested, how clients use it, and what it
// promises. Seeds run side by side, so its functions must share nothing that changes;
// run the test with -race if in doubt.
type Subject struct {
	// New makes the machine in its first state. Every server has one, and makes
	// another whenever it starts.
	New func() statemachine.Machine
	// Next chooses what a client does next: an [Operation] with a Command or a
	// Question. All choice must be by [Client.Draw].
	Next func(c *Client) Operation

	// Check looks at a machine after every command, on every server. It must change
	// nothing. Optional.
	Check func(m statemachine.Machine) error
	// Judge looks at an operation that was answered. Optional.
	Judge func(o *Operation) error
	// History looks at all operations of a run, in the order in which they began.
	// Optional; [Linearizable] makes one.
	History func(history []Operation) error
	// Describe says in words what an operation asked for and what it was answered,
	// for failures. Optional; else its bytes are shown.
	Describe func(o *Operation) string

	// Nodes founds every cluster with so many servers, up to 7; 0: the seed chooses.
	Nodes int
	// Clients use the machine at a time, at most 16; 0: four. A search for an order
	// that explains a history takes the longer the more there are.
	Clients int
	// CommandBytes, ResponseBytes and SnapshotBytes bound a command, the response to
	// one and a saved state; 0: 128, 128 and 4096. A machine that goes beyond is
	// told so.
	CommandBytes, ResponseBytes, SnapshotBytes int
}

// complete puts in what was left out.
func (s Subject) complete() Subject {
	for _, size := range [...]struct {
		at    *int
		usual int
	}{{&s.Clients, 4}, {&s.CommandBytes, 128}, {&s.ResponseBytes, 128}, {&s.SnapshotBytes, 4096}} {
		if *size.at <= 0 {
			*size.at = size.usual
		}
	}
	s.Clients = min(s.Clients, clientsMax)
	s.Nodes = min(max(s.Nodes, 0), nodesMax)
	return s
}

const (
	clientsMax = 16
	nodesMax   = 7
)

// An Operation is one command or one question of a client, and what came of it.
type Operation struct {
	Client   int
	Command  []byte // for Apply, or
	Question []byte // for Query
	About    any    // what Next says of it to Judge, History and Describe, such as what the bytes mean
	Response []byte // of the machine
	// Unknown: the client got no answer to its command, and does not know whether
	// it took effect.
	Unknown bool
	// Stale: the question was to be answered from what a server happened to have.
	Stale bool
	// Invoked and Returned stand for when the operation began and when it was
	// over: numbers that rise and are given once. One that never was over returned
	// at [linearizability.Open].
	Invoked, Returned int64

	at uint64 // when it was answered, in nanoseconds
}

// A Client is one that uses the machine. It does one operation after the other.
type Client struct {
	Number int       // from 0
	Last   Operation // its last one and what came of it; empty before the first
	Memory any       // whatever Next wants to remember; nil in the beginning

	host    *sim.Host
	present int   // its operation in the history, or -1
	lost    []int // those it has given up
}

// Draw chooses a number from 0 up to, and not including, another, which must be
// positive.
func (c *Client) Draw(below int) int { return int(c.host.Draw(uint64(below))) }

// options are those of a seed, with room for the subject's commands and snapshots.
func (s *Subject) options(seed uint64) sim.Options {
	o := sim.Expand(seed, s.Nodes)
	o.Clients = uint8(s.Clients)
	o.Sessions = sessions
	most := uint32(session.HeaderBytes + s.CommandBytes)
	if factor := (most + o.MaxMessageBytes - 1) / o.MaxMessageBytes; factor > 1 {
		o.MaxMessageBytes *= factor
		o.MaxInflightBytes *= factor
		o.MaxUncommitted *= factor
		o.StoreBytes *= factor
	}
	o.SnapshotBytes = uint32(imageBytes + s.SnapshotBytes + int(o.Sessions)*(sessionBytes+s.ResponseBytes))
	o.ChunkBytes = max(o.ChunkBytes, o.SnapshotBytes/chunksMax)
	return o
}

const (
	// Twice as many as clients: each may open another when it does not hear of the first.
	sessions = 2 * clientsMax
	// What the server's own registers, which take part in every run, and the frames
	// take in an image beside the subject's state: rather too much.
	imageBytes   = 1024
	sessionBytes = 64
	// So many chunks of a snapshot come across within the time that a healed cluster
	// has to recover.
	chunksMax = 64
)

// lasting is when an operation returns that nobody saw return.
const lasting = linearizability.Open
