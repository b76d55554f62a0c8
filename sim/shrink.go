package sim

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/trace"
)

// A Shrunk failure is a short list of actions that breaks the same rule as a run
// that failed.
type Shrunk struct {
	Seed    uint64
	Options Options
	// Actions is what happens, from the founding of the cluster on; empty where no
	// list of actions breaks the rule, so that only the whole run shows it.
	Actions []trace.Action
	Failure Failure
	Hash    uint64 // of everything that happens
	Steps   int    // actions after the founding
	Replays int    // runs that it took to find
	Story   string // what happens, in order, and why that breaks the rule

	whole trace.Tape
}

// Shrink runs a failed seed again and leaves out of it whatever the failure does
// not need, for at most some time and until the context ends. It returns an error if the seed does not fail
// again in exactly the same way, which is a failure of its own: then something
// decides that is not on the tape.
func Shrink(c context.Context, failed *Result, limit time.Duration) (*Shrunk, error) {
	c, stop := context.WithTimeout(c, limit)
	defer stop()
	return new(world).shrink(c, failed)
}

// shrink is Shrink in a given world.
func (w *world) shrink(c context.Context, failed *Result) (*Shrunk, error) {
	w.recorder = &recorder{}
	tape := randomTape(failed.Seed)
	tape.record = true
	again := w.run(failed.Seed, &failed.Options, tape)
	if again.Hash != failed.Hash || again.Failure == nil || again.Failure.Rule != failed.Failure.Rule {
		return nil, fmt.Errorf("seed %d is not deterministic: its hash was %016x, and is %016x when it is run again",
			failed.Seed, failed.Hash, again.Hash)
	}
	actions, drawn := w.recorder.actions, w.recorder.heal
	w.recorder = nil
	whole := again.tape()
	whole.Choices = slices.Clone(w.tape.choices)
	s := shrinker{world: w, gist: failed.Failure.gist(), context: c}
	s.Shrunk = Shrunk{Seed: failed.Seed, Options: failed.Options, Failure: *again.Failure, Hash: again.Hash, Steps: len(actions) - 1, whole: whole}
	if s.stage(actions, drawn) {
		s.shrink()
	}
	s.tell()
	return &s.Shrunk, nil
}

// Whole is the tape of the whole run, before anything was left out.
func (s *Shrunk) Whole() *trace.Tape { return &s.whole }

// Tape is the tape of the actions that are left; of the whole run, where there are
// none.
func (s *Shrunk) Tape() *trace.Tape {
	if len(s.Actions) == 0 {
		return s.Whole()
	}
	r := Result{Seed: s.Seed, Options: s.Options, Failure: &s.Failure, Hash: s.Hash}
	t := r.tape()
	t.Actions = s.Actions
	return &t
}

// tape is a tape of the run, without what happens in it.
func (r *Result) tape() trace.Tape {
	t := trace.Tape{Core: raft.Fingerprint, Seed: r.Seed, Options: r.Options.listed(), Hash: r.Hash}
	if r.Failure != nil {
		t.Rule, t.What = r.Failure.Rule, r.Failure.What
	}
	return t
}

// tell has the failure told as a story.
func (s *Shrunk) tell() {
	var t teller
	w := world{trace: &tracer{tell: t.tell}}
	if len(s.Actions) > 0 {
		w.perform(&s.Options, s.Actions)
	} else {
		w.run(s.Seed, &s.Options, randomTape(s.Seed))
	}
	s.Story = t.story()
}

// A shrinker tries ever shorter lists of actions.
type shrinker struct {
	Shrunk
	world   *world
	gist    string   // of the failure to keep
	sent    []uint64 // how many messages had been sent after each action
	context context.Context
}

// try performs a list of actions, and takes it for the present one if it breaks
// the rule.
func (s *shrinker) try(o *Options, actions []trace.Action) bool {
	if s.context.Err() != nil {
		return false
	}
	s.Replays++
	taken := s.world.perform(o, actions)
	f := s.world.ledger.failure
	if f == nil || f.gist() != s.gist {
		return false
	}
	s.Options, s.Actions, s.Failure, s.Hash, s.Steps = *o, taken, *f, s.world.hash, len(taken)-1
	s.sent = append(s.sent[:0], s.world.sent...)
	return true
}

// gist is what two failures have in common that are the same: the rule; of an
// assertion, which.
func (f *Failure) gist() string {
	if f.Rule != "assertion" {
		return f.Rule
	}
	which, _, _ := strings.Cut(f.What, " (")
	return which
}

// stage finds a list of actions to begin with: all that happened; or all up to the
// end of the faults, which was drawn from some choices, and after which the cluster
// does not recover.
func (s *shrinker) stage(actions []trace.Action, drawn []uint64) bool {
	o := s.Options
	o.Scans, o.States = false, false
	if s.try(&o, actions) || s.try(&o, append(slices.Clip(actions), trace.Action{Kind: judgeAction})) {
		return true
	}
	if o.Scans = s.Options.Scans; o.Scans && s.try(&o, actions) { // after every action
		return true
	}
	calm := slices.IndexFunc(actions, func(a trace.Action) bool { return a.Kind == calmAction })
	if calm < 0 {
		return false
	}
	o.Scans = false
	heal := trace.Action{Kind: healAction, At: actions[calm].At, Choices: drawn}
	return s.try(&o, append(slices.Clip(actions[:calm]), heal))
}

// shrink makes the list shorter and plainer until nothing helps any more.
func (s *shrinker) shrink() {
	s.leaveOutKinds()
	s.leaveOut(max(1, len(s.Actions)/2))
	for before := -1; before != s.weight() && s.context.Err() == nil; {
		before = s.weight()
		s.leaveOutServers()
		s.leaveOutCones()
		s.simplify(hurry)
		s.simplify(calmChoices)
		s.simplifyOptions()
		s.simplifyChoices()
		s.leaveOut(max(1, min(8, len(s.Actions)/2)))
	}
}

// weight is what shrinking makes less.
func (s *shrinker) weight() int {
	weight := 1000 * len(s.Actions)
	for i := range s.Actions {
		a := &s.Actions[i]
		weight += 10 * len(a.Choices)
		if a.At != 0 {
			weight++
		}
		for _, choice := range a.Choices {
			if choice != 0 {
				weight++
			}
		}
	}
	return weight
}

// leaveOutKinds leaves out all actions of a kind at once, most of which are of no
// use: every kind of message, and everything else that happens to a server.
func (s *shrinker) leaveOutKinds() {
	type class struct {
		kind, message string
		server        uint8
	}
	var classes []class
	add := func(c class) {
		if !slices.Contains(classes, c) {
			classes = append(classes, c)
		}
	}
	for i := range s.Actions {
		a := &s.Actions[i]
		if a.Kind == foundAction || a.Kind == healAction || a.Kind == judgeAction {
			continue
		}
		add(class{kind: a.Kind, message: a.Message})
		if a.Server > 0 {
			add(class{server: a.Server})
		}
	}
	for _, c := range classes {
		s.try(&s.Options, slices.DeleteFunc(slices.Clone(s.Actions), func(a trace.Action) bool {
			if c.server > 0 {
				return a.Server == c.server
			}
			return a.Kind == c.kind && a.Message == c.message
		}))
	}
}

// leaveOut leaves out pieces of a size wherever that can be done, from the end on;
// then pieces of half that size.
func (s *shrinker) leaveOut(size int) {
	for ; size > 0 && s.context.Err() == nil; size /= 2 {
		for before := -1; before != len(s.Actions); {
			before = len(s.Actions)
			for from := len(s.Actions) - size; from > 0; from -= size {
				from = min(from, len(s.Actions)-1)
				shorter := slices.Concat(s.Actions[:from], s.Actions[min(from+size, len(s.Actions)):])
				s.try(&s.Options, shorter)
			}
			if size > 1 {
				break
			}
		}
	}
}

// leaveOutCones leaves out single actions together with what follows from them: the
// deliveries of what was sent in them, and of what was sent in those, as far as one
// step, two, or all the way.
func (s *shrinker) leaveOutCones() {
	for _, depth := range [...]int{len(s.Actions), 2, 1} {
		for i := len(s.Actions) - 1; i > 0; i-- {
			if i < len(s.Actions) {
				s.try(&s.Options, s.withoutCone(i, depth))
			}
		}
	}
}

// withoutCone is the list without an action and what follows from it.
func (s *shrinker) withoutCone(of, depth int) []trace.Action {
	steps := make([]int, len(s.Actions)) // from the action on, plus one; 0: it does not follow
	steps[of] = 1
	left := slices.Clone(s.Actions[:of])
	for i := of + 1; i < len(s.Actions); i++ {
		a := &s.Actions[i]
		if a.Message != "" {
			sender, _ := slices.BinarySearch(s.sent, a.Value)
			if sender < i && steps[sender] > 0 && steps[sender] <= depth {
				steps[i] = steps[sender] + 1
				continue
			}
		}
		left = append(left, *a)
	}
	return left
}

// leaveOutServers tries clusters of fewer servers, each of which plays the part of
// one of those there are.
func (s *shrinker) leaveOutServers() {
	for _, nodes := range [...]uint8{3, 4, 5} {
		count := s.Options.Nodes + s.Options.Spares
		if nodes >= count {
			return
		}
		for kept := range uint32(1) << count {
			if bits.OnesCount32(kept) == int(nodes) && s.recast(nodes, kept) {
				return
			}
		}
	}
}

// recast tries a cluster of only some of the servers, a bit for each, numbered anew.
func (s *shrinker) recast(nodes uint8, kept uint32) bool {
	part := func(server uint8) uint8 {
		if server == 0 || kept>>(server-1)&1 == 0 {
			return 0
		}
		return uint8(bits.OnesCount32(kept & (1<<server - 1)))
	}
	var cast []trace.Action
	for _, a := range s.Actions {
		server, from := part(a.Server), part(a.From)
		if server == 0 && a.Server != 0 || from == 0 && a.From != 0 {
			continue
		}
		a.Server, a.From = server, from
		cast = append(cast, a)
	}
	o := s.Options
	o.Nodes, o.Spares = nodes, 0
	return s.try(&o, cast)
}

// hurry has an action happen as soon as it can.
func hurry(a *trace.Action) bool {
	changes := a.At != 0
	a.At = 0
	return changes
}

// calmChoices has nothing but quiet choices drawn in an action.
func calmChoices(a *trace.Action) bool {
	changes := len(a.Choices) > 0
	a.Choices = nil
	return changes
}

// simplify changes as many actions as possible: all, or halves, and so on.
func (s *shrinker) simplify(change func(*trace.Action) bool) {
	for size := len(s.Actions); size > 0; size /= 2 {
		for from := 0; from < len(s.Actions); from += size {
			plainer := slices.Clone(s.Actions)
			changed := false
			for i := from; i < min(from+size, len(plainer)); i++ {
				changed = change(&plainer[i]) || changed
			}
			if changed {
				s.try(&s.Options, plainer)
			}
		}
	}
}

// simplifyChoices makes single choices quiet.
func (s *shrinker) simplifyChoices() {
	for i := 0; i < len(s.Actions); i++ {
		for at := len(s.Actions[min(i, len(s.Actions)-1)].Choices) - 1; at >= 0 && i < len(s.Actions); at-- {
			choices := s.Actions[i].Choices
			if at >= len(choices) {
				continue
			}
			if at == len(choices)-1 {
				s.tryChoices(i, choices[:at])
			} else if choices[at] != 0 {
				quieter := slices.Clone(choices)
				quieter[at] = 0
				s.tryChoices(i, quieter)
			}
		}
	}
}

func (s *shrinker) tryChoices(i int, choices []uint64) {
	plainer := slices.Clone(s.Actions)
	plainer[i].Choices = choices
	s.try(&s.Options, plainer)
}

// simplifyOptions tries plainer options: fewer servers, no faults that the actions
// don't need, a store whose writes are durable at once.
func (s *shrinker) simplifyOptions() {
	for _, plainer := range [...]func(o *Options){
		func(o *Options) { o.Spares = 0 },
		func(o *Options) { o.Store, o.DiskDelayMin, o.DiskDelayMax = BlockStore, 0, 0 },
		func(o *Options) { o.LeaseReads = false },
		func(o *Options) { o.ClockErrorPPM, o.ClockExcessPPM, o.UnfitClocks = 0, 0, 0 },
		func(o *Options) { o.Loss, o.Duplication, o.Corruption, o.Garbling, o.Tail = 0, 0, 0, 0, 0 },
		func(o *Options) { o.LinkCapacity, o.InOrder = 0, false },
		func(o *Options) { o.Partitions, o.OneWay, o.Deafnesses, o.Flaps, o.Clogs = 0, 0, 0, 0, 0 },
		func(o *Options) { o.Swizzles, o.Filters, o.Lulls, o.FaultOnEvent = 0, 0, 0, 0 },
		func(o *Options) { o.CrashInStep, o.CrashOnElected, o.RestartOnVote, o.QuickRestarts = 0, 0, 0, 0 },
		func(o *Options) { o.Crashes, o.Pauses, o.SlowNodes, o.Drifts, o.Jumps = 0, 0, 0, 0, 0 },
		func(o *Options) { o.DiskFailures, o.HungDisks, o.Wipes, o.Rot = 0, 0, 0, 0 },
		func(o *Options) { o.FrozenCore, o.BeyondAtlas = 0, false },
		func(o *Options) { o.Outages, o.OutageOnAnswer = 0, 0 },
		func(o *Options) {
			o.FailedSyncs, o.FailedWrites, o.FullDisks, o.SlowDisks, o.StraySectors = 0, 0, 0, 0, 0
		},
		func(o *Options) {
			o.StaleReads, o.Decay, o.LostSectors, o.TornSectors, o.GarbageSectors = 0, 0, false, false, false
		},
		func(o *Options) { o.ReadElected, o.ReadDeposed, o.Reads = 0, 0, 0 },
		func(o *Options) { o.Changes, o.Transfers, o.Abortions, o.Compactions = 0, 0, 0, 0 },
		func(o *Options) { o.GiveUps, o.LostResponses, o.LateRequests, o.HotRegisters = 0, 0, 0, 0 },
		func(o *Options) { o.ApplyDelay, o.SnapshotBytes = 0, 0 },
		func(o *Options) { o.Clients = 1 },
		func(o *Options) { o.BatchMax = 1 },
		func(o *Options) { o.Spec = false },
		func(o *Options) { o.Histories = false },
	} {
		o := s.Options
		if plainer(&o); o != s.Options {
			s.try(&o, s.Actions)
		}
	}
}
