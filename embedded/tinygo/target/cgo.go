//go:build tinygo && (cortexm || tinygo.riscv32)

package target

// This import makes TinyGo compile the C files of this directory. The blank line
// below keeps the sentence from being read as C.

import "C"
