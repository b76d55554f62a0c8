package osfile

import "github.com/driftless-raft/driftless/storage/wal"

// A Worker carries out operations in a goroutine of its own, one after the other, so
// that the log's owner never waits for the disk.
type Worker struct {
	directory *Directory
	waiting   chan wal.Operation
	done      chan Completion
}

// A Completion is for [wal.Log.Complete].
type Completion struct {
	Number uint64
	Err    error
}

// Operations that may wait on the way to the worker, and completions on the way back.
// A log has few under way; beyond that Submit waits for the disk.
const underWayMax = 1024

// NewWorker starts a worker on a directory.
func NewWorker(d *Directory) *Worker {
	w := &Worker{d, make(chan wal.Operation, underWayMax), make(chan Completion, 2*underWayMax)}
	go w.work()
	return w
}

func (w *Worker) work() {
	defer close(w.done)
	for o := range w.waiting {
		w.done <- Completion{o.Number, w.directory.carryOut(&o)}
	}
}

// Submit takes an operation.
func (w *Worker) Submit(o wal.Operation) { w.waiting <- o }

// Done tells of completed operations, in the order of their numbers. It is closed
// when the worker has stopped.
func (w *Worker) Done() <-chan Completion { return w.done }

// Stop has the worker end once it has carried out what waits. Nothing may be submitted
// after it.
func (w *Worker) Stop() { close(w.waiting) }
