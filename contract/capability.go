package contract

// A Capability is something that not every realization can do by nature.
type Capability uint8

// The capabilities. What is not among them everybody must be able to do: start
// with up to seven servers, crash and restart, cut and heal links in both
// directions, propose, read linearizably and stale, tell status and what was
// applied.
const (
	OneWayCuts       Capability = iota // cut a link in one direction
	Disturbances                       // lose, duplicate and delay messages
	Pauses                             // pause and resume a server
	UnsyncedData                       // hold a disk, so that a crash loses what was written
	Snapshots                          // compact on request, and catch up by snapshot
	Membership                         // change members, by way of learners
	GuardedPromotion                   // refuse to make a voter of who has not caught up
	Wipes                              // lose a disk and be admitted again
	Transfers                          // hand leadership over on request
	FollowerReads                      // linearizable reads at followers
	LeaseReads                         // reads by lease
	Releases                           // run another release, and upgrade
	capabilities
)

var capabilityNames = [capabilities]string{
	OneWayCuts: "one-way cuts", Disturbances: "a disturbed network", Pauses: "pauses", UnsyncedData: "unsynced data",
	Snapshots: "snapshots", Membership: "membership changes",
	GuardedPromotion: "guarded promotion", Wipes: "wiped disks", Transfers: "transfers of leadership",
	FollowerReads: "reads at followers", LeaseReads: "reads by lease", Releases: "several releases",
}

// String returns the capability's name.
func (c Capability) String() string {
	if c < capabilities {
		return capabilityNames[c]
	}
	return "unknown capability"
}
