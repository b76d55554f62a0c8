package wal

import (
	"errors"

	"github.com/driftless-raft/driftless/raft"
)

// A chore is operations that must follow one another: each is submitted when the
// one before is complete.
type chore struct {
	steps   []Operation
	next    int
	waiting uint64 // the number of the operation under way, 0 if none is
}

// begin starts a chore anew.
func (l *Log) begin(c *chore, steps ...Operation) {
	*c = chore{steps: steps}
	l.continued(c)
}

// continued submits a chore's next operation, if there is one.
func (l *Log) continued(c *chore) {
	c.waiting = 0
	if c.next < len(c.steps) {
		c.waiting = l.submit(c.steps[c.next])
		c.next++
	}
}

// stop leaves out the operations not yet submitted.
func (c *chore) stop() { c.steps = c.steps[:c.next] }

// last is the operation under way, or the last one that was.
func (c *chore) last() *Operation { return &c.steps[max(c.next, 1)-1] }

func (c *chore) idle() bool     { return c.waiting == 0 }
func (c *chore) begun() bool    { return len(c.steps) > 0 }
func (c *chore) finished() bool { return c.begun() && c.next == len(c.steps) && c.idle() }

// submit numbers an operation and hands it to the executor.
func (l *Log) submit(o Operation) uint64 {
	l.submitted++
	o.Number = l.submitted
	l.executor.Submit(o)
	return o.Number
}

// Complete takes in that an operation has been carried out, or has failed. Once one
// has failed, nothing that comes after is believed.
func (l *Log) Complete(number uint64, err error) {
	switch {
	case l.failure != raft.OK:
		return
	case number == l.writing || number == l.syncing:
		if err != nil {
			l.fail(&OperationError{Write, File{SegmentFile, uint64(l.segment)}, err})
			return
		}
		if number == l.syncing {
			l.landed()
		}
	case number == l.next.waiting:
		l.reserved(err)
	case number == l.marking.waiting:
		l.proceed(&l.marking, err)
	case number == l.mending.waiting:
		l.proceed(&l.mending, err)
	case number == l.removing:
		l.removed(err)
	default:
		l.stored(number, err)
	}
	l.advance()
}

// proceed goes on with a chore on which everything depends.
func (l *Log) proceed(c *chore, err error) {
	if err != nil {
		l.fail(&OperationError{c.last().Kind, c.last().File, err})
		return
	}
	l.continued(c)
}

// fail ends the store's life: nothing that is only in a cache can be believed.
func (l *Log) fail(cause error) {
	if l.failure == raft.OK {
		l.failure, l.cause = raft.StorageFailed, cause
	}
}

// advance does whatever can be done.
func (l *Log) advance() {
	if l.failure != raft.OK {
		return
	}
	l.reserve()
	l.found()
	l.launch()
	l.remove()
}

// outOfSpace reports whether an error is one that space would mend.
func outOfSpace(err error) bool { return errors.Is(err, ErrNoSpace) }
