package sim

import (
	"fmt"
	"strings"
)

// A Failure is a rule that a run has shown to be broken.
type Failure struct {
	Rule string // its short name
	What string // what happened, in a sentence
	At   uint64 // when, in nanoseconds of true time since the start
}

// A Result is what became of a run.
type Result struct {
	Seed      uint64
	Options   Options
	Failure   *Failure // nil if all rules held
	Hash      uint64   // of everything that happened
	Messages  uint64   // delivered to a node
	Events    uint64
	Simulated uint64 // nanoseconds of true time
	Searches  uint64 // through what clients were told, for an order that explains it
	Undecided uint64 // of these, so many were given up
	Scans     uint64 // of all stores
	Coverage  Coverage

	met           [rarities]uint64
	looks         looks
	reruns        uint64
	rerunMessages uint64
	states        []uint64
}

// Run runs one seed with the given options, usually those of [Expand].
func Run(seed uint64, options Options) Result {
	var w world
	return w.run(seed, &options, randomTape(seed))
}

// run runs one tape from the beginning to the end.
func (w *world) run(seed uint64, options *Options, t tape) Result {
	w.reset(options, t)
	return w.finish(seed, options)
}

// finish runs what reset has prepared.
func (w *world) finish(seed uint64, options *Options) Result {
	w.live()
	r := w.result()
	r.Seed, r.Options = seed, *options
	return r
}

// result is what has become of the run.
func (w *world) result() Result {
	w.fold(w.tape.hash, w.now)
	return Result{
		Failure: w.ledger.failure, Hash: w.hash,
		Messages: w.messages, Events: w.events, Simulated: w.now,
		Searches: w.searches, Undecided: w.undecided, Scans: w.scan.count, Coverage: w.coverage, met: w.met, states: w.samples.listed, looks: w.ledger.looks,
	}
}

// live is a run from the founding of the cluster to its last check. Nothing that
// a broken core can do may end more than this run.
func (w *world) live() {
	defer w.rescue()
	w.ledger.looks[atLife]++
	w.begin()
	if w.recorder != nil {
		w.recorder.founded(w)
	}
	w.until(w.options.SafetyPhase)
	if w.ledger.failure == nil && !w.options.BeyondAtlas {
		w.liveness()
	}
	switch {
	case w.ledger.failure != nil:
	case w.guest != nil:
		w.guest.End()
	case w.options.Histories:
		w.judge()
	}
}

// Replay is the command that runs a seed again.
func (r *Result) Replay(nodes int) string {
	command := fmt.Sprintf("go run ./cmd/driftless sim --seeds %d-%d", r.Seed, r.Seed)
	if nodes != 0 {
		command += fmt.Sprintf(" --nodes %d", nodes)
	}
	if r.Options.Spec {
		command += " --spec"
	}
	if !r.Options.Histories {
		command += " --no-histories"
	}
	if r.Options.Outcomes {
		command += " --outcomes"
	}
	return command + " --verbose"
}

// status shows all servers, for a failure's sentence.
func (w *world) status() string {
	var b strings.Builder
	for i := range w.count {
		s := w.servers[i]
		if i > 0 {
			b.WriteString("; ")
		}
		if !s.up {
			fmt.Fprintf(&b, "server %d down", s.id)
			continue
		}
		fmt.Fprintf(&b, "server %d %v term %d commit %d last %d applied %d %s", s.id, s.seen.role, s.seen.term,
			s.seen.commit, s.seen.last, s.machine.index, describe(&s.seen.configuration))
		if waiting := s.proposals.waiting(); len(waiting) > 0 {
			fmt.Fprintf(&b, ", %d proposals wait, the first at %d of term %d", len(waiting), waiting[0].index, waiting[0].term)
		}
		if len(s.orphans) > 0 {
			fmt.Fprintf(&b, ", %d proposals of earlier terms wait, the first at %d of term %d", len(s.orphans), s.orphans[0].index, s.orphans[0].term)
		}
		if len(s.queries) > 0 {
			fmt.Fprintf(&b, ", %d reads wait, the first at %+v", len(s.queries), s.queries[0].point)
		}
	}
	if c := w.waitingClient(w.now); c != nil {
		fmt.Fprintf(&b, "; client %d waits since %d for command %d of session %d", c.number, c.since, c.sequence, c.session)
	}
	return b.String()
}
