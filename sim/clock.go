package sim

import "github.com/driftless-raft/driftless/raft"

// A clock is one node's sense of time: true time, moved by an offset and sped up
// or slowed down by a rate.
type clock struct {
	now     *uint64 // true time, in nanoseconds
	tape    *tape
	offset  uint64
	ratePPM int64  // how much faster than true time, in parts per million
	share   uint64 // of a jitter that every draw is moved by, in sixteenths
}

// Now implements [raft.Clock].
func (c *clock) Now() raft.Instant { return c.local(*c.now) }

// Jitter implements [raft.Clock]. Where the tape has nothing but zeros every node
// has another jitter still, or no election would ever be won.
func (c *clock) Jitter(limit raft.Duration) raft.Duration {
	most := uint64(limit)
	return raft.Duration((c.tape.draw(most) + most/16*c.share) % most)
}

// CountsSuspendedTime implements [raft.Clock]: a pause does not stop it.
func (c *clock) CountsSuspendedTime() bool { return true }

// local is what the clock shows at a true time.
func (c *clock) local(truth uint64) raft.Instant {
	return raft.Instant(c.offset + truth + uint64(int64(truth)/million*c.ratePPM))
}

// truth is the earliest true time at which the clock shows an instant.
func (c *clock) truth(shown raft.Instant) uint64 {
	if uint64(shown) <= c.offset {
		return 0
	}
	elapsed := uint64(shown) - c.offset
	if c.ratePPM == 0 || elapsed > 1<<60 {
		return elapsed
	}
	guess := elapsed / uint64(million+c.ratePPM) * million
	for c.local(guess) < shown {
		guess += min(uint64(shown-c.local(guess)), million)
	}
	return guess
}
