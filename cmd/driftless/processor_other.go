//go:build !unix

package main

import (
	"runtime"
	"time"
)

var started = time.Now()

// processorTime is an upper bound of the processor time this process has used:
// all of every processor.
func processorTime() time.Duration {
	return time.Since(started) * time.Duration(runtime.GOMAXPROCS(0))
}
