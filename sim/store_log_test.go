package sim

import (
	"context"
	"slices"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// logOptions are those of a calm cluster on the log engine, with crashes and small
// caches, so that bodies are read from disks that have nothing wrong yet.
func logOptions() Options {
	o := calmOptions()
	o.Store, o.Reserve, o.LogCacheBytes = LogStore, 16, 1
	o.DiskDelayMin, o.DiskDelayMax = millisecond, 10*millisecond
	o.SafetyPhase *= 2
	o.Crashes = 1
	return o
}

// diskSwitches are the faults of a log engine's disk.
var diskSwitches = []faultSwitch{
	{"failed syncs", func(o *Options) { o.FailedSyncs = 1 }, failedSyncs},
	{"failed writes", func(o *Options) { o.FailedWrites = 1 }, failedWrites},
	{"full disks", func(o *Options) { o.FullDisks = 1 }, fullDisks},
	{"slow disks", func(o *Options) { o.SlowDisks = 1 }, slowDisks},
	{"hung disks", func(o *Options) { o.HungDisks = 1 }, hungDisks},
	{"lost sectors", func(o *Options) { o.LostSectors = true }, lostSectors},
	{"torn sectors", func(o *Options) { o.TornSectors = true }, tornSectors},
	{"garbage in sectors", func(o *Options) { o.GarbageSectors = true }, garbageSectors},
	{"misdirected writes", func(o *Options) { o.StraySectors = 3 }, misdirectedWrites},
	{"lost writes", func(o *Options) { o.StraySectors = 3 }, lostWrites},
	{"rot", func(o *Options) { o.Rot = 3 }, rotten},
	{"stale reads", func(o *Options) { o.Rot, o.StaleReads = 3, 1 }, staleReads},
	{"rotten headers", func(o *Options) { o.Decay = 3 }, rottenHeaders},
	{"rotten markers", func(o *Options) { o.Decay = 3 }, rottenMarkers},
	{"rotten unused space", func(o *Options) { o.Decay = 3 }, rottenUnused},
	{"headers lost in both copies", func(o *Options) { o.Decay = 3 }, lostHeaders},
	{"rotten snapshots", func(o *Options) { o.Decay, o.Compactions = 3, 1 }, rottenSnapshots},
	{"refused stores", func(o *Options) { o.Decay, o.Crashes = 3, 3 }, refusedStores},
}

func TestEveryFaultOfALogsDiskCanBeSwitchedOnByItselfAndIsSurvived(t *testing.T) {
	for _, s := range diskSwitches {
		t.Run(s.name, func(t *testing.T) { s.check(t, logOptions(), 10, 1) })
	}
}

func TestBeyondTheAtlasNodesRefuseRatherThanLie(t *testing.T) {
	refused := uint64(0)
	for seed := uint64(1); seed <= 30; seed++ {
		options := logOptions()
		options.BeyondAtlas, options.Spec = true, true
		options.Rot, options.Decay, options.StraySectors, options.Crashes, options.Compactions = 9, 9, 3, 9, 1
		result := Run(seed, options)
		if result.Failure != nil {
			t.Errorf("seed %d breaks %s: %s", seed, result.Failure.Rule, result.Failure.What)
		}
		refused += result.Coverage[refusedStores]
	}
	if refused == 0 {
		t.Error("no node has refused")
	}
}

func TestASeedInAboutThreeRunsOnTheLogEngineAndAFewGoBeyondTheAtlas(t *testing.T) {
	logs, beyond := 0, 0
	for seed := uint64(1); seed <= 3000; seed++ {
		o := Expand(seed, 0)
		if o.Store == LogStore {
			logs++
		}
		if o.BeyondAtlas {
			beyond++
		}
	}
	if logs < 800 || logs > 1200 || beyond < 20 || beyond > 120 {
		t.Errorf("of 3,000 seeds %d run on the log engine and %d go beyond the atlas", logs, beyond)
	}
}

// logCluster is a calm cluster on the log engine, some of whose log is durable.
func logCluster(t *testing.T) (w *world, follower *server) {
	t.Helper()
	options := logOptions()
	options.Crashes = 0
	w = &world{}
	w.reset(&options, randomTape(1))
	w.begin()
	w.until(options.SafetyPhase)
	leader := w.leads()
	if w.ledger.failure != nil || leader == nil || w.ledger.tip() < 20 {
		t.Fatalf("the cluster is not steady: %v", w.ledger.failure)
	}
	return w, w.servers[(leader.slot+1)%3]
}

// What the oracles must notice of a store that has lost, or made up, something. The
// oracles' view is changed instead, which comes to the same.
func TestTheOraclesNoticeAStoreThatIsNotWhatItSaid(t *testing.T) {
	for name, lie := range map[string]func(s *server){
		"a write that was durable is gone": func(s *server) { s.disk.number++ },
		"an entry has other bytes":         func(s *server) { s.disk.durable.marks[s.disk.durable.last].hash++ },
		"an entry too much":                func(s *server) { s.disk.durable.last-- },
		"another vote":                     func(s *server) { s.disk.durable.hard.Vote.ID += 7 },
		"another snapshot":                 func(s *server) { s.disk.durable.snapshot++ },
		"damage that nobody has done": func(s *server) {
			b := &s.disk.engine.layout.batches[0]
			s.disk.engine.device.Spoil(b.file, b.offset)
			s.disk.engine.device.Spoil(b.file, b.offset+b.bytes-b.headerBytes)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := logCluster(t)
			s.down()
			lie(s)
			s.disk.crash()
			s.start()
			if w.ledger.failure == nil || w.ledger.failure.Rule != "store" {
				t.Errorf("the failure is %+v", w.ledger.failure)
			}
		})
	}
}

// By rule 5 of the atlas: nothing tells damage there from a batch that a crash has torn.
func TestTheAtlasSparesTheLastBatchThatIsKnownToBeDurable(t *testing.T) {
	_, s := logCluster(t)
	l := s.disk.engine
	last := l.layout.last()
	if last == nil || len(l.layout.proven()) < 5 {
		t.Fatalf("%d batches are known", len(l.layout.batches))
	}
	if l.layout.proves(last.file, last.offset) {
		t.Error("the last batch may be damaged")
	}
	for index := s.disk.durable.base + 1; index <= s.disk.durable.last; index++ {
		before := len(s.disk.rotten)
		file, offset, _, _ := l.log.Body(index)
		if l.rot(&s.disk, index) && !l.layout.proves(file, offset) {
			t.Errorf("entry %d stands in the last batch, or after it, and was damaged", index)
		}
		if len(s.disk.rotten) > before {
			s.disk.rotten = s.disk.rotten[:0]
		}
	}
}

// A log numbers its operations anew whenever it is opened.
func TestOperationsOfOneLifeAreNotTakenForThoseOfAnother(t *testing.T) {
	_, s := logCluster(t)
	l := s.disk.engine
	before := l.layout.syncing
	s.down()
	s.disk.crash()
	if submitted := uint64(len(l.device.Waiting())); before <= submitted || l.layout.syncing > submitted {
		t.Errorf("operation %d of the new life, which has come to %d, is taken for the sync that was %d", l.layout.syncing, submitted, before)
	}
}

func TestNoBodyIsLostOfWhichNotTwoOthersHaveACopy(t *testing.T) {
	w, s := logCluster(t)
	index := raft.Index(0)
	for i := s.disk.durable.base + 1; i <= min(s.disk.durable.last, w.ledger.tip()); i++ {
		if w.losable(s, i) {
			index = i
			break
		}
	}
	if index == 0 || !w.few() {
		t.Fatal("nothing may be damaged")
	}
	other := w.servers[(s.slot+1)%3]
	other.disk.lose(index)
	if w.losable(s, index) {
		t.Errorf("the body of entry %d may be lost, although of the others only one has it", index)
	}
	if w.few() || w.expendable() {
		t.Error("two of three may miss something")
	}
	other.disk.rotten = other.disk.rotten[:0]
	other.disk.doomed = true
	if w.losable(s, index) || w.few() || w.expendable() {
		t.Error("something may be damaged while a server is about to lose its disk")
	}
}

func TestLogsGoOnAfterTheirDisksWereFull(t *testing.T) {
	options := logOptions()
	options.FullDisks, options.Compactions = 9, 1
	sum := Sweep(context.Background(), 1, 20, func(uint64) Options { return options }, nil)
	if sum.First != nil {
		t.Errorf("seed %d breaks %s: %s", sum.First.Seed, sum.First.Failure.Rule, sum.First.Failure.What)
	}
	for _, count := range []int{operationsWithoutSpace, snapshotsGivenUp} {
		if sum.Coverage[count] == 0 {
			t.Errorf("there were no %s", CoverageNames[count])
		}
	}
}

func TestAScrubFindsWhatHasRotted(t *testing.T) {
	w, s := logCluster(t)
	for index := s.disk.durable.base + 1; index <= s.disk.durable.last && len(s.disk.rotten) == 0; index++ {
		if w.losable(s, index) {
			s.disk.engine.rot(&s.disk, index)
		}
	}
	if len(s.disk.rotten) == 0 {
		t.Fatal("nothing has rotted")
	}
	rotten := slices.Clone(s.disk.rotten)
	s.disk.engine.scrub(&s.disk)
	if hole := s.disk.Room().Damaged; !slices.Contains(rotten, hole) {
		t.Errorf("the first lost body is that of entry %d, want one of %v", hole, rotten)
	}
}
