package sim

import "slices"

// An eventKind is what an event of the simulation is about.
type eventKind uint8

const (
	deliverEvent  eventKind = iota // value: the packet
	wakeEvent                      // a node's deadline
	completeEvent                  // value: the write that becomes durable, or the operation of a log engine
	sealEvent                      // a log engine is idle
	applyEvent                     // committed entries reach the state machine
	restartEvent
	clientEvent
	requestEvent // value: the late request
	deposedEvent // a leader is asked for a read by lease when another was elected
	operatorEvent
	abortEvent // a transfer is given up
	nemesisEvent
	eventKinds
)

// An event is something that will happen.
type event struct {
	at     uint64 // true time, in nanoseconds
	order  uint64 // of its making, which decides between events at one time
	value  uint64
	boot   uint32 // the life of the server it is meant for, where that matters
	kind   eventKind
	server uint8
}

func (e *event) before(other *event) bool {
	return e.at < other.at || e.at == other.at && e.order < other.order
}

// An agenda is the queue of events: a binary heap whose memory is kept.
type agenda struct {
	heap  []event
	order uint64
	stage *stage // takes all events, where a list of actions says what happens next; or nil
}

func (a *agenda) reset() { a.heap, a.order = a.heap[:0], 0 }

func (a *agenda) push(e event) {
	a.order++
	e.order = a.order
	if a.stage != nil {
		a.stage.push(e)
		return
	}
	a.heap = append(a.heap, e)
	i := len(a.heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(&a.heap[parent]) {
			break
		}
		a.heap[i] = a.heap[parent]
		i = parent
	}
	a.heap[i] = e
}

// pop removes the first event. The agenda must not be empty.
func (a *agenda) pop() event {
	first := a.heap[0]
	last := len(a.heap) - 1
	e := a.heap[last]
	a.heap = a.heap[:last]
	if last == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && a.heap[child+1].before(&a.heap[child]) {
			child++
		}
		if !a.heap[child].before(&e) {
			break
		}
		a.heap[i] = a.heap[child]
		i = child
	}
	a.heap[i] = e
	return first
}

// take removes the first event; among two at the same instant the tape decides.
func (a *agenda) take(t *tape) event {
	first := a.pop()
	if len(a.heap) > 0 && a.heap[0].at == first.at && t.draw(2) == 1 {
		second := a.pop()
		a.push(first)
		return second
	}
	return first
}

// restore makes a heap of the events again, whose times were changed or of whom some
// were removed.
func (a *agenda) restore() {
	slices.SortFunc(a.heap, func(a, b event) int {
		if a.before(&b) {
			return -1
		}
		return 1
	})
}
