package sim

// What a run may come across. A check that never meets what it watches proves
// nothing, so these are counted.
const (
	elections = iota
	restarts
	crashes // the first of the faults
	crashesInStep
	wipes
	restartsOnVote
	partitions
	deafnesses
	flaps
	clogs
	swizzles
	filters
	lostMessages
	heldMessages
	duplicates
	corruptions
	garbledMessages
	evictions
	pauses
	suspensions
	slowNodes
	unfitClocks
	drifts
	jumps
	diskFailures
	hungDisks
	slowDisks
	fullDisks
	failedSyncs
	failedWrites
	lostSectors
	tornSectors
	garbageSectors
	misdirectedWrites
	lostWrites
	staleReads
	rottenHeaders
	rottenMarkers
	rottenUnused
	lostHeaders
	rottenSnapshots
	lulls
	outages
	rotten // the last of the faults
	repairs
	seals
	operationsWithoutSpace
	snapshotsGivenUp
	tornBatches
	mendedHeaders
	refusedStores
	adoptions
	proposals
	refusedProposals
	fullLogs
	acknowledgements
	superseded
	unknownFates
	retries
	givenUp
	lostResponses
	lateRequests
	repeatedCommands
	overtakenCommands
	openedSessions
	endedSessions
	reads
	leaseReads
	brokenLeases
	lostReads
	electedReads
	deposedReads
	truncations
	compactions
	installs
	loads
	changes
	jointChanges
	refusedChanges
	transfers
	abortedTransfers
	isolations
	deafenings
	frozenCores
	frozenOutside
	coreless
	exhausted
	stalemates
	outvoted
	coverageKinds
)

// Coverage counts what happened in a run, in the order of [CoverageNames].
type Coverage [coverageKinds]uint64

// Faults are those of the kinds that are faults, by their names.
func (c *Coverage) Faults() map[string]uint64 {
	faults := map[string]uint64{}
	for kind := crashes; kind <= rotten; kind++ {
		faults[CoverageNames[kind]] = c[kind]
	}
	return faults
}

// Milestones are what a long run is measured by.
func (c *Coverage) Milestones() Milestones {
	return Milestones{
		Elections: c[elections], CrashRestarts: c[restarts], Truncations: c[truncations],
		SnapshotInstalls: c[installs], ConfigurationChanges: c[changes],
	}
}

// Milestones count what is hard on a cluster.
type Milestones struct {
	Elections            uint64 // that were won
	CrashRestarts        uint64
	Truncations          uint64
	SnapshotInstalls     uint64
	ConfigurationChanges uint64
}

// CoverageNames names what Coverage counts.
var CoverageNames = [coverageKinds]string{
	"elections", "restarts after a crash", "crashes", "crashes in a step", "wiped disks", "restarts before a vote", "partitions", "deafnesses",
	"flapping links", "clogs", "swizzles", "filters", "lost messages", "messages held up",
	"duplicated messages", "corrupted messages", "garbled messages", "messages driven out", "pauses",
	"clocks that stood", "slow nodes", "unfit clocks", "clocks that drifted", "clocks that jumped",
	"disk failures", "hung disks", "slow disks", "full disks", "failed syncs", "failed writes",
	"sectors lost in a crash", "sectors torn in a crash", "sectors garbled in a crash",
	"misdirected writes", "lost writes", "stale reads", "rotten headers", "rotten markers", "rotten unused space",
	"headers lost in both copies", "rotten snapshots", "lulls", "power failures", "rotten bodies",
	"repaired bodies", "seals", "operations without space", "snapshots without space", "torn batches", "mended headers", "refused stores",
	"adopted snapshots",
	"proposals", "refused proposals", "full logs", "acknowledgements",
	"superseded", "unknown fates", "retries", "commands given up", "lost responses", "late requests", "repeated commands", "overtaken commands",
	"opened sessions", "ended sessions", "reads", "lease reads", "broken leases", "lost reads",
	"reads of a new leader", "reads of a deposed one", "truncations", "compactions", "snapshots installed",
	"snapshots loaded", "configuration changes", "joint configurations", "refused changes", "transfers",
	"aborted transfers", "isolated followers", "deaf followers", "frozen cores", "servers broken for good",
	"cores that could not be", "exhausted reserves", "stalemates", "outvoted cores",
}
