package sim

import (
	"fmt"
	"reflect"
	"strings"
)

// A StoreKind is one of the stores the nodes of a run keep their logs in.
type StoreKind uint8

// The kinds of stores.
const (
	// BlockStore is synchronous and made of erase blocks.
	BlockStore StoreKind = iota
	// QueueStore is asynchronous: writes become durable later, in any order.
	QueueStore
)

// String returns the kind's name.
func (k StoreKind) String() string {
	if k == BlockStore {
		return "blocks"
	}
	return "queue"
}

// Options are what a run is made of. Times are in nanoseconds, chances in parts
// per million. A chance or a time of zero switches the thing off.
type Options struct {
	Nodes  uint8 // founding members
	Spares uint8 // servers that may be added later
	Store  StoreKind
	Spec   bool // follow the run with package spec, too; changes nothing else

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

	// Network, per message.
	Loss         uint32
	Duplication  uint32
	DelayMin     uint64
	DelayMax     uint64
	Tail         uint32 // chance that a delay is multiplied, again and again
	InOrder      bool   // links keep the order of messages
	ApplyDelay   uint64 // the most between commit and apply
	DiskDelayMin uint64 // of the asynchronous store
	DiskDelayMax uint64

	// Faults: one is chosen about every FaultEvery, by these weights.
	FaultEvery     uint64
	FaultLength    uint64 // of partitions, clogs, pauses and downtimes, on average
	Partitions     uint32
	OneWay         uint32 // chance that a partition cuts one direction only
	Clogs          uint32
	Crashes        uint32
	CrashInStep    uint32 // chance that a crash falls between two effects
	Pauses         uint32
	SlowNodes      uint32
	DiskFailures   uint32
	HungDisks      uint32
	Wipes          uint32
	Rot            uint32
	CrashOnElected uint32 // chance that a server crashes soon after its election

	// Clients, and whoever operates the cluster.
	ClientEvery   uint64
	BatchMax      uint32
	CommandMax    uint32 // bytes
	Reads         uint32 // chance that a client reads rather than proposes
	ReadElected   uint32 // chance that a new leader is asked to read at once
	OperatorEvery uint64
	Changes       uint32 // weight of membership changes
	Transfers     uint32 // weight of leadership transfers
	Compactions   uint32 // weight of snapshots nobody asked for
}

// String lists the options that are not zero.
func (o Options) String() string {
	var b strings.Builder
	value := reflect.ValueOf(o)
	for i := range value.NumField() {
		if value.Field(i).IsZero() && value.Field(i).Type() != reflect.TypeFor[StoreKind]() {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%v", value.Type().Field(i).Name, value.Field(i).Interface())
	}
	return b.String()
}

const (
	millisecond = 1_000_000
	storeBlocks = 8 // of a BlockStore
)

// Expand turns a seed into options, with the given number of founding nodes, or
// one that the seed chooses if it is 0. Every seed switches on a random subset of
// the faults, so that rare combinations meet and common ones don't hide them.
func Expand(seed uint64, nodes int) Options {
	t := randomTape(mix(seed, 0x6f7074696f6e73))
	var o Options
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
	o.expandLoad(&t)
	return o
}

func (o *Options) expandSizes(t *tape) {
	o.MaxMessageBytes = uint32(pick(t, 256, 1024, 4096))
	o.MaxInflightBytes = o.MaxMessageBytes * uint32(pick(t, 1, 2, 8))
	o.MaxUncommitted = o.MaxMessageBytes * uint32(pick(t, 1, 4, 16))
	o.ChunkBytes = uint32(pick(t, 64, 256, 1024))
	o.LeaseReads = t.draw(2) == 1
	o.StoreEntries = uint32(pick(t, 96, 192, 1024))
	// What is not committed can't be compacted, so it must fit, whatever the order
	// in which the pieces come.
	o.StoreBytes = max(o.StoreEntries*uint32(pick(t, 64, 256)), o.MaxUncommitted+6*o.MaxMessageBytes)
	o.StoreBytes -= o.StoreBytes % storeBlocks
	o.Reserve = 16
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
		&o.SlowNodes, &o.HungDisks, &o.DiskFailures, &o.Wipes, &o.Rot,
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
	o.CrashOnElected = uint32(pick(t, 0, 0, 100_000, 500_000))
}

func (o *Options) expandLoad(t *tape) {
	o.ClientEvery = o.ElectionTimeout / pick(t, 4, 12, 30)
	o.BatchMax = uint32(pick(t, 1, 4, 16))
	o.CommandMax = uint32(pick(t, 8, 16, 64, 200))
	o.Reads = uint32(pick(t, 0, 300_000, 600_000))
	o.ReadElected = uint32(pick(t, 0, 500_000, million))
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
