package embedded_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/driftless-raft/driftless/embedded"
	"github.com/driftless-raft/driftless/embedded/bank"
	"github.com/driftless-raft/driftless/embedded/wire"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

const (
	timeout      = 500 * millisecond // the least election timeout
	beat         = 100 * millisecond
	clockError   = 500 // parts per million
	plantEntries = 64
)

// A plant is boards in one virtual time, joined by links.
type plant struct {
	t      testing.TB
	now    raft.Instant // true time
	boards []*station
	mail   []mail
	random *rand.Rand
	delay  raft.Instant // a frame takes between half of it and all
	cut    map[[2]raft.ID]bool
}

// mail is a frame on its way.
type mail struct {
	at    raft.Instant
	to    raft.ID
	frame []byte
}

// A station is a board with its executor, whose one task is the node with the frames that
// wait for it, and a clock that may be fast or slow.
type station struct {
	plant    *plant
	member   raft.Member
	ratePPM  int64 // by which its clock is fast
	store    plantStore
	node     embedded.Node
	executor embedded.Executor
	machine  bank.Machine
	settings embedded.Settings
	inbox    [][]byte
	on       bool
	asleep   bool
	until    raft.Instant // by its own clock
	answers  map[uint32]embedded.Answer
	tag      uint32
}

// A plantStore may lose what its snapshot holds.
type plantStore struct {
	store
	spoilt bool
}

func (s *plantStore) LoadSnapshot(into []byte) int {
	if s.spoilt {
		return 0
	}
	return s.store.LoadSnapshot(into)
}

// frameBytes is the least that frames need for the capacities of the build, rounded up:
// boards do with those of a radio.
func plantFrame() uint32 {
	if raft.MaxBatch == 8 {
		return 256
	}
	return 1500
}

func newPlant(t testing.TB, boards int) *plant {
	p := &plant{t: t, random: rand.New(rand.NewPCG(1, 2)), delay: 4 * millisecond, cut: map[[2]raft.ID]bool{}}
	for id := range boards {
		b := &station{plant: p, member: raft.Member{ID: raft.ID(id + 1), Incarnation: uint32(id + 100)}}
		message, chunk := wire.Fit(plantFrame())
		b.settings = embedded.Settings{Keep: 4, Settings: raft.Settings{
			ElectionTimeout: timeout, Heartbeat: beat, MaxMessageBytes: message, ChunkBytes: chunk,
			MaxInflightBytes: 4 * message, MaxUncommittedBytes: 8 * message,
			Reserve: 20, LeaseReads: true, MaxClockErrorPPM: clockError,
		}}
		b.store.Format(&memory.Memory{
			Blocks: 8, Entries: make([]memory.EntrySlot, plantEntries), Bytes: make([]byte, 16384), Configurations: make([]memory.ConfigurationSlot, 16),
			Snapshots: [2][]byte{make([]byte, bank.SnapshotBytesMax), make([]byte, bank.SnapshotBytesMax)},
		})
		p.boards = append(p.boards, b)
		b.build()
	}
	return p
}

// build is what a board's program does first, whenever power comes.
func (b *station) build() {
	b.machine = bank.Machine{}
	b.answers, b.inbox = map[uint32]embedded.Answer{}, nil
	memory := &embedded.Memory{
		Frame: make([]byte, plantFrame()), State: make([]byte, bank.SnapshotBytesMax),
		Requests: make([]embedded.RequestSlot, 8), Applied: make([]embedded.AppliedSlot, 16), Bytes: make([]byte, 16*64),
	}
	ports := &embedded.Ports{Clock: b, Store: &b.store, Link: (*link)(b), Transport: &b.node, Machine: &b.machine, Client: b}
	if !b.node.Format(&b.settings, ports, memory) {
		b.plant.t.Fatal("there is not enough memory for a node")
	}
	b.executor.Format(b)
	b.executor.Add(b)
	b.on = true
}

// found has some boards found the cluster.
func (p *plant) found(founders int) {
	c := p.configuration(founders)
	for _, b := range p.boards[:founders] {
		if r := b.node.Bootstrap(&raft.Identity{Cluster: 7, Self: b.member}, &c); r.Code != raft.OK {
			p.t.Fatalf("board %d: %v", b.member.ID, r.Code)
		}
		b.executor.Wake(0)
	}
}

func (p *plant) configuration(voters int) (c raft.Configuration) {
	for i := range voters {
		c.Members[i] = p.boards[i].member
		c.Voters |= 1 << i
	}
	return c
}

// powerCut ends a board's program, with all that is not in its store.
func (b *station) powerCut() {
	b.on = false
	b.store.Crash()
}

// powerUp starts it again.
func (b *station) powerUp() raft.Refusal {
	b.build()
	refusal := b.node.Start()
	b.executor.Wake(0)
	return refusal
}

// Now implements [raft.Clock] and [embedded.Processor].
func (b *station) Now() raft.Instant {
	return b.plant.now + raft.Instant(int64(b.plant.now)/1_000_000*b.ratePPM)
}

func (b *station) Jitter(limit raft.Duration) raft.Duration {
	return raft.Duration(b.plant.random.Uint64N(uint64(limit)))
}

func (*station) CountsSuspendedTime() bool { return true }
func (*station) Mask()                     {}
func (*station) Unmask()                   {}

func (b *station) Wait(until raft.Instant) { b.asleep, b.until = true, until }

// Poll implements [embedded.Task].
func (b *station) Poll(now raft.Instant) raft.Instant {
	for len(b.inbox) > 0 {
		frame := b.inbox[0]
		b.inbox = b.inbox[1:]
		b.node.Receive(frame)
	}
	return b.node.Poll(now)
}

// Answered implements [embedded.Client].
func (b *station) Answered(a *embedded.Answer) {
	if _, twice := b.answers[a.Tag]; twice {
		b.plant.t.Errorf("request %d of board %d is answered twice", a.Tag, b.member.ID)
	}
	answer := *a
	answer.Body = slices.Clone(a.Body)
	b.answers[a.Tag] = answer
}

// link is a board's side of all its links.
type link station

func (l *link) Send(to raft.ID, frame []byte) {
	p := l.plant
	if p.cut[[2]raft.ID{l.member.ID, to}] {
		return
	}
	takes := p.delay/2 + raft.Instant(p.random.Uint64N(uint64(p.delay/2)+1))
	p.mail = append(p.mail, mail{p.now + takes, to, slices.Clone(frame)})
}

// isolate cuts a board off, or heals its links.
func (p *plant) isolate(b *station, off bool) {
	for _, other := range p.boards {
		p.cut[[2]raft.ID{b.member.ID, other.member.ID}] = off
		p.cut[[2]raft.ID{other.member.ID, b.member.ID}] = off
	}
}

// run lets time pass.
func (p *plant) run(length raft.Instant) {
	for end := p.now + length; ; {
		next := end
		for _, b := range p.boards {
			next = min(next, b.turns())
		}
		for i := range p.mail {
			next = min(next, max(p.now, p.mail[i].at))
		}
		p.now = next
		p.deliver()
		if p.now == end {
			return
		}
	}
}

// turns lets a board work until it sleeps, and returns when it wants to wake up.
func (b *station) turns() raft.Instant {
	if !b.on {
		return embedded.Never
	}
	if b.asleep && b.until > b.Now() && len(b.inbox) == 0 {
		return b.wakes()
	}
	b.asleep = false
	for turn := 0; !b.asleep; turn++ {
		if turn > 1000 {
			b.plant.t.Fatalf("board %d does not come to rest", b.member.ID)
		}
		b.executor.Turn()
	}
	return b.wakes()
}

// wakes is the true time at which a board's clock shows when it wants to wake up.
func (b *station) wakes() raft.Instant {
	if b.until == embedded.Never {
		return b.until
	}
	truth := b.plant.now
	for {
		ahead := int64(b.until) - int64(truth) - int64(truth)/1_000_000*b.ratePPM
		if ahead <= 0 {
			return truth
		}
		truth += raft.Instant(max(1, ahead-ahead/1000))
	}
}

// deliver hands over the frames whose time has come, to boards that are on.
func (p *plant) deliver() {
	later := p.mail[:0]
	for _, m := range p.mail {
		if m.at > p.now {
			later = append(later, m)
			continue
		}
		if b := p.boards[m.to-1]; b.on {
			b.inbox = append(b.inbox, m.frame)
			b.executor.Wake(0)
		}
	}
	p.mail = later
}

// until lets time pass until a condition holds.
func (p *plant) until(what string, holds func() bool) {
	p.t.Helper()
	for end := p.now + 20*timeout; !holds(); p.run(5 * millisecond) {
		if p.now > end {
			p.t.Fatalf("after 20 election timeouts it still does not hold that %s", what)
		}
	}
}

func (b *station) status() (s embedded.Status) {
	b.node.Status(&s)
	return s
}

// leader waits for a board that leads, and that most of the boards follow.
func (p *plant) leader() *station {
	p.t.Helper()
	var leader *station
	p.until("somebody leads", func() bool {
		follow := map[raft.Member]int{}
		for _, b := range p.boards {
			if b.on {
				follow[b.status().Leader]++
			}
		}
		for _, b := range p.boards {
			if s := b.status(); b.on && s.Role == raft.Leader && 2*follow[b.member] > len(p.boards) {
				leader = b
				return true
			}
		}
		return false
	})
	return leader
}

// ask makes a request, by a new tag.
func (b *station) ask(request func(tag uint32)) uint32 {
	b.tag++
	request(b.tag)
	b.executor.Wake(0)
	return b.tag
}

// propose proposes that a value be set.
func (b *station) propose(name, value string) uint32 {
	var command [bank.CommandBytes]byte
	n := bank.PutSet(command[:], []byte(name), []byte(value))
	return b.ask(func(tag uint32) { b.node.Propose(tag, command[:n]) })
}

// write sets a value, again if the log was full: then it has been compacted.
func (b *station) write(name, value string) {
	b.plant.t.Helper()
	tag := b.propose(name, value)
	for range 2 {
		if b.answer(tag).Reason != embedded.Reason(raft.NoRoom) {
			break
		}
		tag = b.propose(name, value)
	}
	b.expect(tag, value)
}

func (b *station) read(mode raft.ReadMode, name string) uint32 {
	var question [bank.CommandBytes]byte
	n := bank.PutGet(question[:], []byte(name))
	return b.ask(func(tag uint32) { b.node.Read(tag, mode, question[:n]) })
}

// answer waits for the answer to a request.
func (b *station) answer(tag uint32) embedded.Answer {
	b.plant.t.Helper()
	b.plant.until("the request is answered", func() bool { _, ok := b.answers[tag]; return ok })
	return b.answers[tag]
}

// expect fails unless an answer is done, with a value.
func (b *station) expect(tag uint32, value string) {
	b.plant.t.Helper()
	a := b.answer(tag)
	if outcome, held := bank.ParseResponse(a.Body); a.Outcome != embedded.Done || outcome != bank.Done || string(held) != value {
		b.plant.t.Errorf("board %d: the answer is %d (%v), %v with %q; want %q", b.member.ID, a.Outcome, a.Reason, outcome, held, value)
	}
}

// refused fails unless an answer is a refusal for a reason.
func (b *station) refused(tag uint32, reason embedded.Reason) {
	b.plant.t.Helper()
	if a := b.answer(tag); a.Outcome != embedded.Refused || a.Reason != reason {
		b.plant.t.Errorf("board %d: the answer is %d (%v), want a refusal: %v", b.member.ID, a.Outcome, a.Reason, reason)
	}
}

// held is a value as a board's own machine has it.
func (b *station) held(name string) string {
	var question [bank.CommandBytes]byte
	_, held := bank.ParseResponse(b.machine.Query(question[:bank.PutGet(question[:], []byte(name))]))
	return string(held)
}
