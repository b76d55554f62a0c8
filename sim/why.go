package sim

import "strings"

// whys says of each rule what it is for: what goes wrong where it does not hold.
var whys = map[string]string{
	"own-term-commit":      "An entry of an earlier term may be on a majority of disks and still be replaced by a later leader that was elected without it. A leader may therefore count copies of entries of its own term only; what stands before such an entry is committed with it (§3.6.2, figure 3.7).",
	"one-vote":             "A server votes once a term, whatever it forgets in a crash; otherwise two candidates can each find a majority (§3.4, §3.8).",
	"election-safety":      "Two leaders of one term write different entries with the same index and term, and nobody can tell them apart any more (§3.4).",
	"vote-quorum":          "A leader needs the votes of a majority, in a joint configuration of both: any two majorities share a server, and that is what keeps a second leader away (§3.4, §4.3).",
	"leader-completeness":  "A leader without a committed entry makes others replace theirs by its own, and what was committed is lost. Voters therefore refuse a candidate whose log is behind theirs (§3.6.1, §3.6.3).",
	"persist-before-send":  "What a message says must survive a crash of its sender: a vote or an entry that was promised and is forgotten counts in a majority that does not exist (§3.8).",
	"term-monotonic":       "A term that goes back lets a server vote again in a term in which it has voted, and follow leaders that were deposed (§3.3).",
	"commit-monotonic":     "What was known to be committed stays so; who forgets it may answer clients from the past (§3.5).",
	"leader-append-only":   "A leader never removes or replaces entries of its own log: others count on it as it was (§3.5).",
	"truncate-on-conflict": "A follower removes entries only where its leader has another one. A message that is late or repeated must not remove what was acknowledged since (§3.5).",
	"log-matching":         "Two logs that have an entry of the same index and term are equal up to it; all of Raft's reasoning about logs rests on that (§3.5).",
	"commit-safety":        "What one server takes to be committed all others must find in the same place, for ever (§3.6.3).",
	"match-index":          "A leader counts a follower's copy only if it is on that disk and the same as its own. An acknowledgement covers what the message was about, not whatever else the log holds (§3.5).",
	"durability":           "What a client was told is done stays done, on every server. A state machine that has something else in its place has lost it (§3.6.3, §6.3).",
	"durable-quorum":       "An entry is committed when it is on the disks of a majority, in a joint configuration of both majorities, learners not counted. With fewer, those who remain after a failure may elect a leader without it (§3.5, §4.3, §4.2.1).",
	"durable-commit":       "A commit index on disk beyond the log on the same disk has a restarted server apply what it does not have (§3.8).",
	"state-machine-safety": "All state machines apply the same entries in the same order, and come to the same state (§3.6.3).",
	"configuration-safety": "Two configurations may both be in use at a time. Unless voters change through a joint one, one change at a time, and after the leader has committed something of its own term, they can decide without each other (§4.1, §4.3).",
	"read-safety":          "A linearizable read sees all that was acknowledged to anybody before it began. A leader must know that it still leads and that its commit index is no older than its term (§6.4).",
	"lease":                "A leader answers reads by its lease without asking anybody, so nobody else may be elected as long as it lasts. Whoever helps another leader before then breaks a promise (§6.4.1).",
	"fate":                 "A client that is told that its command is committed, or never will be, builds on it.",
	"exactly-once":         "A command that is sent again must not run again; the table of sessions is there for that (§6.3).",
	"session":              "An answer must be to the command that was asked (§6.3).",
	"value":                "A reader was told something that no order of the commands explains.",
	"linearizability":      "No order of the operations, each at some moment between its call and its answer, explains what the clients were told (§6.3).",
	"lost-body":            "An entry counts in a majority only where its body is whole: from a disk that has lost it nobody can get it back (§3.8).",
	"flow-control":         "A leader bounds what one message carries and what may wait uncommitted, in bytes: whoever goes beyond takes memory and time that a small machine does not have, and fills logs that nothing can be cut from (§10.2.1).",
	"restart":              "A server must come back from its own disk with the term, vote and log that it had made durable (§3.8).",
	"store":                "A store must hold after a crash what it said was durable before.",
	"repair":               "The body that a peer sends in place of a lost one must be the one that was lost: same index and term, same bytes (§3.5).",
	"refusal":              "A node refused what it may not refuse here, or stopped although nothing was wrong with its input or its disk.",
	"diverged":             "A node got what no correct peer can have sent. It stops, because to go on could lose data.",
	"addressing":           "Messages go to members of the cluster.",
	"assertion":            "An invariant inside the core or a store does not hold, or it ran into a bug at that point.",
	"busy-loop":            "A node must come to rest: whatever it does without time passing ends.",
	"message-storm":        "A protocol whose messages beget more messages brings down the network that it runs on.",
	"stability":            "A leader whom a majority hears stays: neither a server that was cut off nor one that hears less than the others may depose it (§4.2.3, §9.6).",
	"liveness-leader":      "When the faults are over there must be a leader that commits what clients propose.",
	"liveness-membership":  "When the faults are over a change of members that was begun must come to its end (§4.3).",
	"liveness-pending":     "When the faults are over whoever waits for an answer must get one.",
	"liveness-convergence": "When the faults are over and nobody proposes, all members must come to the same log and state.",
	"refinement":           "The core did what no action of the specification allows (docs/spec.md).",
}

// why is the reason for a rule.
func why(rule string) string {
	if strings.HasPrefix(rule, "scan-") {
		return "What the stores hold, read entry by entry and judged by that alone, breaks one of Raft's guarantees (§3.4 to §3.6, §4, §5)."
	}
	return whys[rule]
}
