package sim

import (
	device "github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// decay damages something of a log other than a body: what the engine mends by itself,
// by the atlas's rule 1, or what costs the server its disk, by rule 3.
func (w *world) decay() {
	s := w.anyServer()
	l := s.disk.engine
	if l == nil || l.refusal != nil {
		return
	}
	switch l.Draw(8) {
	case 0:
		l.decayMarker()
	case 1, 2:
		if b := l.anyProven(); b != nil {
			w.coverage[rottenHeaders]++
			l.spoil(b.file, b.mendable()+l.Draw(b.headerBytes))
		}
	case 3:
		if place := l.unused(); place != nil {
			w.coverage[rottenUnused]++
			l.device.Rot(place.File, place.Offset, byte(1+l.Draw(255)))
			l.touched = true
		}
	case 4, 5:
		l.decayHeaders()
	case 6, 7:
		l.decaySnapshot()
	}
}

// spoil damages a byte, or has a sector fail to be read.
func (l *logStore) spoil(file wal.File, offset uint64) {
	l.touched = true
	if l.Draw(2) == 0 {
		l.device.Rot(file, offset, byte(1+l.Draw(255)))
	} else {
		l.device.Spoil(file, offset)
	}
}

func (l *logStore) decayMarker() {
	file := wal.File{Kind: wal.MarkerFile}
	if size, err := l.device.Size(file); err == nil && size > 0 {
		l.owner.world.coverage[rottenMarkers]++
		l.spoil(file, l.Draw(size))
	}
}

// dooms reports whether a server may be made to lose its disk, and notes that it will.
func (l *logStore) dooms() bool {
	w := l.owner.world
	if !w.options.BeyondAtlas && !w.expendable() {
		return false
	}
	l.owner.disk.doomed = true
	return true
}

// decayHeaders damages both copies of a batch's header.
func (l *logStore) decayHeaders() {
	if b := l.anyProven(); b != nil && l.dooms() {
		l.owner.world.coverage[lostHeaders]++
		at := l.Draw(b.headerBytes)
		l.spoil(b.file, b.offset+at)
		l.spoil(b.file, b.offset+b.bytes-b.headerBytes+at)
	}
}

func (l *logStore) decaySnapshot() {
	files, _ := l.device.List()
	for _, file := range files {
		size, _ := l.device.Size(file)
		if file.Kind == wal.SnapshotFile && size > 0 && l.dooms() {
			l.owner.world.coverage[rottenSnapshots]++
			l.spoil(file, l.Draw(size))
			return
		}
	}
}

// anyProven chooses a batch whose file is still there, nil if there is none.
func (l *logStore) anyProven() *batch {
	proven := l.layout.proven()
	if len(proven) == 0 {
		return nil
	}
	b := &proven[len(proven)-1-int(l.Draw(uint64(min(len(proven), 64))))]
	if _, err := l.device.Size(b.file); err != nil {
		return nil
	}
	return b
}

// unused chooses a byte after the end of the log, in its last segment or in the one
// that is reserved; nil if there is none.
func (l *logStore) unused() *device.Place {
	n := len(l.layout.batches)
	if n == 0 {
		return nil
	}
	last := &l.layout.batches[n-1]
	file, from := last.file, last.offset+last.bytes
	if l.Draw(2) == 1 {
		file.Number, from = file.Number+1, 0
	}
	size, err := l.device.Size(file)
	if err != nil || size <= from {
		return nil
	}
	return &device.Place{File: file, Offset: from + l.Draw(size-from)}
}

// scrub reads all bodies, so that what has rotted is known, as whoever runs a server
// does from time to time.
func (l *logStore) scrub(d *disk) {
	w := l.owner.world
	for _, index := range d.rotten {
		l.log.Entries(index, index, 1<<30, w.scratch[:1])
	}
}

// refused is what follows when a server's log can't be opened: whoever runs it empties
// the disk and has the server re-admitted, but not beyond the atlas, where it stays
// down. It returns false if the server does.
func (s *server) refused() bool {
	w := s.world
	w.coverage[refusedStores]++
	if w.trace != nil {
		w.say(s, "is refused its store: %v", s.disk.engine.refusal)
	}
	switch {
	case !s.disk.doomed:
		w.ledger.fail("store", "the store of server %d is refused although nothing is lost: %v", s.id, s.disk.engine.refusal)
		return false
	case w.options.BeyondAtlas:
		return false
	}
	s.wipe()
	w.faults.ghost = true
	return true
}
