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
	log := &d.written
	if e.Index <= log.base || e.Index > log.last || hashEntry(log.at(e.Index-1).hash, e) != log.at(e.Index).hash {
		l.fail("repair", "server %d puts back another body of entry %d of term %d than it had", d.owner.id, e.Index, e.Term)
	}
}

// vouches notes that a leader is about to be told of entries as stored, and checks
// that none of them is one that may not be committed and whose body is lost: with one
// copy less than was counted it might be lost for good.
func (l *ledger) vouches(s *server, reply *raft.Message) {
	d := &s.disk
	if lost := d.lost(s.seen.commit, reply.Index); lost != 0 && lost > s.driver.Node().Commit() {
		l.fail("lost-body", "server %d tells %d that it has the entries up to %d, but has lost the body of %d, which it does not know to be committed",
			s.id, reply.To.ID, reply.Index, lost)
	}
	d.vouched = max(d.vouched, reply.Index)
}

// lost is the first entry after one, up to another, whose body is lost; 0 if there is
// none.
func (d *disk) lost(after, through raft.Index) raft.Index {
	for _, index := range d.rotten {
		if index > after && index <= through {
			return index
		}
	}
	return 0
}

// rot destroys the body of an entry on a server's disk. The rule by which that must
// be survived: the entry is committed and two others have it whole on their disks or
// in a snapshot, or it is not committed and nobody has been told that it is here; and
// those who miss something are fewer than half of the voters, as everybody knows them,
// so that the others can elect a leader who misses nothing.
func (w *world) rot() {
	s := w.anyServer()
	d := &s.disk
	if w.faults.ghost || w.leader == nil || d.durable.last <= d.durable.base || len(d.rotten) > 1 {
		return
	}
	if !w.spares() {
		return
	}
	index := d.durable.base + 1 + raft.Index(w.tape.draw(uint64(d.durable.last-d.durable.base)))
	if index <= w.ledger.tip() && w.tape.draw(2) == 1 { // rather what is new
		index = d.durable.last
	}
	_, kind, size, ok := d.Header(index)
	if !ok || kind != raft.Command || size == 0 || slices.Contains(d.rotten, index) || !w.expendable(s, index) {
		return
	}
	w.coverage[rotten]++
	d.rotten = append(d.rotten, index)
	slices.Sort(d.rotten)
}

// expendable reports whether an entry on a server's disk may be lost.
func (w *world) expendable(s *server, index raft.Index) bool {
	if index > w.ledger.tip() {
		return index > s.disk.vouched
	}
	return s.disk.durable.at(index).hash == w.ledger.committed[index].hash && w.whole(s, index) >= 2
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

// spares reports whether one more server may lose something: whichever configuration
// somebody goes by, it is not joint and fewer than half of its voters miss a body.
func (w *world) spares() bool {
	damaged := w.damaged() + 1
	for _, s := range w.servers[:w.count] {
		c := &s.seen.configuration
		if voters := len(listedVoters(c)); c.Outgoing != 0 || voters > 0 && 2*damaged >= voters {
			return false
		}
	}
	return true
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
