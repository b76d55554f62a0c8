package raft

// assert stops the program if the node reached a state that no input can lead to.
// Assertions stay on: a Raft that goes on in such a state may lose data. A copy at
// every call would take 32 bytes of a board's flash.
//
//go:noinline
func assert(holds bool, otherwise string) {
	if !holds {
		panic(otherwise)
	}
}
