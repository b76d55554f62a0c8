package etcd

import (
	"fmt"
	"io"
	"log"
	"slices"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/driftless-raft/driftless/contract"
	core "github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// A node is one server: its disk, and its process if it runs.
type node struct {
	cluster *cluster
	id      uint64
	store   *raft.MemoryStorage

	raw     *raft.RawNode // nil if it is down
	boot    int
	paused  bool
	machine statemachine.Machine
	applied uint64
	members *raftpb.ConfState
	done    []done
	calls   []*call
}

// done is what was applied at an index, and the entry's term.
type done struct {
	contract.Applied
	term uint64
}

func (n *node) runs() bool { return n.raw != nil && !n.paused }

// found makes the store a founding member's, with all the founders as members.
func (n *node) found(members *raftpb.ConfState) error {
	return n.store.ApplySnapshot(&raftpb.Snapshot{
		Data:     save(contract.NewMachine()),
		Metadata: &raftpb.SnapshotMetadata{ConfState: members, Index: new(uint64(1)), Term: new(uint64(1))},
	})
}

// start starts the process on what the store holds.
func (n *node) start() error {
	n.boot++
	n.machine, n.done, n.calls = contract.NewMachine(), nil, nil
	snapshot, err := n.store.Snapshot()
	if err != nil {
		return err
	}
	n.load(snapshot)
	n.raw, err = raft.NewRawNode(&raft.Config{
		ID: n.id, ElectionTick: int(contract.ElectionTimeout), HeartbeatTick: int(contract.ElectionTimeout) / 5,
		Storage: n.store, Applied: n.applied,
		MaxSizePerMsg: 1024, MaxInflightMsgs: 16, MaxUncommittedEntriesSize: 1 << 16,
		CheckQuorum: true, PreVote: true, DisableProposalForwarding: true, StepDownOnRemoval: true,
		Logger: &raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)}, // it panics all the same
	})
	return err
}

// load replaces the state machine's state by a snapshot's; an empty one is a
// blank server's.
func (n *node) load(s *raftpb.Snapshot) {
	n.applied, n.members = s.GetMetadata().GetIndex(), s.GetMetadata().GetConfState()
	n.done = nil
	if n.members == nil {
		n.members = &raftpb.ConfState{}
	}
	if raft.IsEmptySnap(s) {
		return
	}
	if damage := n.machine.Load(s.GetData()); damage != statemachine.Intact {
		panic(fmt.Sprintf("server %d was sent a damaged snapshot: %v", n.id, damage))
	}
}

func save(m statemachine.Machine) []byte {
	image := make([]byte, m.SnapshotBytes())
	return image[:m.Save(image)]
}

// work does what is ready, in the order that the package asks for: store, send,
// apply.
func (n *node) work() {
	for n.raw.HasReady() {
		ready := n.raw.Ready()
		if !raft.IsEmptySnap(ready.Snapshot) {
			check(n.store.ApplySnapshot(ready.Snapshot))
			n.load(ready.Snapshot)
		}
		check(n.store.Append(ready.Entries))
		if !raft.IsEmptyHardState(ready.HardState) {
			check(n.store.SetHardState(ready.HardState))
		}
		for _, m := range ready.Messages {
			if m.GetType() == raftpb.MsgSnap {
				m.Snapshot = n.fresh()
			}
			n.cluster.send(m)
		}
		for _, e := range ready.CommittedEntries {
			n.apply(e)
		}
		for _, r := range ready.ReadStates {
			n.readable(r)
		}
		n.raw.Advance(ready)
	}
	n.answer()
}

// fresh is a snapshot of what is applied: an older one may not know its receiver.
func (n *node) fresh() *raftpb.Snapshot {
	s, err := n.store.Snapshot()
	check(err)
	if s.GetMetadata().GetIndex() < n.applied {
		s, err = n.store.CreateSnapshot(n.applied, n.members, save(n.machine))
		check(err)
	}
	return s
}

// apply applies a committed entry.
func (n *node) apply(e *raftpb.Entry) {
	d := done{Applied: contract.Applied{Index: e.GetIndex()}, term: e.GetTerm()}
	switch {
	case e.GetType() == raftpb.EntryConfChangeV2:
		var change raftpb.ConfChangeV2
		check(proto.Unmarshal(e.GetData(), &change))
		n.members = n.raw.ApplyConfChange(&change)
	case len(e.GetData()) > 0:
		d.Command = slices.Clone(e.GetData())
		d.Response = slices.Clone(n.machine.Apply(core.Index(e.GetIndex()), e.GetData()))
	}
	n.applied = e.GetIndex()
	n.done = append(n.done, d)
}

// at is what was applied at an index, or nil if that is not known.
func (n *node) at(index uint64) *done {
	i, found := slices.BinarySearchFunc(n.done, index, func(d done, index uint64) int { return int(int64(d.Index) - int64(index)) })
	if !found {
		return nil
	}
	return &n.done[i]
}

func (n *node) leads() bool { return n.raw.BasicStatus().RaftState == raft.StateLeader }

// status is how the node sees itself. Its configuration is the one it has applied.
func (n *node) status() contract.Status {
	now := n.raw.BasicStatus()
	first, err := n.store.FirstIndex()
	check(err)
	last, err := n.store.LastIndex()
	check(err)
	s := contract.Status{
		Member: memberOf(n.id), Term: now.GetTerm(), Leader: memberOf(now.Lead).Server,
		First: first, Last: last, Commit: now.GetCommit(), Applied: n.applied,
		Voters: membersOf(n.members.GetVoters()), Outgoing: membersOf(n.members.GetVotersOutgoing()),
		Learners: membersOf(n.members.GetLearners()), Settled: len(n.members.GetVotersOutgoing()) == 0,
	}
	switch now.RaftState {
	case raft.StateLeader:
		s.Role = contract.Leader
	case raft.StateCandidate, raft.StatePreCandidate:
		s.Role = contract.Candidate
	}
	return s
}

func membersOf(ids []uint64) []contract.Member {
	list := make([]contract.Member, len(ids))
	for i, id := range ids {
		list[i] = memberOf(id)
	}
	return list
}

// copyOf copies a message, as a network does.
func copyOf(m *raftpb.Message) *raftpb.Message {
	other, ok := proto.Clone(m).(*raftpb.Message)
	if !ok {
		panic("the copy of a message is something else")
	}
	return other
}

// check turns an error of the storage into a panic, which ends the scenario.
func check(err error) {
	if err != nil {
		panic(err)
	}
}
