package main

import (
	"fmt"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

const (
	etcdTick          = heartbeat // of virtual time; a heartbeat is one tick, an election timeout ten
	etcdHeartbeatTick = int(heartbeat / etcdTick)
	etcdElectionTick  = int(electionTimeout / etcdTick)
)

// etcd is a cluster of go.etcd.io/raft/v3 in one thread: a RawNode and a
// MemoryStorage a node, a mailbox of messages a node, virtual time in ticks.
// Messages travel as they are, by pointer; a node handles all of its mail before
// it is asked what is Ready, which is as little work as it can be driven with.
// PreVote and CheckQuorum are on, as they always are with us.
type etcd struct {
	nodes    []*etcdNode
	paused   int
	proposed uint64
	number   uint64
}

type etcdNode struct {
	cluster *etcd
	id      uint64
	raw     *raft.RawNode
	store   *raft.MemoryStorage
	mail    []*raftpb.Message
	reading []*raftpb.Message
	machine machine
	applied uint64
	cut     uint64
	state   [commandBytes]byte
}

func newEtcd(size int) *etcd {
	c := &etcd{paused: -1}
	voters := &raftpb.ConfState{}
	for i := range size {
		voters.Voters = append(voters.Voters, uint64(i+1))
	}
	for i := range size {
		n := &etcdNode{cluster: c, id: uint64(i + 1), store: raft.NewMemoryStorage(), applied: 1, cut: 1}
		founding := &raftpb.Snapshot{Metadata: &raftpb.SnapshotMetadata{ConfState: voters, Index: new(uint64(1)), Term: new(uint64(1))}}
		check(n.store.ApplySnapshot(founding))
		raw, err := raft.NewRawNode(&raft.Config{
			ID: n.id, ElectionTick: etcdElectionTick, HeartbeatTick: etcdHeartbeatTick, Storage: n.store, Applied: 1,
			MaxSizePerMsg: 1 << 16, MaxInflightMsgs: 16, MaxInflightBytes: 1 << 20, MaxUncommittedEntriesSize: 1 << 20,
			CheckQuorum: true, PreVote: true, Logger: silent{},
		})
		check(err)
		n.raw = raw
		c.nodes = append(c.nodes, n)
	}
	c.until(c.settled)
	return c
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// deliver lets the nodes work until no message is on its way.
func (c *etcd) deliver() {
	for busy := true; busy; {
		busy = false
		for i, n := range c.nodes {
			if i != c.paused && n.work() {
				busy = true
			}
		}
	}
}

// work handles the node's mail and what is then Ready, and reports whether there
// was any.
func (n *etcdNode) work() bool {
	worked := len(n.mail) > 0
	n.mail, n.reading = n.reading[:0], n.mail
	for i, m := range n.reading {
		check(n.raw.Step(m))
		n.reading[i] = nil
	}
	for n.raw.HasReady() {
		n.ready()
		worked = true
	}
	if n.applied-n.cut >= compactEvery {
		n.compact()
	}
	return worked
}

// ready stores, sends and applies, in the order that the package asks for.
func (n *etcdNode) ready() {
	ready := n.raw.Ready()
	if !raft.IsEmptyHardState(ready.HardState) {
		check(n.store.SetHardState(ready.HardState))
	}
	check(n.store.Append(ready.Entries))
	for _, m := range ready.Messages {
		if to := int(m.GetTo()) - 1; to != n.cluster.paused {
			n.cluster.nodes[to].mail = append(n.cluster.nodes[to].mail, m)
		}
	}
	for _, e := range ready.CommittedEntries {
		if len(e.GetData()) > 0 {
			n.machine.apply(e.GetData())
		}
		n.applied = e.GetIndex()
	}
	n.raw.Advance(ready)
}

func (n *etcdNode) compact() {
	_, err := n.store.CreateSnapshot(n.applied, nil, n.machine.state(&n.state))
	check(err)
	check(n.store.Compact(n.applied - keep))
	n.cut = n.applied
}

// leader is the number of the node that leads in the highest term, or -1.
func (c *etcd) leader() int {
	leader, term := -1, uint64(0)
	for i, n := range c.nodes {
		if status := n.raw.BasicStatus(); status.RaftState == raft.StateLeader && status.GetTerm() > term {
			leader, term = i, status.GetTerm()
		}
	}
	return leader
}

// settled reports whether there is a leader whose whole log all running nodes
// have applied.
func (c *etcd) settled() bool {
	leader := c.leader()
	if leader < 0 || leader == c.paused {
		return false
	}
	term := c.nodes[leader].raw.BasicStatus().GetTerm()
	last, err := c.nodes[leader].store.LastIndex()
	check(err)
	for i, n := range c.nodes {
		if i != c.paused && (n.applied != last || n.raw.BasicStatus().GetTerm() != term) {
			return false
		}
	}
	return true
}

// tick moves time on by a tick.
func (c *etcd) tick() {
	for i, n := range c.nodes {
		if i != c.paused {
			n.raw.Tick()
		}
	}
	c.deliver()
}

func (c *etcd) until(holds func() bool) {
	for left := int(minute / etcdTick); !holds(); left-- {
		if left == 0 {
			panic("etcd-raft: a minute has passed and still no leader")
		}
		c.tick()
	}
}

// commit proposes commands and returns when all nodes have applied them. Several
// travel in one proposal, as with us; RawNode.Propose would take them one by one.
func (c *etcd) commit(count int) {
	commands := make([]byte, count*commandBytes) // the package keeps what it is given
	entries := make([]raftpb.Entry, count)
	proposal := &raftpb.Message{Type: raftpb.MsgProp.Enum(), Entries: make([]*raftpb.Entry, count)}
	for i := range count {
		command := commands[i*commandBytes : (i+1)*commandBytes : (i+1)*commandBytes]
		fill(command, &c.number)
		entries[i].Data = command
		proposal.Entries[i] = &entries[i]
	}
	leader := c.nodes[c.leader()]
	proposal.From = &leader.id
	check(leader.raw.Step(proposal))
	c.deliver()
	c.proposed += uint64(count)
	for _, n := range c.nodes {
		if n.machine.applied != c.proposed {
			panic("etcd-raft: a node has not applied what was committed")
		}
	}
}

// idle lets a minute pass.
func (c *etcd) idle() {
	for range minute / etcdTick {
		c.tick()
	}
}

// elect pauses the leader until the others have elected another and have applied
// its first entry, and then lets it come back and catch up.
func (c *etcd) elect() {
	c.paused = c.leader()
	c.until(c.settled)
	c.paused = -1
	c.until(c.settled)
}

// verify panics unless all nodes hold the same.
func (c *etcd) verify() {
	machines := make([]machine, 0, len(c.nodes))
	for _, n := range c.nodes {
		machines = append(machines, n.machine)
	}
	mustAgree("etcd-raft", c.proposed, machines...)
}

func (c *etcd) close() {}

// silent logs nothing, so that formatting is not what is measured.
type silent struct{}

func (silent) Debug(...any)            {}
func (silent) Debugf(string, ...any)   {}
func (silent) Error(...any)            {}
func (silent) Errorf(string, ...any)   {}
func (silent) Info(...any)             {}
func (silent) Infof(string, ...any)    {}
func (silent) Warning(...any)          {}
func (silent) Warningf(string, ...any) {}
func (silent) Fatal(v ...any)          { panic(fmt.Sprint(v...)) }
func (silent) Fatalf(s string, v ...any) {
	panic(fmt.Sprintf(s, v...))
}
func (silent) Panic(v ...any)            { panic(fmt.Sprint(v...)) }
func (silent) Panicf(s string, v ...any) { panic(fmt.Sprintf(s, v...)) }
