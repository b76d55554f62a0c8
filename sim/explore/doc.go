// Package explore walks all states that a small cluster of the real core can
// reach within budgets of elections, proposals and faults, breadth first, and
// checks the safety rules in each.
//
// Nothing of Raft is modelled: every transition is a call of [raft.Driver] over
// ports that live in memory and are copied with the rest of a server's state. What
// is abstracted is what safety must not depend on: time, of which only order is
// left, and the absolute value of numbers that only grow. docs/explorer.md says
// why that is sound.
//
// A server's step depends on nothing but its own state and its input. So each
// state of a server, each message and each link's content is kept once and known
// by a number, a state of the cluster is a handful of such numbers, and a step that
// was made before is looked up instead of made again.
//
//	result, err := explore.Run(ctx, &explore.Options{Nodes: 3, Elections: 2, Proposals: 1}, nil)
package explore
