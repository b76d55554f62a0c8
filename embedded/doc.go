// Package embedded runs a server of the cluster on a microcontroller: without a heap,
// without an operating system, asleep when there is nothing to do.
//
// A [Node] is the server: the core with its driver, a state machine, a store, a link to
// its peers, and the requests that wait for their answers. An [Executor] runs it and
// the other tasks of a board, such as the network and the console, one after the other
// on one processor. An [Output] is what only one board of all may drive.
//
//	node.Format(&settings, &ports, &memory)
//	refusal := node.Start() // raft.EmptyStore: it waits for Bootstrap or Join
//	executor.Format(processor(0))
//	server = executor.Add(task(0)) // whose Poll hands frames to node.Receive and calls node.Poll
//	executor.Run()
//
// All of it is plain structs in memory that the program declares, and runs on the host
// as well. Nothing here allocates, and the package links without a heap.
package embedded
