package sim

import (
	"slices"

	"github.com/driftless-raft/driftless/contract"
	"github.com/driftless-raft/driftless/raft"
)

// A call is a scenario's request to one life of a server.
type call struct {
	cluster  *controlled
	server   *server
	boot     uint32
	request  contract.Request
	proposal proposal
	query    query
	reply    contract.Reply
}

// Reply implements [contract.Call].
func (k *call) Reply() contract.Reply { return k.reply }

// Ask implements [contract.Cluster].
func (c *controlled) Ask(number int, request contract.Request) contract.Call {
	s := c.server(number)
	k := &call{cluster: c, server: s, boot: s.boot, request: request}
	switch {
	case !s.up:
		k.refuse(contract.Unreachable, "the server is down")
	case s.pausedUntil > c.world.now:
		k.reply = contract.Reply{Outcome: contract.Unknown, Text: "the server does not answer"}
	default:
		c.attempt(func() {
			k.begin()
			s.settle()
		})
	}
	k.poll()
	if k.reply.Outcome == contract.Pending {
		c.open = append(c.open, k)
	}
	return k
}

// begin does what was asked for, or begins to.
func (k *call) begin() {
	s := k.server
	switch k.request.Kind {
	case contract.Propose:
		k.propose()
	case contract.Read:
		k.read()
	case contract.Change:
		configuration := k.configuration()
		_, refusal := s.driver.Change(&configuration)
		k.begun(refusal)
	case contract.Transfer:
		k.begun(s.driver.Transfer(k.member(k.request.Target)))
	case contract.Compact:
		k.compact()
	}
}

func (k *call) refuse(reason contract.Reason, text string) {
	k.reply = contract.Reply{Outcome: contract.Refused, Reason: reason, Text: text}
}

// begun answers a request that is done once it has begun.
func (k *call) begun(refusal raft.Refusal) {
	if refusal.Code == raft.OK {
		k.reply = contract.Reply{Outcome: contract.Done}
		return
	}
	k.refuse(reasons[refusal.Code], refusal.Code.String())
	k.reply.Leader = int(k.server.driver.Node().Leader().ID)
}

// reasons are the codes' meanings to a scenario; the rest are contract.Other.
var reasons = map[raft.Code]contract.Reason{
	raft.NotLeader: contract.NotLeader, raft.NoLeader: contract.NotLeader, raft.NoRoom: contract.Busy,
	raft.TooMuchUncommitted: contract.Busy, raft.Transferring: contract.Busy, raft.ChangePending: contract.ChangePending,
	raft.TermNotCommitted: contract.Busy, raft.NotCaughtUp: contract.NotCaughtUp, raft.NotVoter: contract.NotMember,
	raft.SnapshotPinned: contract.Busy, raft.SnapshotPending: contract.Busy, raft.SnapshotOutOfRange: contract.Busy,
	raft.NoLease: contract.NoLease,
}

func (k *call) propose() {
	w := &k.cluster.world
	w.batch[0] = raft.Entry{Data: k.request.Body}
	index, term, refusal := k.server.driver.Propose(w.batch[:1])
	if refusal.Code != raft.OK {
		k.begun(refusal)
		return
	}
	k.proposal = proposal{index: index, term: term, at: w.now}
}

func (k *call) read() {
	w := &k.cluster.world
	mode := [...]raft.ReadMode{raft.Linearizable, raft.Lease, raft.Stale}[k.request.Mode]
	point, refusal := k.server.driver.Read(mode)
	if refusal.Code != raft.OK {
		k.begun(refusal)
		return
	}
	k.query = query{point: point, at: w.now}
	switch mode {
	case raft.Lease:
		w.ledger.leased(k.server)
		fallthrough
	case raft.Linearizable:
		k.query.floor = w.ledger.acked
	case raft.Stale:
	}
}

// compact takes a snapshot and cuts the log at it.
func (k *call) compact() {
	s, w := k.server, &k.cluster.world
	var stored raft.Stored
	if s.disk.Stored(&stored); stored.Snapshot.Index == s.machine.index {
		k.refuse(contract.NothingToDo, "there is a snapshot of all that is applied")
		return
	}
	var taken raft.Snapshot
	w.image = s.save(w.image[:0])
	if !s.disk.takeSnapshot(s.machine.index, w.image, &taken) {
		w.ledger.fail("store", "server %d: a snapshot of %d bytes does not fit", s.id, len(w.image))
		return
	}
	if s.disk.engine != nil {
		s.disk.drain() // a server waits for it
	}
	k.begun(s.driver.Compact(&taken, taken.Index))
}

// member is a member as the core names it; nobody, if it is none.
func (k *call) member(m contract.Member) raft.Member {
	if m.Server == 0 {
		return raft.Member{}
	}
	return k.cluster.lives[m.Server-1][m.Life]
}

// configuration is the one asked for.
func (k *call) configuration() raft.Configuration {
	var r roster
	for _, m := range k.request.Voters {
		r.addVoter(k.member(m))
	}
	for _, m := range k.request.Learners {
		r.addLearner(k.member(m))
	}
	return r.configuration()
}

// poll sees what has become of the calls that wait.
func (c *controlled) poll() {
	for _, k := range c.open {
		k.poll()
	}
	c.open = slices.DeleteFunc(c.open, func(k *call) bool { return k.reply.Outcome != contract.Pending })
}

func (k *call) poll() {
	s := k.server
	switch {
	case k.reply.Outcome != contract.Pending:
	case !s.up || s.boot != k.boot:
		k.reply = contract.Reply{Outcome: contract.Unknown, Text: "the server went down"}
	case s.pausedUntil > k.cluster.world.now:
	case k.request.Kind == contract.Propose:
		k.pollProposal()
	case k.request.Kind == contract.Read:
		k.pollRead()
	}
}

func (k *call) pollProposal() {
	s, p := k.server, &k.proposal
	fate := s.driver.Node().Fate(p.index, p.term)
	if fate == raft.Pending || fate == raft.Committed && s.machine.index < p.index {
		return
	}
	s.world.ledger.resolved(s, p, fate)
	applied := s.book.at(p.index)
	switch {
	case fate == raft.Superseded:
		k.refuse(contract.Superseded, "something else is committed in its place")
	case fate == raft.Committed && applied != nil:
		k.reply = contract.Reply{Outcome: contract.Done, Body: applied.Response}
	default:
		k.reply = contract.Reply{Outcome: contract.Unknown, Text: "the log no longer tells"}
	}
}

func (k *call) pollRead() {
	s := k.server
	switch s.driver.Resolve(&k.query.point) {
	case raft.ReadPending:
	case raft.ReadLost:
		k.refuse(contract.NotLeader, "the server does not lead any more, or another does")
	case raft.ReadReady:
		s.world.ledger.served(s, &k.query)
		k.reply = contract.Reply{Outcome: contract.Done, Body: slices.Clone(s.book.machine.Query(k.request.Body))}
	}
}
