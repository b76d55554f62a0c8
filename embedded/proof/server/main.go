// Server is the proof program of a whole server on a board: node, executor, frames, and
// the bank of values. It is run like program board.
package main

import (
	"github.com/driftless-raft/driftless/embedded/proof"
	_ "github.com/driftless-raft/driftless/embedded/tinygo/target"
)

func main() {
	proof.RunServer(func(piece string) { print(piece) })
}
