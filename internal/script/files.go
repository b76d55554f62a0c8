package script

import _ "embed" // the scripts are in the program, wherever it runs

// A File is a script in the folder scripts.
type File struct {
	Name string // in the folder
	Text string
}

// Files are all scripts.
var Files = [...]File{
	{"figure8.txt", figure8},
	{"half_deaf.txt", halfDeaf},
	{"joint_leader_change.txt", jointLeaderChange},
	{"late_write.txt", lateWrite},
	{"lost_body.txt", lostBody},
	{"out_of_order.txt", outOfOrder},
	{"prevote.txt", preVote},
	{"reordered_heartbeats.txt", reorderedHeartbeats},
	{"snapshot_race.txt", snapshotRace},
	{"stale_replies.txt", staleReplies},
	{"transfer_to_dead.txt", transferToDead},
	{"truncated_configuration.txt", truncatedConfiguration},
}

// One by one, for a file system of them would have to allocate to be read.
var (
	//go:embed scripts/figure8.txt
	figure8 string
	//go:embed scripts/half_deaf.txt
	halfDeaf string
	//go:embed scripts/joint_leader_change.txt
	jointLeaderChange string
	//go:embed scripts/late_write.txt
	lateWrite string
	//go:embed scripts/lost_body.txt
	lostBody string
	//go:embed scripts/out_of_order.txt
	outOfOrder string
	//go:embed scripts/prevote.txt
	preVote string
	//go:embed scripts/reordered_heartbeats.txt
	reorderedHeartbeats string
	//go:embed scripts/snapshot_race.txt
	snapshotRace string
	//go:embed scripts/stale_replies.txt
	staleReplies string
	//go:embed scripts/transfer_to_dead.txt
	transferToDead string
	//go:embed scripts/truncated_configuration.txt
	truncatedConfiguration string
)
