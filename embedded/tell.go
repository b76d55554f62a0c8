package embedded

import (
	"unsafe"

	"github.com/driftless-raft/driftless/raft"
)

func (s *Shell) say(text string) {
	s.console.Write(unsafe.Slice(unsafe.StringData(text), len(text)))
}

// begin begins an answer.
func (s *Shell) begin(tag uint32) {
	if tag != 0 {
		s.tell("#", uint64(tag))
		s.say(" ")
	}
}

// tell says a number, in decimal digits.
func (s *Shell) tell(what string, number uint64) { s.tellIn(10, what, number) }

func (s *Shell) tellIn(base uint64, what string, number uint64) {
	s.say(what)
	at := len(s.digits)
	for {
		at--
		s.digits[at] = "0123456789abcdef"[number%base]
		if number /= base; number == 0 {
			break
		}
	}
	s.console.Write(s.digits[at:])
}

func (s *Shell) tellBytes(bytes []byte) {
	for _, b := range bytes {
		s.digits[0], s.digits[1] = "0123456789abcdef"[b>>4], "0123456789abcdef"[b&15]
		s.console.Write(s.digits[:2])
	}
}

func (s *Shell) tellMember(m raft.Member) {
	s.tell("", uint64(m.ID))
	s.tellIn(16, "/", uint64(m.Incarnation))
}

// tellMembers says who is in a set of slots.
func (s *Shell) tellMembers(what string, set raft.Slots) {
	s.say(what)
	comma := ""
	for slot := range raft.MaxMembers {
		if set>>slot&1 != 0 {
			s.say(comma)
			s.tellMember(s.status.Configuration.Members[slot])
			comma = ","
		}
	}
}

// Answered implements [Client]: it says what has come of a request.
func (s *Shell) Answered(a *Answer) {
	s.begin(a.Tag)
	switch a.Outcome {
	case Done:
		s.say("done")
		if len(a.Body) > 0 {
			s.say(" ")
			s.tellBytes(a.Body)
		}
	case Refused:
		s.say("refused ")
		s.say(a.Reason.String())
		if a.Leader != 0 {
			s.tell(", ", uint64(a.Leader))
			s.say(" leads")
		}
	case Unknown:
		s.say("unknown")
	}
	s.say("\n")
}

// tellRefusal answers a request that is done unless it was refused.
func (s *Shell) tellRefusal(tag uint32, r raft.Refusal) {
	a := Answer{Tag: tag, Outcome: Done, Reason: Reason(r.Code)}
	if a.Reason != OK {
		a.Outcome = Refused
	}
	s.Answered(&a)
}

// tellStatus says how the node sees itself, and which core it runs.
func (s *Shell) tellStatus(tag uint32) {
	t := &s.status
	s.node.Status(t)
	s.begin(tag)
	s.say("done self=")
	s.tellMember(t.Identity.Self)
	s.say(" role=")
	s.say(t.Role.String())
	s.tell(" term=", uint64(t.Term))
	s.tell(" leader=", uint64(t.Leader.ID))
	s.tell(" first=", uint64(t.First))
	s.tell(" last=", uint64(t.Last))
	s.tell(" commit=", uint64(t.Commit))
	s.tell(" applied=", uint64(t.Applied))
	s.tellMembers(" voters=", t.Configuration.Voters)
	s.tellMembers(" outgoing=", t.Configuration.Outgoing)
	s.tellMembers(" learners=", t.Configuration.Learners)
	if t.Settled {
		s.say(" settled")
	}
	s.say(" core=")
	s.say(raft.Fingerprint)
	if t.Reason != OK {
		s.say(" ")
		s.say(t.Reason.String())
	}
	s.say("\n")
}

// tellApplied says what was applied after an index: the index, the command and the
// response, or a dash for an entry that is none of the machine's.
func (s *Shell) tellApplied(tag uint32) bool {
	after, ok := s.number(10)
	for index := raft.Index(after); ok && s.node.NextApplied(index, &s.applied); index = s.applied.Index {
		s.begin(tag)
		s.tell("applied ", uint64(s.applied.Index))
		if s.applied.Kind == raft.Command {
			s.say(" ")
			s.tellBytes(s.applied.Command)
			s.say(" ")
			s.tellBytes(s.applied.Response)
		} else {
			s.say(" -")
		}
		s.say("\n")
	}
	if ok {
		s.begin(tag)
		s.say("done\n")
	}
	return ok
}
