package explore

import (
	"fmt"

	"github.com/driftless-raft/driftless/raft"
)

// A state of the cluster is a row of words: the state of each server; what is on
// each link; the stray packets, which may arrive at any time or never; what has
// been committed; who has led in which term; what of the budgets is spent. All but
// the last two are numbers of what is kept once.
type state []uint32

// shape says where the words of a state are.
type shape struct {
	nodes, strays, commits, leaders, spent, width int
}

func shapeOf(nodes int) shape {
	s := shape{nodes: nodes}
	s.strays = nodes + nodes*(nodes-1)
	s.commits, s.leaders, s.spent, s.width = s.strays+1, s.strays+2, s.strays+4, s.strays+6
	return s
}

// link is the word of the link between two servers.
func (s *shape) link(from, to int) int {
	if to > from {
		to--
	}
	return s.nodes + from*(s.nodes-1) + to
}

func (s state) wide(at int) uint64       { return uint64(s[at]) | uint64(s[at+1])<<32 }
func (s state) setWide(at int, w uint64) { s[at], s[at+1] = uint32(w), uint32(w>>32) }

// A summary is what is asked of a server's state often.
type summary struct {
	log, kept chain // kept is the durable one
	applied   chain
	hash      uint32 // equal for servers that differ only by name
	role      raft.Role
	protects  bool
	pending   uint8
	snapshot  uint8 // the index of the newest
	vote      uint8 // whose: 0 nobody's, else the server, from 1
	leader    uint8 // likewise
	campaigns bool  // its election timer may fire
}

// A commit is an entry that was committed, and all before it. Which term's leader
// did so matters to leader completeness.
type commit struct {
	before uint32
	chain  chain
	in     raft.Term
}

// An outcome is what came of a step.
type outcome struct {
	next      uint32 // the server's state
	first     uint32 // of the packets sent
	count     uint16
	won       uint8 // the term
	committed uint8 // in the term
	quorum    masks
	failure   uint32 // its number, or 0
}

// A universe is all states, of servers, links and the cluster, met so far.
type universe struct {
	most [resources]int // of each budget
	shape
	server    *server
	servers   interner
	summaries slab[summary]
	packets   packets
	queues    queues
	chains    chains

	steps    lookup // of a server's state and an input, less one
	outcomes slab[outcome]
	sent     slab[uint32]
	failures []string

	successors  lookup // of a commitment, by chain and term
	commitments slab[commit]

	renaming *renaming // where there is symmetry
}

// newUniverse makes a universe of one state and returns it.
func newUniverse(o *Options) (*universe, state, error) {
	l, err := theLayout()
	if err != nil {
		return nil, nil, err
	}
	u := &universe{shape: shapeOf(o.Nodes)}
	u.most = budgetsOf(o)
	u.commitments.push(commit{})
	server, first, err := newServer(l, o.Nodes, &u.chains, &u.packets)
	if err != nil {
		return nil, nil, err
	}
	u.server = server
	initial := make(state, u.width)
	for i := range first {
		server.decode(first[i])
		initial[i] = u.keep()
	}
	if o.Symmetry {
		u.renaming = newRenaming(u)
	}
	return u, initial, nil
}

// keep numbers the state that the server is in.
func (u *universe) keep() uint32 {
	id, fresh := u.servers.intern(u.server.encode())
	if fresh {
		u.summaries.push(u.server.summarize())
	}
	return id
}

// summarize is the summary of the state that the server is in.
func (s *server) summarize() summary {
	n := s.driver.Node()
	t := value[instant](&s.driver, s.layout.instant)
	c, _ := n.Configuration()
	m := summary{
		log: s.disk.now().chain(s.chains), kept: s.disk.kept().chain(s.chains), applied: s.state.applied,
		role: n.Role(), pending: uint8(s.disk.pending), snapshot: uint8(s.disk.now().snapshot.index),
		vote: uint8(n.Vote().ID), leader: uint8(n.Leader().ID),
		protects:  n.Role() != raft.Leader && (t.heard == noon || t.quiet != 0),
		campaigns: n.Role() != raft.Leader && n.Deadline() != 1<<64-1,
	}
	features := uint64(n.Role())<<56 | uint64(n.Term())<<48 | uint64(m.pending)<<40
	for _, f := range []bool{m.protects, m.vote == 0, n.Vote() == n.Self(), m.leader == 0, c.Voters&c.Find(n.Self()) != 0} {
		features <<= 1
		if f {
			features |= 1
		}
	}
	h := mix(features, uint64(m.log)|uint64(m.kept)<<32)
	m.hash = uint32(mix(h, uint64(m.applied)))
	return m
}

func (u *universe) summary(s state, server int) *summary { return u.summaries.at(int(s[server] - 1)) }

// step is what comes of an input to a server in a state, which is a matter of
// looking it up unless it is the first time.
func (u *universe) step(id uint32, in input) *outcome {
	key := uint64(id)<<32 | uint64(in)
	if known := u.steps.get(key); known != 0 {
		return u.outcomes.at(int(known - 1))
	}
	u.server.decode(u.servers.of(id))
	u.server.step(in)
	e := &u.server.event
	o := outcome{
		next: id, first: uint32(u.sent.length), count: uint16(len(u.server.sent)),
		won: uint8(e.won), committed: uint8(e.committed), quorum: e.quorum,
	}
	for _, packet := range u.server.sent {
		u.sent.push(packet)
	}
	if e.failure != "" {
		u.failures = append(u.failures, e.failure)
		o.failure = uint32(len(u.failures))
	} else {
		o.next = u.keep()
	}
	u.outcomes.push(o)
	u.steps.put(key, uint32(u.outcomes.length))
	return u.outcomes.at(u.outcomes.length - 1)
}

// committed is the number of the commitment of a chain after another.
func (u *universe) committed(before uint32, c chain, in raft.Term) uint32 {
	key := uint64(before)<<40 | uint64(c)<<8 | uint64(in)
	if known := u.successors.get(key); known != 0 {
		return known
	}
	u.commitments.push(commit{before, c, in})
	id := uint32(u.commitments.length - 1)
	u.successors.put(key, id)
	return id
}

func (u *universe) commitment(id uint32) *commit { return u.commitments.at(int(id)) }

// bytes is the memory that the universe takes.
func (u *universe) bytes() uint64 {
	total := u.servers.bytes() + u.summaries.bytes() + u.packets.bytes() + u.queues.bytes() + u.chains.bytes() +
		u.steps.bytes() + u.outcomes.bytes() + u.sent.bytes() + u.successors.bytes() + u.commitments.bytes()
	if u.renaming != nil {
		total += u.renaming.bytes()
	}
	return total
}

// describe tells what a server's state is.
func (u *universe) describe(s state, server int) string {
	u.server.decode(u.servers.of(s[server]))
	return fmt.Sprintf("server %d: %s", server+1, u.server.describe())
}
