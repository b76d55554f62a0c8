package sim

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// expected is where another machine is told what hash the sweep below has.
const expected = "DRIFTLESS_SIM_HASH"

// compared are the seeds whose hash must be the same everywhere.
const comparedFirst, comparedLast = 1, 60

// comparedHash is what the compared seeds come to here.
func comparedHash(t *testing.T) string {
	t.Helper()
	sum := Sweep(context.Background(), comparedFirst, comparedLast, expand(0), nil)
	if sum.First != nil {
		t.Fatalf("seed %d breaks %s: %s", sum.First.Seed, sum.First.Failure.Rule, sum.First.Failure.What)
	}
	return fmt.Sprintf("%016x after %d messages, %d events and %d scans", sum.Hash, sum.Messages, sum.Events, sum.Scans)
}

func TestThisMachineComesToTheHashOfAnother(t *testing.T) {
	want := os.Getenv(expected)
	if want == "" { // the other is this one: see TestWebAssemblyComesToTheSameHash
		want = comparedHash(t)
	}
	if found := comparedHash(t); found != want {
		t.Errorf("seeds %d to %d come to %s, elsewhere to %s", comparedFirst, comparedLast, found, want)
	}
}
