// Package target is what a Driftless program needs to run on a bare Cortex-M or
// RISC-V board and TinyGo does not bring along without a C library: the vector
// table, memory copies and 64-bit arithmetic. Import it for effect from package main:
//
//	import _ "github.com/driftless-raft/driftless/embedded/tinygo/target"
//
// and build with the target description beside it, from the repository's root:
//
//	tinygo build -target=embedded/tinygo/target/lm3s6965evb.json -gc=none -scheduler=none …
//
// The description stands on its own instead of inheriting TinyGo's cortex-m:
// what is inherited can be added to but not taken away, and TinyGo's pulls in
// compiler-rt and picolibc, of which we use a dozen small functions and which a
// TinyGo built from its Go module lacks. Floating point is left out on purpose:
// a core that must compute the same everywhere has no use for it, and this way
// it fails to link.
//
// The RISC-V, virt, is no board that one can buy: its flash is RAM that is protected
// from writes, its only interrupt is the timer's, which ends a sleep, and it has no
// drivers. It is there to hold the core to another architecture. TinyGo's runtime for
// it wants four processors, so it gets one of ours: build with embedded/tinygo/build,
// or with TINYGOROOT=$(embedded/tinygo/root).
//
// The C files are a Go package rather than the description's extra-files because
// TinyGo looks for those below its own root only. Under any other compiler the
// package is empty, so that the same program also runs on the host.
package target
