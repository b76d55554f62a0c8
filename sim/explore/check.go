package explore

import (
	"fmt"
	"math/bits"

	"github.com/driftless-raft/driftless/raft"
)

// check checks the rules that concern more than one server, after one of them has
// made a step, and keeps account of leaders and commitments. It returns the rule
// that is broken, or nothing.
func (u *universe) check(before state, server int, o *outcome, s state) string {
	if o.won != 0 {
		if failure := u.elected(server, o, s); failure != "" {
			return failure
		}
	}
	if o.committed != 0 {
		if failure := u.advanced(server, o, s); failure != "" {
			return failure
		}
	}
	if before[server] == s[server] {
		return ""
	}
	if failure := u.agrees(server, s); failure != "" {
		return failure
	}
	return u.durable(s)
}

// elected checks that a term has one leader (Election Safety, §3.4), and that it
// has all that was committed in earlier terms (Leader Completeness, §3.6.3): what
// was committed in later ones says nothing, since an election may be won late.
func (u *universe) elected(server int, o *outcome, s state) string {
	leaders := s.wide(u.leaders)
	shift := 3 * (o.won - 1)
	switch other := leaders >> shift & 7; other {
	case 0:
		s.setWide(u.leaders, leaders|uint64(server+1)<<shift)
	case uint64(server + 1):
	default:
		return fmt.Sprintf("election-safety: server %d leads in term %d, in which server %d has led", server+1, o.won, other)
	}
	c := u.commitment(s[u.commits])
	for c.in >= raft.Term(o.won) {
		c = u.commitment(c.before)
	}
	if !u.chains.holds(u.summary(s, server).log, c.chain) {
		return fmt.Sprintf("leader-completeness: server %d leads in term %d without entry %d of term %d, committed in term %d",
			server+1, o.won, u.chains.depth(c.chain), u.chains.term(c.chain), c.in)
	}
	return ""
}

// advanced checks that what a leader commits extends what was committed before and
// is on the disks of a quorum (§3.5).
func (u *universe) advanced(server int, o *outcome, s state) string {
	applied := u.summary(s, server).applied
	tip := u.commitment(s[u.commits]).chain
	index := u.chains.depth(applied)
	if index <= u.chains.depth(tip) {
		return "" // agrees compares it
	}
	if !u.chains.holds(applied, tip) {
		return fmt.Sprintf("commit-safety: server %d, leader of term %d, commits up to %d on another log than the one committed up to %d",
			server+1, o.committed, index, u.chains.depth(tip))
	}
	if !u.quorum(s, o.quorum, applied) {
		return fmt.Sprintf("durable-quorum: server %d, leader of term %d, commits %d, which is not on the disks of a quorum", server+1, o.committed, index)
	}
	for at := u.chains.depth(tip) + 1; at <= index; at++ {
		s[u.commits] = u.committed(s[u.commits], u.chains.upTo(applied, at), raft.Term(o.committed))
	}
	return ""
}

// quorum reports whether a chain is on the disks of a majority of the voters and,
// in a joint configuration, of the outgoing ones.
func (u *universe) quorum(s state, c masks, log chain) bool {
	var set raft.Slots
	for server := range u.nodes {
		if u.chains.holds(u.summary(s, server).kept, log) {
			set |= 1 << server
		}
	}
	return majority(set, c.voters) && (c.outgoing == 0 || majority(set, c.outgoing))
}

// majority reports whether a set holds more than half of some slots.
func majority(set, of raft.Slots) bool {
	return 2*bits.OnesCount16(uint16(set&of)) > bits.OnesCount16(uint16(of))
}

// agrees checks that a server has applied what was committed and nothing else
// (State Machine Safety, §3.6.3), and that its log matches all others (Log
// Matching, §3.5).
func (u *universe) agrees(server int, s state) string {
	m := u.summary(s, server)
	if tip := u.commitment(s[u.commits]).chain; !u.chains.holds(tip, m.applied) {
		return fmt.Sprintf("state-machine-safety: server %d has applied %d entries, which are not the ones committed", server+1, u.chains.depth(m.applied))
	}
	for other := range u.nodes {
		if !u.chains.match(m.log, u.summary(s, other).log) {
			return fmt.Sprintf("log-matching: servers %d and %d have an entry of the same index and term, but other logs before it", server+1, other+1)
		}
	}
	return ""
}

// durable checks that what is committed stays on the disks of a quorum. Where the
// configuration changes, which quorum that is changes too.
func (u *universe) durable(s state) string {
	if u.most[changes] > 0 {
		return ""
	}
	tip := u.commitment(s[u.commits]).chain
	if everybody := (masks{voters: 1<<u.nodes - 1}); !u.quorum(s, everybody, tip) {
		return fmt.Sprintf("commit-durability: what is committed up to %d is no longer on the disks of a quorum", u.chains.depth(tip))
	}
	return ""
}
