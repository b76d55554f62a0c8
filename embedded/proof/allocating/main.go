// Allocating must not link under the flags of the no-heap proof: if it does, the
// proof proves nothing. The tests expect every line marked "allocates" to be
// named.
package main

import _ "github.com/driftless-raft/driftless/embedded/tinygo/target"

var grown, made []int

// What is made must also be used, or the optimizer takes the allocation out.
func main() {
	for n := range 3 {
		extend(n)
	}
	made = make([]int, len(grown)) // allocates
	copy(made, grown)
	for _, n := range made {
		print(n, "\n")
	}
}

func extend(n int) {
	grown = append(grown, n) // allocates
}
