package sim

import (
	"math/bits"

	"github.com/driftless-raft/driftless/raft"
)

// A clock is one node's sense of time: a line over true time, of which only the
// present piece is kept. It runs fast or slow, changes its rate, jumps ahead and
// stands still, but never goes back.
type clock struct {
	now     *uint64 // true time, in nanoseconds
	tape    *tape
	since   uint64       // true time at which the piece begins; it may be yet to come
	shown   raft.Instant // what the clock shows then, and before
	ratePPM int64        // how much faster than true time, in parts per million
	unfit   bool         // it stands still while its server is paused
	share   uint64       // of a jitter that every draw is moved by, in sixteenths
}

// Now implements [raft.Clock].
func (c *clock) Now() raft.Instant { return c.local(*c.now) }

// Jitter implements [raft.Clock]. Where the tape has nothing but zeros every node
// has another jitter still, or no election would ever be won.
func (c *clock) Jitter(limit raft.Duration) raft.Duration {
	most := uint64(limit)
	return raft.Duration((c.tape.draw(most) + most/16*c.share) % most)
}

// CountsSuspendedTime implements [raft.Clock].
func (c *clock) CountsSuspendedTime() bool { return !c.unfit }

// local is what the clock shows at a true time, not before the present piece.
func (c *clock) local(truth uint64) raft.Instant {
	if truth <= c.since {
		return c.shown
	}
	if c.ratePPM == 0 {
		return c.shown + raft.Instant(truth-c.since)
	}
	return c.shown + raft.Instant(scale(truth-c.since, uint64(million+c.ratePPM), million))
}

// truth is the earliest true time at which the clock shows an instant, as far as
// the present piece tells.
func (c *clock) truth(shown raft.Instant) uint64 {
	if shown <= c.shown {
		return 0
	}
	if c.ratePPM == 0 {
		return c.since + min(uint64(shown-c.shown), 1<<60)
	}
	passed := scale(uint64(shown-c.shown), million, uint64(million+c.ratePPM))
	for c.local(c.since+passed) < shown {
		passed++
	}
	return c.since + passed
}

// scale is a duration times a ratio, rounded down. What is far beyond the end of
// any run stays there.
func scale(duration, numerator, denominator uint64) uint64 {
	high, low := bits.Mul64(min(duration, 1<<60), numerator)
	quotient, _ := bits.Div64(high, low, denominator)
	return quotient
}

// begin has the clock show an instant now, as after a start of the machine.
func (c *clock) begin(shown raft.Instant) { c.since, c.shown = *c.now, shown }

// turn ends the present piece of the line: from now on the clock goes at a rate.
func (c *clock) turn(ratePPM int64) {
	c.jump(0)
	c.ratePPM = ratePPM
}

// jump moves the clock ahead.
func (c *clock) jump(length uint64) {
	c.shown = c.Now() + raft.Instant(length)
	c.since = max(c.since, *c.now)
}

// stand lets the clock stand still up to a true time.
func (c *clock) stand(until uint64) {
	c.jump(0)
	c.since = until
}

// clockError is by how much clocks err at most, in parts per million.
func (w *world) clockError() int64 {
	if w.network.calm {
		return int64(w.options.ClockErrorPPM)
	}
	return int64(w.options.ClockErrorPPM) + int64(w.options.ClockExcessPPM)
}

// setClock gives a server's clock a rate within what clocks may err, most often
// the fastest or the slowest.
func (s *server) setClock() {
	w := s.world
	bound := w.clockError()
	rates := [...]int64{0, bound, -bound, int64(w.tape.draw(uint64(2*bound)+1)) - bound}
	s.turn(rates[w.tape.draw(uint64(len(rates)))])
}

// turn gives a server's clock a rate.
func (s *server) turn(ratePPM int64) {
	s.clock.turn(ratePPM)
	s.dueAt = 0
	if s.up {
		s.schedule()
	}
}

// drift changes the rate of a server's clock, or of all clocks to what is worst for
// a lease: the leader's is slow, the others' are fast, and nobody hears the leader
// (§6.4.1).
func (w *world) drift() {
	w.coverage[drifts]++
	if w.tape.draw(2) == 0 {
		w.anyServer().setClock()
		return
	}
	bound := w.clockError()
	for i := range w.count {
		if s := w.servers[i]; s == w.leader {
			s.turn(-bound)
		} else {
			s.turn(bound)
		}
	}
	w.deafen(leaderDumb)
}

// jump moves a server's clock ahead, or all clocks but the leader's while nobody
// hears the leader: a machine was frozen as a whole, or its clock was set. That is
// an error beyond any bound.
func (w *world) jump() {
	w.coverage[jumps]++
	length := w.tape.between(1, 2*w.options.ElectionTimeout)
	one, all := w.victim(), w.tape.draw(2) == 1
	for i := range w.count {
		s := w.servers[i]
		if all && s != w.leader || !all && s == one {
			if s.up && s.seen.role == raft.Leader && s.traits.leased == s.seen.term {
				w.meet(leaseJump)
			}
			s.clock.jump(length)
			s.dueAt = 0
			if s.up {
				s.schedule()
			}
		}
	}
	if all {
		w.deafen(leaderDumb)
	}
}

// trusted reports whether all clocks keep the bound that leases rely on. If not, a
// read by lease is no better than a stale one (§6.4.1).
func (o *Options) trusted() bool { return o.ClockExcessPPM == 0 && o.Jumps == 0 }
