package simtest

import (
	"fmt"
	"strings"

	"github.com/driftless-raft/driftless/sim"
)

// A story is the last of what happened in a run, as far as it concerns the subject.
type story struct {
	events [storyMax]happening
	count  int
}

const storyMax = 12

// A happening is one line of it.
type happening struct {
	at     uint64 // in nanoseconds
	server int
	kind   happeningKind
	what   Operation
}

type happeningKind uint8

const (
	started  happeningKind = iota // a server, with a new machine
	loaded                        // a snapshot, on a server
	applied                       // a command, by the first server
	answered                      // an operation, to its client
)

func (s *story) add(host *sim.Host, server int, kind happeningKind, what *Operation) {
	h := &s.events[s.count%storyMax]
	*h = happening{at: host.Now(), server: server, kind: kind}
	if what != nil {
		h.what = *what
	}
	s.count++
}

// retell makes the story one of a history's last operations.
func (s *story) retell(history []Operation) {
	s.count = 0
	for i := max(len(history)-storyMax, 0); i < len(history); i++ {
		o := &history[i]
		s.events[s.count] = happening{at: o.at, kind: answered, what: *o}
		s.count++
	}
}

// tell writes the story down, a line for each event.
func (v *visit) tell() string {
	var b strings.Builder
	for i := max(v.story.count-storyMax, 0); i < v.story.count; i++ {
		h := &v.story.events[i%storyMax]
		fmt.Fprintf(&b, "  %10.3f ms  ", float64(h.at)/1e6)
		switch h.kind {
		case started:
			fmt.Fprintf(&b, "server %d starts with a new machine\n", h.server)
		case loaded:
			fmt.Fprintf(&b, "server %d loads a snapshot\n", h.server)
		case applied:
			fmt.Fprintf(&b, "server %d is the first to apply: client %d %s\n", h.server, h.what.Client, v.describe(&h.what))
		case answered:
			fmt.Fprintf(&b, "client %d %s\n", h.what.Client, v.describe(&h.what))
		}
	}
	return b.String()
}
