package sim

import "testing"

func TestAnIdleClusterKeepsItsLeaderAndOnlyBeats(t *testing.T) {
	const seconds = 100
	r := Idle(seconds)
	if r.Failure != nil || r.Coverage[elections] != 1 || r.Simulated != seconds*1000*millisecond {
		t.Errorf("in %d ns there were %d elections, and %v", r.Simulated, r.Coverage[elections], r.Failure)
	}
	// To four followers and back, ten times a second.
	if low, high := uint64(seconds-5)*80, uint64(seconds)*81; r.Messages < low || r.Messages > high {
		t.Errorf("%d messages were delivered, want %d to %d", r.Messages, low, high)
	}
}

func BenchmarkIdle(b *testing.B) {
	seconds := uint64(0)
	for b.Loop() {
		seconds += Idle(100).Simulated / (1000 * millisecond)
	}
	b.ReportMetric(float64(seconds)/b.Elapsed().Seconds(), "speedup")
}
