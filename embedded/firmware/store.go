//go:build tinygo && smartfusion2

package main

import "github.com/driftless-raft/driftless/raft"

// What follows is the log in RAM as [embedded.Store].

// Stored implements [raft.Storage].
func (port) Stored(into *raft.Stored) { log.Stored(into) }

// Header implements [raft.Storage].
func (port) Header(i raft.Index) (raft.Term, raft.EntryKind, uint32, bool) { return log.Header(i) }

// Configuration implements [raft.Storage].
func (port) Configuration(i raft.Index, into *raft.Configuration) bool {
	return log.Configuration(i, into)
}

// Entries implements [raft.Storage].
func (port) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	return log.Entries(first, last, maxBytes, into)
}

// Chunk implements [raft.Storage].
func (port) Chunk(offset uint64, length uint32) []byte { return log.Chunk(offset, length) }

// Intact implements [raft.Storage].
func (port) Intact(s *raft.Snapshot) bool { return log.Intact(s) }

// Room implements [raft.Storage].
func (port) Room() raft.Room { return log.Room() }

// Write implements [raft.Storage].
func (port) Write(w *raft.Write) { log.Write(w) }

// Durable implements [raft.Storage].
func (port) Durable() (uint64, raft.Code) { return log.Durable() }

// TakeSnapshot implements [embedded.Store].
func (port) TakeSnapshot(index raft.Index, state []byte, taken *raft.Snapshot) bool {
	return log.TakeSnapshot(index, state, taken)
}

// LoadSnapshot implements [embedded.Store].
func (port) LoadSnapshot(into []byte) int {
	image := log.SnapshotBytes()
	if len(image) > len(into) {
		return 0
	}
	return copy(into, image)
}

// Tidy implements [embedded.Store].
func (port) Tidy() bool { return false }
