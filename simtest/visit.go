package simtest

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// The rules that a subject can break. Any other is one of Raft itself.
const (
	panicRule       = "machine-panic"
	replicaRule     = "machine-determinism"
	snapshotRule    = "machine-snapshot"
	queryRule       = "machine-query"
	sizeRule        = "machine-size"
	workloadRule    = "workload"
	checkRule       = "check"
	judgeRule       = "judge"
	historyRule     = "history"
	repetitionRule  = "repetition"
	vacuityRule     = "vacuity"
	saveInterval    = 4 // every so many commands a machine is saved twice,
	reloadInterval  = 4 // the shadow is loaded anew,
	garbageInterval = 4 // and garbage is tried
)

// A visit is the subject's part in one run. It implements [sim.Guest].
type visit struct {
	subject *Subject
	host    *sim.Host
	options *sim.Options
	clients []Client
	history []Operation
	applied []step               // by index
	shadow  statemachine.Machine // has applied all that any server has, and was saved and loaded in between
	loaded  raft.Index           // the last command before that
	failed  bool
	story   story
	stamps  int64
	answers int
	lent    byte // stands in the bytes that were lent last, now that they are taken back
}

// A step is what applying the command at an index did, on the server that was first.
type step struct {
	server          int // 0: nobody was
	response, state []byte
}

// Begin implements [sim.Guest].
func (v *visit) Begin(host *sim.Host) {
	v.host = host
	v.clients = make([]Client, v.options.Clients)
	for i := range v.clients {
		v.clients[i] = Client{Number: i, host: host, present: -1}
	}
	v.guard("New", func() { v.shadow = v.subject.New() })
}

// Machine implements [sim.Guest].
func (v *visit) Machine(server int) statemachine.Machine {
	v.story.add(v.host, server, started, nil)
	r := &replica{visit: v, server: server}
	v.guard("New", func() { r.machine = v.subject.New() })
	if r.machine == nil {
		v.fail(panicRule, "New made no machine")
	}
	memory := session.Memory{
		Slots:     make([]session.Slot, v.options.Sessions),
		Responses: make([]byte, int(v.options.Sessions)*session.CellBytes(v.subject.ResponseBytes)),
	}
	wrapped := new(session.Machine)
	wrapped.Format(&memory, r)
	return wrapped
}

// Next implements [sim.Guest].
func (v *visit) Next(client int) (body []byte, question bool) {
	c := &v.clients[client]
	var o Operation
	v.guard("Next", func() { o = v.subject.Next(c) })
	if (o.Command == nil) == (o.Question == nil) {
		v.fail(workloadRule, "Next must return an Operation with a Command or a Question, and one of them only")
	}
	if len(o.Command) > v.subject.CommandBytes {
		v.fail(sizeRule, fmt.Sprintf("a command of %d bytes, but Subject.CommandBytes is %d: raise it", len(o.Command), v.subject.CommandBytes))
	}
	o.Client, o.Invoked, o.Returned = client, v.stamp(), lasting
	o.Command, o.Question = slices.Clone(o.Command), slices.Clone(o.Question)
	o.Response, o.Unknown, o.Stale = nil, false, false
	c.present = len(v.history)
	v.history = append(v.history, o)
	if o.Question != nil {
		return o.Question, true
	}
	return o.Command, false
}

// asked finds the operation that a command is of, by its bytes.
func (v *visit) asked(command []byte) Operation {
	for i := range v.clients {
		c := &v.clients[i]
		for _, at := range slices.Concat(c.lost, []int{c.present}) {
			if at >= 0 && bytes.Equal(v.history[at].Command, command) {
				return v.history[at]
			}
		}
	}
	return Operation{Client: -1, Command: slices.Clone(command)}
}

// stamp is a number above all before.
func (v *visit) stamp() int64 {
	v.stamps++
	return v.stamps
}

// Answered implements [sim.Guest].
func (v *visit) Answered(client int, response []byte, fresh bool) {
	c := &v.clients[client]
	o := &v.history[c.present]
	o.Response, o.Returned, o.Stale, o.at = slices.Clone(response), v.stamp(), !fresh, v.host.Now()
	c.Last, c.present = *o, -1
	v.answers++
	if v.failed {
		return
	}
	v.story.add(v.host, 0, answered, o)
	if v.subject.Judge == nil {
		return
	}
	var err error
	v.guard("Judge", func() { err = v.subject.Judge(o) })
	if err != nil {
		v.fail(judgeRule, fmt.Sprintf("client %d %s: %v", client, v.describe(o), err))
	}
}

// Lost implements [sim.Guest].
func (v *visit) Lost(client int) {
	c := &v.clients[client]
	o := &v.history[c.present]
	o.Unknown = true
	c.lost = append(c.lost, c.present)
	c.Last, c.present = *o, -1
}

// Over implements [sim.Guest].
func (v *visit) Over(client int) {
	c := &v.clients[client]
	for _, at := range c.lost {
		v.history[at].Returned = v.stamp()
	}
	c.lost = c.lost[:0]
}

// fail ends the run.
func (v *visit) fail(rule, what string) {
	v.failed = true // only the first failure counts
	v.host.Fail(rule, what)
}

// describe says what an operation asked for, and what it was answered.
func (v *visit) describe(o *Operation) (text string) {
	if v.subject.Describe != nil {
		defer func() {
			if cause := recover(); cause != nil {
				text = fmt.Sprintf("does what Describe panics at: %v", cause)
			}
		}()
		return v.subject.Describe(o)
	}
	text = "commands " + show(o.Command)
	if o.Question != nil {
		text = "asks " + show(o.Question)
	}
	if o.Unknown {
		return text + ", without an answer"
	}
	return fmt.Sprintf("%s, and is answered %s", text, show(o.Response))
}
