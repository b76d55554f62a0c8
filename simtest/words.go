package simtest

import (
	"fmt"
	"runtime/debug"

	"github.com/driftless-raft/driftless/internal/panics"
)

// shownMax is how many bytes of a state are shown around where it differs.
const shownMax = 24

// show is bytes for a sentence.
func show(b []byte) string {
	if len(b) > 2*shownMax {
		return fmt.Sprintf("%q and %d bytes more", b[:2*shownMax], len(b)-2*shownMax)
	}
	return fmt.Sprintf("%q", b)
}

// difference says where two states differ.
func difference(a, b []byte) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	part := func(b []byte) []byte { return b[at:min(at+shownMax, len(b))] }
	if len(a) != len(b) {
		return fmt.Sprintf("%d bytes and %d, of which the first that differ, at %d, are %q and %q", len(a), len(b), at, part(a), part(b))
	}
	return fmt.Sprintf("of %d bytes the first that differ, at %d, are %q and %q", len(a), at, part(a), part(b))
}

// guard calls something of the subject's. A panic is its failure, not the test's.
func (v *visit) guard(what string, call func()) {
	if v.failed {
		return
	}
	defer func() {
		if cause := recover(); cause != nil {
			v.fail(panicRule, fmt.Sprintf("%s panicked: %v (%s)", what, cause, panics.Origin(string(debug.Stack()), 4, "simtest.(*visit)")))
		}
	}()
	call()
}
