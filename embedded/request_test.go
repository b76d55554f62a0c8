package embedded_test

import (
	"errors"
	"slices"

	"github.com/driftless-raft/driftless/contract"
	"github.com/driftless-raft/driftless/embedded"
	"github.com/driftless-raft/driftless/raft"
)

// A call is a scenario's request to a board.
type call struct{ reply contract.Reply }

// Reply implements [contract.Call].
func (k *call) Reply() contract.Reply { return k.reply }

// lose is for a call to a board that has gone down.
func (k *call) lose() {
	if k.reply.Outcome == contract.Pending {
		k.reply = contract.Reply{Outcome: contract.Unknown, Text: "the board went down"}
	}
}

// Ask implements [contract.Cluster].
func (c *cluster) Ask(number int, request contract.Request) contract.Call {
	b, k := c.boards[number-1], &call{}
	switch {
	case !b.up:
		k.reply = contract.Reply{Outcome: contract.Refused, Reason: contract.Unreachable, Text: "the board is down"}
	case b.paused:
		k.reply = contract.Reply{Outcome: contract.Unknown, Text: "the board does not answer"}
	default:
		b.calls = append(b.calls, k)
		b.ask(uint32(len(b.calls)-1), &request)
		b.poll()
	}
	return k
}

func (b *board) ask(tag uint32, r *contract.Request) {
	switch r.Kind {
	case contract.Propose:
		b.node.Propose(tag, r.Body)
	case contract.Read:
		b.node.Read(tag, [...]raft.ReadMode{raft.Linearizable, raft.Lease, raft.Stale}[r.Mode], r.Body)
	case contract.Change:
		b.node.Change(tag, configuration(r.Voters, r.Learners))
	case contract.Transfer:
		b.node.Transfer(tag, member(r.Target))
	case contract.Compact:
		b.node.Compact(tag)
	}
}

// Answered implements [embedded.Client].
func (b *board) Answered(a *embedded.Answer) {
	k := b.calls[a.Tag]
	switch a.Outcome {
	case embedded.Done:
		k.reply = contract.Reply{Outcome: contract.Done, Body: slices.Clone(a.Body)}
	case embedded.Refused:
		k.reply = contract.Reply{Outcome: contract.Refused, Reason: reasons[a.Reason], Text: a.Reason.String(), Leader: int(a.Leader)}
	case embedded.Unknown:
		k.reply = contract.Reply{Outcome: contract.Unknown, Text: "the board can't tell"}
	}
}

// reasons are what a node's reasons mean to a scenario; the rest are contract.Other.
var reasons = map[embedded.Reason]contract.Reason{
	embedded.Reason(raft.NotLeader):          contract.NotLeader,
	embedded.Reason(raft.NoLeader):           contract.NotLeader,
	embedded.Reason(raft.NoRoom):             contract.Busy,
	embedded.Reason(raft.TooMuchUncommitted): contract.Busy,
	embedded.Reason(raft.Transferring):       contract.Busy,
	embedded.Reason(raft.ChangePending):      contract.ChangePending,
	embedded.Reason(raft.TermNotCommitted):   contract.Busy,
	embedded.Reason(raft.NotCaughtUp):        contract.NotCaughtUp,
	embedded.Reason(raft.NotVoter):           contract.NotMember,
	embedded.Reason(raft.SnapshotPinned):     contract.Busy,
	embedded.Reason(raft.SnapshotPending):    contract.Busy,
	embedded.Reason(raft.SnapshotOutOfRange): contract.Busy,
	embedded.Reason(raft.NoLease):            contract.NoLease,
	embedded.Superseded:                      contract.Superseded,
	embedded.NothingToCompact:                contract.NothingToDo,
	embedded.TooManyRequests:                 contract.Busy,
}

// member is a member as the core names it; nobody, if it is none.
func member(m contract.Member) raft.Member {
	if m.Server == 0 {
		return raft.Member{}
	}
	return raft.Member{ID: raft.ID(m.Server), Incarnation: uint32(m.Life + 1)}
}

// configuration is one of voters and learners, each in a slot.
func configuration(voters, learners []contract.Member) *raft.Configuration {
	c := new(raft.Configuration)
	for i, m := range slices.Concat(voters, learners) {
		c.Members[i] = member(m)
		if i < len(voters) {
			c.Voters |= 1 << i
		} else {
			c.Learners |= 1 << i
		}
	}
	return c
}

// members are those in a set of slots.
func members(c *raft.Configuration, set raft.Slots) []contract.Member {
	var list []contract.Member
	for i, m := range c.Members {
		if set>>i&1 != 0 {
			list = append(list, contract.Member{Server: int(m.ID), Life: int(m.Incarnation) - 1})
		}
	}
	slices.SortFunc(list, func(a, b contract.Member) int { return a.Server - b.Server })
	return list
}

var errUnreachable = errors.New("down or paused")

// reachable finds a board that answers. There is none of number 0.
func (c *cluster) reachable(number int) (*board, error) {
	if number < 1 || !c.boards[number-1].up || c.boards[number-1].paused {
		return nil, errUnreachable
	}
	return c.boards[number-1], nil
}

// Status implements [contract.Cluster].
func (c *cluster) Status(number int) (contract.Status, error) {
	b, err := c.reachable(number)
	if err != nil {
		return contract.Status{}, err
	}
	var s embedded.Status
	b.node.Status(&s)
	return contract.Status{
		Member: contract.Member{Server: number, Life: b.life}, Role: roles[s.Role], Term: uint64(s.Term), Leader: int(s.Leader.ID),
		First: uint64(s.First), Last: uint64(s.Last), Commit: uint64(s.Commit), Applied: uint64(s.Applied),
		Voters:   members(s.Configuration, s.Configuration.Voters),
		Outgoing: members(s.Configuration, s.Configuration.Outgoing),
		Learners: members(s.Configuration, s.Configuration.Learners),
		Settled:  s.Settled,
	}, nil
}

var roles = [...]contract.Role{
	raft.Follower: contract.Follower, raft.PreCandidate: contract.Candidate, raft.Candidate: contract.Candidate,
	raft.Leader: contract.Leader, raft.Stopped: contract.Stopped,
}

// Applied implements [contract.Cluster].
func (c *cluster) Applied(number int, after uint64) ([]contract.Applied, error) {
	b, err := c.reachable(number)
	if err != nil {
		return nil, err
	}
	var list []contract.Applied
	for a := (embedded.Applied{}); b.node.NextApplied(raft.Index(after), &a); after = uint64(a.Index) {
		next := contract.Applied{Index: uint64(a.Index)}
		if a.Kind == raft.Command {
			next.Command, next.Response = slices.Clone(a.Command), slices.Clone(a.Response)
		}
		list = append(list, next)
	}
	return list, nil
}
