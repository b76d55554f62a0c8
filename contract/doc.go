// Package contract holds the scenarios that every realization of the core must
// master, and that anybody may hold another Raft against.
//
// A scenario is written once and knows nothing of what it runs on: it starts a
// cluster, does something to it, and says what must come of it. It counts time in
// election timeouts and waits for conditions, never for a length of time. It ends
// with checks that are the same for all: that the servers applied the same
// commands in the same order, each acknowledged one once; that what clients saw
// is linearizable; that no term had two leaders.
//
// A realization brings a [Runner], which starts clusters and says what it can't do
// by nature, and for each [Cluster] a way to do what scenarios do: pass time, crash,
// cut, ask. Nothing of it looks into a server; all can be had over a network or a
// serial line. The servers run the state machine of [NewMachine].
//
//	func TestMyRaftKeepsTheContract(t *testing.T) {
//		contract.Run(t, myRunner{})
//	}
//
// docs/contract.md has a guide, and the matrix of scenarios and realizations.
package contract
