package spec

import (
	"strings"
	"testing"
)

// guards are the conditions of actions, each with a state in which the action is
// enabled and one in which nothing but that condition keeps it from being so.
var guards = []struct {
	name    string
	enabled func(*testing.T) *Refusal
	refused func(*testing.T) *Refusal
	why     string
}{
	{"a server that is up campaigns", func(t *testing.T) *Refusal { return found(t).Timeout(1) }, func(t *testing.T) *Refusal {
		c := found(t)
		c.Crash(1)
		return c.Timeout(1)
	}, "its role is down"},
	{
		"voters campaign", func(t *testing.T) *Refusal { return found(t).Timeout(2) },
		func(t *testing.T) *Refusal { return found(t).Timeout(4) }, "no voter of its configuration",
	},
	{"who was a voter campaigns until that is known to be over", func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.ChangeConfiguration(1, 1, 14, Configuration{Voters: SetOf(2, 3), Outgoing: SetOf(1, 2, 3)}))
		c.replicate(1, 2, 3)
		c.sync(1)
		c.replicate(1, 3, 0)
		c.must(c.AdvanceCommitIndex(1, 4))
		c.must(c.ChangeConfiguration(1, 1, 15, Configuration{Voters: SetOf(2, 3)}))
		c.must(c.StepDown(1))
		return c.Timeout(1)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.ChangeConfiguration(1, 1, 14, Configuration{Voters: SetOf(2, 3), Outgoing: SetOf(1, 2, 3)}))
		c.replicate(1, 2, 3)
		c.sync(1)
		c.replicate(1, 3, 0)
		c.must(c.AdvanceCommitIndex(1, 4))
		c.must(c.ChangeConfiguration(1, 1, 15, Configuration{Voters: SetOf(2, 3)}))
		c.replicate(1, 2, 4)
		c.replicate(1, 3, 4)
		c.must(c.AdvanceCommitIndex(1, 5), c.StepDown(1))
		return c.Timeout(1)
	}, "no voter of its configuration"},
	{"only candidates ask for votes", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1)
		return c.RequestVote(1, 2, 1, 0, 0)
	}, func(t *testing.T) *Refusal { return found(t).RequestVote(1, 2, 1, 0, 0) }, "it has not campaigned"},
	{"a candidate's own vote is durable before it asks", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1)
		return c.RequestVote(1, 2, 1, 0, 0)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.must(c.Timeout(1))
		return c.RequestVote(1, 2, 1, 0, 0)
	}, "is not durable"},
	{"a candidate tells of the log it has", func(t *testing.T) *Refusal {
		c := lead(t)
		c.ask(2)
		return c.RequestVote(2, 3, 2, 3, 1)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.ask(2)
		return c.RequestVote(2, 3, 2, 4, 1)
	}, "its log ends at 3 of term 1"},
	{"nobody votes unasked", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.must(c.UpdateTerm(2, 1, 1))
		return c.HandleRequestVote(2, 1)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 3)
		c.must(c.UpdateTerm(2, 1, 1))
		return c.HandleRequestVote(2, 1)
	}, "1 has not asked for its vote in term 1"},
	{"one vote a term", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.grant(2, 1)
		return c.HandleRequestVote(2, 1)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.ask(3, 2)
		c.grant(2, 1)
		return c.HandleRequestVote(2, 3)
	}, "it has voted for 1 in term 1, not for 3"},
	{"one vote a term, across crashes", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.ask(3, 2)
		c.must(c.UpdateTerm(2, 1, 1), c.HandleRequestVote(2, 1))
		c.Crash(2) // before the vote was durable, and so before anybody heard of it
		c.must(c.Restart(2, 0), c.UpdateTerm(2, 3, 1))
		return c.HandleRequestVote(2, 3)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.ask(3, 2)
		c.grant(2, 1)
		c.Crash(2)
		c.must(c.Restart(2, 0))
		return c.HandleRequestVote(2, 3)
	}, "it has voted for 1 in term 1, not for 3"},
	{"votes go to logs at least as up-to-date", func(t *testing.T) *Refusal {
		c := lead(t)
		c.ask(2, 3)
		c.must(c.UpdateTerm(3, 2, 2))
		return c.HandleRequestVote(3, 2)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.ask(3)
		c.must(c.Timeout(3))
		c.sync(3)
		c.must(c.RequestVote(3, 2, 2, 0, 0), c.UpdateTerm(2, 3, 2))
		return c.HandleRequestVote(2, 3)
	}, "which is more up-to-date"},
	{"a vote is durable before it is told", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.must(c.UpdateTerm(2, 1, 1), c.HandleRequestVote(2, 1))
		c.sync(2)
		return c.GrantVote(2, 1, 1)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.must(c.UpdateTerm(2, 1, 1), c.HandleRequestVote(2, 1))
		return c.GrantVote(2, 1, 1)
	}, "its vote for 1 in term 1 is not durable"},
	{"only votes that were sent count", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.grant(2, 1)
		return c.HandleGrantedVote(1, 2)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.must(c.UpdateTerm(2, 1, 1), c.HandleRequestVote(2, 1))
		c.sync(2)
		return c.HandleGrantedVote(1, 2)
	}, "2 has sent no vote for it in term 1"},
	{"only candidates become leaders", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.grant(2, 1)
		c.must(c.HandleGrantedVote(1, 2))
		return c.BecomeLeader(1)
	}, func(t *testing.T) *Refusal { return found(t).BecomeLeader(1) }, "its role is follower, not candidate"},
	{"a leader has a quorum's votes", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.grant(2, 1)
		c.must(c.HandleGrantedVote(1, 2))
		return c.BecomeLeader(1)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		return c.BecomeLeader(1)
	}, "1 votes are no quorum of 3 voters"},
	{"a candidate's own vote counts once it is durable", func(t *testing.T) *Refusal {
		c := &cluster{t: t}
		c.Init(Configuration{Voters: SetOf(1)})
		c.must(c.Restart(1, 0), c.Timeout(1))
		c.sync(1)
		return c.BecomeLeader(1)
	}, func(t *testing.T) *Refusal {
		c := &cluster{t: t}
		c.Init(Configuration{Voters: SetOf(1)})
		c.must(c.Restart(1, 0), c.Timeout(1))
		return c.BecomeLeader(1)
	}, "0 votes are no quorum"},
	{"a joint configuration elects with both halves", func(t *testing.T) *Refusal {
		c := joint(t)
		c.must(c.StepDown(1))
		c.ask(1, 2, 4)
		c.grant(2, 1)
		c.grant(4, 1)
		c.must(c.HandleGrantedVote(1, 2), c.HandleGrantedVote(1, 4))
		return c.BecomeLeader(1)
	}, func(t *testing.T) *Refusal {
		c := joint(t)
		c.must(c.StepDown(1))
		c.ask(1, 4, 5)
		c.grant(4, 1)
		c.grant(5, 1)
		c.must(c.HandleGrantedVote(1, 4), c.HandleGrantedVote(1, 5))
		return c.BecomeLeader(1)
	}, "3 votes are no quorum of 3 voters and 3 outgoing voters"},
	{
		"learners don't count", func(t *testing.T) *Refusal {
			c := learners(t)
			c.replicate(1, 2, 4)
			return c.AdvanceCommitIndex(1, 5)
		},
		func(t *testing.T) *Refusal {
			c := learners(t)
			c.replicate(1, 4, 4)
			c.replicate(1, 5, 4)
			return c.AdvanceCommitIndex(1, 5)
		}, "the 1 that have entry 5 are no quorum of 3 voters",
	},
	{"a term is heard of", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		return c.UpdateTerm(2, 1, 1)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1)
		return c.UpdateTerm(2, 1, 1)
	}, "1 has sent nothing of term 1"},
	{"terms rise", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.UpdateTerm(3, 1, 1)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.UpdateTerm(2, 1, 1)
	}, "term 1 is not above its own, 1"},
	{"only who stands or leads steps down", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.StepDown(1)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.StepDown(2)
	}, "its role is follower"},
	{"a term is durable before it is told", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1)
		return c.Speak(1, 1)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.must(c.Timeout(1))
		return c.Speak(1, 1)
	}, "only term 0 is durable"},
	{"only leaders append what clients want", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ClientRequest(1, 1, 14)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ClientRequest(2, 1, 14)
	}, "it is follower of term 1"},
	{"entries are of the leader's term", func(t *testing.T) *Refusal {
		c := depose(t)
		return c.ClientRequest(3, 2, 25)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		return c.ClientRequest(3, 1, 25)
	}, "the entry of term 1"},
	{"leaders send what they have", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.AppendEntries(1, 3, c.message(1, 2, 3))
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 2, 3)
		m.Last = 4
		return c.AppendEntries(1, 3, m)
	}, "is not about its log"},
	{"leaders send it with the terms it has", func(t *testing.T) *Refusal {
		c := depose(t)
		return c.AppendEntries(3, 1, c.message(3, 3, 4))
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(3, 3, 4)
		m.PrevTerm = 2
		return c.AppendEntries(3, 1, m)
	}, "is not about its log"},
	{"nobody else sends entries", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.AppendEntries(1, 3, c.message(1, 2, 3))
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.AppendEntries(2, 3, c.message(2, 2, 3))
	}, "it is follower of term 1"},
	{"leaders tell of what they have committed", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.AppendEntries(1, 3, c.message(1, 0, 3))
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.propose(1, 14)
		m := c.message(1, 0, 4)
		m.Commit = 4
		return c.AppendEntries(1, 3, m)
	}, "it tells of commit index 4, but knows only of 3"},
	{"followers take in what was sent", func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 0, 3)
		c.send(1, 3, m)
		return c.HandleAppendEntries(3, 1, m, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.send(1, 3, c.message(1, 0, 2))
		return c.HandleAppendEntries(3, 1, c.message(1, 0, 3), 3)
	}, "1 has not sent it"},
	{"followers take it in from who leads", func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 0, 3)
		c.send(1, 3, m)
		return c.HandleAppendEntries(3, 1, m, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 0, 3)
		c.send(1, 3, m)
		return c.HandleAppendEntries(3, 2, m, 3)
	}, "2 has not sent it"},
	{"followers take it in in the leader's term", func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(3, 3, 4)
		c.send(3, 2, m)
		return c.HandleAppendEntries(2, 3, m, 4)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(1, 3, 4)
		c.must(c.AppendEntries(1, 2, m))
		return c.HandleAppendEntries(2, 1, m, 4)
	}, "it is follower of term 2, and the message of term 1"},
	{"candidates step down before they take in anything", func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.ask(3)
		c.grant(2, 1)
		c.must(c.HandleGrantedVote(1, 2), c.BecomeLeader(1))
		m := c.message(1, 0, 0)
		c.send(1, 3, m)
		c.must(c.StepDown(3))
		return c.HandleAppendEntries(3, 1, m, 0)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.ask(1, 2)
		c.ask(3)
		c.grant(2, 1)
		c.must(c.HandleGrantedVote(1, 2), c.BecomeLeader(1))
		m := c.message(1, 0, 0)
		c.send(1, 3, m)
		return c.HandleAppendEntries(3, 1, m, 0)
	}, "it is candidate of term 1"},
	{"a message is taken in up to one of its entries", func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 0, 3)
		c.send(1, 3, m)
		return c.HandleAppendEntries(3, 1, m, 1)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 0, 2)
		c.send(1, 3, c.message(1, 0, 3))
		return c.HandleAppendEntries(3, 1, m, 3)
	}, "index 3 is not in the message"},
	{"the entry before must be there", func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 0, 1)
		c.send(1, 3, m)
		return c.HandleAppendEntries(3, 1, m, 1)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 1, 2)
		c.send(1, 3, m)
		return c.HandleAppendEntries(3, 1, m, 2)
	}, "does not hold entry 1 of term 1"},
	{"the entry before must be of the same term", func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(3, 3, 4)
		c.send(3, 1, m)
		return c.HandleAppendEntries(1, 3, m, 4)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		c.propose(3, 25)
		m := c.message(3, 4, 5)
		c.send(3, 1, m)
		return c.HandleAppendEntries(1, 3, m, 5)
	}, "its log, which ends at 4 of term 1, does not hold entry 4 of term 2"},
	{"nothing committed is removed", func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(3, 3, 4)
		c.send(3, 1, m)
		return c.HandleAppendEntries(1, 3, m, 4)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(3, 3, 4)
		c.send(3, 1, m)
		c.servers[1].commit = c.servers[1].log // which no action would do
		return c.HandleAppendEntries(1, 3, m, 4)
	}, "it would remove entry 4, though it knows 4 to be committed"},
	{"followers acknowledge what they took in", func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(3, 3, 4)
		c.send(3, 1, m)
		c.must(c.HandleAppendEntries(1, 3, m, 4))
		return c.Acknowledge(1, 4, false)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(3, 2, 3)
		c.send(3, 1, m)
		c.must(c.HandleAppendEntries(1, 3, m, 3))
		return c.Acknowledge(1, 4, false) // it has an entry 4, but not the leader's
	}, "was found to agree with the leader's of term 2 up to 3, not 4"},
	{"followers acknowledge what is committed", func(t *testing.T) *Refusal {
		c := depose(t)
		c.must(c.AppendEntries(3, 1, c.message(3, 3, 3)), c.UpdateTerm(1, 3, 2))
		return c.Acknowledge(1, 3, false)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		c.must(c.AppendEntries(3, 2, c.message(3, 3, 3)))
		return c.Acknowledge(2, 3, false) // which server 2 does not know
	}, "was found to agree with the leader's of term 2 up to 0, not 3"},
	{"a log that ends with an entry of the leader's term is the leader's", func(t *testing.T) *Refusal {
		c := lead(t)
		c.Crash(2)
		c.must(c.Restart(2, 0))
		return c.Acknowledge(2, 3, true)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		c.Crash(2)
		c.must(c.Restart(2, 0))
		return c.Acknowledge(2, 3, true) // in term 2
	}, "was found to agree with the leader's of term 2 up to 0, not 3"},
	{"what a follower was not told to be the leader's it must have concluded to be", func(t *testing.T) *Refusal {
		c := lead(t)
		c.Crash(2)
		c.must(c.Restart(2, 0))
		return c.Acknowledge(2, 3, true)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.Crash(2)
		c.must(c.Restart(2, 0))
		return c.Acknowledge(2, 3, false)
	}, "was found to agree with the leader's of term 1 up to 0, not 3"},
	{"entries are durable before they are acknowledged", func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 0, 3)
		c.send(1, 3, m)
		c.must(c.HandleAppendEntries(3, 1, m, 3), c.Acknowledge(3, 3, false))
		c.sync(3)
		return c.SendAcknowledgement(3, 1, 1, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		m := c.message(1, 0, 3)
		c.send(1, 3, m)
		c.must(c.HandleAppendEntries(3, 1, m, 3), c.Acknowledge(3, 3, false))
		c.must(c.Persist(3, 1, Nobody, 0, 0))
		return c.SendAcknowledgement(3, 1, 1, 3)
	}, "the entries up to 3 are not durable"},
	{"an acknowledgement of an earlier term stays true", func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(1, 3, 4)
		c.must(c.AppendEntries(1, 4, c.message(1, 0, 3)), c.AppendEntries(1, 4, m), c.UpdateTerm(4, 1, 1))
		c.must(c.HandleAppendEntries(4, 1, c.message(1, 0, 3), 3), c.HandleAppendEntries(4, 1, m, 4), c.Acknowledge(4, 4, false))
		other := c.message(3, 3, 4)
		c.send(3, 4, other)
		c.must(c.HandleAppendEntries(4, 3, other, 4))
		c.sync(4)
		return c.SendAcknowledgement(4, 1, 1, 4)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		m := c.message(1, 3, 4)
		c.must(c.AppendEntries(1, 4, c.message(1, 0, 3)), c.AppendEntries(1, 4, m), c.UpdateTerm(4, 1, 1))
		c.must(c.HandleAppendEntries(4, 1, c.message(1, 0, 3), 3), c.HandleAppendEntries(4, 1, m, 4))
		other := c.message(3, 3, 4)
		c.send(3, 4, other)
		c.must(c.HandleAppendEntries(4, 3, other, 4), c.Acknowledge(4, 4, false)) // to the other leader
		c.sync(4)
		return c.SendAcknowledgement(4, 1, 1, 4)
	}, "it has not found to agree with 1, the leader of term 1, up to 4"},
	{"leaders count what was acknowledged", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.HandleAcknowledgement(1, 2, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.propose(1, 14)
		return c.HandleAcknowledgement(1, 2, 4)
	}, "2 has not acknowledged 4 in term 1"},
	{"leaders commit what a quorum has", func(t *testing.T) *Refusal {
		c := lead(t)
		c.propose(1, 14)
		c.replicate(1, 2, 3)
		return c.AdvanceCommitIndex(1, 4)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.propose(1, 14)
		return c.AdvanceCommitIndex(1, 4)
	}, "the 1 that have entry 4 are no quorum"},
	{"a leader counts itself by what is durable", func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.ClientRequest(1, 1, 14))
		c.replicate(1, 2, 3)
		c.sync(1)
		return c.AdvanceCommitIndex(1, 4)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.ClientRequest(1, 1, 14))
		c.replicate(1, 2, 3)
		return c.AdvanceCommitIndex(1, 4)
	}, "the 1 that have entry 4 are no quorum"},
	{"leaders commit entries of their own term", func(t *testing.T) *Refusal {
		c := inherit(t)
		return c.AdvanceCommitIndex(2, 2)
	}, func(t *testing.T) *Refusal {
		c := inherit(t)
		return c.AdvanceCommitIndex(2, 1)
	}, "entry 1 is of term 1, not of its own, 2"},
	{"a joint configuration commits with both halves", func(t *testing.T) *Refusal {
		c := joint(t)
		c.replicate(1, 2, 3)
		c.replicate(1, 4, 3)
		return c.AdvanceCommitIndex(1, 4)
	}, func(t *testing.T) *Refusal {
		c := joint(t)
		c.replicate(1, 2, 3)
		c.replicate(1, 3, 0)
		return c.AdvanceCommitIndex(1, 4)
	}, "no quorum of 3 voters and 3 outgoing voters"},
	{"commit indexes rise", func(t *testing.T) *Refusal {
		c := lead(t)
		c.propose(1, 14)
		c.replicate(1, 2, 3)
		return c.AdvanceCommitIndex(1, 4)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.AdvanceCommitIndex(1, 2)
	}, "2 is not between its commit index, 3, and the end of its log, 3"},
	{"heartbeats commit no more than matches", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.Heartbeat(1, 2, 1, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.Heartbeat(1, 3, 1, 3)
	}, "3 has 0 entries"},
	{"followers learn of the commit index they were told", func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.Heartbeat(1, 2, 1, 3))
		return c.HandleHeartbeat(2, 1, 1, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.Heartbeat(1, 2, 1, 2))
		return c.HandleHeartbeat(2, 1, 1, 3)
	}, "1 has not told it of commit index 3"},
	{"followers commit what they have", func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.Heartbeat(1, 2, 1, 3))
		return c.HandleHeartbeat(2, 1, 1, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.Heartbeat(1, 2, 1, 3))
		c.servers[2].log = c.cut(c.servers[2].log, 2) // which no action would do
		return c.HandleHeartbeat(2, 1, 1, 3)
	}, "its log ends at 2, below commit index 3"},
	{"a configuration proves the one before it committed", func(t *testing.T) *Refusal {
		c := joint(t)
		c.replicate(1, 2, 3)
		c.replicate(1, 4, 3)
		c.must(c.AdvanceCommitIndex(1, 4), c.ChangeConfiguration(1, 1, 15, Configuration{Voters: SetOf(1, 4, 5)}))
		m := c.message(1, 4, 5)
		m.Commit = 0
		c.send(1, 2, m)
		c.must(c.HandleAppendEntries(2, 1, m, 5))
		return c.InferCommit(2, 4)
	}, func(t *testing.T) *Refusal {
		c := joint(t)
		c.replicate(1, 2, 3)
		return c.InferCommit(2, 4)
	}, "its log proves 0 committed"},
	{"one change at a time", func(t *testing.T) *Refusal {
		c := joint(t)
		c.replicate(1, 2, 3)
		c.replicate(1, 4, 3)
		c.must(c.AdvanceCommitIndex(1, 4))
		return c.ChangeConfiguration(1, 1, 15, Configuration{Voters: SetOf(1, 4, 5)})
	}, func(t *testing.T) *Refusal {
		c := joint(t)
		return c.ChangeConfiguration(1, 1, 15, Configuration{Voters: SetOf(1, 4, 5)})
	}, "the configuration at 4 is not committed, only 3 is"},
	{"no change before an entry of the leader's term is committed", func(t *testing.T) *Refusal {
		c := depose(t)
		c.replicate(3, 2, 3)
		c.must(c.AdvanceCommitIndex(3, 4))
		return c.ChangeConfiguration(3, 2, 25, Configuration{Voters: SetOf(1, 2, 3), Learners: SetOf(4)})
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		return c.ChangeConfiguration(3, 2, 25, Configuration{Voters: SetOf(1, 2, 3), Learners: SetOf(4)})
	}, "it has committed nothing in term 2 yet"},
	{"only leaders change the configuration", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ChangeConfiguration(1, 1, 14, Configuration{Voters: SetOf(1, 2, 3), Learners: SetOf(4)})
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ChangeConfiguration(2, 1, 14, Configuration{Voters: SetOf(1, 2, 3), Learners: SetOf(4)})
	}, "it is follower of term 1"},
	{"voters change by way of a joint configuration", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ChangeConfiguration(1, 1, 14, Configuration{Voters: SetOf(1, 2), Outgoing: SetOf(1, 2, 3)})
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ChangeConfiguration(1, 1, 14, Configuration{Voters: SetOf(1, 2)})
	}, "may not follow"},
	{"leaders send snapshots of what is committed", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.SendSnapshot(1, 3, 1, 3, 1)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.propose(1, 14)
		return c.SendSnapshot(1, 3, 1, 4, 1)
	}, "it knows only 3 to be committed, not 4"},
	{"leaders send snapshots of their log", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.SendSnapshot(1, 3, 1, 3, 1)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.SendSnapshot(1, 3, 1, 3, 2)
	}, "entry 3 is of term 1, not 2"},
	{"only leaders send snapshots", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.SendSnapshot(1, 3, 1, 3, 1)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.Heartbeat(1, 2, 1, 3), c.HandleHeartbeat(2, 1, 1, 3))
		return c.SendSnapshot(2, 3, 1, 3, 1)
	}, "it is follower of term 1"},
	{"followers install what was sent", func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.SendSnapshot(1, 3, 1, 3, 1), c.UpdateTerm(3, 1, 1))
		return c.InstallSnapshot(3, 3, true)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.SendSnapshot(1, 3, 1, 2, 1), c.UpdateTerm(3, 1, 1))
		return c.InstallSnapshot(3, 3, true)
	}, "was sent no snapshot at 3 in term 1"},
	{"no snapshot takes a follower below its commit index", func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.SendSnapshot(1, 2, 1, 3, 1))
		return c.InstallSnapshot(2, 3, false)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.Heartbeat(1, 2, 1, 3), c.HandleHeartbeat(2, 1, 1, 3), c.SendSnapshot(1, 2, 1, 2, 1))
		return c.InstallSnapshot(2, 2, true)
	}, "the snapshot at 2 is not above its commit index, 3"},
	{"a log that holds the snapshot stays", func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.SendSnapshot(1, 2, 1, 2, 1))
		return c.InstallSnapshot(2, 2, false)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.SendSnapshot(1, 2, 1, 2, 1))
		return c.InstallSnapshot(2, 2, true)
	}, "that its log holds the snapshot at 2 is true, and that it is replaced as well"},
	{"a log that lacks the snapshot does not stay", func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.SendSnapshot(1, 3, 1, 2, 1), c.UpdateTerm(3, 1, 1))
		return c.InstallSnapshot(3, 2, true)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.must(c.SendSnapshot(1, 3, 1, 2, 1), c.UpdateTerm(3, 1, 1))
		return c.InstallSnapshot(3, 2, false)
	}, "that its log holds the snapshot at 2 is false, and that it is replaced as well"},
	{"what becomes durable was once so", func(t *testing.T) *Refusal {
		c := found(t)
		c.must(c.Timeout(1))
		return c.Persist(1, 1, 1, 0, 0)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.must(c.Timeout(1))
		return c.Persist(1, 1, 2, 0, 0)
	}, "it was not in term 1 with a vote for 2"},
	{"what is durable never goes back", func(t *testing.T) *Refusal {
		c := found(t)
		c.must(c.Timeout(1), c.Timeout(1))
		return c.Persist(1, 1, 1, 0, 0)
	}, func(t *testing.T) *Refusal {
		c := found(t)
		c.must(c.Timeout(1), c.Timeout(1), c.Persist(1, 2, 1, 0, 0))
		return c.Persist(1, 1, 1, 0, 0)
	}, "since term 2, a vote for 1 and 0 are durable"},
	{"only who is down starts", func(t *testing.T) *Refusal {
		c := found(t)
		c.Crash(1)
		return c.Restart(1, 0)
	}, func(t *testing.T) *Refusal { return found(t).Restart(1, 0) }, "it is up"},
	{"a restart remembers what the log holds", func(t *testing.T) *Refusal {
		c := lead(t)
		c.Crash(1)
		return c.Restart(1, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.Crash(1)
		return c.Restart(1, 4)
	}, "its log ends at 3, below commit index 4"},
	{"a restart remembers no more than was known", func(t *testing.T) *Refusal {
		c := lead(t)
		c.Crash(1)
		return c.Restart(1, 2)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		c.propose(1, 14)
		c.Crash(1)
		return c.Restart(1, 4)
	}, "it takes 4 to be committed, but knew only of 3"},
	{"a restart remembers no commit of a log that was lost", func(t *testing.T) *Refusal {
		c := depose(t)
		c.replicate(3, 2, 3)
		c.must(c.AdvanceCommitIndex(3, 4))
		c.send(3, 1, c.message(3, 3, 4))
		c.must(c.HandleAppendEntries(1, 3, c.message(3, 3, 4), 4)) // and commit it
		c.sync(1)
		c.Crash(1)
		return c.Restart(1, 4)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		c.replicate(3, 2, 3)
		c.must(c.AdvanceCommitIndex(3, 4))
		c.send(3, 1, c.message(3, 3, 4))
		c.must(c.HandleAppendEntries(1, 3, c.message(3, 3, 4), 4))
		c.Crash(1) // with its old entry 4
		return c.Restart(1, 4)
	}, "or of another log"},
	{"a read waits for what is committed", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ReadIndex(1, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ReadIndex(1, 2)
	}, "must wait for entry 3, not only for 2"},
	{"a read waits for an entry of the leader's term", func(t *testing.T) *Refusal {
		c := depose(t)
		return c.ReadIndex(3, 4)
	}, func(t *testing.T) *Refusal {
		c := depose(t)
		return c.ReadIndex(3, 3)
	}, "must wait for entry 4, not only for 3"},
	{"leaders answer reads", func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ReadIndex(1, 3)
	}, func(t *testing.T) *Refusal {
		c := lead(t)
		return c.ReadIndex(2, 3)
	}, "it is follower"},
}

// joint has server 1 begin a change from voters 1, 2 and 3 to 1, 4 and 5, which
// have all entries but the last.
func joint(t *testing.T) *cluster {
	t.Helper()
	c := lead(t)
	c.replicate(1, 4, 0)
	c.replicate(1, 5, 0)
	c.must(c.ChangeConfiguration(1, 1, 14, Configuration{Voters: SetOf(1, 4, 5), Outgoing: SetOf(1, 2, 3)}))
	c.sync(1)
	return c
}

// inherit has server 2 lead in term 2 with an entry of term 1 that was not
// committed, and one of its own; 3 has both.
func inherit(t *testing.T) *cluster {
	t.Helper()
	c := found(t)
	c.elect(1, 2)
	c.propose(1, 11)
	c.replicate(1, 2, 0)
	c.elect(2, 3)
	c.propose(2, 22)
	c.replicate(2, 3, 0)
	return c
}

// learners has server 1 lead with learners 4 and 5, and one more entry.
func learners(t *testing.T) *cluster {
	t.Helper()
	c := lead(t)
	c.must(c.ChangeConfiguration(1, 1, 14, Configuration{Voters: SetOf(1, 2, 3), Learners: SetOf(4, 5)}))
	c.sync(1)
	for _, j := range []Server{2, 4, 5} {
		c.replicate(1, j, 0)
	}
	c.must(c.AdvanceCommitIndex(1, 4))
	c.propose(1, 15)
	return c
}

func TestEveryGuardKeepsItsActionFromHappening(t *testing.T) {
	for _, g := range guards {
		t.Run(g.name, func(t *testing.T) {
			if r := g.enabled(t); r != nil {
				t.Errorf("it should be enabled, but %v", r)
			}
			if r := g.refused(t); r == nil {
				t.Errorf("it was to be refused because %q, but was not", g.why)
			} else if !strings.Contains(r.String(), g.why) {
				t.Errorf("it was to be refused because %q, but %v", g.why, r)
			}
		})
	}
}

func TestConfigurationsFollowOneAnotherByJointOnes(t *testing.T) {
	simple := Configuration{Voters: SetOf(1, 2, 3), Learners: SetOf(4)}
	joint := Configuration{Voters: SetOf(1, 2, 4), Outgoing: SetOf(1, 2, 3), Learners: SetOf(3)}
	for _, step := range []struct {
		name     string
		from, to Configuration
		legal    bool
	}{
		{"learners change", simple, Configuration{Voters: SetOf(1, 2, 3), Learners: SetOf(5)}, true},
		{"voters change", simple, Configuration{Voters: SetOf(1, 2, 4)}, false},
		{"enter", simple, joint, true},
		{"enter with another old half", simple, Configuration{Voters: SetOf(1, 2), Outgoing: SetOf(1, 2, 4)}, false},
		{"enter for nothing", simple, Configuration{Voters: SetOf(1, 2, 3), Outgoing: SetOf(1, 2, 3)}, false},
		{"leave", joint, Configuration{Voters: SetOf(1, 2, 4), Learners: SetOf(3)}, true},
		{"leave for the old half", joint, Configuration{Voters: SetOf(1, 2, 3), Learners: SetOf(3)}, false},
		{"leave and change learners", joint, Configuration{Voters: SetOf(1, 2, 4)}, false},
		{"go from joint to joint", joint, Configuration{Voters: SetOf(1, 2), Outgoing: SetOf(1, 2, 4)}, false},
		{"be left without voters", simple, Configuration{Outgoing: SetOf(1, 2, 3)}, false},
		{"make a voter a learner too", simple, Configuration{Voters: SetOf(1, 2, 3), Learners: SetOf(3)}, false},
	} {
		if legal := step.from.leadsTo(&step.to); legal != step.legal {
			t.Errorf("to %s is %v, but should be %v", step.name, legal, step.legal)
		}
	}
}
