package embedded

import (
	"sync/atomic"

	"github.com/driftless-raft/driftless/raft"
)

// TasksMax is how many tasks an executor has place for.
const TasksMax = 8

// Never is a deadline that does not come.
const Never = raft.Instant(1<<64 - 1)

// A Task is something that is done piece by piece.
type Task interface {
	// Poll does what there is to do, without waiting for anything. It returns when it
	// wants to be polled again although nobody has woken it: at once, if that is not
	// after now; or Never.
	Poll(now raft.Instant) raft.Instant
}

// A Processor is what executors need of one. Interrupts that become pending between
// Mask and Unmask must end Wait, and be handled by Unmask at the latest: so it is with
// PRIMASK and WFI on a Cortex-M, and with mstatus.MIE and WFI on RISC-V.
type Processor interface {
	Now() raft.Instant
	// Mask keeps interrupts from being handled.
	Mask()
	// Wait sleeps until an interrupt is pending, that of a timer at an instant
	// included. It may return earlier.
	Wait(until raft.Instant)
	// Unmask ends Mask.
	Unmask()
}

// An Executor runs a fixed number of tasks on one processor, each in its turn: when it
// was woken, or when its deadline has come. When there is nothing to do the processor
// sleeps. The zero value is ready for Format.
type Executor struct {
	processor Processor
	tasks     [TasksMax]task
	count     int
	woken     atomic.Uint32 // the tasks to be polled, a bit each
	sleeps    uint32
}

type task struct {
	task     Task
	deadline raft.Instant
	polls    Polls
}

// Polls counts, modulo 2³², why a task was polled.
type Polls struct {
	Woken uint32 // somebody, such as an interrupt, has woken it
	Due   uint32 // its deadline had come
}

// Format begins without tasks.
func (e *Executor) Format(p Processor) {
	e.processor = p
	e.count, e.sleeps = 0, 0
	e.woken.Store(0)
}

// Add adds a task, which is polled at once, and returns its number, from 0 on. There
// must be place for it.
func (e *Executor) Add(t Task) int {
	number := e.count
	e.tasks[number] = task{task: t, deadline: Never}
	e.count++
	e.Wake(number)
	return number
}

// Wake has a task polled. It may be called at any time, by interrupts and by tasks.
func (e *Executor) Wake(number int) {
	for bit := uint32(1) << number; ; {
		before := e.woken.Load()
		if e.woken.CompareAndSwap(before, before|bit) {
			return
		}
	}
}

// Run does what there is to do, for ever.
func (e *Executor) Run() {
	for {
		e.Turn()
	}
}

// Turn polls the tasks that are to be polled, each once, or sleeps if there is none.
func (e *Executor) Turn() {
	woken := e.woken.Swap(0)
	now := e.processor.Now()
	polled := false
	for i := range e.tasks[:e.count] {
		t := &e.tasks[i]
		switch {
		case woken>>i&1 != 0:
			t.polls.Woken++
		case t.deadline <= now:
			t.polls.Due++
		default:
			continue
		}
		t.deadline = t.task.Poll(now)
		polled = true
	}
	if !polled {
		e.sleep()
	}
}

// sleep waits for the first deadline. A task that is woken after the last look at the
// tasks and before the processor sleeps would sleep on with it: so the last look is
// one while no interrupt is handled, and one that comes then ends the sleep before it
// began.
func (e *Executor) sleep() {
	until := Never
	for i := range e.tasks[:e.count] {
		until = min(until, e.tasks[i].deadline)
	}
	e.processor.Mask()
	if e.woken.Load() == 0 {
		e.sleeps++
		e.processor.Wait(until)
	}
	e.processor.Unmask()
}

// Tasks is how many tasks there are.
func (e *Executor) Tasks() int { return e.count }

// Polls says why a task was polled since Format.
func (e *Executor) Polls(number int) Polls { return e.tasks[number].polls }

// Sleeps counts, modulo 2³², how often the processor was sent to sleep.
func (e *Executor) Sleeps() uint32 { return e.sleeps }
