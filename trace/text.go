package trace

import (
	"fmt"
	"strings"
)

// String is the event as a line for people.
func (e *Event) String() string {
	server := ""
	if e.Server != 0 {
		server = fmt.Sprintf("server %d  ", e.Server)
	}
	return fmt.Sprintf("%14.6f ms  #%d  %s%s", float64(e.At)/1e6, e.Step, server, e.Account())
}

// Account is what the event tells of, without when and where it happened.
func (e *Event) Account() string {
	var b strings.Builder
	switch e.Kind {
	case Start, Crash, Apply:
		b.WriteString(map[EventKind]string{Start: "starts", Crash: "goes down", Apply: "applies"}[e.Kind])
	case Step:
		b.WriteString(e.Input)
		if e.Message != nil {
			b.WriteString(" " + e.Message.String())
		}
	case Send:
		b.WriteString("  sends " + e.Message.String())
	case Write:
		b.WriteString("  writes " + e.Write.String())
	case Durable:
		fmt.Fprintf(&b, "  write %d is durable", e.Write.Number)
	case Verdict:
		fmt.Fprintf(&b, "%s: %s", e.Rule, e.Text)
	case Invoke, Answer:
		fmt.Fprintf(&b, "client %d %s", *e.Client, e.Text)
	default:
		b.WriteString(e.Text)
	}
	if e.Refusal != "" {
		b.WriteString(", refused: " + e.Refusal)
	}
	if e.State != nil {
		b.WriteString(" => " + e.State.String())
	}
	if len(e.Cut) > 0 {
		fmt.Fprintf(&b, ", links cut: %v", e.Cut)
	}
	return b.String()
}

// String shows a message by the fields that are not zero.
func (m *Message) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d->%d term %d", m.Kind, m.From, m.To, m.Term)
	for _, flag := range [...]struct {
		name string
		set  bool
	}{{"reject", m.Reject}, {"full", m.Full}, {"force", m.Force}, {"probe", m.Probe}, {"configured", m.Configured}, {"(lost)", m.Lost}} {
		if flag.set {
			b.WriteString(" " + flag.name)
		}
	}
	for _, field := range [...]struct {
		name  string
		value uint64
	}{
		{"index", m.Index},
		{"logterm", m.LogTerm},
		{"last", m.Last},
		{"entryterm", m.EntryTerm},
		{"commit", m.Commit},
		{"round", m.Round},
		{"stamp", m.Stamp},
		{"offset", m.Offset},
		{"bytes", uint64(m.Bytes)},
	} {
		if field.value != 0 {
			fmt.Fprintf(&b, " %s %d", field.name, field.value)
		}
	}
	return b.String()
}

// String shows the state on one line.
func (s *State) String() string {
	text := fmt.Sprintf("%s term %d", s.Role, s.Term)
	if s.Vote != 0 {
		text += fmt.Sprintf(" vote %d", s.Vote)
	}
	return text + fmt.Sprintf(" commit %d last %d of term %d durable %d applied %d {%s}",
		s.Commit, s.Last, s.LastTerm, s.Durable, s.Applied, s.Configuration)
}

// String shows a write by what its kind uses.
func (w *StoredWrite) String() string {
	text := fmt.Sprintf("%d: %s", w.Number, w.Kind)
	switch {
	case w.Last != 0 && w.EntryKind != "":
		text += fmt.Sprintf(" %d to %d of term %d, the first a %s", w.First, w.Last, w.Term, w.EntryKind)
	case w.First != 0:
		text += fmt.Sprintf(" from %d", w.First)
	case w.Last != 0:
		text += fmt.Sprintf(" at %d of term %d", w.Last, w.Term)
	case w.Term != 0:
		text += fmt.Sprintf(" term %d vote %d", w.Term, w.Vote)
	}
	if w.Offset != 0 {
		text += fmt.Sprintf(" offset %d", w.Offset)
	}
	return text
}
