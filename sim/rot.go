package sim

import (
	"slices"

	"github.com/driftless-raft/driftless/raft"
)

// Room implements [raft.Storage]: it tells of the first body that has rotted.
func (d *disk) Room() raft.Room {
	room := d.Storage.Room()
	if len(d.rotten) > 0 {
		room.Damaged = d.rotten[0]
	}
	return room
}

// Entries implements [raft.Storage]: it stops before a body that has rotted. The
// true bytes stay where they are; what is lost is only not to be had.
func (d *disk) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	for _, index := range d.rotten {
		if index >= first {
			last = min(last, index-1)
			break
		}
	}
	return d.Storage.Entries(first, last, maxBytes, into)
}

// rotted follows a write in what of the log has rotted.
func (d *disk) rotted(w *raft.Write) {
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
	log := &d.written
	if e.Index <= log.base || e.Index > log.last || hashEntry(log.at(e.Index-1).hash, e) != log.at(e.Index).hash {
		l.fail("repair", "server %d puts back another body of entry %d of term %d than it had", d.owner.id, e.Index, e.Term)
	}
}

// rot destroys the body of an entry on a server's disk. The rule by which that must
// be survived: the entry is committed, two others have it whole on their disks or
// in a snapshot, and those who miss something are fewer than half of the voters, so
// that the others can elect a leader who misses nothing.
func (w *world) rot() {
	s := w.anyServer()
	d := &s.disk
	if w.faults.ghost || w.leader == nil || d.durable.last <= d.durable.base || len(d.rotten) > 1 {
		return
	}
	c := &w.leader.seen.configuration
	if c.Outgoing != 0 || 2*(w.damaged()+1) >= len(listedVoters(c)) {
		return
	}
	index := d.durable.base + 1 + raft.Index(w.tape.draw(uint64(d.durable.last-d.durable.base)))
	_, kind, size, ok := d.Header(index)
	if !ok || kind != raft.Command || size == 0 || slices.Contains(d.rotten, index) || index > w.ledger.tip() ||
		d.durable.at(index).hash != w.ledger.committed[index].hash || w.whole(s, index) < 2 {
		return
	}
	w.coverage[rotten]++
	d.rotten = append(d.rotten, index)
	slices.Sort(d.rotten)
}

// whole counts the other servers from which a committed entry can be had.
func (w *world) whole(but *server, index raft.Index) int {
	count := 0
	for _, s := range w.servers[:w.count] {
		durable := &s.disk.durable
		if s != but && index <= durable.last && !slices.Contains(s.disk.rotten, index) &&
			(index <= durable.base || durable.at(index).hash == w.ledger.committed[index].hash) {
			count++
		}
	}
	return count
}

// damaged counts the servers that have lost a body.
func (w *world) damaged() int {
	count := 0
	for _, s := range w.servers[:w.count] {
		if len(s.disk.rotten) > 0 {
			count++
		}
	}
	return count
}
