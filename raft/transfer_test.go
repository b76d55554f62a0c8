package raft_test

import (
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// §3.10
func TestATransferMakesTheTargetTheLeader(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.check(leader.driver.Transfer(first(3)).Code == raft.OK, "it should begin")
	lab.run(beat)
	lab.check(lab.server(3).node().Role() == raft.Leader && lab.server(3).node().Term() == 2, "server 3 should lead")
}

// §3.10
func TestProposalsAreRefusedDuringATransferAndTakenAfterItIsGivenUp(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	lab.server(3).crash()
	leader.driver.Transfer(first(3))
	_, _, refusal := leader.tryPropose("x")
	lab.check(refusal.Code == raft.Transferring && refusal.Node == 3, "got %v", refusal)
	lab.run(timeout + beat)
	lab.check(leader.node().Role() == raft.Leader, "server 1 should lead on")
	leader.propose("x")
}

func TestATransferGoesToAVoterOnly(t *testing.T) {
	lab := newLaboratory(t, 3)
	leader := lab.elect(1)
	for _, m := range []raft.Member{first(1), first(9), {ID: 2, Incarnation: 9}} {
		refusal := leader.driver.Transfer(m)
		lab.check(refusal.Code == raft.NotVoter, "to %v: got %v", m, refusal)
	}
}
