package main

import (
	"runtime"
	"slices"
	"time"
)

// cluster is one side of a comparison.
type cluster interface {
	verify() // panics unless all nodes have applied the same
	close()
}

// side is one implementation at one kind of work.
type side struct {
	cluster cluster
	name    string
	run     func() // the work once
	units   int    // what one run counts for: entries, or 1
}

// comparison is one kind of work on both sides.
type comparison struct {
	name       string
	goroutines bool // theirs needs several; else all is done on one thread, collecting garbage included
	ours       func() side
	theirs     func() side
}

// result is one line of the output. Times and allocations are per entry, or per
// minute or election; ratio is our time as part of theirs.
type result struct {
	Name         string  `json:"name"`
	OursNS       float64 `json:"ours_ns"`
	TheirsNS     float64 `json:"theirs_ns"`
	Theirs       string  `json:"theirs"`
	Ratio        float64 `json:"ratio"`
	OursAllocs   float64 `json:"ours_allocs"`
	TheirsAllocs float64 `json:"theirs_allocs"`
}

// compare runs both sides in turns, a slice of time each, so that whatever else
// the machine does meets both alike, and takes the medians. The ratio is the
// median of each round's. Garbage of one side is collected before the other's
// slice and outside of both; what a side's own slice triggers is its own cost.
func compare(c *comparison, rounds int, slice time.Duration) result {
	if !c.goroutines {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	ours := c.ours()
	defer ours.cluster.close()
	oursRuns := calibrate(&ours, slice)
	oursAllocs := allocations(&ours, oursRuns) // before theirs may have goroutines
	theirs := c.theirs()
	defer theirs.cluster.close()
	theirsRuns := calibrate(&theirs, slice)
	theirsAllocs := allocations(&theirs, theirsRuns)

	oursTimes, theirsTimes, ratios := make([]float64, rounds), make([]float64, rounds), make([]float64, rounds)
	for i := range rounds {
		if i%2 == 0 {
			oursTimes[i] = timed(&ours, oursRuns)
			theirsTimes[i] = timed(&theirs, theirsRuns)
		} else {
			theirsTimes[i] = timed(&theirs, theirsRuns)
			oursTimes[i] = timed(&ours, oursRuns)
		}
		ratios[i] = oursTimes[i] / theirsTimes[i]
	}
	ours.cluster.verify()
	theirs.cluster.verify()
	return result{
		Name: c.name, Theirs: theirs.name,
		OursNS: median(oursTimes), TheirsNS: median(theirsTimes), Ratio: median(ratios),
		OursAllocs: oursAllocs, TheirsAllocs: theirsAllocs,
	}
}

// calibrate is how many runs take about a slice.
func calibrate(s *side, slice time.Duration) int {
	for runs := 1; ; runs *= 2 {
		if taken := timed(s, runs) * float64(runs*s.units); taken >= float64(slice)/2 {
			return max(1, int(float64(runs)*float64(slice)/taken))
		}
	}
}

// timed is the time of a number of runs, in nanoseconds a unit.
func timed(s *side, runs int) float64 {
	runtime.GC()
	start := time.Now()
	for range runs {
		s.run()
	}
	return float64(time.Since(start)) / float64(runs*s.units)
}

// allocations is how many objects a unit allocates.
func allocations(s *side, runs int) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		s.run()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(runs*s.units)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
