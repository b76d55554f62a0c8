// Package spec is Raft as a specification: the abstract state of a whole cluster,
// and the actions by which it may change, each with the guard that must hold. It
// follows Diego Ongaro's TLA+ specification (raft.tla) and chapter 4 of his
// dissertation "Consensus: Bridging Theory and Practice" (2014), and adds what a
// real server can't do without: storage that is durable late, snapshots, and
// reads. Section numbers in comments are the dissertation's.
//
// It is written to be checked against: it shares no code with the core, imports
// nothing of it, and sees the whole cluster at once. An action either happens or
// returns a [Refusal] that names itself and the part of its guard that does not
// hold, and changes nothing.
//
//	var s spec.State
//	s.Init(spec.Configuration{Voters: spec.SetOf(1, 2, 3)})
//	if refusal := s.BecomeLeader(1); refusal != nil {
//		fmt.Println(refusal) // BecomeLeader(1): its role is down, not candidate
//	}
//
// What is sent stays sent: messages are facts of a term that only ever grow, and
// an action that takes one in asks whether the fact is there. So loss, delay,
// duplication and reordering need no actions. What a leader has sent is kept as
// how much of its log, and what commit index, it has told each server: a leader
// only appends, so it could have sent anything below as well.
//
// PreVote, leadership transfer, leases, heartbeats as signs of life, flow control
// and compaction change nothing here: they are stuttering steps. A snapshot is
// the prefix of the log that it stands for.
package spec
