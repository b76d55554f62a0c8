package embedded_test

import (
	"testing"

	"github.com/driftless-raft/driftless/embedded"
	"github.com/driftless-raft/driftless/raft"
)

// A model of a processor with interrupts: virtual time goes on while it sleeps.
type processor struct {
	now     raft.Instant
	masked  bool
	pending []func()     // interrupts that are masked
	timer   raft.Instant // at this time comes the interrupt
	fire    func()       // whose handler this is
	calls   int
	at      int // at this call of the processor comes the interrupt, before the call
	slept   []raft.Instant
}

// step is where an interrupt may come.
func (p *processor) step() {
	if p.calls++; p.calls == p.at {
		p.interrupt(p.fire)
	}
}

func (p *processor) interrupt(handler func()) {
	if p.masked {
		p.pending = append(p.pending, handler)
		return
	}
	handler()
}

func (p *processor) Now() raft.Instant { p.step(); return p.now }
func (p *processor) Mask()             { p.step(); p.masked = true }

func (p *processor) Wait(until raft.Instant) {
	p.step()
	if len(p.pending) > 0 {
		return
	}
	if p.timer > p.now && p.timer < until {
		p.now = p.timer
		p.interrupt(p.fire)
	} else {
		p.now = until
	}
	p.slept = append(p.slept, p.now)
}

func (p *processor) Unmask() {
	p.step()
	p.masked = false
	for _, handler := range p.pending {
		handler()
	}
	p.pending = nil
}

// A worker notes when it was polled, and wants to be polled every so often.
type worker struct {
	polled []raft.Instant
	every  raft.Instant
}

func (w *worker) Poll(now raft.Instant) raft.Instant {
	w.polled = append(w.polled, now)
	if w.every == 0 {
		return embedded.Never
	}
	return now + w.every
}

func TestTasksArePolledAtTheirDeadlinesAndTheProcessorSleepsBetween(t *testing.T) {
	var e embedded.Executor
	p := &processor{}
	e.Format(p)
	three, five, none := &worker{every: 3}, &worker{every: 5}, &worker{}
	for i, w := range []*worker{three, five, none} {
		if number := e.Add(w); number != i {
			t.Errorf("task %d has number %d", i, number)
		}
	}
	for p.now < 15 {
		e.Turn()
	}
	e.Turn()
	for i, want := range [][]raft.Instant{{0, 3, 6, 9, 12, 15}, {0, 5, 10, 15}, {0}} {
		w := []*worker{three, five, none}[i]
		if len(w.polled) != len(want) {
			t.Fatalf("task %d was polled at %v, want %v", i, w.polled, want)
		}
		for k := range want {
			if w.polled[k] != want[k] {
				t.Errorf("task %d was polled at %v, want %v", i, w.polled, want)
			}
		}
		if got, polls := e.Polls(i), uint32(len(want)); got.Woken != 1 || got.Due != polls-1 {
			t.Errorf("task %d was polled %+v, want once since it was added and %d times when due", i, got, polls-1)
		}
	}
	if want := []raft.Instant{3, 5, 6, 9, 10, 12, 15}; len(p.slept) != len(want) || e.Sleeps() != uint32(len(want)) {
		t.Errorf("the processor woke up at %v, want %v; it counts %d", p.slept, want, e.Sleeps())
	}
}

func TestAnInterruptWakesItsTaskAndNoOther(t *testing.T) {
	var e embedded.Executor
	p := &processor{timer: 70}
	e.Format(p)
	idle, waiting := &worker{every: 100}, &worker{}
	e.Add(idle)
	number := e.Add(waiting)
	p.fire = func() { e.Wake(number) }
	for range 4 {
		e.Turn()
	}
	if len(idle.polled) != 1 || len(waiting.polled) != 2 || waiting.polled[1] != 70 {
		t.Errorf("polled at %v and %v, want at 0, and at 0 and 70", idle.polled, waiting.polled)
	}
}

// Wherever the interrupt comes, between any two acts of the processor, its task must be
// polled before time goes on.
func TestNoWakeUpIsLostBetweenTheLastLookAndTheSleep(t *testing.T) {
	met := 0
	for at := 1; ; at++ {
		var e embedded.Executor
		p := &processor{at: at}
		e.Format(p)
		w := &worker{}
		number := e.Add(w)
		var came raft.Instant
		fired := false
		p.fire = func() {
			came, fired = p.now, true
			e.Wake(number)
		}
		timer := &worker{every: 1000}
		e.Add(timer)
		for range 6 {
			e.Turn()
		}
		if !fired {
			break
		}
		met++
		e.Turn() // if it came in the last of the turns
		if last := w.polled[len(w.polled)-1]; last != came || len(w.polled) == 1 && at > 1 {
			t.Errorf("an interrupt before call %d came at %d, and its task was polled at %v", at, came, w.polled)
		}
	}
	if met < 8 {
		t.Errorf("the interrupt came at %d places only", met)
	}
}

// A task that wants to be polled at once keeps the processor awake, and does not keep
// others from their turn.
func TestATaskThatHasMoreToDoTakesTurnsWithTheOthers(t *testing.T) {
	var e embedded.Executor
	e.Format(&processor{})
	busy, other := busyTask(0), &worker{}
	e.Add(&busy)
	number := e.Add(other)
	for range 10 {
		e.Wake(number)
		e.Turn()
	}
	if busy != 10 || len(other.polled) != 10 || e.Sleeps() != 0 {
		t.Errorf("polled %d and %d times of 10, slept %d times", busy, len(other.polled), e.Sleeps())
	}
}

type busyTask int

func (b *busyTask) Poll(now raft.Instant) raft.Instant { *b++; return now }
