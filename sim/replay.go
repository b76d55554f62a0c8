package sim

import (
	"fmt"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/trace"
)

// A Playback says how far a tape is to be replayed, and who looks on.
type Playback struct {
	// UntilTime ends it before anything happens after that true time, in
	// nanoseconds, and UntilEvent when so many events have happened; 0: not.
	UntilTime  uint64
	UntilEvent uint64
	// Tell, if it is not nil, is told whatever happens. An event is valid until the
	// call that it is passed to returns.
	Tell func(*trace.Event)
	// Journal, if it is not nil, gives each server a journal to write, or nil.
	Journal func(raft.ID) *trace.Journal
}

// A Replayed tape is one that was run again.
type Replayed struct {
	Result
	Halted  bool // before its end, as asked for
	Servers []Observed
}

// An Observed server is one as it was when a replay ended.
type Observed struct {
	ID    raft.ID
	Up    bool
	State trace.State // of a server that is up
}

// Replay runs a tape again. What a tape says may come from anywhere: what no run
// can be made of is an error.
func Replay(t *trace.Tape, p Playback) (replayed *Replayed, err error) {
	options, err := optionsOf(t.Options)
	if err != nil {
		return nil, err
	}
	w := world{halt: &halt{Playback: p}}
	if p.Tell != nil {
		w.trace = &tracer{tell: p.Tell}
	}
	if p.Journal != nil {
		for i := range int(options.Nodes) + int(options.Spares) {
			w.servers = append(w.servers, &server{journal: p.Journal(raft.ID(i + 1))})
		}
	}
	defer func() {
		if broken := recover(); broken != nil {
			replayed, err = nil, fmt.Errorf("no run can be made of the tape's options: %v", broken)
		}
	}()
	replayed = &Replayed{}
	if len(t.Actions) > 0 {
		replayed.Result = w.act(t.Seed, &options, t.Actions)
	} else {
		replayed.Result = w.run(t.Seed, &options, replayTape(t.Choices))
	}
	replayed.Halted = w.halt.over
	if replayed.Halted {
		replayed.Failure = nil
	}
	replayed.Servers = w.observed()
	return replayed, nil
}

// Perform runs a list of actions, such as Shrink has found, with the given options.
func Perform(options Options, actions []trace.Action) Result {
	return new(world).act(0, &options, actions)
}

// Heading is the first line of a trace of a tape; the tool is the version of the
// program that writes it.
func Heading(t *trace.Tape, tool string) trace.Heading {
	h := trace.Heading{Core: raft.Fingerprint, Tool: tool, Seed: t.Seed}
	if o, err := optionsOf(t.Options); err == nil {
		h.Options, h.Servers = o.String(), int(o.Nodes)+int(o.Spares)
	}
	return h
}

// act is perform with a result.
func (w *world) act(seed uint64, o *Options, actions []trace.Action) Result {
	w.perform(o, actions)
	hash := w.hash
	r := w.result()
	r.Seed, r.Options, r.Hash = seed, *o, hash
	return r
}

// observed are the servers as they are now.
func (w *world) observed() []Observed {
	var all []Observed
	for _, s := range w.servers[:w.count] {
		o := Observed{ID: s.id, Up: s.up}
		if s.up {
			o.State = s.stateOf()
		}
		all = append(all, o)
	}
	return all
}

// A halt ends a replay before its end.
type halt struct {
	Playback
	over bool
}

// reached ends the run if it has come as far as it should. To everybody else that
// looks like a failure.
func (h *halt) reached(w *world, next uint64) bool {
	if h.UntilEvent > 0 && w.events >= h.UntilEvent || h.UntilTime > 0 && next > h.UntilTime {
		h.over = true
		w.ledger.failure = &Failure{Rule: "halted", What: "the replay ends here", At: w.now}
	}
	return h.over
}
