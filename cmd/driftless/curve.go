package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/driftless-raft/driftless/sim"
)

// curvePoints is how many points a curve has.
const curvePoints = 60

// A curve is how many abstract states a long run had met by when.
type curve struct {
	survey sim.Survey
	start  time.Time
	every  time.Duration
	points []curvePoint
}

// curvePoint is one point of a curve, as it is printed for programs.
type curvePoint struct {
	Seconds float64 `json:"seconds"`
	Seeds   uint64  `json:"seeds"`
	States  int     `json:"states"`
}

func newCurve(length time.Duration) *curve {
	return &curve{start: time.Now(), every: length / curvePoints}
}

// add takes in one more seed.
func (c *curve) add(r *sim.Result, seeds uint64) {
	c.survey.Add(r)
	if passed := time.Since(c.start); passed >= c.every*time.Duration(len(c.points)+1) {
		c.mark(passed, seeds)
	}
}

// mark notes a point.
func (c *curve) mark(passed time.Duration, seeds uint64) {
	c.points = append(c.points, curvePoint{Seconds: passed.Seconds(), Seeds: seeds, States: c.survey.States()})
}

// writeText draws how many states were new in each stretch of time: a run that is
// not worth going on with is one whose line lies on the ground.
func (c *curve) writeText(out io.Writer) {
	const bars = "▁▂▃▄▅▆▇█"
	added := make([]int, 0, len(c.points))
	most, before := 1, 0
	for _, p := range c.points {
		added = append(added, p.States-before)
		most, before = max(most, p.States-before), p.States
	}
	var line strings.Builder
	for _, count := range added {
		line.WriteRune([]rune(bars)[min(count*8/most, 7)])
	}
	limit := ""
	if c.survey.Full() {
		limit = " (as many as are kept)"
	}
	fmt.Fprintf(out, "  %d abstract states%s; new ones over time, %v a character:\n  %s\n\n", before, limit, c.every, line.String())
}
