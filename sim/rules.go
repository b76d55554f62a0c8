package sim

// A Class says who can tell that a rule is broken.
type Class uint8

// The classes of rules.
const (
	// Invariant: only somebody who sees the nodes, their messages and their disks.
	Invariant Class = iota
	// Outcome: whoever uses the cluster, by what clients were told and by what the
	// state machines hold.
	Outcome
	// Liveness: whoever uses the cluster, by what does not happen, or not for good.
	// It is an outcome too.
	Liveness
)

// Rules are all that a run can break.
var Rules = map[string]Class{
	// Elections and votes.
	"election-safety":     Invariant,
	"vote-quorum":         Invariant,
	"one-vote":            Invariant,
	"term-monotonic":      Invariant,
	"leader-completeness": Invariant,
	"persist-before-send": Invariant,

	// Logs.
	"log-matching":         Invariant,
	"leader-append-only":   Invariant,
	"truncate-on-conflict": Invariant,
	"match-index":          Invariant,
	"own-term-commit":      Invariant,
	"durable-quorum":       Invariant,
	"commit-safety":        Invariant,
	"commit-monotonic":     Invariant,
	"durable-commit":       Invariant,
	"state-machine-safety": Invariant,
	"configuration-safety": Invariant,
	"refinement":           Invariant,

	// The same, by reading all stores now and then.
	"scan-committed-quorum":    Invariant,
	"scan-configuration":       Invariant,
	"scan-leader-completeness": Invariant,
	"scan-log-matching":        Invariant,
	"scan-node":                Invariant,
	"scan-room":                Invariant,
	"scan-snapshot":            Invariant,
	"scan-state-machine":       Invariant,
	"scan-terms":               Invariant,

	// Reads and fates, compared with what the oracles know to be committed.
	"read-safety": Invariant,
	"lease":       Invariant,
	"fate":        Invariant,

	// What a node or a store says of itself.
	"assertion": Invariant, // a node stopped its process; if that is for good, Liveness tells
	"diverged":  Invariant,
	"refusal":   Invariant,
	"restart":   Invariant,
	"store":     Invariant,
	"repair":    Invariant,
	"lost-body": Invariant,

	// What the network says.
	"addressing":    Invariant,
	"flow-control":  Invariant,
	"message-storm": Invariant,

	// What clients were told, in one order: that in which commands were applied.
	"exactly-once": Outcome,
	"effect":       Outcome,
	"real-time":    Outcome,
	"value":        Outcome,
	// The same, in any order that explains it (Porcupine).
	"linearizability": Outcome,
	// An answer that makes no sense.
	"session": Outcome,
	// What a client was told to be done is not what a state machine has in its place.
	"durability": Outcome,

	// A healed cluster elects a leader that commits, comes to a membership that can
	// stay, answers everybody, and to one log and state.
	"liveness-leader":      Liveness,
	"liveness-membership":  Liveness,
	"liveness-pending":     Liveness,
	"liveness-convergence": Liveness,
	// It keeps that leader.
	"stability": Liveness,
	// A node that makes steps without end does nothing else any more.
	"busy-loop": Liveness,
}
