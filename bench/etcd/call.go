package etcd

import (
	"encoding/binary"
	"errors"
	"slices"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"

	"github.com/driftless-raft/driftless/contract"
)

// A call is a request to one life of a server's process. It implements
// [contract.Call].
type call struct {
	node    *node
	boot    int
	request contract.Request
	index   uint64 // of the proposed entry, or what a read waits for
	term    uint64
	read    []byte // the read's name
	indexed bool
	reply   contract.Reply
}

// Reply implements [contract.Call].
func (k *call) Reply() contract.Reply {
	if k.reply.Outcome == contract.Pending && k.node.boot != k.boot || k.node.raw == nil {
		k.lose()
	}
	return k.reply
}

func (k *call) lose() {
	if k.reply.Outcome == contract.Pending {
		k.reply = contract.Reply{Outcome: contract.Unknown, Text: "the server went down"}
	}
}

func (k *call) refuse(reason contract.Reason, text string) {
	k.reply = contract.Reply{Outcome: contract.Refused, Reason: reason, Text: text}
}

func (k *call) finish(body []byte) {
	k.reply = contract.Reply{Outcome: contract.Done, Body: slices.Clone(body)}
}

// Ask implements [contract.Cluster].
func (c *cluster) Ask(number int, request contract.Request) contract.Call {
	n := c.nodes[number-1]
	k := &call{node: n, boot: n.boot, request: request}
	switch {
	case n.raw == nil:
		k.refuse(contract.Unreachable, "the server is down")
	case n.paused:
		k.reply = contract.Reply{Outcome: contract.Unknown, Text: "the server does not answer"}
	default:
		c.guard(func() {
			k.begin()
			if k.reply.Outcome == contract.Pending {
				n.calls = append(n.calls, k)
			}
			n.work()
		})
	}
	return k
}

func (k *call) begin() {
	n := k.node
	switch k.request.Kind {
	case contract.Propose:
		k.propose(func() error { return n.raw.Propose(k.request.Body) })
	case contract.Read:
		k.beginRead()
	case contract.Change:
		k.change()
	case contract.Transfer:
		k.transfer()
	case contract.Compact:
		k.compact()
	}
}

// propose proposes an entry. All that is ready was done, so that its index is the
// next one of the storage.
func (k *call) propose(entry func() error) {
	n := k.node
	if !n.leads() {
		k.refuse(contract.NotLeader, "not the leader")
		k.reply.Leader = memberOf(n.raw.BasicStatus().Lead).Server
		return
	}
	last, err := n.store.LastIndex()
	check(err)
	k.index, k.term = last+1, n.raw.BasicStatus().GetTerm()
	if err := entry(); err != nil {
		k.refuse(contract.Busy, err.Error())
	}
}

// change proposes a configuration, always by way of a joint one. What can't be
// proposed now the package replaces by an empty entry; so it is asked before.
func (k *call) change() {
	n := k.node
	if len(n.members.GetVotersOutgoing()) > 0 {
		k.refuse(contract.ChangePending, "the configuration is joint")
		return
	}
	change := &raftpb.ConfChangeV2{Transition: raftpb.ConfChangeTransitionJointImplicit.Enum()}
	add := func(kind raftpb.ConfChangeType, id uint64) {
		change.Changes = append(change.Changes, &raftpb.ConfChangeSingle{Type: kind.Enum(), NodeId: &id})
	}
	wanted := map[uint64]bool{}
	for _, m := range k.request.Voters {
		wanted[idOf(m)] = true
		if !slices.Contains(n.members.GetVoters(), idOf(m)) {
			add(raftpb.ConfChangeAddNode, idOf(m))
		}
	}
	for _, m := range k.request.Learners {
		wanted[idOf(m)] = true
		if !slices.Contains(n.members.GetLearners(), idOf(m)) {
			add(raftpb.ConfChangeAddLearnerNode, idOf(m))
		}
	}
	for _, id := range slices.Concat(n.members.GetVoters(), n.members.GetLearners()) {
		if !wanted[id] {
			add(raftpb.ConfChangeRemoveNode, id)
		}
	}
	if len(change.Changes) == 0 && n.leads() {
		k.finish(nil)
		return
	}
	k.propose(func() error { return n.raw.ProposeConfChange(change) })
	if k.reply.Outcome != contract.Pending {
		return
	}
	n.work()
	entries, err := n.store.Entries(k.index, k.index+1, 1<<20)
	if err != nil && !errors.Is(err, raft.ErrCompacted) || err == nil && entries[0].GetType() != raftpb.EntryConfChangeV2 {
		k.refuse(contract.ChangePending, "a change is not yet applied")
		return
	}
	k.finish(nil)
}

func (k *call) transfer() {
	n := k.node
	to := idOf(k.request.Target)
	switch {
	case !n.leads():
		k.refuse(contract.NotLeader, "not the leader")
	case to == n.id || !slices.Contains(n.members.GetVoters(), to):
		k.refuse(contract.NotMember, "not another voter")
	default:
		n.raw.TransferLeader(to)
		k.finish(nil)
	}
}

func (k *call) compact() {
	n := k.node
	_, err := n.store.CreateSnapshot(n.applied, n.members, save(n.machine))
	if err != nil && !errors.Is(err, raft.ErrSnapOutOfDate) {
		k.refuse(contract.Other, err.Error())
		return
	}
	switch err := n.store.Compact(n.applied); {
	case errors.Is(err, raft.ErrCompacted):
		k.refuse(contract.NothingToDo, err.Error())
	case err != nil:
		k.refuse(contract.Other, err.Error())
	default:
		k.finish(nil)
	}
}

func (k *call) beginRead() {
	n := k.node
	if k.request.Mode == contract.Stale {
		k.finish(n.machine.Query(k.request.Body))
		return
	}
	n.cluster.reads++
	k.read = binary.BigEndian.AppendUint64(nil, n.cluster.reads)
	n.raw.ReadIndex(k.read)
}

// readable notes the index that a read must wait for.
func (n *node) readable(r raft.ReadState) {
	for _, k := range n.calls {
		if k.read != nil && slices.Equal(k.read, r.RequestCtx) {
			k.index, k.indexed = r.Index, true
		}
	}
}

// answer answers the calls whose time has come.
func (n *node) answer() {
	for _, k := range n.calls {
		switch {
		case k.read != nil && k.indexed && n.applied >= k.index:
			k.finish(n.machine.Query(k.request.Body))
		case k.read != nil || n.applied < k.index:
		default:
			k.answerProposal()
		}
	}
	n.calls = slices.DeleteFunc(n.calls, func(k *call) bool { return k.reply.Outcome != contract.Pending })
}

func (k *call) answerProposal() {
	switch d := k.node.at(k.index); {
	case d == nil:
		k.reply = contract.Reply{Outcome: contract.Unknown, Text: "the log no longer tells"}
	case d.term != k.term:
		k.refuse(contract.Superseded, "something else is committed in its place")
	default:
		k.finish(d.Response)
	}
}
