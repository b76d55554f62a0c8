package sim

import (
	"slices"

	"github.com/driftless-raft/driftless/raft"
)

// Room implements [raft.Storage]: it tells of the first body that has rotted.
func (d *disk) Room() raft.Room {
	d.owner.world.acting = d.owner
	room := d.Storage.Room()
	if len(d.rotten) > 0 && d.engine == nil {
		room.Damaged = d.rotten[0]
	}
	return room
}

// Entries implements [raft.Storage]: it stops before a body that has rotted. The
// true bytes stay where they are; what is lost is only not to be had.
func (d *disk) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	for _, index := range d.rotten {
		if d.engine != nil {
			break // it finds that by itself
		}
		if index >= first {
			last = min(last, index-1)
			break
		}
	}
	return d.Storage.Entries(first, last, maxBytes, into)
}

// rotted follows a write in what of the log has rotted.
func (d *disk) rotted(w *raft.Write) {
	if w.Kind == raft.WriteTruncate {
		d.vouched = min(d.vouched, w.Index-1)
	}
	if len(d.rotten) == 0 {
		return
	}
	gone := func(raft.Index) bool { return false }
	switch w.Kind {
	case raft.WriteRepair:
		gone = func(index raft.Index) bool { return index == w.Entries[0].Index }
	case raft.WriteTruncate:
		gone = func(index raft.Index) bool { return index >= w.Index }
	case raft.WriteCompact:
		gone = func(index raft.Index) bool { return index <= w.Index }
	case raft.WriteInstall:
		gone = func(raft.Index) bool { return true }
	case raft.WriteIdentity, raft.WriteHardState, raft.WriteEntries, raft.WriteSnapshot, raft.WriteChunk, raft.WriteAdopt:
		return
	}
	d.rotten = slices.DeleteFunc(d.rotten, gone)
}

// repaired checks that a body that is put back is the one that was lost.
func (l *ledger) repaired(d *disk, e *raft.Entry) {
	l.world.coverage[repairs]++
	l.looks[atRepair]++
	log := &d.written
	if e.Index <= log.base || e.Index > log.last || hashEntry(log.at(e.Index-1).hash, e) != log.at(e.Index).hash {
		l.fail("repair", "server %d puts back another body of entry %d of term %d than it had", d.owner.id, e.Index, e.Term)
	}
}

// vouches notes that a leader is about to be told of entries as stored, and checks
// that none of them is one that may not be committed and whose body is lost: with one
// copy less than was counted it might be lost for good.
func (l *ledger) vouches(s *server, reply *raft.Message) {
	l.looks[atVouch]++
	d := &s.disk
	if lost := d.lost(s.seen.commit, reply.Index); lost > s.driver.Node().Commit() {
		l.fail("lost-body", "server %d tells %d that it has the entries up to %d, but has lost the body of %d, which it does not know to be committed",
			s.id, reply.To.ID, reply.Index, lost)
	}
	d.vouched = max(d.vouched, reply.Index)
}

// lost is the first entry after one, up to another, whose body is known to be lost; 0
// if there is none.
func (d *disk) lost(after, through raft.Index) raft.Index {
	if d.engine != nil {
		if hole := d.Storage.Room().Damaged; hole > after && hole <= through {
			return hole
		}
		return 0
	}
	for _, index := range d.rotten {
		if index > after && index <= through {
			return index
		}
	}
	return 0
}
