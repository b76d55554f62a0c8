//go:build !driftless_board && !baremetal

package raft

// The capacities of servers. They and capacity_board.go are the only difference
// between the builds.
const (
	// MaxMembers is the number of member slots: voters, leaving voters and
	// learners together.
	MaxMembers = 16
	// MaxRuns is the number of runs of equal term the log of a node may hold
	// above its base.
	MaxRuns = 256
	// MaxBatch is the number of entries in one Append and in one proposal.
	MaxBatch = 128

	maxMarks    = 256 // proposals not yet committed, each a batch
	maxInflight = 16  // Appends to one peer that are not yet acknowledged
	maxWrites   = 16  // writes told apart while they are not yet durable
	maxHeld     = 64  // messages waiting for a write
)
