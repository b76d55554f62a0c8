package spec

import "testing"

// A cluster is a state with what tests do to it most often. Whatever they do must
// be enabled.
type cluster struct {
	State
	t *testing.T
}

// found starts servers 1 to 5, of whom the first three are voters.
func found(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t}
	c.Init(Configuration{Voters: SetOf(1, 2, 3)})
	for i := Server(1); i <= 5; i++ {
		c.must(c.Restart(i, 0))
	}
	return c
}

func (c *cluster) must(refusals ...*Refusal) {
	c.t.Helper()
	for _, r := range refusals {
		if r != nil {
			c.t.Fatal(r)
		}
	}
}

// sync makes everything durable.
func (c *cluster) sync(i Server) {
	c.t.Helper()
	v := &c.servers[i]
	c.must(c.Persist(i, v.term, v.vote, c.last(v.log), c.entries[v.log].value))
}

// ask has a server begin an election and ask others for their votes.
func (c *cluster) ask(i Server, others ...Server) {
	c.t.Helper()
	c.must(c.Timeout(i))
	c.sync(i)
	v := &c.servers[i]
	for _, j := range others {
		c.must(c.RequestVote(i, j, v.term, c.last(v.log), c.entries[v.log].term))
	}
}

// grant has a server hear of a candidate's term, vote for it, and say so.
func (c *cluster) grant(j, candidate Server) {
	c.t.Helper()
	t := c.servers[candidate].term
	if c.servers[j].term < t {
		c.must(c.UpdateTerm(j, candidate, t))
	}
	c.must(c.HandleRequestVote(j, candidate))
	c.sync(j)
	c.must(c.GrantVote(j, candidate, t))
}

// elect has a server win an election with another's vote.
func (c *cluster) elect(i, with Server) {
	c.t.Helper()
	c.ask(i, with)
	c.grant(with, i)
	c.must(c.HandleGrantedVote(i, with), c.BecomeLeader(i))
}

// propose has a leader append entries.
func (c *cluster) propose(i Server, values ...uint64) {
	c.t.Helper()
	for _, value := range values {
		c.must(c.ClientRequest(i, c.servers[i].term, value))
	}
	c.sync(i)
}

// message is the Append of a leader's entries after prev up to last, which must be
// of one term.
func (c *cluster) message(i Server, prev, last Index) Append {
	v := &c.servers[i]
	m := Append{Term: v.term, Prev: prev, PrevTerm: c.termAt(v.log, prev), Last: last, Commit: c.last(v.commit)}
	if last > prev {
		m.EntryTerm = c.termAt(v.log, last)
	}
	return m
}

// send has a leader send some entries to a server, which hears of the term.
func (c *cluster) send(i, to Server, m Append) {
	c.t.Helper()
	c.must(c.AppendEntries(i, to, m))
	if c.servers[to].term < m.Term {
		c.must(c.UpdateTerm(to, i, m.Term))
	}
}

// replicate brings a follower's log from an entry on to the leader's, one entry at
// a time, and has the leader know.
func (c *cluster) replicate(i, to Server, after Index) {
	c.t.Helper()
	for last := c.last(c.servers[i].log); after < last; after++ {
		m := c.message(i, after, after+1)
		c.send(i, to, m)
		c.must(c.HandleAppendEntries(to, i, m, m.Last))
	}
	c.acknowledge(i, to, after)
}

// acknowledge has a follower acknowledge an index to the leader.
func (c *cluster) acknowledge(i, from Server, index Index) {
	c.t.Helper()
	c.must(c.Acknowledge(from, index, false))
	c.sync(from)
	c.must(c.SendAcknowledgement(from, i, c.servers[i].term, index), c.HandleAcknowledgement(i, from, index))
}

// lead has server 1 lead 2 and 3 in term 1, with three entries committed.
func lead(t *testing.T) *cluster {
	t.Helper()
	c := found(t)
	c.elect(1, 2)
	c.propose(1, 11, 12, 13)
	c.replicate(1, 2, 0)
	c.must(c.AdvanceCommitIndex(1, 3))
	return c
}

// depose has server 3 lead in term 2 instead, with what 1 had and entry 4 of its
// own; 1 does not know yet, and has another entry 4.
func depose(t *testing.T) *cluster {
	t.Helper()
	c := lead(t)
	c.replicate(1, 3, 0)
	c.propose(1, 14)
	c.elect(3, 2)
	c.propose(3, 24)
	return c
}
