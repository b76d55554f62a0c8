package simtest

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// A replica is the subject's machine on one server, looked at from all sides. It
// implements [statemachine.Machine].
type replica struct {
	visit   *visit
	machine statemachine.Machine
	server  int
}

// Apply implements [statemachine.Machine].
func (r *replica) Apply(index raft.Index, command []byte) []byte {
	v := r.visit
	if v.failed {
		return nil
	}
	where := fmt.Sprintf("server %d, command %d", r.server, index)
	step := step{server: r.server}
	step.response, step.state = v.apply(where, r.machine, index, command)
	if int(index) >= len(v.applied) || v.applied[index].server == 0 {
		o := v.asked(command)
		o.Response, o.Unknown = step.response, v.failed
		v.story.add(v.host, r.server, applied, &o)
	}
	if len(step.response) > v.subject.ResponseBytes {
		v.fail(sizeRule, fmt.Sprintf("a response of %d bytes, but Subject.ResponseBytes is %d: raise it", len(step.response), v.subject.ResponseBytes))
	}
	if v.failed {
		return nil
	}
	v.check(where, r.machine)
	v.compare(r.machine, index, command, &step)
	return step.response
}

// Query implements [statemachine.Machine].
func (r *replica) Query(question []byte) []byte {
	v := r.visit
	if v.failed {
		return nil
	}
	where := fmt.Sprintf("server %d", r.server)
	before := v.save(where, r.machine)
	answer := v.query(where, r.machine, question)
	if after := v.save(where, r.machine); !v.failed && !bytes.Equal(before, after) {
		v.fail(queryRule, fmt.Sprintf("%s: Query changed the state: %s", where, difference(before, after)))
	}
	if again := v.query(where, r.machine, question); !v.failed && !bytes.Equal(answer, again) {
		v.fail(queryRule, fmt.Sprintf("%s: the same question was answered %s and then %s", where, show(answer), show(again)))
	}
	twin := v.load(where, before)
	if reloaded := v.query(where, twin, question); !v.failed && !bytes.Equal(answer, reloaded) {
		v.fail(snapshotRule, fmt.Sprintf("%s: the question %s is answered %s, and %s after Save and Load: does Save leave something out, or Load?",
			where, show(question), show(answer), show(reloaded)))
	}
	return answer
}

// SnapshotBytes implements [statemachine.Machine].
func (r *replica) SnapshotBytes() (size int) {
	r.visit.guard("SnapshotBytes", func() { size = r.machine.SnapshotBytes() })
	return size
}

// Save implements [statemachine.Machine].
func (r *replica) Save(into []byte) (size int) {
	r.visit.guard("Save", func() { size = r.machine.Save(into) })
	return size
}

// Load implements [statemachine.Machine].
func (r *replica) Load(from []byte) statemachine.Damage {
	v := r.visit
	v.story.add(v.host, r.server, loaded, nil)
	where := fmt.Sprintf("server %d", r.server)
	v.loadInto(where, r.machine, from)
	return statemachine.Intact
}

// apply has a machine carry out a command, which it must keep nothing of, and saves it.
func (v *visit) apply(where string, m statemachine.Machine, index raft.Index, command []byte) (response, state []byte) {
	borrowed := slices.Clone(command)
	v.guard(where+": Apply", func() { response = slices.Clone(m.Apply(index, borrowed)) })
	if index%saveInterval == 0 {
		state = v.save(where, m)
	}
	v.takeBack(borrowed)
	after := v.saveOnce(where, m)
	if state != nil && !v.failed && !bytes.Equal(state, after) {
		v.doubt(where, m, after)
		v.fail(replicaRule, fmt.Sprintf("%s: Apply keeps bytes of the command that it was lent: %s. It must copy them.", where, difference(state, after)))
	}
	return response, after
}

// query asks a machine a question, which it must keep nothing of.
func (v *visit) query(where string, m statemachine.Machine, question []byte) []byte {
	var answer []byte
	borrowed := slices.Clone(question)
	v.guard(where+": Query", func() { answer = slices.Clone(m.Query(borrowed)) })
	v.takeBack(borrowed)
	return answer
}

// takeBack overwrites what was lent, each time by something else.
func (v *visit) takeBack(b []byte) {
	v.lent++
	for i := range b {
		b[i] = v.lent
	}
}

// save saves a machine, twice, and returns the state.
func (v *visit) save(where string, m statemachine.Machine) []byte {
	state := v.saveOnce(where, m)
	v.saveAgain(where, m, state)
	return state
}

// saveAgain saves a machine that was saved before.
func (v *visit) saveAgain(where string, m statemachine.Machine, before []byte) {
	if again := v.saveOnce(where, m); !v.failed && !bytes.Equal(before, again) {
		v.fail(snapshotRule, fmt.Sprintf("%s: Save wrote the same state as other bytes the second time: %s. Does it range over a map?", where, difference(before, again)))
	}
}

func (v *visit) saveOnce(where string, m statemachine.Machine) []byte {
	var state []byte
	size, written := 0, 0
	v.guard(where+": Save", func() {
		size = m.SnapshotBytes()
		state = make([]byte, max(size, 0))
		written = m.Save(state)
	})
	switch {
	case v.failed:
	case size != written:
		v.fail(snapshotRule, fmt.Sprintf("%s: SnapshotBytes says %d, and Save wrote %d", where, size, written))
	case size > v.subject.SnapshotBytes:
		v.fail(sizeRule, fmt.Sprintf("%s: a state of %d bytes, but Subject.SnapshotBytes is %d: raise it", where, size, v.subject.SnapshotBytes))
	}
	return state
}

// load makes another machine of a saved state.
func (v *visit) load(where string, state []byte) statemachine.Machine {
	var m statemachine.Machine
	v.guard("New", func() { m = v.subject.New() })
	v.loadInto(where, m, state)
	return m
}

// loadInto loads a state that was saved, which must come out again as the same bytes.
func (v *visit) loadInto(where string, m statemachine.Machine, state []byte) {
	if v.failed {
		return
	}
	damage := statemachine.Intact
	borrowed := slices.Clone(state)
	v.guard(where+": Load", func() { damage = m.Load(borrowed) })
	v.takeBack(borrowed)
	if !v.failed && damage != statemachine.Intact {
		v.fail(snapshotRule, fmt.Sprintf("%s: Load refuses what Save wrote: %v", where, damage))
	}
	if again := v.save(where, m); !v.failed && !bytes.Equal(state, again) {
		v.doubt(where, m, again)
		v.fail(snapshotRule, fmt.Sprintf("%s: what was loaded is saved as other bytes: %s. Does Load leave something out, or keep bytes that it was lent?", where, difference(state, again)))
	}
}

// check is the subject's own.
func (v *visit) check(where string, m statemachine.Machine) {
	if v.subject.Check == nil {
		return
	}
	var err error
	v.guard(where+": Check", func() { err = v.subject.Check(m) })
	if err != nil {
		v.fail(checkRule, fmt.Sprintf("%s: %v", where, err))
	}
}
