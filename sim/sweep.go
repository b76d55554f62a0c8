package sim

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A Summary is what became of a range of seeds.
type Summary struct {
	Seeds     uint64 // that were run
	Failed    uint64
	First     *Result // the failure of the lowest seed, or nil
	Messages  uint64  // delivered to a node
	Events    uint64
	Simulated uint64 // nanoseconds of true time
	Hash      uint64 // the seeds' hashes, folded in the order of the seeds
	Searches  uint64 // through what clients were told, for an order that explains it
	Undecided uint64 // of these, so many were given up
	Scans     uint64 // of all stores
	Coverage  Coverage

	// Seeds that were run once more, to see that they come out the same, and the
	// messages delivered then, which Messages does not count.
	Reruns        uint64
	RerunMessages uint64

	met   meetings
	looks looks
}

// Sweep runs the seeds from first to last on all processors, each with the options
// that expand gives it, such as those of [Expand]; some twice, to see that nothing
// but the tape decides. Each result is given to watch,
// if that is not nil, in the order of the seeds; watch returns false to stop, as
// does the end of the context.
func Sweep(c context.Context, first, last uint64, expand func(seed uint64) Options, watch func(*Result) bool) Summary {
	c, stop := context.WithCancel(c)
	defer stop()
	results := make(chan Result, runtime.GOMAXPROCS(0))
	var next atomic.Uint64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			var w world
			for c.Err() == nil {
				seed := first + next.Add(1) - 1
				if seed > last || seed < first {
					return
				}
				options := expand(seed)
				r := w.run(seed, &options, randomTape(seed))
				if r.rerunDue() {
					r.again()
				}
				results <- r
			}
		})
	}
	go func() {
		workers.Wait()
		close(results)
	}()
	return collect(results, first, stop, watch)
}

// collect folds results in the order of their seeds, which is not the order in
// which they arrive.
func collect(results <-chan Result, first uint64, stop func(), watch func(*Result) bool) Summary {
	var sum Summary
	early := map[uint64]Result{}
	stopped := false
	for r := range results {
		early[r.Seed] = r
		for {
			r, arrived := early[first+sum.Seeds]
			if !arrived || stopped {
				break
			}
			delete(early, r.Seed)
			sum.add(&r)
			if watch != nil && !watch(&r) {
				stopped = true
				stop()
			}
		}
	}
	return sum
}

func (s *Summary) add(r *Result) {
	s.Seeds++
	s.Messages += r.Messages
	s.Events += r.Events
	s.Simulated += r.Simulated
	s.Hash = mix(s.Hash, r.Hash)
	s.Searches += r.Searches
	s.Undecided += r.Undecided
	s.Scans += r.Scans
	for i, count := range r.Coverage {
		s.Coverage[i] += count
	}
	for i, count := range r.looks {
		s.looks[i] += count
	}
	s.met.add(r)
	s.Reruns += r.reruns
	s.RerunMessages += r.rerunMessages
	if r.Failure == nil {
		return
	}
	s.Failed++
	if s.First == nil {
		first := *r
		s.First = &first
	}
}
