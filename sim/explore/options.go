package explore

import (
	"errors"
	"fmt"
	"time"
)

// A Strategy is an order in which states are visited.
type Strategy string

// The strategies. All but BreadthFirst are random walks, which find deep bugs
// where breadth first runs out of memory, and never end by themselves.
const (
	// BreadthFirst visits every state and finds shortest paths.
	BreadthFirst Strategy = "bfs"
	// Random takes any step with equal chance.
	Random Strategy = "random"
	// Swarm gives each walk its own random part of the budgets and its own
	// weights for kinds of steps, servers and links.
	Swarm Strategy = "swarm"
	// Priorities gives links and timers random priorities and changes them at
	// few random places (probabilistic concurrency testing).
	Priorities Strategy = "pct"
	// Coverage starts walks from states that were new when only roles, terms
	// and logs are looked at.
	Coverage Strategy = "coverage"
)

// Options say how far to explore. A budget counts over a whole history, not per
// server.
type Options struct {
	Nodes      int // servers, all of them voters: 2 to 5
	Elections  int // election timers that fire
	Proposals  int // commands taken to a leader
	Heartbeats int // heartbeat timers that fire
	Crashes    int // crashes, each followed by a restart
	Slow       int // steps after which a server's writes are not durable at once
	Drops      int // messages lost
	Duplicates int // messages delivered twice, the second time at any time
	Reorders   int // messages that others of their link overtake
	Changes    int // configuration changes
	Snapshots  int // snapshots taken

	// Symmetry takes states that differ only by the servers' names for one. It
	// needs servers that are Alike.
	Symmetry bool

	Strategy Strategy
	Seed     uint64 // of random walks
	StepsMax int    // in one random walk
	Walks    uint64 // how many random walks; 0: until the time is up

	Time   time.Duration // the most to spend; 0: no limit
	Memory uint64        // the most to use, in bytes; 0: no limit
}

const (
	nodesMax  = 5
	logMax    = 24 // entries in a log
	termsMax  = 20 // of whose leaders the state keeps track
	budgetMax = 60
)

// check says what is wrong with the options.
func (o *Options) check() error {
	for _, b := range o.budgets() {
		if *b.most < 0 || *b.most > budgetMax {
			return fmt.Errorf("%s is %d, but must be from 0 to %d", b.name, *b.most, budgetMax)
		}
	}
	switch entries := o.Elections + o.Heartbeats + o.Proposals + 2*o.Changes; {
	case o.Nodes < 2 || o.Nodes > nodesMax:
		return fmt.Errorf("nodes is %d, but must be from 2 to %d", o.Nodes, nodesMax)
	case o.Elections+o.Heartbeats > termsMax:
		return fmt.Errorf("elections and heartbeats are %d together, but may be %d: a term can come of each", o.Elections+o.Heartbeats, termsMax)
	case o.StepsMax < 0:
		return fmt.Errorf("the steps of a walk are %d, but can't be negative", o.StepsMax)
	case entries > logMax:
		return fmt.Errorf("elections, heartbeats, proposals and twice the changes are %d together, but a log holds %d entries", entries, logMax)
	}
	if o.Symmetry && !o.Alike() {
		return errors.New("there is no symmetry with changes, or with slow disks and heartbeats together: a leader that hands over prefers, of equal servers, the one in the lowest slot")
	}
	switch o.Strategy {
	case BreadthFirst, Random, Swarm, Priorities, Coverage:
		return nil
	}
	return fmt.Errorf("strategy %q is unknown: choose bfs, random, swarm, pct or coverage", o.Strategy)
}

// Alike reports whether no server treats another by its name within the budgets,
// which Symmetry needs. The one exception in the core is whom a leader hands over to:
// when its disk hangs, and when it has removed itself.
func (o *Options) Alike() bool { return o.Changes == 0 && (o.Slow == 0 || o.Heartbeats == 0) }

// A resource is what a budget is of.
type resource uint8

const (
	elections resource = iota
	proposals
	heartbeats
	crashes
	slow
	drops
	duplicates
	reorders
	changes
	snapshots
	resources
)

type budget struct {
	name string
	most *int
}

// budgets are the budgets by resource.
func (o *Options) budgets() [resources]budget {
	return [resources]budget{
		elections:  {"elections", &o.Elections},
		proposals:  {"proposals", &o.Proposals},
		heartbeats: {"heartbeats", &o.Heartbeats},
		crashes:    {"crashes", &o.Crashes},
		slow:       {"slow", &o.Slow},
		drops:      {"drops", &o.Drops},
		duplicates: {"duplicates", &o.Duplicates},
		reorders:   {"reorders", &o.Reorders},
		changes:    {"changes", &o.Changes},
		snapshots:  {"snapshots", &o.Snapshots},
	}
}

// budgetsOf are the sizes of the budgets.
func budgetsOf(o *Options) (most [resources]int) {
	for r, b := range o.budgets() {
		most[r] = *b.most
	}
	return most
}

// spent counts what of each budget has been used, six bits each.
type spent uint64

func (s spent) of(r resource) int    { return int(s >> (6 * r) & 63) }
func (s spent) and(r resource) spent { return s + 1<<(6*r) }
