// Runtime is the proof program of what package target has for a board in place of
// a C library. It is run like program board.
package main

import (
	"github.com/driftless-raft/driftless/embedded/proof"
	_ "github.com/driftless-raft/driftless/embedded/tinygo/target"
)

func main() {
	proof.RunRuntime(func(piece string) { print(piece) })
}
