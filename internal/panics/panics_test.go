package panics

import (
	"runtime/debug"
	"strings"
	"testing"
)

type device struct{ holds []int }

func (d *device) read(at int) int { return d.holds[at] }

func (d *device) start() int { return d.read(3) }

// origin is where a device breaks that holds nothing.
func origin(most int, own string) (found string) {
	defer func() {
		_ = recover()
		found = Origin(string(debug.Stack()), most, own)
	}()
	new(device).start()
	return ""
}

func TestTheOriginIsTheCallThatPanickedAndThoseAroundIt(t *testing.T) {
	const read, start = "panics.(*device).read panics_test.go:", " < panics.(*device).start panics_test.go:"
	if found := origin(9, ""); !strings.HasPrefix(found, read) || !strings.Contains(found, start) || !strings.Contains(found, " < panics.origin ") {
		t.Errorf("it is %q", found)
	}
	if found := origin(1, ""); !strings.HasPrefix(found, read) || strings.Contains(found, "<") {
		t.Errorf("the first call is %q", found)
	}
	if found := origin(9, "panics.(*device).start"); !strings.HasPrefix(found, read) || strings.Contains(found, "<") {
		t.Errorf("up to a device's start it is %q", found)
	}
}
