package wal

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// FileKind is what a file of a store is for.
type FileKind uint8

// The kinds of files.
const (
	// MarkerFile says whose store this is. There is one, number 0.
	MarkerFile FileKind = iota + 1
	// SegmentFile is a piece of the log.
	SegmentFile
	// SnapshotFile is the bytes of a snapshot, and nothing else.
	SnapshotFile
	// TemporaryFile is a file that is not complete yet; of none of them anything
	// is believed after a restart.
	TemporaryFile
)

var prefixes = [...]string{SegmentFile: "log-", SnapshotFile: "snapshot-", TemporaryFile: "temporary-"}

const marker = "identity"

// File names a file of a store.
type File struct {
	Kind   FileKind
	Number uint64
}

// String is the file's name in its directory.
func (f File) String() string {
	if f.Kind == MarkerFile {
		return marker
	}
	return fmt.Sprintf("%s%016x", prefixes[f.Kind], f.Number)
}

// ParseFile is the file of a name, and false if the name is of no file of a store.
func ParseFile(name string) (File, bool) {
	if name == marker {
		return File{Kind: MarkerFile}, true
	}
	for kind, prefix := range prefixes {
		digits, found := strings.CutPrefix(name, prefix)
		if prefix == "" || !found {
			continue
		}
		number, err := strconv.ParseUint(digits, 16, 64)
		file := File{FileKind(kind), number}
		return file, err == nil && file.String() == name
	}
	return File{}, false
}

// OperationKind is what an operation does.
type OperationKind uint8

// The kinds of operations, with the fields of Operation each uses beside File.
const (
	// Create makes an empty file, or empties the one there is.
	Create OperationKind = iota + 1
	// Allocate reserves space for Size bytes. What was never written reads as
	// zeros. It fails with ErrNoSpace where the space can't be promised.
	Allocate
	// Write puts Bytes at Offset.
	Write
	// Sync makes the bytes and the size of the file durable.
	Sync
	// Rename gives the file the name Target, in place of what has it, in one step.
	Rename
	// Remove removes the file's name.
	Remove
	// SyncDirectory makes what Create, Rename and Remove have done durable. It has
	// no File.
	SyncDirectory
)

var kindNames = [...]string{
	Create: "create", Allocate: "allocate", Write: "write to", Sync: "sync",
	Rename: "rename", Remove: "remove", SyncDirectory: "sync the directory",
}

// String returns the kind as a verb.
func (k OperationKind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "unknown operation"
}

// Operation is one thing to be done to the files. Its number names it in
// [Log.Complete].
type Operation struct {
	Number uint64
	Kind   OperationKind
	File   File
	Target File
	Offset uint64
	Size   uint64
	Bytes  []byte // unchanged until the operation is complete
}

// An Executor carries operations out: I/O threads, a simulated disk, a test. Those
// of one file it carries out in the order of their numbers, those of different
// files in any order, and tells each completion to [Log.Complete], but never from
// within Submit.
type Executor interface {
	Submit(Operation)
}

// Files is how a log reads. What a completed operation has written must be read
// back; of what is not complete anything may be.
type Files interface {
	// Settle makes durable whatever was written, by whomever, and forgets whatever
	// is only in a cache, so that what is read from then on is on the device. It is
	// called once, by [Open], before anything is read.
	Settle() error
	// List returns the files there are, in any order, and leaves out what is not a
	// store's.
	List() ([]File, error)
	// Size is the size of a file in bytes.
	Size(File) (uint64, error)
	// ReadAt fills the slice from an offset, as [io.ReaderAt] does.
	ReadAt(file File, into []byte, offset uint64) (int, error)
}

// ErrNoSpace says that there is no space left. An executor's errors wrap it where
// that is the cause.
var ErrNoSpace = errors.New("no space left")

// OperationError says which operation failed.
type OperationError struct {
	Kind OperationKind
	File File
	Err  error
}

// Error names the operation, the file and the cause.
func (e *OperationError) Error() string {
	if e.Kind == SyncDirectory {
		return fmt.Sprintf("wal: %v: %v; what is stored is known only after a restart", e.Kind, e.Err)
	}
	return fmt.Sprintf("wal: %v %v: %v; what is stored is known only after a restart", e.Kind, e.File, e.Err)
}

// Unwrap is the cause.
func (e *OperationError) Unwrap() error { return e.Err }
