package sim

import (
	"fmt"
	"strings"

	"github.com/driftless-raft/driftless/raft"
)

// changed checks a leader's new configuration against the one before: one change
// at a time, none before an entry of the leader's term is committed, and every
// change of voters through a joint configuration (§4.3).
func (l *ledger) changed(s *server, next *raft.Configuration) {
	w := l.world
	n := s.driver.Node()
	before := &s.seen
	old := &before.configuration
	w.coverage[changes]++
	l.looks[atChange]++
	if next.Outgoing != 0 {
		w.coverage[jointChanges]++
	}
	l.noticeChange(s, old, next)
	var legal bool
	switch {
	case old.Outgoing != 0:
		legal = next.Outgoing == 0 && sameSlots(old, next, old.Voters, next.Voters)
	case next.Outgoing != 0:
		legal = sameSlots(old, next, old.Voters, next.Outgoing)
	default:
		legal = sameSlots(old, next, old.Voters, next.Voters)
	}
	if !legal {
		l.fail("configuration-safety", "leader %d of term %d goes from %s to %s in one step", s.id, n.Term(), describe(old), describe(next))
	}
	l.promoted(s, old, next)
	if before.configured > n.Commit() {
		l.fail("configuration-safety", "leader %d of term %d changes the configuration while that at %d is not committed",
			s.id, n.Term(), before.configured)
	}
	if commit := n.Commit(); s.disk.written.holds(commit) && s.disk.written.at(commit).term != n.Term() {
		l.fail("configuration-safety", "leader %d changes the configuration before it has committed anything in term %d", s.id, n.Term())
	}
}

// promoted checks that whoever becomes a voter was a learner who has on its disk what
// is committed, so that the cluster need not wait for it (§4.2.1).
func (l *ledger) promoted(s *server, old, next *raft.Configuration) {
	for added := next.Voters &^ (old.Voters | old.Outgoing); added != 0; added &= added - 1 {
		slot := slotOf(added)
		m := next.Members[slot]
		durable, _ := l.world.durableLog(m)
		if old.Learners>>slot&1 == 0 || durable == nil || durable.last < s.seen.commit {
			l.fail("configuration-safety", "leader %d of term %d makes a voter of %v, who was no learner with all that is committed",
				s.id, s.driver.Node().Term(), m)
		}
	}
}

// sameSlots reports whether two sets hold the same members in the same slots.
func sameSlots(a, b *raft.Configuration, inA, inB raft.Slots) bool {
	if inA != inB {
		return false
	}
	for rest := inA; rest != 0; rest &= rest - 1 {
		if slot := slotOf(rest); a.Members[slot] != b.Members[slot] {
			return false
		}
	}
	return true
}

// describe shows a configuration by the ids of its members, in braces.
func describe(c *raft.Configuration) string { return "{" + describeMembers(c) + "}" }

// describeMembers is describe without the braces.
func describeMembers(c *raft.Configuration) string {
	var b strings.Builder
	for _, part := range [...]struct {
		name  string
		slots raft.Slots
	}{{"voters", c.Voters}, {"outgoing", c.Outgoing}, {"learners", c.Learners}} {
		if part.slots == 0 {
			continue
		}
		fmt.Fprintf(&b, " %s", part.name)
		for rest := part.slots; rest != 0; rest &= rest - 1 {
			fmt.Fprintf(&b, " %d", c.Members[slotOf(rest)].ID)
		}
	}
	return strings.TrimSpace(b.String())
}
