// Package etcd holds go.etcd.io/raft against Driftless's contract: an example of
// how somebody else's Raft is judged by the same scenarios.
//
// A cluster runs in one thread and in virtual time: one tick of every node is one
// [contract.Span]. Each node is a RawNode with a MemoryStorage, which is its disk:
// it survives a crash, all the rest does not. Messages lie in one queue.
package etcd

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"

	"github.com/driftless-raft/driftless/contract"
)

// Runner implements [contract.Runner].
type Runner struct {
	Seed uint64 // of losses and delays; the package draws its election timeouts itself
}

// Name implements [contract.Runner].
func (Runner) Name() string { return "etcd-raft" }

// version is that of the module go.etcd.io/raft/v3 in go.mod.
const version = "v3.7.0"

// Version implements [contract.Runner].
func (Runner) Version() string { return version }

// Lacks implements [contract.Runner].
func (Runner) Lacks(c contract.Capability) string {
	switch c {
	case contract.UnsyncedData:
		return "its MemoryStorage is synchronous, so that nothing is ever written and not durable"
	case contract.GuardedPromotion:
		return "it leaves to its user whom to promote"
	case contract.LeaseReads:
		return "its reads are all by lease or all safe, by an option; here they are safe"
	case contract.Releases:
		return "a program links one version of it"
	}
	return ""
}

// Start implements [contract.Runner].
func (r Runner) Start(setup contract.Setup) (contract.Cluster, error) {
	c := &cluster{random: rand.New(rand.NewPCG(r.Seed, 0))}
	founders := &raftpb.ConfState{}
	for number := 1; number <= setup.Founders; number++ {
		founders.Voters = append(founders.Voters, uint64(number))
	}
	for number := 1; number <= setup.Servers; number++ {
		n := &node{cluster: c, id: uint64(number), store: raft.NewMemoryStorage()}
		c.nodes = append(c.nodes, n)
		c.cut = append(c.cut, make([]bool, setup.Servers))
		if number <= setup.Founders {
			if err := n.found(founders); err != nil {
				return nil, err
			}
		}
		if err := n.start(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// lifeStep is what a server's id grows by when it has lost its disk: to this
// package an id is a member, and must never be used again.
const lifeStep = 100

func memberOf(id uint64) contract.Member {
	return contract.Member{Server: int(id % lifeStep), Life: int(id / lifeStep)}
}

func idOf(m contract.Member) uint64 { return uint64(m.Server + lifeStep*m.Life) }

// A cluster implements [contract.Cluster].
type cluster struct {
	nodes   []*node // by the server's number, from 0
	now     contract.Span
	random  *rand.Rand
	cut     [][]bool // from, to
	weather contract.Disturbance
	mail    []letter
	broken  error
	reads   uint64
}

// A letter is a message on its way.
type letter struct {
	at      contract.Span
	message *raftpb.Message
}

// guard does something, in which the package may panic.
func (c *cluster) guard(do func()) {
	defer func() {
		if cause := recover(); cause != nil && c.broken == nil {
			c.broken = fmt.Errorf("etcd-raft panics: %v", cause)
		}
	}()
	do()
}

// Pass implements [contract.Cluster].
func (c *cluster) Pass(length contract.Span) error {
	for range length {
		c.now++
		c.guard(func() {
			for _, n := range c.nodes {
				if n.runs() {
					n.raw.Tick()
					n.work()
				}
			}
			c.deliver()
		})
	}
	return c.broken
}

// deliver hands over whatever has arrived, until nothing is left that has.
func (c *cluster) deliver() {
	for {
		i := slices.IndexFunc(c.mail, func(l letter) bool { return l.at <= c.now && !c.server(l.message.GetTo()).paused })
		if i < 0 {
			return
		}
		m := c.mail[i].message
		c.mail = slices.Delete(c.mail, i, i+1)
		n := c.server(m.GetTo())
		arrived := n.raw != nil && n.id == m.GetTo()
		if arrived {
			// An error says that the message was not worth taking.
			_ = n.raw.Step(m)
			n.work()
		}
		c.report(m, arrived)
	}
}

// server is the one that has, or had, an id.
func (c *cluster) server(id uint64) *node { return c.nodes[memberOf(id).Server-1] }

// report tells the sender what became of a snapshot, as the package demands.
func (c *cluster) report(m *raftpb.Message, arrived bool) {
	sender := c.server(m.GetFrom())
	if m.GetType() != raftpb.MsgSnap || !sender.runs() || sender.id != m.GetFrom() {
		return
	}
	status := raft.SnapshotFinish
	if !arrived {
		status = raft.SnapshotFailure
	}
	sender.raw.ReportSnapshot(m.GetTo(), status)
}

// send puts a message into the queue, or loses it.
func (c *cluster) send(m *raftpb.Message) {
	from, to := memberOf(m.GetFrom()).Server, memberOf(m.GetTo()).Server
	if c.cut[from-1][to-1] || c.random.IntN(100) < c.weather.LossPercent {
		c.report(m, false)
		return
	}
	for {
		at := c.now + contract.Span(c.random.IntN(int(c.weather.DelayMax)+1))
		c.mail = append(c.mail, letter{at: at, message: copyOf(m)})
		if c.random.IntN(100) >= c.weather.DuplicationPercent {
			return
		}
	}
}

// up finds a server that is up, or one that is not.
func (c *cluster) find(number int, up bool) (*node, error) {
	n := c.nodes[number-1]
	if (n.raw != nil) != up {
		return nil, fmt.Errorf("server %d is up: %v", number, !up)
	}
	return n, nil
}

// Crash implements [contract.Cluster].
func (c *cluster) Crash(number int) error {
	n, err := c.find(number, true)
	if err == nil {
		n.raw, n.paused = nil, false
	}
	return err
}

// Restart implements [contract.Cluster].
func (c *cluster) Restart(number int) error {
	n, err := c.find(number, false)
	if err == nil {
		err = n.start()
	}
	return err
}

// Wipe implements [contract.Cluster].
func (c *cluster) Wipe(number int) error {
	n, err := c.find(number, false)
	if err == nil {
		n.store = raft.NewMemoryStorage()
		n.id += lifeStep
	}
	return err
}

// Pause implements [contract.Cluster].
func (c *cluster) Pause(number int) error {
	n, err := c.find(number, true)
	if err == nil {
		n.paused = true
	}
	return err
}

// Resume implements [contract.Cluster].
func (c *cluster) Resume(number int) error {
	n, err := c.find(number, true)
	if err == nil {
		n.paused = false
	}
	return err
}

var errLacking = errors.New("etcd-raft can't do that")

// HoldDisk implements [contract.Cluster].
func (*cluster) HoldDisk(int) error { return errLacking }

// ReleaseDisk implements [contract.Cluster].
func (*cluster) ReleaseDisk(int) error { return errLacking }

// Upgrade implements [contract.Cluster].
func (*cluster) Upgrade(int) error { return errLacking }

// Cut implements [contract.Cluster].
func (c *cluster) Cut(from, to int) error {
	c.cut[from-1][to-1] = true
	var lost []*raftpb.Message
	c.mail = slices.DeleteFunc(c.mail, func(l letter) bool {
		on := memberOf(l.message.GetFrom()).Server == from && memberOf(l.message.GetTo()).Server == to
		if on {
			lost = append(lost, l.message)
		}
		return on
	})
	c.guard(func() {
		for _, m := range lost {
			c.report(m, false)
		}
	})
	return c.broken
}

// Heal implements [contract.Cluster].
func (c *cluster) Heal(from, to int) error {
	c.cut[from-1][to-1] = false
	return nil
}

// Disturb implements [contract.Cluster].
func (c *cluster) Disturb(d contract.Disturbance) error {
	c.weather = d
	return nil
}

var errUnreachable = errors.New("down or paused")

// Status implements [contract.Cluster].
func (c *cluster) Status(number int) (contract.Status, error) {
	if number < 1 || !c.nodes[number-1].runs() {
		return contract.Status{}, errUnreachable
	}
	return c.nodes[number-1].status(), nil
}

// Applied implements [contract.Cluster].
func (c *cluster) Applied(number int, after uint64) ([]contract.Applied, error) {
	n := c.nodes[number-1]
	if !n.runs() {
		return nil, errUnreachable
	}
	var list []contract.Applied
	for i := range n.done {
		if n.done[i].Index > after {
			list = append(list, n.done[i].Applied)
		}
	}
	return list, nil
}

// Close implements [contract.Cluster].
func (c *cluster) Close() error { return c.broken }
