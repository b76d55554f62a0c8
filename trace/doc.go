// Package trace knows the formats in which runs are kept: see docs/trace.md.
//
// A [Tape] is the choices of a whole simulation, and can be shrunk. A [Journal] is
// one node's inputs, in segments that each begin with a copy of the node's state. A
// trace is a stream of [Event] values, derived from either: what a viewer reads.
package trace
