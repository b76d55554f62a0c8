package simtest

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// compare holds what a command did on a server against what it did on the first, and
// what it does there against what it does to a machine that was saved and loaded.
func (v *visit) compare(m statemachine.Machine, index raft.Index, command []byte, s *step) {
	for raft.Index(len(v.applied)) <= index {
		v.applied = append(v.applied, step{})
	}
	first := &v.applied[index]
	if first.server != 0 && !bytes.Equal(first.state, s.state) {
		v.doubt(fmt.Sprintf("command %d", index), m, s.state)
	}
	switch {
	case v.failed:
	case first.server == 0:
		*first = *s
		v.follow(index, command, s)
	case !bytes.Equal(first.response, s.response):
		v.fail(replicaRule, fmt.Sprintf("the same log made server %d answer command %d with %s, and server %d with %s: %s",
			first.server, index, show(first.response), s.server, show(s.response), advice))
	case !bytes.Equal(first.state, s.state):
		v.fail(replicaRule, fmt.Sprintf("the same log up to command %d made other states on servers %d and %d: %s: %s",
			index, first.server, s.server, difference(first.state, s.state), advice))
	}
}

// doubtfulSaves tell whether a machine ranges over a map: one of two entries comes out
// in its rarer order one time in eight, and never in so many one time in 10,000.
const doubtfulSaves = 70

// doubt sees whether a state that is not what it should be is saved the same every time.
func (v *visit) doubt(where string, m statemachine.Machine, state []byte) {
	for range doubtfulSaves {
		v.saveAgain(where, m, state)
	}
}

const advice = "does Apply use a clock, randomness, the order of a map or bytes that it was lent, or does Save leave something out?"

// follow has the shadow carry out a command that no server has before.
func (v *visit) follow(index raft.Index, command []byte, s *step) {
	rule, who, question := replicaRule, "by another machine with the same log", advice
	if v.loaded != 0 {
		rule, question = snapshotRule, "does Save leave something out, or Load?"
		who = fmt.Sprintf("by a machine that was saved and loaded after command %d", v.loaded)
	}
	response, state := v.apply("another machine", v.shadow, index, command)
	if !v.failed && !bytes.Equal(response, s.response) {
		v.fail(rule, fmt.Sprintf("command %d was answered %s by server %d, and %s %s: %s", index, show(s.response), s.server, show(response), who, question))
	}
	if !v.failed && !bytes.Equal(state, s.state) {
		v.doubt(fmt.Sprintf("command %d", index), v.shadow, state)
		v.fail(rule, fmt.Sprintf("the state after command %d is saved by server %d, and %s, as other bytes: %s: %s", index, s.server, who, difference(s.state, state), question))
	}
	if index%reloadInterval == 0 && !v.failed {
		v.shadow = v.load(fmt.Sprintf("after command %d", index), s.state)
		v.loaded = index
	}
	if index%garbageInterval == 0 && !v.failed {
		v.try(index, command, s.state)
	}
}

// try gives machines bytes that are no command, no question and no snapshot: cut and
// spoilt ones. They may do with them what they like, but panic, or change what they
// hold although they refuse it.
func (v *visit) try(index raft.Index, command, state []byte) {
	m := v.load("a saved state", state)
	for _, garbage := range spoilt(uint64(index), command) {
		where := fmt.Sprintf("a command that is none, %s", show(garbage))
		v.apply(where, m, index+1, garbage)
		v.query(where, m, garbage)
	}
	m = v.load("a saved state", state)
	for _, garbage := range spoilt(uint64(index), state) {
		where := fmt.Sprintf("a snapshot that is none, %s", show(garbage))
		damage := statemachine.Intact
		v.guard(where+": Load", func() { damage = m.Load(slices.Clone(garbage)) })
		if v.failed {
			return
		}
		if damage == statemachine.Intact {
			m = v.load("a saved state", state)
		} else if after := v.save(where, m); !v.failed && !bytes.Equal(state, after) {
			v.doubt(where, m, after)
			v.fail(snapshotRule, fmt.Sprintf("%s: Load refused it, and changed the state: %s", where, difference(state, after)))
		}
	}
}

// spoilt makes garbage of bytes: nothing, a part of them, and all with one changed.
func spoilt(choice uint64, b []byte) [][]byte {
	list := [][]byte{{}}
	if len(b) == 0 {
		return list
	}
	at := choice * 0x9e3779b97f4a7c15 >> 32 % uint64(len(b))
	changed := slices.Clone(b)
	changed[at] ^= 1 << (choice / garbageInterval % 8)
	return append(list, b[:at], changed)
}
