// Machines is the proof program of the state machines that boards run. It is run
// like program board.
package main

import (
	"github.com/driftless-raft/driftless/embedded/proof"
	_ "github.com/driftless-raft/driftless/embedded/tinygo/target"
)

func main() {
	proof.RunMachines(func(piece string) { print(piece) })
}
