package simtest

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
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
			v.fail(panicRule, fmt.Sprintf("%s panicked: %v (%s)", what, cause, origin(string(debug.Stack()))))
		}
	}()
	call()
}

// origin finds where a panic began: the functions down to those of this package.
func origin(stack string) string {
	lines := strings.Split(stack, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") {
			lines = lines[i+2:]
			break
		}
	}
	var frames []string
	for i := 0; i+1 < len(lines) && len(frames) < 4; i += 2 {
		name := lines[i][strings.LastIndex(lines[i], "/")+1:]
		if strings.HasPrefix(name, "simtest.(*visit)") {
			break
		}
		if strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "panic(") {
			continue
		}
		name, _, _ = strings.Cut(name, "(0x")
		name, _, _ = strings.Cut(name, "({")
		place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " +")
		frames = append(frames, fmt.Sprintf("%s %s", name, filepath.Base(place)))
	}
	return strings.Join(frames, " < ")
}
