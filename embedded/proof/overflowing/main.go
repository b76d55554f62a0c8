// Overflowing needs more stack than a board has. The tests expect it to end there,
// instead of going on with variables that the stack has overwritten.
package main

import _ "github.com/driftless-raft/driftless/embedded/tinygo/target"

func main() {
	print("begun\n")
	print(deeper(0), "\n")
}

// deeper uses its array after the call, so that it is no loop.
//
//go:noinline
func deeper(depth int) int {
	var frame [20]int
	if depth == 1_000_000 {
		return 0
	}
	frame[depth%len(frame)] = depth
	return deeper(depth+1) + frame[depth*7%len(frame)]
}
