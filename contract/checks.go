package contract

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// A record is the log of what was applied, as it comes to be known from all
// servers.
type record struct {
	entries map[uint64]Applied
	lowest  uint64
	highest uint64
}

func newRecord() record { return record{entries: map[uint64]Applied{}} }

// observe looks at every server and checks what can be checked at any time.
func (s *stage) observe() {
	for server, w := range s.servers {
		if !w.up || w.paused {
			continue
		}
		if status, ok := s.status(server); ok {
			s.watch(server, w, &status)
			s.collect(server, w)
		}
	}
}

// watch checks that the term and the commit index don't fall while a server runs,
// that it does not forget a term it led in, that nobody applies what is not
// committed, and that each term has one leader (Election Safety).
func (s *stage) watch(server int, w *watched, status *Status) {
	if status.Member != s.member(server) {
		s.fail("server %d takes itself for %v", server, status.Member)
	}
	if status.Term < w.term {
		s.fail("server %d went back from term %d to %d", server, w.term, status.Term)
	}
	if status.Commit < w.commit {
		s.fail("server %d went back from commit index %d to %d", server, w.commit, status.Commit)
	}
	if status.Applied > status.Commit {
		s.fail("server %d has applied %d, but knows only %d to be committed", server, status.Applied, status.Commit)
	}
	w.term, w.commit = status.Term, status.Commit
	switch status.Role {
	case Stopped:
		s.fail("server %d refuses to go on", server)
	case Leader:
		if other, led := s.terms[status.Term]; led && other != status.Member {
			s.fail("%v and %v both lead in term %d", other, status.Member, status.Term)
		}
		s.terms[status.Term] = status.Member
		w.led = status.Term
	case Follower, Candidate:
	}
}

// collect adds what a server has applied to the record, and checks that nobody
// has applied something else at the same index (State Machine Safety).
func (s *stage) collect(server int, w *watched) {
	list, err := s.cluster.Applied(server, w.after)
	if err != nil {
		return
	}
	r := &s.record
	for i := range list {
		a := list[i]
		if a.Index <= w.after {
			s.fail("server %d applied entry %d after %d", server, a.Index, w.after)
		}
		w.after = a.Index
		if known, ok := r.entries[a.Index]; ok {
			if !bytes.Equal(known.Command, a.Command) || !bytes.Equal(known.Response, a.Response) {
				s.fail("server %d applied at index %d: %v; another server: %v", server, a.Index, a, known)
			}
			continue
		}
		r.entries[a.Index] = a
		r.highest = max(r.highest, a.Index)
		if r.lowest == 0 || a.Index < r.lowest {
			r.lowest = a.Index
		}
	}
}

// String shows a command and its response.
func (a Applied) String() string {
	if a.Command == nil {
		return "no command"
	}
	return fmt.Sprintf("command % x with response % x", a.Command, a.Response)
}

// settle ends whatever is wrong with the cluster and waits until it has a leader
// and all members have come to the same.
func (s *stage) settle() {
	s.heal()
	if s.disturbed {
		s.disturb(Disturbance{})
	}
	for server, w := range s.servers {
		switch {
		case server == 0:
			continue
		case !w.up:
			s.restart(server)
		case w.paused:
			s.resume(server)
		}
		if w.held {
			s.releaseDisk(server)
		}
	}
	s.awaitLeader()
	s.client().add(register.Registers-1, 1) // what was left by earlier terms is committed with it
	s.await("all members have applied the same", 60*ElectionTimeout, s.converged)
}

// converged reports whether all members have applied all that there is.
func (s *stage) converged() bool {
	leader, ok := s.status(s.leader(s.all()...))
	if !ok || leader.Commit != leader.Last || !leader.Settled {
		return false
	}
	for _, m := range slices.Concat(leader.Voters, leader.Learners) {
		if status, ok := s.status(m.Server); !ok || status.Member != m || status.Applied != leader.Commit {
			return false
		}
	}
	return true
}

// verify checks, once the cluster has settled, what was promised to clients.
func (s *stage) verify() {
	s.observe()
	machine := NewMachine()
	effects := s.replay(machine)
	for _, a := range s.history.acts {
		if !a.read {
			s.verifyCommand(a, effects)
		}
	}
	s.verifyRegisters(machine)
	s.verifyReads(effects)
}

// An effect is the first time a command was applied.
type effect struct {
	index  uint64
	answer answer
}

// replay runs the record through a machine of its own, and finds the effect of
// every command.
func (s *stage) replay(machine statemachine.Machine) map[name]effect {
	effects := map[name]effect{}
	r := &s.record
	for index := r.lowest; index <= r.highest; index++ {
		a, known := r.entries[index]
		if !known {
			s.fail("nobody has reported entry %d, though %d to %d were applied", index, r.lowest, r.highest)
		}
		if a.Command == nil {
			continue
		}
		if response := machine.Apply(raft.Index(index), a.Command); !bytes.Equal(response, a.Response) {
			s.fail("% x at index %d was answered % x, and must be % x", a.Command, index, a.Response, response)
		}
		number, sequence, _, _ := session.ParseCommand(a.Command)
		result, done := parseResponse(a.Response)
		if _, again := effects[name{number, sequence}]; done && !again {
			effects[name{number, sequence}] = effect{index: index, answer: result}
		}
	}
	return effects
}

// verifyCommand checks that what was acknowledged took place, and with the answer
// that the client had; and that what was refused did not.
func (s *stage) verifyCommand(a *act, effects map[name]effect) {
	e, happened := effects[a.command.name]
	switch {
	case a.done && !happened:
		s.fail("%v was acknowledged, but is in no log", &a.command)
	case a.done && a.answer != e.answer:
		s.fail("%v was answered %+v, but came to %+v at index %d", &a.command, a.answer, e.answer, e.index)
	case a.refused && happened:
		s.fail("%v was refused, but is applied at index %d", &a.command, e.index)
	case !a.sent && happened:
		s.fail("%v is applied at index %d, but was never sent", &a.command, e.index)
	}
}

// verifyRegisters checks that every member holds what the record comes to, so
// that each command has taken effect exactly once everywhere.
func (s *stage) verifyRegisters(machine statemachine.Machine) {
	leader, _ := s.status(s.leader(s.all()...))
	for _, m := range slices.Concat(leader.Voters, leader.Learners) {
		for of := range register.Registers {
			reply := s.ask(m.Server, Request{Kind: Read, Body: question(of), Mode: Stale})
			if want := machine.Query(question(of)); reply.Outcome != Done || !bytes.Equal(reply.Body, want) {
				s.fail("register %d of server %d holds % x (%s), but the log comes to % x", of, m.Server, reply.Body, reply.Text, want)
			}
		}
	}
}

// verifyReads checks that every register's history is linearizable, and that no
// stale read saw what the register never held.
func (s *stage) verifyReads(effects map[name]effect) {
	for of := range register.Registers {
		var acts []*act
		held := []uint64{0}
		for _, a := range s.history.acts {
			e, happened := effects[a.command.name]
			switch {
			case a.command.register != of:
			case a.read && a.done && a.mode != Stale, !a.read && happened:
				acts = append(acts, a)
			}
			if a.command.register == of && !a.read && happened {
				held = append(held, e.answer.value)
			}
		}
		if !linearizable(acts) {
			s.fail("the history of register %d is not linearizable:\n%s", of, tellActs(acts))
		}
		for _, a := range s.history.acts {
			if a.read && a.done && a.mode == Stale && a.command.register == of && !slices.Contains(held, a.answer.value) {
				s.fail("a stale read saw %d in register %d, which never held it", a.answer.value, of)
			}
		}
	}
}

// tellActs lists acts for a failure's report.
func tellActs(acts []*act) string {
	var text strings.Builder
	for _, a := range acts {
		what := a.command.String()
		if a.read {
			what = fmt.Sprintf("a read by session %d", a.command.session)
		}
		ended := "no answer"
		if a.done {
			ended = fmt.Sprintf("%d, answer %d", a.returned, a.answer.value)
		}
		fmt.Fprintf(&text, "  %d to %s: %s\n", a.invoked, ended, what)
	}
	return text.String()
}
