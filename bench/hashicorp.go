package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// hashicorp is a cluster of github.com/hashicorp/raft with its own in-memory
// transport and stores. It cannot be run in one thread or in virtual time: every
// node is several goroutines, on as many cores as there are. Its time is until
// the leader has applied, not all nodes: a follower there hears of a commit with
// the next entries, or after CommitTimeout. Both are in its favour.
type hashicorp struct {
	nodes    []*hashicorpNode
	leader   *raft.Raft
	futures  [burst]raft.ApplyFuture
	proposed uint64
	number   uint64
}

// hashicorpNode is a node and its state machine.
type hashicorpNode struct {
	raft    *raft.Raft
	machine machine
	applied atomic.Uint64
}

func newHashicorp(size int) *hashicorp {
	c := &hashicorp{}
	servers := make([]raft.Server, size)
	transports := make([]*raft.InmemTransport, size)
	for i := range size {
		address := raft.ServerAddress(fmt.Sprint("node-", i))
		_, transports[i] = raft.NewInmemTransport(address)
		servers[i] = raft.Server{ID: raft.ServerID(address), Address: address}
	}
	for i := range size {
		for j := range size {
			transports[i].Connect(servers[j].Address, transports[j])
		}
		config := raft.DefaultConfig()
		config.LocalID = servers[i].ID
		config.LogOutput, config.LogLevel = io.Discard, "OFF"
		config.SnapshotInterval = 100 * time.Millisecond
		config.SnapshotThreshold = compactEvery
		config.TrailingLogs = compactEvery
		store, snapshots := raft.NewInmemStore(), raft.NewInmemSnapshotStore()
		check(raft.BootstrapCluster(config, store, store, snapshots, transports[i], raft.Configuration{Servers: servers}))
		node := &hashicorpNode{}
		created, err := raft.NewRaft(config, node, store, store, snapshots, transports[i])
		check(err)
		node.raft = created
		c.nodes = append(c.nodes, node)
	}
	for end := time.Now().Add(30 * time.Second); c.leader == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			panic("hashicorp/raft: half a minute has passed and still no leader")
		}
		for _, n := range c.nodes {
			if n.raft.State() == raft.Leader {
				c.leader = n.raft
			}
		}
	}
	check(c.leader.Barrier(10 * time.Second).Error())
	return c
}

// commit proposes commands and returns when the leader has applied them.
func (c *hashicorp) commit(count int) {
	commands := make([]byte, count*commandBytes) // the package keeps what it is given
	for i := range count {
		command := commands[i*commandBytes : (i+1)*commandBytes : (i+1)*commandBytes]
		fill(command, &c.number)
		c.futures[i] = c.leader.Apply(command, 0)
	}
	for i := range count {
		check(c.futures[i].Error())
	}
	c.proposed += uint64(count)
}

// verify waits until all nodes have applied everything, and panics unless they
// hold the same.
func (c *hashicorp) verify() {
	machines := make([]machine, 0, len(c.nodes))
	for _, n := range c.nodes {
		for end := time.Now().Add(10 * time.Second); n.applied.Load() != c.proposed; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				panic("hashicorp/raft: a follower has not applied what was committed")
			}
		}
		machines = append(machines, n.machine)
	}
	mustAgree("hashicorp/raft", c.proposed, machines...)
}

func (c *hashicorp) close() {
	for _, n := range c.nodes {
		check(n.raft.Shutdown().Error())
	}
}

// Apply is called by the node's goroutine for its state machine.
func (n *hashicorpNode) Apply(l *raft.Log) any {
	n.machine.apply(l.Data)
	n.applied.Store(n.machine.applied)
	return nil
}

// Snapshot is called by the same goroutine.
func (n *hashicorpNode) Snapshot() (raft.FSMSnapshot, error) {
	s := &hashicorpSnapshot{}
	n.machine.state(&s.state)
	return s, nil
}

// Restore is not reached: nobody restarts or lags so far behind.
func (n *hashicorpNode) Restore(io.ReadCloser) error {
	panic("hashicorp/raft: a follower was sent a snapshot")
}

type hashicorpSnapshot struct{ state [commandBytes]byte }

func (s *hashicorpSnapshot) Persist(sink raft.SnapshotSink) error {
	if _, err := sink.Write(s.state[:]); err != nil {
		return err
	}
	return sink.Close()
}

func (s *hashicorpSnapshot) Release() {}
