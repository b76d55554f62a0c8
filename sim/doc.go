// Package sim runs a cluster of the real core and driver in one thread, in
// virtual time, over a network, disks and clocks that misbehave, and checks at
// every event that Raft's guarantees hold.
//
//	result := sim.Run(7, sim.Expand(7, 0))
//	if result.Failure != nil {
//		fmt.Println(result.Failure.Rule, result.Failure.What)
//	}
//
// Every choice of a run (which fault, which delay, what a client does, where a
// crash falls) is drawn from one decision tape, so a seed names a run exactly:
// the same seed gives the same hash on every machine. [Expand] turns a seed into
// [Options], of which each seed switches on some and leaves out others, and
// [Sweep] runs a range of seeds on all processors.
//
// A run has two phases. In the safety phase anything may fail. Then everything
// is healed, or a core that is large enough while all outside stay broken for good,
// and the cluster must elect a leader, keep it, resolve whatever is pending and come
// to one log. What it may be excused by, and who else judges a run, stands in
// docs/oracles.md.
package sim
