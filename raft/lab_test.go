package raft_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

const (
	millisecond = 1_000_000
	timeout     = 100 * millisecond // the least election timeout in a laboratory
	beat        = 10 * millisecond
	window      = timeout - beat // how long a voter protects its leader
	cluster     = 77
)

// A laboratory holds servers whose every message and write is moved by hand.
type laboratory struct {
	t        testing.TB
	now      raft.Instant
	servers  []*server
	flight   []*packet // messages sent and neither delivered nor lost, in order
	settings raft.Settings
	entries  uint32        // how many entries a new store has place for
	sent     func(*packet) // told of every message, if not nil
	changed  func(*server) // told whenever a server may have changed, if not nil
}

// A packet is a message on its way, with a copy of what travels with it.
type packet struct {
	raft.Message
	entries  []raft.Entry
	snapshot *raft.Snapshot
	chunk    []byte
}

// A server is a driver with its ports.
type server struct {
	*memory.Queue
	lab      *laboratory
	member   raft.Member
	driver   raft.Driver
	slow     bool          // its writes are durable only when completed by hand
	down     bool          // crashed, and not yet started again
	jitter   raft.Duration // added to the least election timeout
	unfit    bool          // its clock stops while the machine is suspended
	damaged  raft.Index    // the one entry whose body is lost
	repaired string        // the body that was put back last
	full     bool          // nothing fits any more
	fewBytes bool          // the store has room for one byte
	rotten   bool          // its snapshot can't be read
	machine  []string      // the commands applied
	applied  raft.Index
}

func (s *server) Now() raft.Instant                  { return s.lab.now }
func (s *server) Jitter(raft.Duration) raft.Duration { return s.jitter }
func (s *server) CountsSuspendedTime() bool          { return !s.unfit }
func (s *server) node() *raft.Node                   { return s.driver.Node() }

// Entries stops before an entry whose body is lost.
func (s *server) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	if s.damaged >= first {
		last = min(last, s.damaged-1)
	}
	return s.Queue.Entries(first, last, maxBytes, into)
}

// Chunk returns less than was asked for where a snapshot can't be read.
func (s *server) Chunk(offset uint64, length uint32) []byte {
	if s.rotten {
		return nil
	}
	return s.Queue.Chunk(offset, length)
}

func (s *server) Write(w *raft.Write) {
	s.Queue.Write(w)
	if w.Kind == raft.WriteRepair && w.Entries[0].Index == s.damaged {
		s.damaged, s.repaired = 0, string(w.Entries[0].Data)
	}
	if w.Kind == raft.WriteCompact && w.Index >= s.damaged {
		s.damaged = 0
	}
	if !s.slow {
		s.completeAll()
	}
}

func (s *server) Room() raft.Room {
	room := s.Queue.Room()
	if s.full {
		room = raft.Room{}
	}
	if s.fewBytes {
		room.Bytes = 1
	}
	room.Damaged = s.damaged
	return room
}

func (s *server) completeAll() {
	for _, number := range slices.Clone(s.Pending()) {
		s.Complete(number)
	}
}

// persist makes everything written durable and says so to the driver.
func (s *server) persist() {
	s.completeAll()
	s.driver.Wake()
	s.completeAll()
	s.driver.Wake()
	s.settled()
}

func (s *server) Send(m *raft.Message, payload *raft.Payload) {
	p := &packet{Message: *m, chunk: slices.Clone(payload.Chunk)}
	for _, e := range payload.Entries {
		e.Data = slices.Clone(e.Data)
		if e.Configuration != nil {
			c := *e.Configuration
			e.Configuration = &c
		}
		p.entries = append(p.entries, e)
	}
	if payload.Snapshot != nil {
		snapshot := *payload.Snapshot
		p.snapshot = &snapshot
	}
	s.lab.flight = append(s.lab.flight, p)
	if s.lab.sent != nil {
		s.lab.sent(p)
	}
}

// defaultSettings are the same for all tests that do not say otherwise.
func defaultSettings() raft.Settings {
	return raft.Settings{
		ElectionTimeout: timeout, Heartbeat: beat,
		MaxMessageBytes: 1024, MaxInflightBytes: 4096, MaxUncommittedBytes: 8192,
		ChunkBytes: 4, Reserve: 16,
	}
}

// newLaboratory bootstraps a cluster of voters with the ids 1 to count. Their
// election timeouts differ, the first server's is the least.
func newLaboratory(t testing.TB, count int, adjust ...func(*laboratory)) *laboratory {
	t.Helper()
	lab := &laboratory{t: t, now: 1000 * millisecond, settings: defaultSettings(), entries: 256}
	for _, f := range adjust {
		f(lab)
	}
	founding := configurationOf(count)
	for id := 1; id <= count; id++ {
		s := lab.addServer(raft.ID(id), 1)
		if refusal := new(raft.Driver).Bootstrap(s, &raft.Identity{Cluster: cluster, Self: s.member}, &founding); refusal.Code != raft.OK {
			t.Fatalf("bootstrap of %d: %v", id, refusal)
		}
		lab.start(s)
	}
	return lab
}

// configurationOf is one of the members 1 to count, in their first life.
func configurationOf(count int) raft.Configuration {
	c := raft.Configuration{Voters: 1<<count - 1}
	for i := range count {
		c.Members[i] = raft.Member{ID: raft.ID(i + 1), Incarnation: 1}
	}
	return c
}

// membersOf is a configuration of voters and learners, in their first life.
func membersOf(voters []raft.ID, learners ...raft.ID) raft.Configuration {
	c := raft.Configuration{}
	for i, id := range append(slices.Clone(voters), learners...) {
		c.Members[i] = raft.Member{ID: id, Incarnation: 1}
		if i < len(voters) {
			c.Voters |= 1 << i
		} else {
			c.Learners |= 1 << i
		}
	}
	return c
}

// addServer adds a server with an empty store, not started.
func (lab *laboratory) addServer(id raft.ID, incarnation uint32) *server {
	s := &server{
		Queue: memory.NewQueue(lab.entries, 1<<20), lab: lab, down: true,
		member: raft.Member{ID: id, Incarnation: incarnation},
		jitter: raft.Duration(id-1) * 15 * millisecond % timeout,
	}
	lab.servers = append(lab.servers, s)
	return s
}

// join adds a server that waits to be added to the cluster.
func (lab *laboratory) join(id raft.ID) *server {
	lab.t.Helper()
	s := lab.addServer(id, 1)
	if refusal := new(raft.Driver).Join(s, &raft.Identity{Cluster: cluster, Self: s.member}); refusal.Code != raft.OK {
		lab.t.Fatalf("join of %d: %v", id, refusal)
	}
	lab.start(s)
	return s
}

func (lab *laboratory) start(s *server) {
	lab.t.Helper()
	if refusal := s.driver.Start(&lab.settings, s, s, s); refusal.Code != raft.OK {
		lab.t.Fatalf("start of %d: %v", s.member.ID, refusal)
	}
	s.down, s.machine, s.applied = false, nil, 0
	s.settled()
}

// crash stops a server; what was not durable is lost.
func (s *server) crash() {
	s.Crash()
	s.down = true
}

// restart is a crash and a start.
func (s *server) restart() {
	s.lab.t.Helper()
	s.crash()
	s.lab.start(s)
}

// settled applies what is committed.
func (s *server) settled() {
	var into [4]raft.Entry
	for {
		n, snapshot := s.driver.Next(into[:])
		if snapshot != nil {
			s.applied = snapshot.Index
			s.machine = []string{string(s.SnapshotBytes())}
		}
		for _, e := range into[:n] {
			if e.Index != s.applied+1 {
				s.lab.t.Fatalf("server %d was given entry %d to apply after entry %d", s.member.ID, e.Index, s.applied)
			}
			s.applied = e.Index
			if e.Kind == raft.Command {
				s.machine = append(s.machine, string(e.Data))
			}
		}
		if n == 0 && snapshot == nil {
			break
		}
		s.driver.Applied(s.applied)
	}
	if s.lab.changed != nil {
		s.lab.changed(s)
	}
}

// server returns the server with an id.
func (lab *laboratory) server(id raft.ID) *server {
	for _, s := range lab.servers {
		if s.member.ID == id {
			return s
		}
	}
	lab.t.Fatalf("there is no server %d", id)
	return nil
}

// wake lets all servers do what is due.
func (lab *laboratory) wake() {
	for _, s := range lab.servers {
		if !s.down && s.driver.Deadline() <= lab.now {
			s.driver.Wake()
			s.settled()
		}
	}
}

// pass lets time pass without delivering messages.
func (lab *laboratory) pass(d raft.Duration) {
	until := lab.now + raft.Instant(d)
	for {
		next := until
		for _, s := range lab.servers {
			if !s.down {
				next = min(next, s.driver.Deadline())
			}
		}
		lab.now = max(lab.now, next)
		lab.wake()
		if lab.now >= until {
			return
		}
	}
}

// run lets time pass and delivers every message at once.
func (lab *laboratory) run(d raft.Duration) {
	until := lab.now + raft.Instant(d)
	lab.deliverAll()
	for lab.now < until {
		lab.pass(min(millisecond, raft.Duration(until-lab.now)))
		lab.deliverAll()
	}
}

// handOver delivers a message, whether or not it is in flight.
func (lab *laboratory) handOver(p *packet) raft.Refusal {
	for _, s := range lab.servers {
		if s.member != p.To || s.down {
			continue
		}
		return lab.accept(s, p)
	}
	return raft.Refusal{}
}

// accept gives a message to a server, whoever it is for.
func (lab *laboratory) accept(s *server, p *packet) raft.Refusal {
	refusal := s.driver.Receive(&p.Message, &raft.Payload{Entries: p.entries, Snapshot: p.snapshot, Chunk: p.chunk})
	s.settled()
	return refusal
}

// take removes the messages a test asks for from flight.
func (lab *laboratory) take(wanted func(*packet) bool) []*packet {
	var taken []*packet
	rest := lab.flight[:0]
	for _, p := range lab.flight {
		if wanted(p) {
			taken = append(taken, p)
		} else {
			rest = append(rest, p)
		}
	}
	lab.flight = rest
	return taken
}

// deliver delivers the messages in flight that a test asks for, and no others.
func (lab *laboratory) deliver(wanted func(*packet) bool) int {
	taken := lab.take(wanted)
	for _, p := range taken {
		lab.handOver(p)
	}
	return len(taken)
}

// deliverAll delivers what is in flight and all that comes of it.
func (lab *laboratory) deliverAll() { lab.deliverWhere(func(*packet) bool { return true }) }

// deliverWhere delivers what a test lets through, and all that comes of it; the
// rest is lost.
func (lab *laboratory) deliverWhere(open func(*packet) bool) {
	for rounds := 0; len(lab.flight) > 0; rounds++ {
		if rounds > 100_000 {
			lab.t.Fatalf("messages do not come to an end; the next is %s", lab.flight[0])
		}
		p := lab.flight[0]
		lab.flight = lab.flight[1:]
		if open(p) {
			lab.handOver(p)
		}
	}
}

// cutOff is a network in which some servers hear nobody and are heard by nobody.
func cutOff(ids ...raft.ID) func(*packet) bool {
	return func(p *packet) bool { return !slices.Contains(ids, p.From.ID) && !slices.Contains(ids, p.To.ID) }
}

// runWhere lets time pass; only what a test lets through is delivered.
func (lab *laboratory) runWhere(d raft.Duration, open func(*packet) bool) {
	until := lab.now + raft.Instant(d)
	lab.deliverWhere(open)
	for lab.now < until {
		lab.pass(min(millisecond, raft.Duration(until-lab.now)))
		lab.deliverWhere(open)
	}
}

// kind asks for messages of a kind; to narrows it to addressees.
func kind(k raft.MessageKind, to ...raft.ID) func(*packet) bool {
	return func(p *packet) bool {
		return p.Kind == k && (len(to) == 0 || slices.Contains(to, p.To.ID))
	}
}

// elect makes a server the leader, with its first entry committed everywhere. It
// must be called while nobody leads.
func (lab *laboratory) elect(id raft.ID) *server {
	lab.t.Helper()
	s := lab.server(id)
	for range 1000 {
		lab.pass(millisecond)
		lab.deliverWhere(func(p *packet) bool {
			return p.From.ID == id || p.To.ID == id && p.Kind != raft.PreVote && p.Kind != raft.Vote
		})
		if s.node().Role() == raft.Leader {
			lab.run(2 * beat)
			return s
		}
	}
	lab.t.Fatalf("server %d was not elected: %s", id, lab.describe())
	return nil
}

// describe says how all servers are.
func (lab *laboratory) describe() string {
	var text strings.Builder
	for _, s := range lab.servers {
		fmt.Fprintf(&text, "\n\t%s", s)
	}
	return text.String()
}

func (s *server) String() string {
	n := s.node()
	line := fmt.Sprintf("%d: %s, term %d", s.member.ID, n.Role(), n.Term())
	if n.Stopped() != raft.OK {
		line += fmt.Sprintf(" (%s)", n.Stopped())
	}
	if n.Vote() != (raft.Member{}) {
		line += fmt.Sprintf(", vote %d", n.Vote().ID)
	}
	if n.Leader() != (raft.Member{}) {
		line += fmt.Sprintf(", leader %d", n.Leader().ID)
	}
	return line + fmt.Sprintf(", last %d, durable %d, commit %d", n.Last(), n.Durable(), n.Commit())
}

// propose appends one command and fails the test if it is refused.
func (s *server) propose(command string) (raft.Index, raft.Term) {
	s.lab.t.Helper()
	index, term, refusal := s.tryPropose(command)
	if refusal.Code != raft.OK {
		s.lab.t.Fatalf("server %d refuses %q: %v", s.member.ID, command, refusal)
	}
	return index, term
}

func (s *server) tryPropose(command string) (raft.Index, raft.Term, raft.Refusal) {
	index, term, refusal := s.driver.Propose([]raft.Entry{{Data: []byte(command)}})
	s.settled()
	return index, term, refusal
}

// change asks for another configuration and fails the test if it is refused.
func (s *server) change(c raft.Configuration) raft.Index {
	s.lab.t.Helper()
	index, refusal := s.driver.Change(&c)
	if refusal.Code != raft.OK {
		s.lab.t.Fatalf("server %d refuses the change: %v", s.member.ID, refusal)
	}
	s.settled()
	return index
}

// receive gives a server a message made by hand: From and Kind and whatever else
// matters are set, the rest is filled in.
func (s *server) receive(m raft.Message) raft.Refusal {
	s.lab.t.Helper()
	if m.Cluster == 0 {
		m.Cluster = cluster
	}
	if m.To == (raft.Member{}) {
		m.To = s.member
	}
	return s.lab.accept(s, &packet{Message: m})
}

// receiveAppend gives a server an Append with the entries that follow the one
// before; it asks for an answer.
func (s *server) receiveAppend(from raft.ID, term raft.Term, prev raft.Index, prevTerm raft.Term, commit raft.Index, entries ...raft.Entry) raft.Refusal {
	m := raft.Message{
		Kind: raft.Append, Cluster: cluster, From: first(from), To: s.member, Term: term,
		Index: prev, LogTerm: prevTerm, Last: prev + raft.Index(len(entries)), Commit: commit, Probe: true,
	}
	for _, e := range entries {
		m.EntryTerm = e.Term
		m.Bytes += uint32(len(e.Data))
		m.Configured = e.Kind == raft.ConfigurationChange
	}
	return s.lab.accept(s, &packet{Message: m, entries: entries})
}

// replies takes from flight what a server has said, of a kind.
func (s *server) replies(k raft.MessageKind) []*packet {
	return s.lab.take(func(p *packet) bool { return p.From == s.member && p.Kind == k })
}

// reply takes from flight the one message of a kind that a server has sent.
func (s *server) reply(k raft.MessageKind) *packet {
	s.lab.t.Helper()
	found := s.replies(k)
	if len(found) != 1 {
		s.lab.t.Fatalf("server %d has sent %d messages of kind %d, want 1; in flight: %v; %s", s.member.ID, len(found), k, s.lab.flight, s)
	}
	return found[0]
}

// silent fails the test if a server has sent a message of a kind.
func (s *server) silent(k raft.MessageKind) {
	s.lab.t.Helper()
	if found := s.replies(k); len(found) != 0 {
		s.lab.t.Fatalf("server %d has sent %s, want nothing of the kind", s.member.ID, found[0])
	}
}

// first is a member in its first life.
func first(id raft.ID) raft.Member { return raft.Member{ID: id, Incarnation: 1} }

// commands are entries with data, from an index on, of one term.
func commands(from raft.Index, term raft.Term, data ...string) []raft.Entry {
	var entries []raft.Entry
	for i, d := range data {
		entries = append(entries, raft.Entry{Index: from + raft.Index(i), Term: term, Data: []byte(d)})
	}
	return entries
}

// check fails the test unless something holds.
func (lab *laboratory) check(holds bool, format string, values ...any) {
	lab.t.Helper()
	if !holds {
		lab.t.Fatalf("%s; the servers:%s", fmt.Sprintf(format, values...), lab.describe())
	}
}

var kindNames = map[raft.MessageKind]string{
	raft.PreVote: "PreVote", raft.PreVoteReply: "PreVoteReply", raft.Vote: "Vote", raft.VoteReply: "VoteReply",
	raft.Append: "Append", raft.AppendReply: "AppendReply", raft.Heartbeat: "Heartbeat", raft.HeartbeatReply: "HeartbeatReply",
	raft.SnapshotChunk: "SnapshotChunk", raft.SnapshotReply: "SnapshotReply", raft.TimeoutNow: "TimeoutNow",
	raft.ReadIndex: "ReadIndex", raft.ReadIndexReply: "ReadIndexReply",
	raft.Fetch: "Fetch", raft.FetchReply: "FetchReply",
}

// String says what matters of a message, for its kind.
func (p *packet) String() string {
	text := fmt.Sprintf("%d->%d %s term %d", p.From.ID, p.To.ID, kindNames[p.Kind], p.Term)
	switch p.Kind {
	case raft.PreVote, raft.Vote:
		text += fmt.Sprintf(" last %d/%d", p.Index, p.LogTerm)
	case raft.Append:
		text += fmt.Sprintf(" prev %d/%d", p.Index, p.LogTerm)
		if p.Last > p.Index {
			text += fmt.Sprintf(" entries %d-%d/%d", p.Index+1, p.Last, p.EntryTerm)
		}
		text += fmt.Sprintf(" commit %d", p.Commit)
	case raft.AppendReply:
		text += fmt.Sprintf(" index %d", p.Index)
		if p.Reject {
			text += fmt.Sprintf(" hint %d/%d", p.Last, p.LogTerm)
		}
	case raft.Heartbeat:
		text += fmt.Sprintf(" round %d commit %d", p.Round, p.Commit)
	case raft.HeartbeatReply:
		text += fmt.Sprintf(" round %d last %d", p.Round, p.Last)
	case raft.SnapshotChunk:
		text += fmt.Sprintf(" snapshot %d/%d offset %d bytes %d", p.Index, p.LogTerm, p.Offset, p.Bytes)
	case raft.SnapshotReply:
		text += fmt.Sprintf(" snapshot %d/%d offset %d", p.Index, p.LogTerm, p.Offset)
	case raft.Fetch, raft.FetchReply:
		text += fmt.Sprintf(" entry %d/%d", p.Index, p.LogTerm)
	case raft.ReadIndex:
		text += fmt.Sprintf(" round %d", p.Round)
	case raft.ReadIndexReply:
		text += fmt.Sprintf(" round %d index %d", p.Round, p.Index)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{p.Reject, "reject"}, {p.Full, "full"}, {p.Force, "force"}, {p.Probe, "probe"}, {p.Configured, "configuration"}} {
		if flag.set {
			text += " " + flag.name
		}
	}
	return text
}

// winAmong makes a server the leader by votes of the servers that a network
// lets through; what it then sends is lost, and stays so until a test goes on.
func (lab *laboratory) winAmong(id raft.ID, open func(*packet) bool) *server {
	lab.t.Helper()
	s := lab.server(id)
	for range 2000 {
		lab.pass(millisecond)
		for len(lab.flight) > 0 && s.node().Role() != raft.Leader {
			p := lab.flight[0]
			lab.flight = lab.flight[1:]
			mine := p.From.ID == id || p.Kind == raft.PreVoteReply || p.Kind == raft.VoteReply
			if mine && open(p) {
				lab.handOver(p)
			}
		}
		if s.node().Role() == raft.Leader {
			return s
		}
	}
	lab.t.Fatalf("server %d does not win: %s", id, lab.describe())
	return nil
}

// A bareNode is a copy of a server's node without its driver, which leaves no time
// for anything to come between a step and what is due after it.
type bareNode struct {
	raft.Node
	lab *laboratory
	out raft.Effects
}

// bare copies a server's node; the server goes its own way from there.
func (s *server) bare() *bareNode { return &bareNode{Node: *s.node(), lab: s.lab} }

// step makes one step, with room enough in the storage.
func (b *bareNode) step(in raft.Input) {
	in.Room = raft.Room{Entries: 100, Bytes: 1000}
	b.Step(b.lab.now, &in, &b.out)
}

// receive steps the node with a message made by hand.
func (b *bareNode) receive(m raft.Message, snapshot ...raft.Snapshot) {
	m.Cluster, m.To = cluster, b.Self()
	in := raft.Input{Kind: raft.Receive, Message: m}
	if len(snapshot) > 0 {
		in.Snapshot = snapshot[0]
	}
	b.step(in)
}

// said returns the messages of a kind that the last step sent.
func (b *bareNode) said(k raft.MessageKind) []raft.Message {
	var found []raft.Message
	for _, m := range b.out.Messages[:b.out.Count] {
		if m.Kind == k {
			found = append(found, m)
		}
	}
	return found
}
