package embedded_test

import (
	"testing"

	"github.com/driftless-raft/driftless/embedded"
	"github.com/driftless-raft/driftless/raft"
)

// Clocks err as much as they may, boards are cut off, lose power and hand leadership
// over, and never do two of them drive the output.
func TestNeverTwoBoardsDriveTheOutput(t *testing.T) {
	const hold = 200 * millisecond
	p := newPlant(t, 3)
	for i, b := range p.boards {
		b.ratePPM = []int64{-clockError, clockError, 0}[i]
	}
	p.found(3)
	outputs := make([]embedded.Output, 3)
	until := make([]raft.Instant, 3) // by the boards' own clocks
	driven, drivers, changes, last := 0, map[int]int{}, 0, -1
	for step := range 12_000 {
		if step%400 == 0 {
			off := p.random.IntN(4)
			for i, b := range p.boards {
				p.isolate(b, false)
				if i == off && p.random.IntN(3) == 0 {
					b.powerCut()
					b.powerUp()
					outputs[i], until[i] = embedded.Output{}, 0
				}
			}
			if off < 3 {
				p.isolate(p.boards[off], true)
			}
		}
		if to := p.boards[p.random.IntN(3)]; step%300 == 299 {
			for _, b := range p.boards { // who does not lead refuses
				b.ask(func(tag uint32) { b.node.Transfer(tag, to.member) })
			}
		}
		p.run(5 * millisecond)
		driving := -1
		for i, b := range p.boards {
			outputs[i].Hold = hold
			if now := b.Now(); step%4 == i && outputs[i].May(&b.node) {
				until[i] = now + hold
			}
			if until[i] <= b.Now() {
				continue
			}
			if driving >= 0 {
				t.Fatalf("boards %d and %d both drive at %d ms", driving+1, i+1, p.now/millisecond)
			}
			driving = i
		}
		if driving >= 0 {
			driven++
			drivers[driving]++
			if driving != last {
				changes++
			}
			last = driving
		}
	}
	if driven < 6000 || len(drivers) != 3 || changes < 6 {
		t.Errorf("the output was driven in %d of 12,000 steps, by %v, with %d changes", driven, drivers, changes)
	}
}
