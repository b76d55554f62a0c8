package sim

import (
	"errors"
	"fmt"
	"slices"

	"github.com/driftless-raft/driftless/contract"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// A Runner holds the real core and driver against the contract, on simulated
// machines without faults but those that a scenario asks for. All oracles look on
// at every event; what they find ends the scenario.
type Runner struct {
	Store StoreKind
	Seed  uint64 // of all delays, election timeouts, and what a crash leaves on a disk

	blind bool // the oracles' findings are ignored, so that it is seen what scenarios find
}

// Name implements [contract.Runner].
func (r Runner) Name() string { return "sim, " + r.Store.String() }

// Version implements [contract.Runner]: the fingerprint of the core.
func (r Runner) Version() string { return "core " + raft.Fingerprint }

// Lacks implements [contract.Runner].
func (r Runner) Lacks(c contract.Capability) string {
	if c == contract.UnsyncedData && r.Store == BlockStore {
		return "the store is synchronous, so that nothing is ever written and not durable"
	}
	return ""
}

// Start implements [contract.Runner].
func (r Runner) Start(setup contract.Setup) (contract.Cluster, error) {
	options := contractOptions(r.Store)
	options.Nodes = uint8(setup.Founders)
	options.Spares = uint8(setup.Servers - setup.Founders)
	c := &controlled{blind: r.blind}
	c.world.reset(&options, randomTape(r.Seed))
	c.world.brought = func(int) statemachine.Machine { return contract.NewMachine() }
	for i := range c.world.count {
		s := c.world.servers[i]
		s.earlier = setup.Earlier
		c.lives = append(c.lives, []raft.Member{s.member})
	}
	c.attempt(c.world.found)
	return c, c.verdict()
}

// contractOptions are those of all scenarios. An asynchronous store takes longer
// than the network, so that what waits for it can be told from what does not.
func contractOptions(store StoreKind) Options {
	return Options{
		Store:           store,
		Sessions:        1, // of no use to the scenarios, which bring a machine of their own
		ElectionTimeout: 512 * millisecond, Heartbeat: 100 * millisecond,
		MaxMessageBytes: 1024, MaxInflightBytes: 4096, MaxUncommitted: 8192, ChunkBytes: 128, LeaseReads: true,
		StoreEntries: 1024, StoreBytes: 65536, Reserve: 16 + 1024/storeBlocks, SnapshotBytes: 4096,
		DelayMin: millisecond, DelayMax: networkDelay,
		DiskDelayMin: millisecond / 10, DiskDelayMax: 20 * millisecond,
	}
}

// networkDelay is the most that the network takes when nothing disturbs it.
const networkDelay = 5 * millisecond

// never is a time that does not come: of what waits for a paused server, or for a
// disk that is held.
const never = uint64(1) << 62

// A controlled cluster is a world in which nothing goes wrong by itself.
type controlled struct {
	world world
	blind bool
	lives [][]raft.Member // of each server, the members it has been
	open  []*call
}

// A book is what a scenario's or a guest's state machine is on one server.
type book struct {
	machine statemachine.Machine
	applied []contract.Applied
}

// apply takes the next committed entry.
func (b *book) apply(e *raft.Entry) {
	a := contract.Applied{Index: uint64(e.Index)}
	if e.Kind == raft.Command {
		a.Command = slices.Clone(e.Data)
		a.Response = slices.Clone(b.machine.Apply(e.Index, e.Data))
	}
	b.applied = append(b.applied, a)
}

// save appends the state to a snapshot.
func (b *book) save(image []byte) []byte {
	size := len(image)
	image = slices.Grow(image, b.machine.SnapshotBytes())
	return image[:size+b.machine.Save(image[size:cap(image)])]
}

// load replaces the state by a snapshot's, which stands behind that of the server's
// own machine.
func (b *book) load(image []byte) statemachine.Damage {
	b.applied = b.applied[:0]
	return b.machine.Load(image[imageBytes(image):])
}

// at is what was applied at an index, or nil.
func (b *book) at(index raft.Index) *contract.Applied {
	if len(b.applied) == 0 || uint64(index) < b.applied[0].Index {
		return nil
	}
	if i := uint64(index) - b.applied[0].Index; i < uint64(len(b.applied)) {
		return &b.applied[i]
	}
	return nil
}

// attempt does something to the world. What panics is a failure of the run.
func (c *controlled) attempt(do func()) {
	defer c.overlook()
	defer c.world.rescue()
	do()
}

// overlook has a blind cluster go on although an oracle has found something.
func (c *controlled) overlook() {
	if f := c.world.ledger.failure; c.blind && f != nil && f.Rule != "assertion" && f.Rule != "busy-loop" {
		c.world.ledger.failure = nil
	}
}

// verdict is what the oracles have found, as an error.
func (c *controlled) verdict() error {
	if f := c.world.ledger.failure; f != nil {
		return fmt.Errorf("the oracle %s: %s", f.Rule, f.What)
	}
	return nil
}

// Pass implements [contract.Cluster].
func (c *controlled) Pass(length contract.Span) error {
	w := &c.world
	for end := w.now + c.span(length); w.now < end; {
		w.until(end)
		c.overlook()
		c.poll()
		c.overlook()
		if err := c.verdict(); err != nil {
			return err
		}
	}
	return nil
}

// span is a length of time in nanoseconds.
func (c *controlled) span(length contract.Span) uint64 {
	return uint64(length) * c.world.options.ElectionTimeout / uint64(contract.ElectionTimeout)
}

// server finds a server by its number.
func (c *controlled) server(number int) *server { return c.world.servers[number-1] }

// act does something to a server that must be up or down.
func (c *controlled) act(number int, up bool, do func(*server)) error {
	s := c.server(number)
	if s.up != up {
		return fmt.Errorf("server %d is up: %v", number, s.up)
	}
	c.attempt(func() { do(s) })
	return c.verdict()
}

// Crash implements [contract.Cluster].
func (c *controlled) Crash(number int) error {
	return c.act(number, true, func(s *server) {
		s.down()
		s.disk.crash()
	})
}

// Restart implements [contract.Cluster].
func (c *controlled) Restart(number int) error { return c.act(number, false, (*server).start) }

// Wipe implements [contract.Cluster].
func (c *controlled) Wipe(number int) error {
	return c.act(number, false, func(s *server) {
		s.wipe()
		c.lives[number-1] = append(c.lives[number-1], s.member)
	})
}

// Upgrade implements [contract.Cluster].
func (c *controlled) Upgrade(number int) error {
	return c.act(number, true, func(s *server) {
		s.down()
		s.disk.crash()
		s.earlier = false
		s.start()
	})
}

// earlierSettings are those of servers that run the release before. The messages
// are the same as yet; the earlier release knows no leases, and its messages and
// chunks are smaller.
func earlierSettings(now raft.Settings) raft.Settings {
	now.MaxMessageBytes /= 4
	now.MaxInflightBytes /= 4
	now.ChunkBytes /= 4
	now.LeaseReads = false
	return now
}

// Pause implements [contract.Cluster].
func (c *controlled) Pause(number int) error {
	return c.act(number, true, func(s *server) { s.pausedUntil = never })
}

// Resume implements [contract.Cluster].
func (c *controlled) Resume(number int) error {
	return c.act(number, true, func(s *server) {
		s.pausedUntil = 0
		if s.wakeAt == never {
			s.wakeAt = c.world.now
		}
		c.postpone(func(e *event) bool { return e.at == never && e.server == s.slot }, c.world.now)
	})
}

// HoldDisk implements [contract.Cluster].
func (c *controlled) HoldDisk(number int) error {
	return c.act(number, true, func(s *server) {
		s.disk.hung = never
		c.postpone(func(e *event) bool { return e.server == s.slot && e.kind == completeEvent }, never+1)
	})
}

// ReleaseDisk implements [contract.Cluster].
func (c *controlled) ReleaseDisk(number int) error {
	return c.act(number, true, func(s *server) {
		s.disk.hung = 0
		c.postpone(func(e *event) bool { return e.at > never && e.server == s.slot }, c.world.now)
	})
}

// postpone has events happen at another time.
func (c *controlled) postpone(which func(*event) bool, until uint64) {
	heap := c.world.agenda.heap
	for i := range heap {
		if which(&heap[i]) {
			heap[i].at = until
		}
	}
	c.world.agenda.restore()
}

// Cut implements [contract.Cluster].
func (c *controlled) Cut(from, to int) error {
	w := &c.world
	w.network.links[from-1][to-1].cut = true
	w.agenda.heap = slices.DeleteFunc(w.agenda.heap, func(e event) bool {
		if e.kind != deliverEvent || int(e.server) != to-1 {
			return false
		}
		lost := w.network.packets.all[uint32(e.value)].message.From.ID == raft.ID(from)
		if lost {
			w.network.packets.release(uint32(e.value))
		}
		return lost
	})
	c.world.agenda.restore()
	return nil
}

// Heal implements [contract.Cluster].
func (c *controlled) Heal(from, to int) error {
	c.world.network.links[from-1][to-1].cut = false
	return nil
}

// Disturb implements [contract.Cluster].
func (c *controlled) Disturb(d contract.Disturbance) error {
	o := &c.world.options
	o.Loss = uint32(d.LossPercent) * million / 100
	o.Duplication = uint32(d.DuplicationPercent) * million / 100
	o.DelayMax = networkDelay + c.span(d.DelayMax)
	return nil
}

var errUnreachable = errors.New("down or paused")

// reachable finds a server that answers.
func (c *controlled) reachable(number int) (*server, error) {
	s := c.server(number)
	if !s.up || s.pausedUntil > c.world.now {
		return nil, errUnreachable
	}
	return s, nil
}

// Status implements [contract.Cluster].
func (c *controlled) Status(number int) (contract.Status, error) {
	if number < 1 {
		return contract.Status{}, errUnreachable
	}
	s, err := c.reachable(number)
	if err != nil {
		return contract.Status{}, err
	}
	n := s.driver.Node()
	configuration, index := n.Configuration()
	var stored raft.Stored
	s.disk.Stored(&stored)
	return contract.Status{
		Member: c.member(s.member), Role: roles[n.Role()], Term: uint64(n.Term()), Leader: int(n.Leader().ID),
		First: uint64(stored.Base + 1), Last: uint64(n.Last()), Commit: uint64(n.Commit()), Applied: uint64(s.machine.index),
		Voters: c.members(configuration, configuration.Voters), Outgoing: c.members(configuration, configuration.Outgoing),
		Learners: c.members(configuration, configuration.Learners),
		Settled:  index <= n.Commit() && configuration.Outgoing == 0,
	}, nil
}

var roles = [...]contract.Role{
	raft.Follower: contract.Follower, raft.PreCandidate: contract.Candidate, raft.Candidate: contract.Candidate,
	raft.Leader: contract.Leader, raft.Stopped: contract.Stopped,
}

// member is a member as the contract names it.
func (c *controlled) member(m raft.Member) contract.Member {
	return contract.Member{Server: int(m.ID), Life: slices.Index(c.lives[m.ID-1], m)}
}

func (c *controlled) members(configuration *raft.Configuration, set raft.Slots) []contract.Member {
	var list []contract.Member
	for ; set != 0; set &= set - 1 {
		list = append(list, c.member(configuration.Members[slotOf(set)]))
	}
	return list
}

// Applied implements [contract.Cluster].
func (c *controlled) Applied(number int, after uint64) ([]contract.Applied, error) {
	s, err := c.reachable(number)
	if err != nil {
		return nil, err
	}
	list := s.book.applied
	first, _ := slices.BinarySearchFunc(list, after+1, func(a contract.Applied, index uint64) int {
		return int(int64(a.Index) - int64(index))
	})
	return list[first:], nil
}

// Close implements [contract.Cluster].
func (c *controlled) Close() error { return c.verdict() }
