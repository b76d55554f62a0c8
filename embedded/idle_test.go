package embedded_test

import (
	"testing"

	"github.com/driftless-raft/driftless/contract"
	"github.com/driftless-raft/driftless/raft"
)

func TestAnIdleBoardIsPolledForItsDeadlinesAndFramesOnly(t *testing.T) {
	const hour = 3600 * 1000 * millisecond
	started, err := runner{seed: 1}.Start(contract.Setup{Servers: 5, Founders: 5})
	if err != nil {
		t.Fatal(err)
	}
	c := started.(*cluster)
	c.until(10 * 1000 * millisecond) // there is a leader by then
	leader := 0
	for _, b := range c.boards {
		b.polls = 0
		if b.core.Role() == raft.Leader {
			leader = b.number
		}
	}
	c.until(c.now + hour)
	// A round of heartbeats wakes the leader once for its deadline and four times for
	// the answers, and each of the others once for the heartbeat. Nothing else happens.
	heartbeats := int(hour / settings().Heartbeat)
	for _, b := range c.boards {
		most := heartbeats
		if b.number == leader {
			most = 5 * heartbeats
		}
		t.Logf("board %d was polled %d times in an hour, %d a minute", b.number, b.polls, b.polls/60)
		if b.polls > most+most/1000 || b.polls < most-most/1000 {
			t.Errorf("board %d was polled %d times in an hour, not %d", b.number, b.polls, most)
		}
		if b.core.Term() != 1 {
			t.Errorf("board %d is in term %d: there was more than one election", b.number, b.core.Term())
		}
	}
}
