// Package statemachine is the one shape that all replicated state machines have:
// commands go in by the order of the log, responses come out, and the whole state
// goes into and comes out of a snapshot's bytes.
//
//	for {
//		count, snapshot := driver.Next(entries[:])
//		switch {
//		case snapshot != nil:
//			machine.Load(bytes) // of the snapshot
//		case count == 0:
//			return
//		}
//		for i := range entries[:count] {
//			if e := &entries[i]; e.Kind == raft.Command {
//				response := machine.Apply(e.Index, e.Data)
//				…
//			}
//		}
//		driver.Applied(…)
//	}
//
// A machine is not safe for concurrent use: whoever owns the driver owns it.
package statemachine

import "github.com/driftless-raft/driftless/raft"

// Machine is a replicated state machine. What it does depends on its state and its
// arguments alone: no clock, no randomness, no order of a map. It never panics,
// whatever the bytes it is given: they may come from a client or from a disk. They are
// lent: what it wants to keep of them it must copy.
type Machine interface {
	// Apply carries out the command of a committed entry and returns the response.
	// Indexes rise from call to call. The response is valid until the next call.
	Apply(index raft.Index, command []byte) []byte
	// Query answers a question without changing anything. When it may be asked is
	// decided by [raft.Driver.Read]. The answer is valid until the next call.
	Query(question []byte) []byte
	// SnapshotBytes is how many bytes Save would write now.
	SnapshotBytes() int
	// Save writes the whole state and returns how many bytes it took, or 0 if they
	// don't fit. Equal states are saved as equal bytes on every machine.
	Save(into []byte) int
	// Load replaces the state by a saved one. Bytes that are no such state are
	// refused, and nothing is changed.
	Load(from []byte) Damage
}

// Damage says why bytes were refused as a snapshot. Intact is no damage.
type Damage uint8

// The kinds of damage.
const (
	Intact Damage = iota
	// Truncated: there are fewer bytes than the snapshot's own lengths say, or more.
	Truncated
	// Foreign: this is a snapshot of another kind of machine, or none at all.
	Foreign
	// UnknownVersion: the format is newer than this code.
	UnknownVersion
	// WrongChecksum: the bytes are not those that were saved.
	WrongChecksum
	// WrongShape: the machine that saved it had another capacity, and machines of
	// different capacities must not be members of one cluster.
	WrongShape
	// Contradictory: the checksum is right, but no machine has such a state.
	Contradictory
)

// String returns a sentence about the damage.
func (d Damage) String() string {
	switch d {
	case Intact:
		return "the snapshot is intact"
	case Truncated:
		return "the snapshot is shorter or longer than it says"
	case Foreign:
		return "the bytes are no snapshot of this kind of machine"
	case UnknownVersion:
		return "the snapshot's format is newer than this program"
	case WrongChecksum:
		return "the snapshot's checksum is wrong"
	case WrongShape:
		return "the snapshot is of a machine with another capacity"
	case Contradictory:
		return "the snapshot holds a state that no machine can be in"
	}
	return "unknown damage"
}
