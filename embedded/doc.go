// Package embedded runs a server of the cluster on a microcontroller: without a heap,
// without an operating system, asleep when there is nothing to do.
//
// An [Executor] runs the tasks of a board, such as the server, the network and the
// console, one after the other on one processor.
package embedded
