//go:build tinygo && smartfusion2

package main

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// Apply implements [statemachine.Machine] by the registers within the session table.
func (port) Apply(i raft.Index, command []byte) []byte { return sessioned.Apply(i, command) }

// Query implements [statemachine.Machine].
func (port) Query(question []byte) []byte { return sessioned.Query(question) }

// SnapshotBytes implements [statemachine.Machine].
func (port) SnapshotBytes() int { return sessioned.SnapshotBytes() }

// Save implements [statemachine.Machine].
func (port) Save(into []byte) int { return sessioned.Save(into) }

// Load implements [statemachine.Machine].
func (port) Load(from []byte) statemachine.Damage { return sessioned.Load(from) }

// machine is the registers alone.
type machine struct{}

// Apply implements [statemachine.Machine].
func (machine) Apply(i raft.Index, command []byte) []byte { return registers.Apply(i, command) }

// Query implements [statemachine.Machine].
func (machine) Query(question []byte) []byte { return registers.Query(question) }

// SnapshotBytes implements [statemachine.Machine].
func (machine) SnapshotBytes() int { return registers.SnapshotBytes() }

// Save implements [statemachine.Machine].
func (machine) Save(into []byte) int { return registers.Save(into) }

// Load implements [statemachine.Machine].
func (machine) Load(from []byte) statemachine.Damage { return registers.Load(from) }
