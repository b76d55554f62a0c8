package sim

import (
	"slices"

	"github.com/driftless-raft/driftless/trace"
)

// Names of what happens by itself, in tapes.
var eventNames = [eventKinds]string{
	deliverEvent: "deliver", wakeEvent: "wake", completeEvent: "complete", sealEvent: "seal", applyEvent: "apply", restartEvent: "restart",
	clientEvent: "client", requestEvent: "request", deposedEvent: "deposed", operatorEvent: "operator", abortEvent: "abort",
	nemesisEvent: "nemesis",
}

// Names of what the simulator does between events.
const (
	foundAction = "found" // the cluster is founded: the first of all actions
	calmAction  = "calm"  // the faults are over
	// Only of lists that were shrunk, as their last actions:
	healAction  = "heal"  // all faults end, things happen by themselves, and the cluster must recover
	judgeAction = "judge" // what clients were told is judged
)

// A recorder notes what happens in a run, as actions. It needs a tape that records.
type recorder struct {
	actions []trace.Action
	// What the end of the faults was drawn from: choices from one on, up to the first
	// event after it.
	healing int // 0: it has not begun, or has passed
	heal    []uint64
}

// note appends an action with the choices drawn since some were.
func (r *recorder) note(w *world, a *trace.Action, since int) {
	a.Choices = slices.Clone(w.tape.choices[since:])
	r.actions = append(r.actions, *a)
}

// founded is told when the first servers run.
func (r *recorder) founded(w *world) { r.note(w, &trace.Action{Kind: foundAction, At: w.now}, 0) }

// heals is told when the faults are about to end, or some of them.
func (r *recorder) heals(w *world) { r.healing = len(w.tape.choices) }

// calms is called when the faults end, and returns what is to be called when that
// is done.
func (r *recorder) calms(w *world) func() {
	since := len(w.tape.choices)
	return func() { r.note(w, &trace.Action{Kind: calmAction, At: w.now}, since) }
}

// happens lets an event happen and notes it, unless nothing comes of it.
func (r *recorder) happens(w *world, e *event) {
	if r.healing > 0 {
		r.heal, r.healing = slices.Clone(w.tape.choices[r.healing:]), 0
	}
	a := w.actionOf(e)
	since, before := len(w.tape.choices), w.hash
	moot := w.moot(e)
	w.dispatch(e)
	quiet := w.hash == before && len(w.tape.choices) == since
	if moot || quiet && (e.kind == deliverEvent || e.kind == wakeEvent || e.kind == abortEvent) {
		return
	}
	r.note(w, &a, since)
}

// moot reports whether an event is for a life that has ended, or has to wait.
func (w *world) moot(e *event) bool {
	switch e.kind {
	case clientEvent, requestEvent, deposedEvent, operatorEvent, abortEvent, nemesisEvent:
		return false
	}
	s := w.servers[e.server]
	return e.kind != deliverEvent && e.boot != s.boot || s.up && s.pausedUntil > w.now
}

// actionOf is an event as an action, without its choices.
func (w *world) actionOf(e *event) trace.Action {
	a := trace.Action{Kind: eventNames[e.kind], Server: e.server + 1, At: w.now, Value: e.value}
	switch e.kind {
	case deliverEvent:
		describeDelivery(&a, w.network.packets.all[uint32(e.value)])
	case clientEvent:
		a.Server, a.Value = 0, 0
		if w.quiet {
			a.Value = 1
		}
	case requestEvent, deposedEvent, operatorEvent:
		a.Server = 0
	case nemesisEvent:
		if kind := e.value & 0xff; kind != clogServer && kind != endSlowness && kind != endFullness {
			a.Server = 0
		}
	}
	return a
}

// describeDelivery names the message that an action delivers.
func describeDelivery(a *trace.Action, k *packet) {
	m := &k.message
	a.Value, a.From, a.Message = k.number, uint8(m.From.ID), messageNames[m.Kind]
	a.Term, a.Index, a.Last = uint64(m.Term), uint64(m.Index), uint64(m.Last)
}
