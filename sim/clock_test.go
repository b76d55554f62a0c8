package sim

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// wander changes a clock in some way and lets a little time pass.
func wander(c *clock, now *uint64, t *tape) {
	switch t.draw(4) {
	case 0:
		c.turn(int64(t.draw(1_000_000)) - 500_000)
	case 1:
		c.jump(t.draw(1 << 30))
	case 2:
		c.stand(*now + t.draw(1<<30))
	}
	*now += t.draw(1 << 20)
}

func TestAClockNeverGoesBack(t *testing.T) {
	tape, now := randomTape(1), uint64(1)
	c := clock{now: &now, tape: &tape}
	before := c.Now()
	for range 100_000 {
		wander(&c, &now, &tape)
		if after := c.Now(); after < before {
			t.Fatalf("it showed %d, and then %d", before, after)
		}
		before = c.Now()
	}
}

func TestAClockShowsAnInstantNotBeforeTheTimeThatWasWorkedOut(t *testing.T) {
	tape, now := randomTape(2), uint64(1)
	c := clock{now: &now, tape: &tape}
	for range 100_000 {
		wander(&c, &now, &tape)
		shown := c.Now() + 1 + raft.Instant(tape.draw(1<<40))
		at := c.truth(shown)
		if c.local(at) < shown || c.local(at-1) >= shown {
			t.Fatalf("at %d it shows %d, a nanosecond earlier %d; asked was %d", at, c.local(at), c.local(at-1), shown)
		}
	}
}

func TestTheRatesOfTwoClocksDifferByNoMoreThanTheNodesAreTold(t *testing.T) {
	for seed := uint64(1); seed <= 50; seed++ {
		options := Expand(seed, 0)
		if !options.trusted() {
			continue
		}
		var w world
		w.run(seed, &options, randomTape(seed))
		for i := range w.count {
			if rate := w.servers[i].clock.ratePPM; rate < -int64(options.ClockErrorPPM) || rate > int64(options.ClockErrorPPM) {
				t.Errorf("seed %d: server %d's clock errs by %d parts per million", seed, i+1, rate)
			}
		}
	}
}

// §6.4.1: a lease is worth what the clocks are. Were no lease ever broken by clocks
// that err more than the nodes are told, the ones that hold would prove nothing.
func TestLeasesBreakWhereClocksErrMoreThanTheNodesAreTold(t *testing.T) {
	broken := uint64(0)
	for seed := uint64(1); seed <= 60; seed++ {
		options := Expand(seed, 3)
		options.LeaseReads, options.UnfitClocks = true, 0
		options.ClockExcessPPM, options.Jumps, options.ReadDeposed = 300_000, 30, million
		result := Run(seed, options)
		if result.Failure != nil {
			t.Errorf("seed %d breaks %s: %s", seed, result.Failure.Rule, result.Failure.What)
		}
		broken += result.Coverage[brokenLeases]
	}
	if broken == 0 {
		t.Error("no lease was broken in 60 seeds")
	}
}
