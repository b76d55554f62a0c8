package sim

import "fmt"

// rerunEvery is how many seeds there are to one that is run again although it
// passed.
const rerunEvery = 20

// rerunDue reports whether a result is to be had once more: all failures are, and
// of what passed one seed of twenty.
func (r *Result) rerunDue() bool {
	return r.Failure != nil || mix(r.Seed, 0x616761696e)%rerunEvery == 0
}

// again runs the seed of a result once more, in a world whose memory nobody has
// used and in a goroutine of its own, and holds it against the result.
func (r *Result) again() {
	done := make(chan Result)
	go func() { done <- Run(r.Seed, r.Options) }()
	r.compare(<-done)
}

// compare fails a result that did not come out the same again: something other
// than the tape decides, and no failure can be relied on to be found again.
func (r *Result) compare(again Result) {
	r.reruns, r.rerunMessages = 1, again.Messages
	if r.Hash == again.Hash && r.Messages == again.Messages && r.Failure.same(again.Failure) {
		return
	}
	what := fmt.Sprintf("the first run had hash %016x, %d messages and %s, the second %016x, %d and %s",
		r.Hash, r.Messages, r.Failure.verdict(), again.Hash, again.Messages, again.Failure.verdict())
	r.Failure = &Failure{Rule: "nondeterminism", What: what}
}

// same reports whether two failures are one: the sentence about a panic tells how
// the run was called, too.
func (f *Failure) same(other *Failure) bool {
	if f == nil || other == nil {
		return f == other
	}
	return f.Rule == other.Rule && f.At == other.At
}

// verdict names the rule that a failure breaks.
func (f *Failure) verdict() string {
	if f == nil {
		return "no failure"
	}
	return "the failure of " + f.Rule
}
