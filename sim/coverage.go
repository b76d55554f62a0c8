package sim

// What a run may come across. A check that never meets what it watches proves
// nothing, so these are counted.
const (
	elections = iota
	crashes
	crashesInStep
	wipes
	partitions
	clogs
	pauses
	diskFailures
	hungDisks
	rotten
	repairs
	adoptions
	proposals
	refusedProposals
	fullLogs
	acknowledgements
	superseded
	unknownFates
	reads
	leaseReads
	lostReads
	electedReads
	truncations
	compactions
	installs
	loads
	changes
	jointChanges
	refusedChanges
	transfers
	isolations
	deafenings
	exhausted
	coverageKinds
)

// Coverage counts what happened in a run, in the order of [CoverageNames].
type Coverage [coverageKinds]uint64

// CoverageNames names what Coverage counts.
var CoverageNames = [coverageKinds]string{
	"elections", "crashes", "crashes in a step", "wiped disks", "partitions", "clogs", "pauses",
	"disk failures", "hung disks", "rotten bodies", "repaired bodies", "adopted snapshots", "proposals", "refused proposals", "full logs", "acknowledgements",
	"superseded", "unknown fates", "reads", "lease reads", "lost reads", "reads of a new leader",
	"truncations", "compactions", "snapshots installed", "snapshots loaded", "configuration changes",
	"joint configurations", "refused changes", "transfers", "isolated followers", "deaf followers",
	"exhausted reserves",
}
