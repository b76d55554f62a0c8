package sim

import (
	"errors"

	device "github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// faulty chooses a server with a log engine that is up, above all one that has writes
// pending; nil if it finds none.
func (w *world) faulty() *logStore {
	s := w.victim()
	if !s.up || s.disk.engine == nil {
		return nil
	}
	return s.disk.engine
}

// failSync has a server's next sync fail: some of what was written is durable, and the
// cache shows all of it.
func (w *world) failSync() {
	if l := w.faulty(); l != nil {
		l.device.Fail(wal.Sync)
	}
}

// failWrite has a server's next operation of another kind fail, most often a write.
func (w *world) failWrite() {
	if l := w.faulty(); l != nil {
		kinds := [...]wal.OperationKind{wal.Write, wal.Write, wal.Write, wal.Create, wal.Allocate, wal.Rename, wal.Remove}
		l.device.Fail(kinds[l.Draw(uint64(len(kinds)))])
	}
}

// fillDisk leaves a server little space, or none, for a while.
func (w *world) fillDisk() {
	s := w.victim()
	l := s.disk.engine
	if l == nil {
		return
	}
	w.coverage[fullDisks]++
	l.device.Limit(l.device.Used() + l.Draw(2)*l.Draw(2*logSegmentBytes) + 1)
	w.agenda.push(event{at: w.now + w.faultLength(), kind: nemesisEvent, value: endFullness, server: s.slot})
}

// slowDisk has whatever a server's disk does take longer for a while.
func (w *world) slowDisk() {
	if l := w.faulty(); l != nil {
		w.coverage[slowDisks]++
		l.slowness, l.slowUntil = 2+l.Draw(9), w.now+w.faultLength()
	}
}

// mislead has a sector of a server's next batch go astray: to another place, or to
// none.
func (w *world) mislead() {
	if l := w.faulty(); l != nil {
		l.straying = true
	}
}

// tally counts what an operation has failed with.
func (l *logStore) tally(o *wal.Operation, err error) {
	w := l.owner.world
	switch {
	case err == nil:
	case errors.Is(err, wal.ErrNoSpace):
		w.coverage[operationsWithoutSpace]++
	case o.Kind == wal.Sync || o.Kind == wal.SyncDirectory:
		w.coverage[failedSyncs]++
	default:
		w.coverage[failedWrites]++
	}
}

// perform carries an operation out, perhaps with a sector that goes astray.
func (l *logStore) perform(o wal.Operation) (uint64, error) {
	if l.straying && o.Number+1 == l.layout.syncing {
		l.straying = false
		if offset, may := l.strays(); may {
			return l.stray(&o, offset)
		}
	}
	return l.device.Perform(o.Number)
}

// strays chooses a sector of the newest batch to go astray, if one may, by the atlas's
// rule 4: nothing else is damaged, and a copy of the header is left.
func (l *logStore) strays() (offset uint64, may bool) {
	w := l.owner.world
	b := &l.layout.batches[len(l.layout.batches)-1]
	offset = b.offset + l.Draw(b.bytes/logBlockBytes)*logBlockBytes
	switch {
	case w.network.calm || !b.spares(offset):
		return 0, false
	case w.options.BeyondAtlas:
		return offset, true
	}
	return offset, w.few() && w.damaged() == 0
}

// stray writes a batch but for one sector. Where that goes by mistake nothing is lost
// for good, either.
func (l *logStore) stray(o *wal.Operation, offset uint64) (uint64, error) {
	w := l.owner.world
	var to *device.Place
	switch l.Draw(4) {
	case 0:
		w.coverage[lostWrites]++
	case 1:
		if b := l.anyProven(); b != nil {
			to = &device.Place{File: b.file, Offset: b.mendable()}
		}
	default:
		to = l.unused()
	}
	if to != nil {
		w.coverage[misdirectedWrites]++
	}
	l.strayed = device.Place{File: o.File, Offset: l.layout.batches[len(l.layout.batches)-1].offset}
	for _, index := range l.within(&l.owner.disk, o.File, offset) {
		l.owner.disk.lose(index)
	}
	return l.device.Stray(o.Number, offset, to)
}

// spare has the last batch, whose damage no log could tell from a torn one, be read
// truly again, by the atlas's rule 5.
func (l *logStore) spare() {
	if l.strayed != (device.Place{}) && !l.layout.proves(l.strayed.File, l.strayed.Offset) {
		l.device.Mend(l.strayed.File, l.strayed.Offset)
	}
	l.strayed = device.Place{}
}
