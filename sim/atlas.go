package sim

import (
	"slices"

	"github.com/driftless-raft/driftless/raft"
	device "github.com/driftless-raft/driftless/sim/disk"
	"github.com/driftless-raft/driftless/storage/wal"
)

// The fault atlas says which damage to disks the cluster must survive; docs/faults.md
// has it in words. Whatever it allows is either mended by the store alone, or from
// peers, or refused with words at the next restart, and the server re-admitted as one
// that lost its disk. Beyond it nodes must still refuse rather than lie.
//
//  1. What the store keeps twice, or can make again, may always be damaged: one copy
//     of a batch's header, the marker, bytes that nothing uses.
//  2. A body may be lost if its entry is committed and two others have it whole, or if
//     it is not committed and nobody has been told that it is here; and those who miss
//     something stay fewer than half of the voters.
//  3. What nothing stands for (both copies of a header, a snapshot) costs a server
//     its disk, and may be damaged when the cluster can go on without it.
//  4. Of what is being written, a body may be lost on one server, while nothing else
//     is damaged.
//  5. The last batch that is known to be durable is spared: of it alone no log can
//     tell damage from a batch that a crash has torn (docs/wal.md, the hole).

// ailing reports whether a server has lost its disk, or is going to, and is not yet
// replaced.
func (w *world) ailing() bool {
	return w.faults.ghost || slices.ContainsFunc(w.servers[:w.count], func(s *server) bool { return s.disk.doomed })
}

// losable reports whether a server's disk may lose the body of an entry, by rule 2.
// Nobody can say what a log engine has not found out yet, so there only what is
// committed is lost.
func (w *world) losable(s *server, index raft.Index) bool {
	d := &s.disk
	_, kind, size, ok := d.Header(index)
	switch {
	case !ok || kind != raft.Command || size == 0 || slices.Contains(d.rotten, index) || index <= d.durable.base || index > d.durable.last:
		return false
	case index > w.ledger.tip():
		return d.engine == nil && index > d.vouched
	}
	return d.durable.at(index).hash == w.ledger.committed[index].hash && w.whole(s, index) >= 2
}

// few reports whether one more server may miss something: whichever configuration
// somebody goes by, it is not joint and those who do stay fewer than half of its
// voters, so that the others can elect a leader who misses nothing.
func (w *world) few() bool {
	if w.ailing() || w.leader == nil {
		return false
	}
	damaged := w.damaged() + 1
	for _, s := range w.servers[:w.count] {
		c := &s.seen.configuration
		if voters := len(listedVoters(c)); c.Outgoing != 0 || voters > 0 && 2*damaged >= voters {
			return false
		}
	}
	return true
}

// expendable reports whether the cluster can go on without any one of its disks, by
// rule 3: with those who have lost a body, fewer than half of the voters miss
// something, there is a leader in a settled configuration of three or more, and nobody
// may be about to lead who knows of another.
func (w *world) expendable() bool {
	leader := w.leader
	if !w.few() || !leader.up || w.lives > 60 {
		return false
	}
	n := leader.driver.Node()
	configuration, index := n.Configuration()
	log := &leader.disk.written
	if n.Role() != raft.Leader || configuration.Outgoing != 0 || index > n.Commit() ||
		len(listedVoters(configuration)) < 3 || log.at(n.Commit()).term != n.Term() {
		return false
	}
	for _, s := range w.servers[:w.count] {
		if s.up && s.driver.Node().Term() > n.Term() {
			return false
		}
	}
	return true
}

// whole counts the other servers from which an entry that a server has can be had.
func (w *world) whole(but *server, index raft.Index) int {
	count := 0
	k := but.disk.written.at(index)
	for _, s := range w.servers[:w.count] {
		durable := &s.disk.durable
		if s != but && !s.disk.doomed && index <= durable.last && !slices.Contains(s.disk.rotten, index) &&
			(index <= durable.base || durable.at(index).hash == k.hash) {
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

// rot destroys the body of an entry on a server's disk.
func (w *world) rot() {
	s := w.anyServer()
	d := &s.disk
	if !w.options.BeyondAtlas && (!w.few() || len(d.rotten) > 1) || d.durable.last <= d.durable.base {
		return
	}
	index := d.durable.base + 1 + raft.Index(w.tape.draw(uint64(d.durable.last-d.durable.base)))
	if d.engine == nil && index <= w.ledger.tip() && w.tape.draw(2) == 1 { // rather what is new
		index = d.durable.last
	}
	switch {
	case d.engine != nil:
		if d.engine.rot(d, index) {
			w.coverage[rotten]++
		}
	case w.losable(s, index):
		w.coverage[rotten]++
		d.lose(index)
	}
}

// lose notes that the body of an entry is lost.
func (d *disk) lose(index raft.Index) {
	if !slices.Contains(d.rotten, index) {
		d.rotten = append(d.rotten, index)
		slices.Sort(d.rotten)
	}
}

// rot destroys the body of an entry on the device: a byte of it, or the sector in
// which that is, if nothing else is lost by that.
func (l *logStore) rot(d *disk, index raft.Index) bool {
	file, offset, size, placed := l.log.Body(index)
	if !placed || size == 0 || !l.layout.proves(file, offset) || !l.losable(d, index) {
		return false
	}
	l.touched = true
	offset += l.Draw(uint64(size))
	sector := offset / logBlockBytes * logBlockBytes
	shared := l.within(d, file, sector)
	if l.Draw(2) == 0 || slices.ContainsFunc(shared, func(index raft.Index) bool { return !l.losable(d, index) }) {
		d.lose(index)
		l.device.Rot(file, offset, byte(1+l.Draw(255)))
		return true
	}
	for _, index := range shared {
		d.lose(index)
	}
	if l.owner.world.options.StaleReads == 0 || l.Draw(2) == 0 {
		l.device.Spoil(file, sector)
		return true
	}
	l.owner.world.coverage[staleReads]++
	l.device.SpoilOnce(file, sector)
	l.stale = device.Place{File: file, Offset: sector}
	return true
}

// losable is the atlas's rule for a body, in force unless the run goes beyond it.
func (l *logStore) losable(d *disk, index raft.Index) bool {
	w := l.owner.world
	return w.options.BeyondAtlas || slices.Contains(d.rotten, index) || w.losable(l.owner, index)
}

// within lists the entries of whose bodies a part is in a sector.
func (l *logStore) within(d *disk, file wal.File, sector uint64) []raft.Index {
	var found []raft.Index
	for index := d.written.base + 1; index <= d.written.last; index++ {
		in, offset, size, _ := l.log.Body(index)
		if in == file && size > 0 && offset < sector+logBlockBytes && sector < offset+uint64(size) {
			found = append(found, index)
		}
	}
	return found
}
