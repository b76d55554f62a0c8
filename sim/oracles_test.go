package sim

import (
	"encoding/binary"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// calmOptions are those of three nodes with leases, clients and no faults.
func calmOptions() Options {
	return Options{
		Nodes: 3, ElectionTimeout: 500 * millisecond, Heartbeat: 100 * millisecond, SafetyPhase: 5000 * millisecond,
		MaxMessageBytes: 1024, MaxInflightBytes: 1024, MaxUncommitted: 1024, ChunkBytes: 256, LeaseReads: true,
		StoreEntries: 1024, StoreBytes: 65536, Reserve: 144, DelayMin: millisecond, DelayMax: 2 * millisecond,
		FaultEvery: 500 * millisecond, FaultLength: 500 * millisecond,
		Clients: 8, Sessions: 8, Patience: 500 * millisecond, Histories: true,
		ClientEvery: 50 * millisecond, BatchMax: 2, CommandMax: 16, OperatorEvery: 500 * millisecond,
	}
}

// steady is a calm cluster of three with a leader that has committed commands.
func steady(t *testing.T) (*world, *server, *server) { return steadyCluster(t, false) }

// followed is the same, followed with the specification.
func followed(t *testing.T) (*world, *server, *server) { return steadyCluster(t, true) }

func steadyCluster(t *testing.T, spec bool) (*world, *server, *server) {
	t.Helper()
	options := calmOptions()
	options.Spec = spec
	w := &world{}
	w.reset(&options, randomTape(1))
	w.begin()
	w.until(options.SafetyPhase)
	leader := w.leads()
	if w.ledger.failure != nil || leader == nil || w.ledger.tip() < 10 {
		t.Fatalf("the cluster is not steady: %v, %s", w.ledger.failure, w.status())
	}
	return w, leader, w.servers[(leader.slot+1)%3]
}

// violations are histories that no correct cluster has, each with the rule that
// must notice it. They begin from a steady cluster and tell the oracles, or make
// them believe, what did not happen.
var violations = []struct {
	name, rule string
	violate    func(w *world, leader, follower *server)
}{
	{"two leaders in a term", "election-safety", func(w *world, leader, _ *server) {
		w.ledger.won(leader)
	}},
	{"a leader nobody voted for", "vote-quorum", func(w *world, leader, _ *server) {
		w.ledger.leaders = w.ledger.leaders[:0]
		w.ledger.ballots.reset()
		w.ledger.won(leader)
	}},
	{"a leader without a committed entry", "leader-completeness", func(w *world, leader, _ *server) {
		w.ledger.leaders = w.ledger.leaders[:0]
		w.ledger.committed = append(w.ledger.committed[:1], commitment{mark: mark{term: 0, hash: 1}, in: 0})
		leader.disk.written.base = 0
		w.ledger.won(leader)
	}},
	{"two votes in a term, told", "one-vote", func(w *world, leader, follower *server) {
		w.ledger.ballots.add(follower.seen.term+1, leader.member, follower.life)
		follower.disk.durable.hard.Term = follower.seen.term + 2
		w.ledger.voted(follower, follower.seen.term+1, follower.member)
	}},
	{"two votes in a term, saved", "one-vote", func(w *world, leader, follower *server) {
		follower.disk.written.hard.Vote = leader.member
		hard := follower.disk.written.hard
		hard.Vote = follower.member
		w.ledger.wrote(&follower.disk, &raft.Write{Kind: raft.WriteHardState, HardState: hard}, &change{})
	}},
	{"a term that falls", "term-monotonic", func(w *world, _, follower *server) {
		hard := follower.disk.written.hard
		hard.Term--
		w.ledger.wrote(&follower.disk, &raft.Write{Kind: raft.WriteHardState, HardState: hard}, &change{})
	}},
	{"a vote that is told before it is saved", "persist-before-send", func(w *world, leader, follower *server) {
		m := raft.Message{Kind: raft.VoteReply, From: follower.member, To: leader.member, Term: follower.seen.term}
		follower.disk.durable.hard.Vote = raft.Member{}
		w.ledger.sent(follower, &m)
	}},
	{"a term that is told before it is saved", "persist-before-send", func(w *world, leader, follower *server) {
		m := raft.Message{Kind: raft.HeartbeatReply, From: follower.member, To: leader.member, Term: follower.seen.term + 1}
		w.ledger.sent(follower, &m)
	}},
	{"entries acknowledged before they are saved", "persist-before-send", func(w *world, leader, follower *server) {
		m := raft.Message{
			Kind: raft.AppendReply, From: follower.member, To: leader.member,
			Term: follower.seen.term, Index: follower.disk.durable.last + 1,
		}
		w.ledger.sent(follower, &m)
	}},
	{"other entries acknowledged than the leader has", "match-index", func(w *world, leader, follower *server) {
		follower.disk.durable.marks[follower.disk.durable.last].hash++
		m := raft.Message{
			Kind: raft.AppendReply, From: follower.member, To: leader.member,
			Term: follower.seen.term, Index: follower.disk.durable.last,
		}
		w.ledger.sent(follower, &m)
	}},
	{"more acknowledged than was asked about", "match-index", func(w *world, _, follower *server) {
		out := raft.Effects{Count: 1}
		out.Messages[0] = raft.Message{Kind: raft.AppendReply, Index: follower.seen.commit + 1}
		w.ledger.covered(follower, &raft.Message{Kind: raft.Append, Last: follower.seen.commit}, &out)
	}},
	{"a leader that counts on too much", "match-index", func(w *world, leader, follower *server) {
		follower.disk.durable.last--
		w.ledger.matched(leader, follower.member)
	}},
	{"two entries of one index and term", "log-matching", func(w *world, leader, _ *server) {
		d := &leader.disk
		k := d.written.at(d.written.last)
		d.written.last--
		e := raft.Entry{Index: d.written.last + 1, Term: k.term, Data: []byte("another")}
		w.ledger.wrote(d, &raft.Write{Kind: raft.WriteEntries, Entries: []raft.Entry{e}}, &change{kind: raft.WriteEntries})
	}},
	{"a leader that removes entries", "leader-append-only", func(w *world, leader, _ *server) {
		w.ledger.wrote(&leader.disk, &raft.Write{Kind: raft.WriteTruncate, Index: leader.disk.written.last}, &change{})
	}},
	{"entries removed without a conflict", "truncate-on-conflict", func(w *world, _, follower *server) {
		last := follower.disk.written.put
		last(follower.disk.written.at(follower.disk.written.last))
		index := follower.disk.written.last
		in := raft.Input{Kind: raft.Receive, Message: raft.Message{
			Kind: raft.Append, Index: index - 1, Last: index, EntryTerm: follower.disk.written.at(index).term,
		}}
		w.ledger.conflicted(follower, &in, index)
	}},
	{"committed entries removed", "commit-safety", func(w *world, _, follower *server) {
		w.ledger.conflicted(follower, &raft.Input{Kind: raft.Receive}, follower.seen.commit)
	}},
	{"a commit nobody made", "commit-safety", func(w *world, _, follower *server) {
		follower.seen.commit = w.ledger.tip() + 1
		w.ledger.settled(follower)
	}},
	{"a commit of something else", "commit-safety", func(w *world, _, follower *server) {
		follower.seen.checked = 0
		follower.disk.written.marks[follower.seen.commit].hash++
		w.ledger.settled(follower)
	}},
	{"a commit of an earlier term's entry", "own-term-commit", func(w *world, leader, _ *server) {
		leader.disk.written.marks[leader.seen.commit].term--
		w.ledger.advanced(leader, leader.driver.Node())
	}},
	{"a commit without a quorum", "durable-quorum", func(w *world, leader, _ *server) {
		w.ledger.committed = w.ledger.committed[:len(w.ledger.committed)-1]
		for _, s := range w.servers {
			if s != leader {
				s.disk.durable.last = 0
			}
		}
		w.ledger.advanced(leader, leader.driver.Node())
	}},
	{"a commit with a quorum of one half only", "durable-quorum", func(w *world, leader, _ *server) {
		w.ledger.committed = w.ledger.committed[:len(w.ledger.committed)-1]
		c := &leader.seen.configuration
		c.Members[5], c.Members[6] = raft.Member{ID: 9}, raft.Member{ID: 10}
		c.Outgoing = 1<<leader.slot | 1<<5 | 1<<6
		w.ledger.advanced(leader, leader.driver.Node())
	}},
	{"a snapshot of what is not committed", "commit-safety", func(w *world, _, follower *server) {
		s := raft.Snapshot{Index: w.ledger.tip() + 1, Term: 1}
		w.ledger.wrote(&follower.disk, &raft.Write{Kind: raft.WriteInstall, Snapshot: &s}, &change{})
	}},
	{"a state machine of its own", "state-machine-safety", func(w *world, _, follower *server) {
		follower.machine.hash++
		w.ledger.applied(follower)
	}},
	{"a snapshot of other bytes than another's", "state-machine-safety", func(w *world, leader, follower *server) {
		w.ledger.imaged(leader, 1)
		follower.machine.index = leader.machine.index
		w.ledger.imaged(follower, 2)
	}},
	{"a command that runs twice", "exactly-once", func(w *world, leader, _ *server) {
		c, response := busyClient(w)
		run := func(index raft.Index) {
			e := raft.Entry{Index: index, Data: make([]byte, commandBytesMax)}
			e.Data[0] = byte(c.put(e.Data[1:]))
			a := &leader.machine.recent[index%recentMax]
			a.index, a.length, leader.machine.registers.ran = index, copy(a.response[:], response), true
			w.executed(leader, &e)
		}
		run(w.ledger.tip() + 1)
		run(w.ledger.tip() + 2)
	}},
	{"an answer to a command that nobody ran", "exactly-once", func(w *world, _, _ *server) {
		c, response := busyClient(w)
		c.sequence++
		w.answered(c, c.serial, response)
	}},
	{"an answer that makes no sense", "session", func(w *world, _, _ *server) {
		c, _ := busyClient(w)
		w.answered(c, c.serial, []byte{byte(session.Overtaken)})
	}},
	{"an acknowledged command that a machine does not hold", "durability", func(w *world, leader, follower *server) {
		w.ledger.promised(leader, leader.machine.index, leader.machine.result())
		w.ledger.results = w.ledger.results[:1] // or an invariant would be first
		follower.machine.index = leader.machine.index
		follower.machine.hash = leader.machine.hash + 1
		w.ledger.applied(follower)
	}},
	{"two clients told of different commands in one place", "durability", func(w *world, leader, follower *server) {
		w.ledger.promised(leader, w.ledger.tip()+1, 1)
		w.ledger.promised(follower, w.ledger.tip()+1, 2)
	}},
	{"a client told of something else than was applied before", "durability", func(w *world, leader, _ *server) {
		w.ledger.promised(leader, leader.machine.index, leader.machine.result()+1)
	}},
	{"machines that differ in the end", "durability", func(w *world, leader, follower *server) {
		follower.machine.index = leader.machine.index
		follower.machine.hash = leader.machine.hash + 1
		w.ledger.agreed()
	}},
	{"a read of what is not there", "value", func(w *world, leader, _ *server) {
		index := leader.machine.index
		leader.machine.format(8)
		leader.machine.index = index
		for at := range uint8(register.Registers) {
			leader.serve(&query{where: at, point: raft.ReadPoint{Mode: raft.Stale}})
		}
	}},
	{"a history that nothing explains", "linearizability", func(w *world, _, _ *server) {
		c, _ := busyClient(w)
		c.input = linearizability.RegisterInput{Kind: linearizability.Read}
		w.invoke(c)
		w.history.complete(c, linearizability.RegisterOutput{Value: 1 << 60})
		c.doing = idle
		w.judge()
	}},
	{"a read that misses what was acknowledged", "read-safety", func(w *world, leader, _ *server) {
		w.ledger.served(leader, &query{floor: w.ledger.tip() + 1})
	}},
	{"a lease while another leads", "lease", func(w *world, leader, _ *server) {
		w.ledger.leaders = grow(w.ledger.leaders, uint64(leader.seen.term)+1)
		w.ledger.elected = leader.seen.term + 1
		w.ledger.leased(leader)
	}},
	{"a change of voters in one step", "configuration-safety", func(w *world, leader, _ *server) {
		next := leader.seen.configuration
		next.Voters &^= 1
		w.ledger.changed(leader, &next)
	}},
	{"a voter that was no learner", "configuration-safety", func(w *world, leader, _ *server) {
		next := leader.seen.configuration
		next.Outgoing, next.Voters = next.Voters, next.Voters|1<<4
		next.Members[4] = raft.Member{ID: 9}
		w.ledger.changed(leader, &next)
	}},
	{"a change on top of another", "configuration-safety", func(w *world, leader, _ *server) {
		leader.seen.configured = leader.seen.commit + 1
		next := leader.seen.configuration
		w.ledger.changed(leader, &next)
	}},
	{"a proposal into the reserve", "flow-control", func(w *world, leader, _ *server) {
		w.ledger.throttled(leader, &raft.Input{Count: 1, Room: raft.Room{Entries: w.options.Reserve}})
	}},
	{"a proposal beyond what may be uncommitted", "flow-control", func(w *world, leader, _ *server) {
		leader.seen.commit -= 2
		w.ledger.throttled(leader, &raft.Input{Count: 1, Bytes: w.options.MaxUncommitted, Room: leader.disk.Room()})
	}},
	{"a message that is too large", "flow-control", func(w *world, leader, _ *server) {
		w.ledger.bounded(leader, &raft.Message{Kind: raft.Append, Index: 1, Last: 3, Bytes: w.options.MaxMessageBytes + 1})
	}},
	{"a proposal that is not committed", "fate", func(w *world, leader, _ *server) {
		w.ledger.resolved(leader, &proposal{index: 2, term: 99}, raft.Committed)
	}},
	{"a proposal that is committed after all", "fate", func(w *world, leader, _ *server) {
		w.ledger.resolved(leader, &proposal{index: 2, term: w.ledger.committed[2].term}, raft.Superseded)
	}},
	{"a store that forgets", "store", func(w *world, _, follower *server) {
		follower.disk.durable.hard.Term++
		w.ledger.recovered(follower)
	}},
	{"a commit index on disk beyond the log", "durable-commit", func(w *world, _, follower *server) {
		follower.disk.durable.hard.Commit = follower.disk.durable.last + 1
		w.ledger.persisted(follower, &change{kind: raft.WriteHardState})
	}},
	{"an assertion that fails", "assertion", func(w *world, _, _ *server) {
		defer w.rescue()
		panic("it does not hold")
	}},
	{"a term that grows although all is well", "stability", func(w *world, leader, _ *server) {
		w.expectSame(leader, leader.seen.term-1, "in this test")
	}},
	{"no leader although all is well", "liveness-leader", func(w *world, _, _ *server) {
		w.calmDown()
		for from := range w.count {
			for to := range w.count {
				w.network.links[from][to].cut = true
			}
		}
		w.expectLeader()
	}},
	{"a core without a leader although it is whole", "liveness-leader", func(w *world, leader, follower *server) {
		w.freeze(1<<leader.slot | 1<<follower.slot)
		w.network.links[leader.slot][follower.slot].cut = true
		w.expectLeader()
	}},
	{"a core whose term grows for one outside", "stability", func(w *world, leader, follower *server) {
		w.freeze(1<<leader.slot | 1<<follower.slot)
		follower.seen.term++
		w.expectSame(leader, leader.seen.term, "in this test")
	}},
	{"a member that never catches up", "liveness-convergence", func(w *world, leader, follower *server) {
		w.calmDown()
		w.network.links[leader.slot][follower.slot].cut = true
		follower.machine.index--
		w.expectConvergence()
	}},
}

// busyClient is a client that waits for the answer to a command, and the answer.
func busyClient(w *world) (*client, []byte) {
	c := &w.clients[0]
	c.session, c.sequence, c.doing, c.attempts = 1, 1<<40, commanding, 1
	c.input = linearizability.RegisterInput{Kind: linearizability.Write, Value: 77}
	c.serial++
	w.invoke(c)
	response := []byte{byte(session.Done), byte(register.Done)}
	return c, binary.LittleEndian.AppendUint64(response, c.input.Value)
}

func TestEveryOracleNoticesWhatItIsThereFor(t *testing.T) {
	for _, v := range violations {
		t.Run(v.name, func(t *testing.T) {
			w, leader, follower := steady(t)
			v.violate(w, leader, follower)
			if f := w.ledger.failure; f == nil || f.Rule != v.rule {
				t.Errorf("%s was to be noticed, but what was is %v", v.rule, f)
			}
		})
	}
}
