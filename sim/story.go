package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/driftless-raft/driftless/trace"
)

// storyMax is how many lines of a story are told; of a longer one the beginning and
// the end.
const storyMax = 48

// A teller makes a story of a trace: who did what, in order, as far as it matters to
// somebody who wants to know why a rule broke. Heartbeats, questions before votes
// and answers that change nothing are left out.
type teller struct {
	lines   []string
	step    uint64 // of the last line
	healed  bool   // the faults are over: what goes well is not worth telling
	servers [serversMax + 1]told
	verdict *trace.Event
}

// told is what the story has told of a server.
type told struct {
	state   trace.State
	terms   []uint64 // of the log's entries, from 1; 0 where it does not matter
	votes   []uint32 // for its present candidacy
	heard   *trace.Message
	pending []pending
}

// A pending write is one that is not durable yet.
type pending struct{ number, step uint64 }

// tell takes in the next event.
func (t *teller) tell(e *trace.Event) {
	s := &t.servers[e.Server]
	switch e.Kind {
	case trace.Start:
		t.starts(e, s)
	case trace.Crash:
		lost := ""
		if len(s.pending) > 0 {
			lost = fmt.Sprintf(", with %d writes not yet durable", len(s.pending))
		}
		s.pending = s.pending[:0]
		t.say(e, "server %d crashes%s", e.Server, lost)
	case trace.Step:
		t.steps(e, s)
	case trace.Write:
		t.writes(e, s)
	case trace.Durable:
		t.persists(e, s)
	case trace.Answer:
		t.detail(e, "client %d %s", *e.Client, e.Text)
	case trace.Fault:
		t.healed = t.healed || strings.HasPrefix(e.Text, healed)
		switch {
		case e.Server != 0:
			t.say(e, "server %d %s", e.Server, e.Text)
		case e.Text != CoverageNames[crashes]: // of which the server tells
			t.say(e, "%s", e.Text)
		}
	case trace.Verdict:
		verdict := *e
		t.verdict = &verdict
	case trace.Send, trace.Invoke, trace.Apply:
	}
}

// say adds a clause to what happened in an event's step.
func (t *teller) say(e *trace.Event, format string, arguments ...any) {
	clause := fmt.Sprintf(format, arguments...)
	if e.Step == t.step && len(t.lines) > 0 {
		t.lines[len(t.lines)-1] += "; " + clause
		return
	}
	t.step = e.Step
	t.lines = append(t.lines, fmt.Sprintf("%4d  %s", e.Step, clause))
}

// detail is say for what matters only as long as there are faults.
func (t *teller) detail(e *trace.Event, format string, arguments ...any) {
	if !t.healed {
		t.say(e, format, arguments...)
	}
}

// starts tells of a start, but for those when the cluster is founded.
func (t *teller) starts(e *trace.Event, s *told) {
	s.state, s.votes, s.heard = *e.State, s.votes[:0], nil
	for uint64(len(s.terms)) > e.State.Last {
		s.terms = s.terms[:len(s.terms)-1]
	}
	if e.Step > 0 {
		t.say(e, "server %d starts again in term %d, with its log up to %d and %d committed", e.Server, e.State.Term, e.State.Last, e.State.Commit)
	}
}

// steps tells of a node's step.
func (t *teller) steps(e *trace.Event, s *told) {
	s.heard = e.Message
	t.asked(e)
	m := e.Message
	if m != nil && m.Kind == "VoteReply" && !m.Reject && m.Term == s.state.Term {
		s.votes = append(s.votes, m.From)
	}
	if m != nil && m.Kind == "AppendReply" && !m.Reject && m.Index > 0 && s.state.Role == "leader" && m.Term == s.state.Term {
		t.detail(e, "server %d hears from server %d that it has all up to %d", e.Server, m.From, m.Index)
	}
	if e.State == nil {
		return
	}
	before, now := s.state, e.State
	s.state = *now
	t.changesRole(e, s, &before)
	if m != nil && m.Kind == "Vote" && now.Vote == m.From && (before.Vote != now.Vote || before.Term != now.Term) {
		ahead := ""
		if before.LastTerm > m.LogTerm || before.LastTerm == m.LogTerm && before.Last > m.Index {
			ahead = fmt.Sprintf(", though its own log, which ends with %d of term %d, is ahead of that one's, which ends with %d of term %d",
				before.Last, before.LastTerm, m.Index, m.LogTerm)
		}
		t.say(e, "server %d votes for server %d in term %d%s", e.Server, m.From, now.Term, ahead)
	}
	if now.Commit > before.Commit {
		t.commits(e, s)
	}
	if now.Configuration != before.Configuration {
		t.say(e, "server %d goes by the configuration %s", e.Server, now.Configuration)
	}
}

// asked tells what a node is asked for.
func (t *teller) asked(e *trace.Event) {
	what := map[string]string{
		"Change": "to change the members", "Transfer": "to hand leadership over", "Read": "for a read", "Compact": "to take a snapshot",
	}[e.Input]
	switch {
	case what != "" && e.Refusal != "":
		t.detail(e, "server %d is asked %s and refuses: %s", e.Server, what, e.Refusal)
	case what != "":
		t.detail(e, "server %d is asked %s", e.Server, what)
	case e.Message != nil && e.Message.Kind == "TimeoutNow":
		t.say(e, "server %d is told by server %d to campaign at once", e.Server, e.Message.From)
	case e.Message != nil && e.Refusal != "":
		t.detail(e, "server %d refuses a %s of server %d: %s", e.Server, e.Message.Kind, e.Message.From, e.Refusal)
	}
}

// changesRole tells of elections and their ends.
func (t *teller) changesRole(e *trace.Event, s *told, before *trace.State) {
	now := &s.state
	switch {
	case now.Role == "leader" && (before.Role != "leader" || now.Term != before.Term):
		voters := append([]uint32{e.Server}, s.votes...)
		slices.Sort(voters)
		t.say(e, "server %d is elected leader of term %d, with the votes of %s", e.Server, now.Term, list(slices.Compact(voters)))
	case before.Role == "leader" && now.Role != "leader" && now.Term > before.Term:
		t.say(e, "server %d, leader of term %d, hears of term %d and steps down", e.Server, before.Term, now.Term)
	case before.Role == "leader" && now.Role != "leader":
		t.say(e, "server %d no longer leads in term %d", e.Server, before.Term)
	case now.Role == "pre-candidate" && before.Role != "pre-candidate":
		t.say(e, "server %d has heard of no leader for too long and asks whether it could win", e.Server)
	case now.Role == "candidate" && now.Term != before.Term:
		t.say(e, "server %d campaigns in term %d, its log ending with %d of term %d", e.Server, now.Term, now.Last, now.LastTerm)
	}
	if now.Role == "candidate" && now.Term != before.Term {
		s.votes = s.votes[:0]
	}
}

// commits tells that a server takes more to be committed.
func (t *teller) commits(e *trace.Event, s *told) {
	entry := fmt.Sprintf("entry %d", s.state.Commit)
	if s.state.Commit <= uint64(len(s.terms)) {
		entry += fmt.Sprintf(", which is of term %d", s.terms[s.state.Commit-1])
	}
	if s.state.Role == "leader" {
		t.detail(e, "as leader of term %d server %d commits up to %s", s.state.Term, e.Server, entry)
	} else {
		t.detail(e, "server %d takes it that all is committed up to %s", e.Server, entry)
	}
}

// writes tells of writes that change a log.
func (t *teller) writes(e *trace.Event, s *told) {
	w := e.Write
	s.pending = append(s.pending, pending{w.Number, e.Step})
	switch w.Kind {
	case "entries":
		s.put(w.First, w.Last, w.Term)
		what := fmt.Sprintf("entry %d (%s)", w.First, w.EntryKind)
		if w.Last > w.First {
			what = fmt.Sprintf("entries %d to %d", w.First, w.Last)
		}
		if s.heard != nil && s.state.Role != "leader" {
			t.detail(e, "server %d writes %s of term %d, from server %d", e.Server, what, w.Term, s.heard.From)
		} else {
			t.detail(e, "server %d appends %s of term %d", e.Server, what, w.Term)
		}
	case "truncate":
		s.terms = s.terms[:min(uint64(len(s.terms)), w.First-1)]
		t.detail(e, "server %d removes its log from entry %d on", e.Server, w.First)
	case "install":
		s.terms = s.terms[:0]
		s.put(1, w.Last, 0)
		s.put(w.Last, w.Last, w.Term)
		t.detail(e, "server %d replaces its log by a snapshot at %d of term %d", e.Server, w.Last, w.Term)
	case "snapshot", "adopt":
		t.detail(e, "server %d has a snapshot at %d of term %d", e.Server, w.Last, w.Term)
	case "repair":
		t.detail(e, "server %d puts back the body of entry %d", e.Server, w.First)
	}
}

// put notes the term of some entries.
func (s *told) put(first, last, term uint64) {
	s.terms = s.terms[:min(uint64(len(s.terms)), first-1)]
	for uint64(len(s.terms)) < first-1 {
		s.terms = append(s.terms, 0)
	}
	for uint64(len(s.terms)) < last {
		s.terms = append(s.terms, term)
	}
}

// persists tells of writes that become durable later than they were made.
func (t *teller) persists(e *trace.Event, s *told) {
	at := slices.IndexFunc(s.pending, func(p pending) bool { return p.number == e.Write.Number })
	if at < 0 {
		return
	}
	made := s.pending[at].step
	s.pending = slices.Delete(s.pending, at, at+1)
	if e.Step != made && (e.Write.Kind == "entries" || e.Write.Kind == "hard state") {
		t.detail(e, "a write of server %d (%s) becomes durable", e.Server, e.Write.Kind)
	}
}

// list writes numbers as people do.
func list(numbers []uint32) string {
	var words []string
	for _, n := range numbers {
		words = append(words, fmt.Sprint(n))
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// story is the whole of it.
func (t *teller) story() string {
	lines := t.lines
	if len(lines) > storyMax {
		left := len(lines) - storyMax
		lines = slices.Concat(lines[:storyMax/4], []string{fmt.Sprintf("      … %d more …", left)}, lines[len(lines)-storyMax*3/4:])
	}
	text := strings.Join(lines, "\n") + "\n"
	if t.verdict != nil {
		text += fmt.Sprintf("\nThat breaks %s: %s.\n%s\n", t.verdict.Rule, t.verdict.Text, why(t.verdict.Rule))
	}
	return text
}
