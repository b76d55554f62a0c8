//go:build !unix

package processor

import (
	"runtime"
	"time"
)

var started = time.Now()

// Time is an upper bound of the processor time this process has used: all of every
// processor.
func Time() time.Duration {
	return time.Since(started) * time.Duration(runtime.GOMAXPROCS(0))
}
