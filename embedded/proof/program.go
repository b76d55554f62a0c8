package proof

import "github.com/driftless-raft/driftless/raft"

// clusterTrace leads a cluster through everything the core can do and hashes
// every message, every refusal, every step and the state machines at the end.
func clusterTrace() digest {
	trace, now, sent, arrived = newDigest, 0, 0, 0
	found()
	run(2000)
	for i := range uint64(20) {
		propose(1+int(i%raft.MaxBatch), i)
	}
	readEverywhere()
	changeMembers()
	fallBehind()
	restart()
	for i := range nodes {
		observe(&nodes[i])
	}
	return trace
}

// found bootstraps three boards with the same configuration.
func found() {
	founded = raft.Configuration{Voters: 1<<boards - 1}
	for i := range nodes {
		founded.Members[i] = raft.Member{ID: raft.ID(i + 1), Incarnation: uint32(100 + i)}
	}
	for i := range nodes {
		b := &nodes[i]
		b.random, b.cut, b.steps = random(i), false, newDigest
		b.backing.Blocks, b.backing.Entries, b.backing.Bytes = 8, b.entries[:], b.bytes[:]
		b.backing.Configurations = b.configurations[:]
		b.backing.Snapshots[0], b.backing.Snapshots[1] = b.snapshots[0][:], b.snapshots[1][:]
		b.store.Format(&b.backing)
		identity := raft.Identity{Cluster: 7, Self: founded.Members[i]}
		refused(b.driver.Bootstrap(port(i), &identity, &founded))
		refused(b.driver.Join(port(i), &identity)) // refused: it is somebody's
		b.start(raft.ID(i + 1))
	}
}

// readEverywhere reads in every mode on every board.
func readEverywhere() {
	for i := range nodes {
		for mode := raft.Linearizable; mode <= raft.Stale; mode++ {
			point, refusal := nodes[i].driver.Read(mode)
			refused(refusal)
			run(20)
			trace.add(uint64(nodes[i].driver.Resolve(&point)))
		}
		at, index := nodes[i].driver.Node().Fresh()
		trace.add(uint64(at))
		trace.add(uint64(index))
	}
}

// changeMembers hands leadership over, takes the third board out, and brings it
// back as a learner and then a voter.
func changeMembers() {
	refused(leader().driver.Transfer(founded.Members[1]))
	run(500)
	refused(leader().driver.Transfer(raft.Member{}))
	wanted = founded
	wanted.Voters = 3
	change()
	wanted.Voters, wanted.Learners = 3, 4
	change()
	wanted.Voters, wanted.Learners = 7, 0
	change()
}

func change() {
	index, refusal := leader().driver.Change(&wanted)
	refused(refusal)
	trace.add(uint64(index))
	run(500)
	configuration, at := leader().driver.Node().Configuration()
	trace.add(uint64(at))
	trace.add(uint64(configuration.Everybody()))
	trace.add(uint64(configuration.Find(founded.Members[2])))
	if configuration.Quorum(3) {
		trace.add(1)
	}
}

// fallBehind cuts the last board that does not lead off until what it lacks is
// gone from the logs, so that it gets a snapshot.
func fallBehind() {
	behind := &nodes[2]
	if leader() == behind {
		behind = &nodes[1]
	}
	behind.cut = true
	for i := range uint64(30) {
		propose(4, 100+i)
	}
	leader().compact()
	run(1000)
	behind.cut = false
	run(2000)
	propose(1, 7)
	run(500)
}

// restart restarts every board from its store.
func restart() {
	for i := range nodes {
		nodes[i].store.Crash()
		nodes[i].start(raft.ID(i + 1))
	}
	run(3000)
	propose(3, 8)
	run(500)
}

// observe takes all that a node tells about itself into the trace.
func observe(b *board) {
	n := b.driver.Node()
	trace.add(uint64(n.Self().ID))
	trace.add(uint64(n.Role()))
	trace.add(uint64(len(n.Role().String())))
	trace.add(uint64(len(n.Stopped().String())))
	trace.add(uint64(n.Term()))
	trace.add(uint64(n.Vote().ID))
	trace.add(uint64(n.Leader().ID))
	trace.add(uint64(n.Commit()))
	trace.add(uint64(n.Last()))
	trace.add(uint64(n.Durable()))
	for slot := range boards {
		trace.add(uint64(n.Match(slot)))
	}
	trace.add(uint64(b.applied))
	trace.add(uint64(b.state))
	trace.add(uint64(b.steps))
}
