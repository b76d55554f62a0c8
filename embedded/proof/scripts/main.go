// Scripts plays the scripts of package script, with the core as it is on the
// board, and prints what they print: after "=== " and a script's name, its text.
// It is run like program board.
package main

import (
	_ "github.com/driftless-raft/driftless/embedded/tinygo/target"
	"github.com/driftless-raft/driftless/internal/script"
)

var player script.Player

func main() {
	for i := range script.Files {
		file := &script.Files[i]
		print("=== ", file.Name, "\n")
		player.Play(file.Text, func(piece string) { print(piece) })
	}
}
