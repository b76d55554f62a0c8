package embedded_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/driftless-raft/driftless/contract"
	"github.com/driftless-raft/driftless/embedded"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
	"github.com/driftless-raft/driftless/trace"
)

const (
	millisecond = 1_000_000

	frameBytes    = 1024 // of which a server's build needs more than a board's
	unit          = 10 * millisecond
	transitMin    = millisecond / 2
	transitMax    = 5 * millisecond
	responseBytes = 48 // of the contract's machine, and its commands
	appliedSlots  = 512
	logEntries    = 256
	logBlocks     = 8
)

// A cluster is boards on the host, in virtual time: nodes of package embedded over stores
// in memory, whose frames go through a network that does what a scenario wants. It is
// the contract's cluster.
type cluster struct {
	now     raft.Instant
	random  *rand.Rand
	boards  []*board
	frames  []frame // on their way, the first to arrive first
	sent    uint64
	cut     map[[2]int]bool
	weather contract.Disturbance
}

// A frame is on its way.
type frame struct {
	at       raft.Instant
	number   uint64 // of frames at the same instant, the one sent first arrives first
	from, to int
	bytes    []byte
}

// A board is one server, up or down.
type board struct {
	cluster  *cluster
	number   int
	life     int
	node     embedded.Node
	store    store
	random   *rand.Rand
	up       bool
	paused   bool
	deadline raft.Instant
	polls    int
	calls    []*call // by their tags

	client   embedded.Client
	core     *raft.Node // since the board was started last
	journal  *trace.Journal
	recorded bytes.Buffer
}

// A store is a log in memory as a node wants it.
type store struct{ memory.Blocks }

// LoadSnapshot implements [embedded.Store].
func (s *store) LoadSnapshot(into []byte) int {
	if len(s.SnapshotBytes()) > len(into) {
		return 0
	}
	return copy(into, s.SnapshotBytes())
}

// Tidy implements [embedded.Store]: in memory there is nothing to do ahead of need.
func (*store) Tidy() bool { return false }

// newCluster makes boards that have not started. Everything in it follows from the seed.
func newCluster(boards int, seed uint64) *cluster {
	c := &cluster{random: rand.New(rand.NewPCG(seed, 0)), cut: map[[2]int]bool{}}
	for number := 1; number <= boards; number++ {
		b := &board{cluster: c, number: number, random: rand.New(rand.NewPCG(seed, uint64(number))), deadline: embedded.Never}
		b.client = b
		b.store.Format(&memory.Memory{
			Blocks: logBlocks, Entries: make([]memory.EntrySlot, logEntries), Bytes: make([]byte, 16384),
			Configurations: make([]memory.ConfigurationSlot, 16),
			Snapshots:      [2][]byte{make([]byte, 4096), make([]byte, 4096)},
		})
		b.journal = trace.NewJournal(&b.recorded, "test")
		c.boards = append(c.boards, b)
	}
	return c
}

// settings are every board's. The bytes of messages are what fits in a frame.
func settings() *embedded.Settings {
	return &embedded.Settings{
		Settings: raft.Settings{
			ElectionTimeout: unit * raft.Duration(contract.ElectionTimeout), Heartbeat: 60 * millisecond,
			MaxMessageBytes: 128, MaxInflightBytes: 512, MaxUncommittedBytes: 4096, ChunkBytes: 64,
			Reserve: 16 + logEntries/logBlocks, LeaseReads: true, MaxClockErrorPPM: 500,
		},
		Keep: 16,
	}
}

// power switches a board on: its machine begins anew, its store is what it was.
func (b *board) power() {
	b.up, b.paused = true, false
	b.node.Format(settings(),
		&embedded.Ports{Clock: b, Store: &b.store, Link: b, Transport: &b.node, Machine: contract.NewMachine(), Client: b.client, Observer: b},
		&embedded.Memory{
			Frame: make([]byte, frameBytes), State: make([]byte, 4096), Requests: make([]embedded.RequestSlot, 16),
			Applied: make([]embedded.AppliedSlot, appliedSlots), Bytes: make([]byte, appliedSlots*2*responseBytes),
		})
}

// off takes the power away.
func (b *board) off() {
	b.up, b.deadline = false, embedded.Never
	b.store.Crash()
	for _, k := range b.calls {
		k.lose()
	}
}

// member is a board's identity in one of its lives.
func (b *board) member() raft.Member { return member(contract.Member{Server: b.number, Life: b.life}) }

// Now implements [raft.Clock].
func (b *board) Now() raft.Instant { return b.cluster.now }

// Jitter implements [raft.Clock].
func (b *board) Jitter(limit raft.Duration) raft.Duration {
	return raft.Duration(b.random.Uint64N(uint64(limit)))
}

// CountsSuspendedTime implements [raft.Clock].
func (*board) CountsSuspendedTime() bool { return true }

// Started implements [embedded.Observer].
func (b *board) Started(n *raft.Node) {
	b.core = n
	b.journal.Begin(n)
}

// Stepped implements [embedded.Observer].
func (b *board) Stepped(now raft.Instant, in *raft.Input, out *raft.Effects) {
	b.journal.Stepped(b.core, now, in, out)
}

// replay gives the core again what the board's was given, and expects the same of it.
func (b *board) replay() error {
	if err := b.journal.Close(); err != nil {
		return err
	}
	replayed, err := trace.ReplayJournal(&b.recorded, nil)
	if err != nil {
		return fmt.Errorf("the journal of board %d: %w", b.number, err)
	}
	if replayed.Inputs == 0 || replayed.Node != *b.core {
		return fmt.Errorf("the journal of board %d, of %d inputs, leads to another state", b.number, replayed.Inputs)
	}
	return nil
}

// Send implements [embedded.Link].
func (b *board) Send(to raft.ID, bytes []byte) {
	c := b.cluster
	if int(to) > len(c.boards) || c.cut[[2]int{b.number, int(to)}] || c.random.IntN(100) < c.weather.LossPercent {
		return
	}
	copies := 1
	if c.random.IntN(100) < c.weather.DuplicationPercent {
		copies = 2
	}
	for range copies {
		c.sent++
		delay := transitMin + c.random.Uint64N(transitMax-transitMin+uint64(c.weather.DelayMax)*unit)
		f := frame{at: c.now + raft.Instant(delay), number: c.sent, from: b.number, to: int(to), bytes: slices.Clone(bytes)}
		at, _ := slices.BinarySearchFunc(c.frames, f, func(x, y frame) int {
			return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.number, y.number))
		})
		c.frames = slices.Insert(c.frames, at, f)
	}
}

// poll does what is due on a board.
func (b *board) poll() {
	if b.up && !b.paused {
		b.polls++
		b.deadline = b.node.Poll(b.cluster.now)
	}
}

// until lets time go by, and everything happen that is due by then.
func (c *cluster) until(end raft.Instant) {
	for {
		next := end
		if i := c.first(); i >= 0 {
			next = min(next, c.frames[i].at)
		}
		for _, b := range c.boards {
			if b.up && !b.paused {
				next = min(next, b.deadline)
			}
		}
		c.now = max(c.now, next)
		if !c.deliver() && !c.wake() {
			return
		}
	}
}

// first is the frame that arrives next: those for paused boards wait.
func (c *cluster) first() int {
	return slices.IndexFunc(c.frames, func(f frame) bool { return !c.boards[f.to-1].paused })
}

// deliver hands over a frame that has arrived, and reports whether there was one.
func (c *cluster) deliver() bool {
	i := c.first()
	if i < 0 || c.frames[i].at > c.now {
		return false
	}
	f := c.frames[i]
	c.frames = slices.Delete(c.frames, i, i+1)
	if b := c.boards[f.to-1]; b.up {
		b.node.Receive(f.bytes)
		b.poll()
	}
	return true
}

// wake polls a board whose deadline has come, and reports whether there was one.
func (c *cluster) wake() bool {
	for _, b := range c.boards {
		if b.up && !b.paused && b.deadline <= c.now {
			b.poll()
			return true
		}
	}
	return false
}

// at finds a board that is up, or down.
func (c *cluster) at(number int, up bool) (*board, error) {
	b := c.boards[number-1]
	if b.up != up {
		return nil, fmt.Errorf("board %d is up: %v", number, b.up)
	}
	return b, nil
}

// Pass implements [contract.Cluster].
func (c *cluster) Pass(length contract.Span) error {
	c.until(c.now + unit*raft.Instant(length))
	return nil
}

// Crash implements [contract.Cluster].
func (c *cluster) Crash(number int) error {
	b, err := c.at(number, true)
	if err == nil {
		b.off()
	}
	return err
}

// Restart implements [contract.Cluster]. A board whose store is empty joins.
func (c *cluster) Restart(number int) error {
	b, err := c.at(number, false)
	if err != nil {
		return err
	}
	b.power()
	refusal := b.node.Start()
	if refusal.Code == raft.EmptyStore {
		refusal = b.node.Join(&raft.Identity{Cluster: clusterNumber, Self: b.member()})
	}
	return b.began(refusal)
}

const clusterNumber = 7

// began polls a board that has started.
func (b *board) began(refusal raft.Refusal) error {
	if refusal.Code != raft.OK {
		return fmt.Errorf("board %d does not start: %v", b.number, refusal.Code)
	}
	b.poll()
	return nil
}

// Wipe implements [contract.Cluster].
func (c *cluster) Wipe(number int) error {
	b, err := c.at(number, false)
	if err == nil {
		b.store.Wipe()
		b.life++
	}
	return err
}

// Pause implements [contract.Cluster].
func (c *cluster) Pause(number int) error {
	b, err := c.at(number, true)
	if err == nil {
		b.paused = true
	}
	return err
}

// Resume implements [contract.Cluster].
func (c *cluster) Resume(number int) error {
	b, err := c.at(number, true)
	if err == nil {
		b.paused = false
	}
	return err
}

var errBySelf = errors.New("a board can't do this")

// HoldDisk implements [contract.Cluster].
func (*cluster) HoldDisk(int) error { return errBySelf }

// ReleaseDisk implements [contract.Cluster].
func (*cluster) ReleaseDisk(int) error { return errBySelf }

// Upgrade implements [contract.Cluster].
func (*cluster) Upgrade(int) error { return errBySelf }

// Cut implements [contract.Cluster].
func (c *cluster) Cut(from, to int) error {
	c.cut[[2]int{from, to}] = true
	c.frames = slices.DeleteFunc(c.frames, func(f frame) bool { return f.from == from && f.to == to })
	return nil
}

// Heal implements [contract.Cluster].
func (c *cluster) Heal(from, to int) error {
	delete(c.cut, [2]int{from, to})
	return nil
}

// Disturb implements [contract.Cluster].
func (c *cluster) Disturb(d contract.Disturbance) error {
	c.weather = d
	return nil
}

// Close implements [contract.Cluster]. No frame may have been refused, and what the
// boards' cores did must be what the same core does on the host.
func (c *cluster) Close() error {
	for _, b := range c.boards {
		if counts := b.node.Counts(); counts.Unsent > 0 || counts.Damaged > 0 {
			return fmt.Errorf("board %d: %d messages fitted into no frame, %d frames were none", b.number, counts.Unsent, counts.Damaged)
		}
		if err := b.replay(); err != nil {
			return err
		}
	}
	return nil
}
