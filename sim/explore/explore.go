package explore

import (
	"context"
	"strings"
	"time"
)

// A Violation is a rule that does not hold.
type Violation struct {
	Rule string
	What string // in words
	// Path are the steps that lead there, in words: where states are visited
	// breadth first, one of the shortest ways.
	Path []string
}

// A Result is what was met.
type Result struct {
	Distinct  uint64 // states of the cluster
	Generated uint64 // steps to one, new or not
	Depth     int    // steps from the first state to the farthest
	Walks     uint64 // random walks made
	Servers   uint64 // states of single servers
	Bytes     uint64 // of memory used, at most
	// Limit is what ended the exploration before all was seen: "time", "memory"
	// or "interrupted"; empty if nothing did.
	Limit     string
	Violation *Violation // the first one, or nil
}

// Progress is told now and then how far it has got.
type Progress func(distinct, generated uint64, depth int)

// Run explores until all is seen, a rule is broken, a limit is reached or the
// context ends. It fails if the options make no sense.
func Run(ctx context.Context, o *Options, progress Progress) (*Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	u, first, err := newUniverse(o)
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(uint64, uint64, int) {}
	}
	g := &guard{ctx: ctx, options: o, start: time.Now(), progress: progress}
	if o.Strategy == BreadthFirst {
		return newSearch(u, g).run(first), nil
	}
	return newWalker(u, g, first).run(), nil
}

// A guard ends an exploration that has reached a limit.
type guard struct {
	ctx      context.Context
	options  *Options
	start    time.Time
	progress Progress
}

// limit returns the limit that is reached, if one is.
func (g *guard) limit(r *Result, bytes uint64) string {
	r.Bytes = max(r.Bytes, bytes)
	g.progress(r.Distinct, r.Generated, r.Depth)
	switch {
	case g.ctx.Err() != nil:
		return "interrupted"
	case g.options.Time > 0 && time.Since(g.start) >= g.options.Time:
		return "time"
	case g.options.Memory > 0 && bytes >= g.options.Memory/4*3: // the largest table takes half as much again to grow
		return "memory"
	}
	return ""
}

// violation makes one of a failure, which begins with the rule's name.
func violation(failure string, path []string) *Violation {
	rule, what, _ := strings.Cut(failure, ": ")
	return &Violation{Rule: rule, What: what, Path: path}
}
