package wal

import (
	"fmt"

	"github.com/driftless-raft/driftless/raft"
)

// Report is what [Open] found.
type Report struct {
	// Batches and Segments are how many were read.
	Batches  uint64
	Segments uint64
	// Torn is what was cut from the end of the log: a batch that was being written
	// when the store went down. TornBytes is 0 if there was none.
	Torn       File
	TornOffset uint64
	TornBytes  uint64
	// Damaged are the entries whose bodies are lost, in order.
	Damaged []raft.Index
	// Copies is how many headers had one good copy of two. The other one is mended.
	Copies uint64
	// Removed are left-over files that nothing refers to.
	Removed []File
}

// DamageError says that a store can't be opened without losing what it may have
// promised.
type DamageError struct {
	File   File
	Offset uint64
	// Expected is what should be there, and Found what is.
	Expected string
	Found    string
}

// Error names the place, what was expected, what was found and the way out.
func (e *DamageError) Error() string {
	return fmt.Sprintf("wal: %v at offset %d: expected %s, found %s; restore the directory from a copy taken while the server was down, "+
		"or empty it, join with a new incarnation and have the cluster re-admit the server", e.File, e.Offset, e.Expected, e.Found)
}

// VersionError says that a store was written in a format that this build does not
// know.
type VersionError struct {
	File    File
	Version uint16
}

// Error names the version and the way out.
func (e *VersionError) Error() string {
	return fmt.Sprintf("wal: %v has format version %d, this build knows version %d; open it with the build that wrote it",
		e.File, e.Version, formatVersion)
}

// OptionsError says that an option is out of its range.
type OptionsError struct {
	Option string
	Value  uint64
	Range  string
}

// Error names the option, its value and what it may be.
func (e *OptionsError) Error() string {
	return fmt.Sprintf("wal: option %s is %d, it must be %s", e.Option, e.Value, e.Range)
}
