//go:build driftless_board || baremetal

package raft

// The capacities of microcontrollers. They and capacity_server.go are the only
// difference between the builds.
const (
	// MaxMembers is the number of member slots: voters, leaving voters and
	// learners together.
	MaxMembers = 7
	// MaxRuns is the number of runs of equal term the log of a node may hold
	// above its base.
	MaxRuns = 64
	// MaxBatch is the number of entries in one Append and in one proposal.
	MaxBatch = 8

	maxMarks    = 8 // proposals not yet committed, each a batch
	maxInflight = 3 // Appends to one peer that are not yet acknowledged
	maxWrites   = 3 // writes told apart while they are not yet durable
	maxHeld     = 8 // messages waiting for a write
)
