package raft_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// §3.4
func TestAServerWithoutALeaderBecomesOneByAMajorityOfVotes(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.run(timeout)
	lab.check(lab.server(1).node().Role() == raft.Leader, "server 1 should lead")
	for _, s := range lab.servers {
		lab.check(s.node().Leader() == first(1) && s.node().Term() == 1, "all should follow server 1 in term 1")
	}
}

// §9.6
func TestARefusedPreVoteOfTermZeroIsNoReasonToStop(t *testing.T) {
	lab := newLaboratory(t, 3)
	lab.pass(timeout - millisecond)
	lab.server(2).restart() // begins its quiet time anew, and still is in term 0
	lab.run(2 * timeout)
	for _, s := range lab.servers {
		lab.check(s.node().Stopped() == raft.OK, "server %d has stopped", s.member.ID)
	}
}
