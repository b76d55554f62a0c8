package embedded

import "github.com/driftless-raft/driftless/raft"

// An Output is something in the world that one board at most may drive, such as a
// relay: the leader, on the strength of its lease (§6.4.1).
//
// A board that [Output.May] drives for Hold, counted from before it asked, and then
// no longer unless it has asked again. A timer of the hardware should see to that, for
// a processor may hang. A board that has come to lead waits until whoever led before
// has stopped.
//
// That never two boards drive relies on what leases rely on: clocks that err by no
// more than Settings.MaxClockErrorPPM, do not stand still while somebody sleeps, and
// voters that stay silent for an election timeout after they start. There may be
// nobody who drives: after an election, or where there is no majority.
type Output struct {
	// Hold is how long the output is driven after May. The shorter, the sooner another
	// board takes over; half of it is a good time to ask again.
	Hold  raft.Duration
	term  raft.Term // in which this board was seen to lead
	since raft.Instant
}

// May reports whether the board may drive the output for Hold, according to all that
// was acknowledged anywhere: the state machine has come as far. Ask all the time, also
// where the board does not lead.
func (o *Output) May(n *Node) bool {
	if !n.running {
		return false
	}
	now := n.ports.Clock.Now()
	point, refusal := n.driver.Read(raft.Lease)
	n.settle()
	core := n.driver.Node()
	if core.Role() != raft.Leader {
		o.term = 0
		return false
	}
	if o.term != core.Term() {
		o.term, o.since = core.Term(), now
	}
	return refusal.Code == raft.OK && n.driver.Resolve(&point) == raft.ReadReady && raft.Duration(now-o.since) > o.guard(n)
}

// guard is how long a new leader waits. The one before was last allowed before the new
// one was elected, and drives for Hold by a clock that may be slow; this one's may be
// fast.
func (o *Output) guard(n *Node) raft.Duration {
	const million = 1_000_000
	clockError := raft.Duration(n.settings.MaxClockErrorPPM)
	return (o.Hold/(million-clockError) + 1) * (million + clockError)
}
