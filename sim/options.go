package sim

import "strings"

// A StoreKind is one of the stores the nodes of a run keep their logs in.
type StoreKind uint8

// The kinds of stores.
const (
	// BlockStore is synchronous and made of erase blocks.
	BlockStore StoreKind = iota
	// QueueStore is asynchronous: writes become durable later, in any order.
	QueueStore
	// LogStore is the log engine that servers run on, storage/wal, on a simulated disk.
	LogStore
	storeKinds
)

// String returns the kind's name.
func (k StoreKind) String() string {
	switch k {
	case BlockStore:
		return "blocks"
	case QueueStore:
		return "queue"
	case LogStore:
		return "log"
	}
	return "unknown store"
}

// Options are what a run is made of. Times are in nanoseconds, chances in parts
// per million. A chance or a time of zero switches the thing off.
type Options struct {
	Nodes  uint8 // founding members
	Spares uint8 // servers that may be added later
	Store  StoreKind
	Spec   bool // follow the run with package spec, too; changes nothing else
	// Histories: judge what clients were told, by witness and by search; changes
	// nothing else.
	Histories bool
	// Scans: after one event of a hundred, read all stores and check what they hold;
	// changes nothing else.
	Scans bool
	// States: list the abstract states for a [Survey]; changes nothing else.
	States bool
	// Outcomes: judge the run as users would, by what clients were told, what the
	// state machines hold and whether the cluster gets on. Invariants may be broken.
	Outcomes bool

	ElectionTimeout  uint64
	Heartbeat        uint64
	SafetyPhase      uint64 // how long faults go on
	MaxMessageBytes  uint32
	MaxInflightBytes uint32
	MaxUncommitted   uint32 // bytes
	ChunkBytes       uint32
	LeaseReads       bool

	StoreEntries  uint32 // a store's capacity
	StoreBytes    uint32
	Reserve       uint32 // entries of it that only no-ops and automatic leaves may use
	SnapshotBytes uint32 // at least; the state is smaller
	LogCacheBytes uint32 // of what is durable, so much stays in a LogStore's memory

	// Clocks, in parts per million.
	ClockErrorPPM  uint32 // by how much their rates may err, as the nodes are told
	ClockExcessPPM uint32 // by how much more they do; reads by lease are judged as stale ones then
	UnfitClocks    uint32 // chance that a server's clock stands still while the server is paused

	// Network, per message.
	Loss         uint32
	Duplication  uint32
	Corruption   uint32 // chance that bytes change on the way, which the checksum notices
	Garbling     uint32 // chance that the checksum does not; a copy of the node takes the message
	LinkCapacity uint8  // messages under way at once; one more drives out another
	DelayMin     uint64
	DelayMax     uint64
	Tail         uint32 // chance that a delay is multiplied, again and again
	InOrder      bool   // links keep the order of messages
	ApplyDelay   uint64 // the most between commit and apply
	DiskDelayMin uint64 // of the asynchronous stores
	DiskDelayMax uint64

	// Faults: one is chosen about every FaultEvery, by these weights.
	FaultEvery    uint64
	FaultLength   uint64 // of partitions, clogs, pauses and downtimes, on average
	Partitions    uint32
	OneWay        uint32 // chance that a partition cuts one direction only
	Deafnesses    uint32 // the leader hears nobody, or somebody does not hear it
	Flaps         uint32 // links that come and go
	Clogs         uint32
	Swizzles      uint32 // servers clogged one by one, and freed in another order
	Filters       uint32 // messages of some kinds are lost or held up
	Crashes       uint32
	CrashInStep   uint32 // chance that a crash falls between two effects
	QuickRestarts uint32 // chance that a crashed server is back within a heartbeat
	Pauses        uint32
	SlowNodes     uint32
	Drifts        uint32 // clocks that change their rate
	Jumps         uint32 // clocks that jump ahead; reads by lease are judged as stale ones then
	DiskFailures  uint32
	HungDisks     uint32
	Wipes         uint32
	Rot           uint32 // of bodies
	Lulls         uint32 // times when clients propose nothing
	Outages       uint32 // all servers go down at once
	FrozenCore    uint32 // chance that in the end only a core is healed, and all outside stay broken for good

	// Faults of a LogStore's disk (docs/faults.md), by weight as above where they are numbers.
	FailedSyncs    uint32
	FailedWrites   uint32 // or other operations
	FullDisks      uint32
	SlowDisks      uint32
	StraySectors   uint32 // written to another place, or to none
	StaleReads     uint32 // not zero: some of Rot passes with the next read
	Decay          uint32 // of what is no body: headers, snapshots, the marker, unused space
	LostSectors    bool   // what a crash may make of an unsynced sector
	TornSectors    bool
	GarbageSectors bool
	BeyondAtlas    bool // damage more than a cluster can survive: nodes must refuse, not lie

	// Faults at moments when they are likely to matter: chances.
	CrashOnElected uint32 // that a server crashes soon after its election
	RestartOnVote  uint32 // that a server that follows a leader restarts just before a vote request arrives
	FaultOnEvent   uint32 // that a fault comes with an election, a transfer or a change of members
	OutageOnAnswer uint32 // that the power fails right after a client was told that its command is done

	// Clients, and whoever operates the cluster.
	Clients       uint8
	Sessions      uint8  // the capacity of the table of sessions
	Patience      uint64 // how long a client waits before it asks again
	GiveUps       uint32 // chance that it gives up instead
	LostResponses uint32 // chance that a response does not reach it
	LateRequests  uint32 // chance that a command arrives once more, much later
	HotRegisters  uint8  // which most commands are about; 0: none is
	ClientEvery   uint64
	BatchMax      uint32
	CommandMax    uint32 // bytes
	Reads         uint32 // chance that a client reads rather than proposes
	ReadElected   uint32 // chance that a new leader is asked to read at once
	ReadDeposed   uint32 // chance that whoever is deposed, or follows who is, is asked for a read
	OperatorEvery uint64
	Changes       uint32 // weight of membership changes
	Transfers     uint32 // weight of leadership transfers
	Abortions     uint32 // chance that a transfer is given up soon after it has begun
	Compactions   uint32 // weight of snapshots nobody asked for
}

// String lists the options that are not zero.
func (o Options) String() string {
	var words []string
	for _, option := range o.listed() {
		words = append(words, option.Name+"="+option.Value)
	}
	return strings.Join(words, " ")
}

const (
	millisecond = 1_000_000
	storeBlocks = 8  // of a BlockStore
	reserveMin  = 16 // what raft.Settings.Reserve asks for at least
)

// Expand turns a seed into options, with the given number of founding nodes, or
// one that the seed chooses if it is 0. Every seed switches on a random subset of
// the faults, so that rare combinations meet and common ones don't hide them.
func Expand(seed uint64, nodes int) Options {
	t := randomTape(mix(seed, 0x6f7074696f6e73))
	o := Options{Histories: true, Scans: true}
	o.Nodes = uint8(pick(&t, 3, 3, 3, 4, 5, 5, 5, 7))
	if nodes != 0 {
		o.Nodes = uint8(nodes)
	}
	o.Store = StoreKind(t.draw(2))
	o.ElectionTimeout = pick(&t, 200, 500, 1000) * millisecond
	o.Heartbeat = o.ElectionTimeout / pick(&t, 3, 4, 5)
	o.SafetyPhase = t.between(30, 60) * o.ElectionTimeout
	o.expandSizes(&t)
	o.expandNetwork(&t)
	o.expandFaults(&t)
	o.expandClocks(&t)
	o.expandLoad(&t)
	o.expandLog(&t)
	o.expandOutages(&t)
	return o
}

func (o *Options) expandSizes(t *tape) {
	o.MaxMessageBytes = uint32(pick(t, 256, 1024, 4096))
	o.MaxInflightBytes = o.MaxMessageBytes * uint32(pick(t, 1, 2, 8))
	o.MaxUncommitted = o.MaxMessageBytes * uint32(pick(t, 1, 4, 16))
	o.ChunkBytes = uint32(pick(t, 64, 256, 1024))
	o.LeaseReads = t.draw(3) != 0
	o.StoreEntries = uint32(pick(t, 96, 192, 1024))
	// What is not committed can't be compacted, so it must fit, whatever the order
	// in which the pieces come.
	o.StoreBytes = max(o.StoreEntries*uint32(pick(t, 64, 256)), o.MaxUncommitted+6*o.MaxMessageBytes)
	o.StoreBytes -= o.StoreBytes % storeBlocks
	o.Reserve = reserveMin
	if o.Store == BlockStore {
		// Compactions free whole blocks, so one store may have room for a block
		// less than another with the same log.
		o.Reserve += o.StoreEntries / storeBlocks
	}
	o.SnapshotBytes = uint32(pick(t, 0, 300, 2000))
}

func (o *Options) expandNetwork(t *tape) {
	o.DelayMin = pick(t, 10_000, 200_000, millisecond)
	o.DelayMax = o.DelayMin + pick(t, 0, 1, o.ElectionTimeout/200, o.ElectionTimeout/50, o.ElectionTimeout/10)
	if t.draw(2) == 1 {
		o.Loss = uint32(pick(t, 1_000, 10_000, 50_000, 150_000, 300_000))
	}
	if t.draw(2) == 1 {
		o.Duplication = uint32(pick(t, 10_000, 100_000, 500_000))
	}
	if t.draw(2) == 1 {
		o.Tail = uint32(pick(t, 1_000, 20_000, 100_000))
	}
	if t.draw(3) == 0 {
		o.Corruption = uint32(pick(t, 1_000, 20_000, 100_000))
	}
	if t.draw(4) == 0 {
		o.LinkCapacity = uint8(pick(t, 1, 2, 4, linkCapacityMax))
	}
	o.Garbling = uint32(pick(t, 0, 0, 1_000, 5_000))
	o.InOrder = t.draw(4) == 0
	if t.draw(4) == 0 {
		o.ApplyDelay = o.ElectionTimeout / pick(t, 4, 20, 100)
	}
	if o.Store == QueueStore {
		o.DiskDelayMin = pick(t, 10_000, millisecond)
		o.DiskDelayMax = o.DiskDelayMin + o.ElectionTimeout/pick(t, 4, 20, 100)
	}
}

func (o *Options) expandFaults(t *tape) {
	o.FaultEvery = o.ElectionTimeout * pick(t, 1, 2, 4) / 2
	o.FaultLength = o.ElectionTimeout * pick(t, 1, 3, 6) / 2
	weights := [...]*uint32{
		&o.Partitions, &o.Partitions, &o.Clogs, &o.Crashes, &o.Crashes, &o.Pauses,
		&o.SlowNodes, &o.HungDisks, &o.DiskFailures, &o.Wipes, &o.Rot, &o.Flaps, &o.Swizzles, &o.Filters, &o.Lulls,
		&o.Deafnesses, &o.Deafnesses,
	}
	for _, weight := range weights {
		if t.draw(3) != 0 {
			*weight = uint32(pick(t, 1, 3, 9))
		}
	}
	if o.Store != QueueStore {
		o.DiskFailures, o.HungDisks = 0, 0
	}
	o.OneWay = uint32(pick(t, 0, 300_000, million))
	o.CrashInStep = uint32(pick(t, 0, 500_000, 900_000))
	o.QuickRestarts = uint32(pick(t, 0, 300_000, 900_000))
	o.CrashOnElected = uint32(pick(t, 0, 0, 100_000, 500_000))
	o.RestartOnVote = uint32(pick(t, 0, million, million))
	o.FaultOnEvent = uint32(pick(t, 0, 300_000, 900_000))
	o.FrozenCore = million / 3
}

// expandLog has every third seed run on the log engine.
func (o *Options) expandLog(t *tape) {
	if t.draw(3) != 2 {
		return
	}
	o.Store, o.Reserve = LogStore, reserveMin
	o.LogCacheBytes = uint32(pick(t, 1, 1, 8<<10, 1<<20))
	// A write takes two syncs, and two more where a segment begins.
	o.DiskDelayMin = pick(t, 10_000, millisecond)
	o.DiskDelayMax = o.DiskDelayMin + o.ElectionTimeout/pick(t, 8, 20, 100)
	o.DiskFailures = 0
	for _, weight := range [...]*uint32{&o.FailedSyncs, &o.FailedWrites, &o.FullDisks, &o.SlowDisks, &o.HungDisks, &o.StraySectors, &o.StaleReads, &o.Decay} {
		if *weight = 0; t.draw(3) != 0 {
			*weight = uint32(pick(t, 3, 9, 9))
		}
	}
	for _, fate := range [...]*bool{&o.LostSectors, &o.TornSectors, &o.GarbageSectors} {
		*fate = t.draw(3) != 0
	}
	o.BeyondAtlas = t.draw(16) == 15
}

// expandClocks chooses how wrong clocks are. Where leases rely on them most seeds
// keep to what the nodes are told.
func (o *Options) expandClocks(t *tape) {
	o.ClockErrorPPM = uint32(pick(t, 0, 200, 10_000, 200_000))
	if o.ClockErrorPPM > 0 {
		o.Drifts = uint32(pick(t, 0, 3, 9))
	}
	if t.draw(6) == 0 {
		o.UnfitClocks = uint32(pick(t, 300_000, million))
	}
	if o.LeaseReads && t.draw(4) != 0 {
		return
	}
	o.Jumps = uint32(pick(t, 0, 3, 9))
	o.ClockExcessPPM = uint32(pick(t, 0, 0, 50_000, 300_000))
}

func (o *Options) expandLoad(t *tape) {
	o.Clients = uint8(pick(t, 4, 12, 24, 60))
	o.Sessions = uint8(pick(t, 4, 16, sessionsMax, sessionsMax))
	o.Patience = o.ElectionTimeout / pick(t, 1, 2, 8)
	o.GiveUps = uint32(pick(t, 0, 100_000, 500_000))
	o.LostResponses = uint32(pick(t, 0, 0, 50_000, 300_000))
	o.LateRequests = uint32(pick(t, 0, 0, 20_000, 200_000))
	o.HotRegisters = uint8(pick(t, 0, 1, 3))
	o.ClientEvery = o.ElectionTimeout / pick(t, 4, 12, 30)
	o.BatchMax = uint32(pick(t, 1, 4, 16))
	o.CommandMax = uint32(pick(t, 8, 16, 64, 200))
	o.Reads = uint32(pick(t, 0, 300_000, 600_000))
	o.ReadElected = uint32(pick(t, 0, 500_000, million))
	o.ReadDeposed = uint32(pick(t, 0, million, million))
	o.Abortions = uint32(pick(t, 0, 500_000, million))
	o.OperatorEvery = o.ElectionTimeout * pick(t, 1, 2, 6) / 2
	for _, weight := range [...]*uint32{&o.Changes, &o.Changes, &o.Transfers, &o.Compactions} {
		if t.draw(2) != 0 {
			*weight = uint32(pick(t, 1, 3, 9))
		}
	}
	if o.Changes > 0 {
		o.Spares = uint8(t.between(1, 3))
	}
}

// pick chooses one of the values.
func pick(t *tape, values ...uint64) uint64 { return values[t.draw(uint64(len(values)))] }
