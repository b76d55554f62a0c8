package sim

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// Bounds within which a search is cheap: operations open on one register at a time,
// and operations on one until it must be alone with one of known outcome.
const (
	openMax    = 5
	stretchMax = linearizability.OperationsMax * 2 / 3
	// An addition that nobody knows the outcome of doubles what a register may hold; a
	// write only adds to it.
	blindMax = 2
)

// A history is what clients have seen of each register.
type history struct {
	stamps     int64
	lost       int // operations given up that are not over
	operations [register.Registers][]linearizability.RegisterOperation
	opened     [register.Registers]int    // operations that are not over
	stretch    [register.Registers]int    // operations since one was alone
	alone      [register.Registers]bool   // the one that is open must stay alone
	blind      [register.Registers]int    // operations of unknown outcome since one of known
	last       [register.Registers]uint64 // what a register was last seen to hold
}

func (h *history) reset() {
	for i := range h.operations {
		h.operations[i] = h.operations[i][:0]
		h.opened[i], h.stretch[i], h.alone[i], h.blind[i], h.last[i] = 0, 0, false, 0, 0
	}
	h.stamps, h.lost = 0, 0
}

// stamp is a time that differs from all before.
func (h *history) stamp() int64 {
	h.stamps++
	return h.stamps
}

// choose is the first register from one on that may take another operation.
func (h *history) choose(from uint8) (uint8, bool) {
	for i := range uint8(register.Registers) {
		at := (from + i) % register.Registers
		if h.opened[at] < openMax && (h.stretch[at] < stretchMax || h.opened[at] == 0) {
			return at, true
		}
	}
	return 0, false
}

// open notes that an operation begins.
func (h *history) open(at uint8) {
	h.alone[at] = h.stretch[at] >= stretchMax
	h.opened[at]++
}

// close notes that one is over that leaves no trace.
func (h *history) close(at uint8) { h.opened[at]-- }

// complete notes what a client's operation has come to.
func (h *history) complete(c *client, out linearizability.RegisterOutput) {
	if h.stretch[c.where]++; h.alone[c.where] {
		h.stretch[c.where] = 0
	}
	h.blind[c.where], h.last[c.where] = 0, out.Value
	h.add(c, linearizability.RegisterOperation{Returned: h.stamp(), Output: out})
	h.close(c.where)
}

// lose notes that a client's operation has come to nobody knows what, and returns
// where it stands. It stays open until over says otherwise.
func (h *history) lose(c *client) int {
	h.stretch[c.where]++
	h.blind[c.where]++
	h.add(c, linearizability.RegisterOperation{Returned: linearizability.Open, Unknown: true})
	return len(h.operations[c.where]) - 1
}

// over notes that a lost operation can take no effect any more.
func (h *history) over(where uint8, at int) {
	h.operations[where][at].Returned = h.stamp()
	h.close(where)
}

func (h *history) add(c *client, o linearizability.RegisterOperation) {
	o.Client, o.Invoked, o.Input = c.number, c.invoked, c.input
	h.operations[c.where] = append(h.operations[c.where], o)
}

// doubt fails the run if a witness has found something.
func (w *world) doubt(rule linearizability.Rule, sentence string) {
	if rule != linearizability.Holds {
		w.ledger.fail(string(rule), "%s", sentence)
	}
}

// executed tells the witness of the first time that an entry was applied anywhere.
func (w *world) executed(s *server, e *raft.Entry) {
	id, sequence, command, ok := session.ParseCommand(unfilled(e.Data))
	if e.Kind != raft.Command || !ok {
		return // it opens a session
	}
	status, _, wrapped := session.ParseResponse(s.machine.answer(e.Index))
	switch {
	case status == session.Overtaken:
		w.coverage[overtakenCommands]++
	case status == session.Done && !s.machine.registers.ran:
		w.coverage[repeatedCommands]++
		w.noticeDuplicate(e, id, sequence)
	}
	if !s.machine.registers.ran {
		return
	}
	outcome, value := register.ParseResponse(wrapped)
	c, _ := register.ParseCommand(command)
	w.ledger.looks[atExecution]++
	w.doubt(w.witness.Executed(uint64(e.Index), id, sequence, int(c.Register), inputOf(&c),
		linearizability.RegisterOutput{Failed: outcome == register.Mismatch, Value: value}))
}

// inputOf is a command as the checks know it.
func inputOf(c *register.Command) linearizability.RegisterInput {
	kinds := [...]linearizability.RegisterKind{
		register.Write: linearizability.Write, register.Add: linearizability.Add,
		register.CompareAndSwap: linearizability.CompareAndSwap,
	}
	return linearizability.RegisterInput{Kind: kinds[c.Kind], Value: c.Value, Expected: c.Expected}
}

// judge searches for an order that explains what clients have seen of each register.
func (w *world) judge() {
	for i := range w.clients {
		if c := &w.clients[i]; c.doing == commanding && c.attempts > 0 {
			w.history.lose(c)
		}
	}
	for at, operations := range w.history.operations {
		report := linearizability.Check(&linearizability.Register, operations)
		w.searches += uint64(report.Searches)
		w.ledger.looks[atSearch] += uint64(report.Searches)
		switch report.Verdict {
		case linearizability.Violated:
			w.ledger.fail("linearizability", "register %d: %s", at, report.Sentence)
		case linearizability.Undecided:
			w.undecided++
		case linearizability.Linearizable:
		}
	}
}
