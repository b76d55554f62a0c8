package sim

import (
	"errors"
	"slices"

	"github.com/driftless-raft/driftless/raft"
	device "github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// A logStore is the log engine that servers run on, on a simulated device, driven as
// docs/wal.md says. What the device does, and when, is drawn from the tape.
type logStore struct {
	owner   *server
	options wal.Options
	device  *device.Disk
	log     *wal.Log
	refusal *wal.DamageError // why the log can't be opened, or nil
	layout  layout
	touched bool // something was damaged since it was opened

	sealing bool   // a seal event is due
	wroteAt uint64 // when the last write was given to the log

	slowness  uint64 // by what everything takes longer
	slowUntil uint64
	straying  bool         // a sector of the next batch goes astray
	strayed   device.Place // the batch of which one did
	stale     device.Place // a sector that one read finds as it was before it was written

	taking  bool // a snapshot is on its way to the device
	taken   raft.Snapshot
	through raft.Index // up to where the log may go then
	since   uint64     // when it was put aside
}

// sealAfter is how long nothing is written before the end of the log is sealed.
const sealAfter = 100 * millisecond

// logSegmentBytes is the size of a segment: the least there is, so that logs go on
// from one to the next.
const logSegmentBytes = 64 << 10

// Draw implements [device.Choices].
func (l *logStore) Draw(bound uint64) uint64 { return l.owner.world.tape.draw(bound) }

// format begins an empty store on an empty device.
func (l *logStore) format() {
	o := &l.owner.world.options
	l.options = wal.Options{
		Entries: o.StoreEntries, Bytes: o.StoreBytes, SegmentBytes: logSegmentBytes, BlockBytes: logBlockBytes,
		CacheBytes: o.LogCacheBytes, Salt: l.Draw(1 << 62),
	}
	if l.device == nil {
		l.device = device.New(device.Options{}, l)
	}
	l.layout.reset()
	l.slowUntil, l.strayed, l.stale = 0, device.Place{}, device.Place{}
	l.device.Reset(device.Options{SectorBytes: logBlockBytes, Fates: o.fates()})
	l.open()
}

// logBlockBytes is what the device writes at once.
const logBlockBytes = 512

// fates are those that the options allow to unsynced sectors.
func (o *Options) fates() (fates device.Fate) {
	if o.LostSectors {
		fates |= device.Lost
	}
	if o.TornSectors {
		fates |= device.Torn
	}
	if o.GarbageSectors {
		fates |= device.Garbage
	}
	return fates
}

// open opens what is on the device, and has the oracles follow it in what it has kept.
// A log that can't be opened says why.
func (l *logStore) open() {
	d, w := &l.owner.disk, l.owner.world
	l.sealing, l.taking, l.straying, l.touched, l.refusal = false, false, false, false, nil
	l.layout.syncing = 0 // operations are numbered anew
	var report *wal.Report
	for failures := 0; ; failures++ {
		log, found, err := wal.Open(l.options, l.device, l)
		if err == nil {
			l.log, report = log, found
			break
		}
		if errors.As(err, &l.refusal) {
			return
		}
		if failures == 3 {
			w.ledger.fail("store", "the log of server %d can't be opened: %v", l.owner.id, err)
			return
		}
		w.coverage[failedSyncs]++
		l.device.Abandon() // whoever runs the server starts it again
	}
	if report.TornBytes > 0 {
		w.coverage[tornBatches]++
	}
	w.coverage[mendedHeaders] += report.Copies
	d.Storage, d.doomed = l.log, false
	d.advance()
	l.judge(d, report)
}

// judge checks that as many writes are left as were durable, and no more than there
// were; and that no body is lost but those that were damaged.
func (l *logStore) judge(d *disk, report *wal.Report) {
	w := l.owner.world
	if number, _ := l.log.Durable(); number != d.number {
		w.ledger.fail("store", "the store of server %d has kept %d writes, of which %d were durable", l.owner.id, number, d.number)
	}
	for _, index := range report.Damaged {
		file, offset, size, _ := l.log.Body(index)
		stale := l.stale.File == file && l.stale.Offset < offset+uint64(size) && offset < l.stale.Offset+logBlockBytes
		if !stale && !slices.Contains(d.rotten, index) && !l.device.Spoilt(file, offset, uint64(size)) {
			w.ledger.fail("store", "the store of server %d has lost the body of entry %d, although nothing happened to it", l.owner.id, index)
		}
	}
	d.rotten = append(d.rotten[:0], report.Damaged...)
	l.stale = device.Place{}
}

// crash ends the life of the process, or of the machine, too, and opens what is left.
func (l *logStore) crash() {
	w := l.owner.world
	l.spare()
	before := l.device.Losses()
	if l.Draw(2) == 0 {
		l.device.Abandon()
		if w.options.FailedSyncs > 0 && !w.network.calm && l.Draw(8) == 7 {
			l.device.Fail(wal.Sync) // the first of the next life
		}
	} else {
		l.device.Crash()
	}
	after := l.device.Losses()
	w.coverage[lostSectors] += after.Lost - before.Lost
	w.coverage[tornSectors] += after.Torn - before.Torn
	w.coverage[garbageSectors] += after.Garbage - before.Garbage
	l.open()
}

// recovers reports whether the server can start: on what a crash has left, or, if that
// was damaged beyond use, with an empty disk.
func (l *logStore) recovers() bool {
	if l.touched {
		l.device.Abandon()
		l.open()
	}
	return l.refusal == nil || l.owner.refused()
}

// begin has what the log wants done to the device begin, now that its server is up.
func (l *logStore) begin() {
	for _, o := range l.device.Waiting() {
		l.schedule(&o)
	}
	l.wroteAt = l.owner.world.now
	l.sealSoon()
}

// Submit implements [wal.Executor]. While a server is down nothing happens.
func (l *logStore) Submit(o wal.Operation) {
	l.device.Submit(o)
	l.layout.submitted(&o)
	if l.owner.up {
		l.schedule(&o)
	}
}

// schedule has an operation be complete some time later. A sync takes the longest.
func (l *logStore) schedule(o *wal.Operation) {
	w, s := l.owner.world, l.owner
	delay := w.options.DiskDelayMin / 4
	if o.Kind == wal.Sync || o.Kind == wal.SyncDirectory {
		delay = w.tape.between(w.options.DiskDelayMin, w.options.DiskDelayMax)
	}
	if w.now < l.slowUntil {
		delay *= l.slowness
	}
	at := max(w.now, s.disk.hung) + delay
	w.agenda.push(event{at: at, kind: completeEvent, server: s.slot, boot: s.boot, value: o.Number})
}

// complete carries an operation out, after those before it on the same file, and
// reports whether the driver has something to learn from it.
func (l *logStore) complete(number uint64) bool {
	durable, _ := l.log.Durable()
	for done := false; !done; {
		first := l.firstBefore(number)
		if first == nil {
			return false
		}
		o := *first
		done = o.Number == number
		_, err := l.perform(o)
		l.tally(&o, err)
		if err == nil {
			l.layout.synced(o.Number)
		}
		l.log.Complete(o.Number, err)
	}
	if l.log.Room().Entries == 0 && !l.sealing {
		l.sealSoon() // which asks again for space
	}
	now, code := l.log.Durable()
	return now > durable || code != raft.OK
}

// firstBefore is the first operation that waits on the file of another, or that one;
// nil if that one does not wait.
func (l *logStore) firstBefore(number uint64) *wal.Operation {
	waiting := l.device.Waiting()
	for i := range waiting {
		if waiting[i].Number != number {
			continue
		}
		for j := range waiting[:i] {
			if waiting[j].File == waiting[i].File {
				return &waiting[j]
			}
		}
		return &waiting[i]
	}
	return nil
}

// drain carries everything out at once.
func (l *logStore) drain() {
	l.log.Flush()
	for len(l.device.Waiting()) > 0 {
		l.complete(l.device.Waiting()[0].Number)
	}
}

// wrote notes that something was written, after which the log is to be sealed.
func (l *logStore) wrote() {
	l.wroteAt = l.owner.world.now
	if !l.sealing && l.owner.up {
		l.sealSoon()
	}
}

func (l *logStore) sealSoon() {
	l.sealing = true
	w, s := l.owner.world, l.owner
	w.agenda.push(event{at: max(w.now+millisecond, l.wroteAt+sealAfter), kind: sealEvent, server: s.slot, boot: s.boot})
}

// seal is the event of sealing the log, if nothing was written for a while. It also
// asks for space again if there was none.
func (l *logStore) seal() {
	w := l.owner.world
	l.sealing = false
	if w.now >= l.wroteAt+sealAfter {
		if l.log.Unsealed() {
			w.coverage[seals]++
		}
		l.log.Seal()
		l.wroteAt = w.now
	}
	var stored raft.Stored
	l.log.Stored(&stored)
	if durable, _ := l.log.Durable(); durable < stored.Written || l.log.Unsealed() || l.log.Room().Entries == 0 {
		l.sealSoon()
	}
}

// take puts a snapshot aside, to be handed over when it is durable.
func (l *logStore) take(taken *raft.Snapshot, through raft.Index) {
	l.taking, l.taken, l.through, l.since = true, *taken, through, l.owner.world.now
}

// awaitSnapshot has a leader hand over when a snapshot that it needs does not become
// durable within an election timeout. Nothing that the core has written waits then, so
// it can't know that the disk hangs.
func (s *server) awaitSnapshot() {
	if s.seen.role == raft.Leader && s.world.now >= s.disk.engine.since+s.world.options.ElectionTimeout {
		s.handOver()
	}
}

// tookSnapshot hands a snapshot over that has become durable, or gives it up.
func (s *server) tookSnapshot() {
	l := s.disk.engine
	if !l.taking {
		return
	}
	done, err := l.log.Taken()
	switch {
	case err != nil:
		l.taking = false
		s.world.coverage[snapshotsGivenUp]++
	case done:
		l.taking = false
		s.compact(&l.taken, l.through)
	}
}

// read checks that all entries say what was written, but for those whose bodies are
// known to be lost.
func (l *logStore) read(d *disk) {
	w := l.owner.world
	for index := d.durable.base + 1; index <= d.durable.last; {
		count := l.log.Entries(index, d.durable.last, 1<<30, w.scratch[:])
		for i := range w.scratch[:count] {
			e := &w.scratch[i]
			if hashEntry(d.durable.at(e.Index-1).hash, e) != d.durable.at(e.Index).hash || e.Term != d.durable.at(e.Index).term {
				w.ledger.fail("store", "the store of server %d gives another entry %d than was written", l.owner.id, e.Index)
				return
			}
		}
		if count == 0 {
			if !slices.Contains(d.rotten, index) {
				w.ledger.fail("store", "the store of server %d has lost the body of entry %d, although nothing happened to it", l.owner.id, index)
				return
			}
			count = 1
		}
		index += raft.Index(count)
	}
}
