// Board is the core's program that package proof's tests build for the emulated board
// and for WebAssembly. On the host, `go run ./embedded/proof/board` prints the
// same.
package main

import (
	"github.com/driftless-raft/driftless/embedded/proof"
	_ "github.com/driftless-raft/driftless/embedded/tinygo/target"
)

// The predeclared print is the one way of output that needs no heap. It goes to
// UART0 on the board and to standard error elsewhere.
func main() {
	proof.Run(func(piece string) { print(piece) })
}
