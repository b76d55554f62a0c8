package sim

import (
	"bytes"
	"hash/fnv"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// scanEvery is how many events there are to one that is followed by a scan.
const scanEvery = 100

// replayEvery is how many scans there are to one that builds a state machine anew.
const replayEvery = 8

// A scan is an oracle of its own: it reads what the stores hold, entry by entry, and
// works out from that alone whether Raft's guarantees hold. It uses neither the
// chain hashes nor the ledger, so that a mistake in those is seen. It is slow, and
// looks on after one event of a hundred, chosen without a decision of the tape.
type scan struct {
	world *world
	count uint64 // of scans made
	logs  []scannedLog
	batch [raft.MaxBatch]raft.Entry

	replayed machine
	image    []byte
	other    []byte
}

// A scannedLog is what one store holds.
type scannedLog struct {
	server  *server
	stored  raft.Stored
	entries []scannedEntry // after stored.Base
	bytes   []byte         // copies of all bodies
	changes []raft.Configuration
	size    uint64 // of all bodies, lost ones too
}

// A scannedEntry is one entry. A body that is lost is in no scan.
type scannedEntry struct {
	term          raft.Term
	kind          raft.EntryKind
	lost          bool   // its body
	from, to      uint32 // its body within bytes
	configuration uint32 // among the log's, plus one
}

// due reports whether an event is followed by a scan.
func (c *scan) due(event uint64) bool { return mix(event, 0x7363616e)%scanEvery == 0 }

// run reads all stores and checks what they hold, each by itself, against each
// other, and against the nodes.
func (c *scan) run(w *world) {
	c.world = w
	c.count++
	w.ledger.looks[atScan]++
	for len(c.logs) < w.count {
		c.logs = append(c.logs, scannedLog{})
	}
	for i := range w.count {
		c.logs[i].read(c, w.servers[i])
	}
	logs := c.logs[:w.count]
	for i := range logs {
		c.alone(&logs[i])
		if logs[i].server.up {
			c.node(&logs[i])
		}
		for j := range i {
			c.pair(&logs[j], &logs[i])
		}
	}
	c.committed(logs)
	if c.count%replayEvery == 0 {
		c.replay(&logs[mix(w.events, 0x7265706c6179)%uint64(w.count)])
	}
}

// read fills the log in from a server's store.
func (l *scannedLog) read(c *scan, s *server) {
	l.server = s
	s.disk.Stored(&l.stored)
	l.entries, l.bytes, l.changes, l.size = l.entries[:0], l.bytes[:0], l.changes[:0], 0
	for index := l.stored.Base + 1; index <= l.stored.Last; {
		count := 0
		if s.disk.examinable() {
			count = s.disk.Entries(index, l.stored.Last, 1<<32-1, c.batch[:])
		}
		for i := range c.batch[:count] {
			l.take(&c.batch[i])
		}
		if count == 0 { // its body is lost, or not to be looked at
			l.miss(index)
			count = 1
		}
		index += raft.Index(count)
	}
}

// miss notes an entry without its body.
func (l *scannedLog) miss(index raft.Index) {
	term, kind, size, _ := l.server.disk.Header(index)
	k := scannedEntry{term: term, kind: kind, lost: true}
	var change raft.Configuration
	if l.server.disk.Configuration(index, &change) {
		l.changes = append(l.changes, change)
		k.configuration = uint32(len(l.changes))
	}
	l.entries = append(l.entries, k)
	l.size += uint64(size)
}

// examinable reports whether reading leaves the store as it is. A log engine finds
// damage by reading, and would mend it sooner than it does without scans.
func (d *disk) examinable() bool {
	return d.engine == nil || len(d.rotten) == 0 && !d.doomed && d.engine.refusal == nil
}

// rots reports whether a snapshot's bytes may have rotted since the store was opened.
// Whoever loads or receives them notices by their digest.
func (d *disk) rots() bool { return d.engine != nil }

// spoilt reports whether bytes are not those of a snapshot.
func spoilt(s *raft.Snapshot, bytes []byte) bool {
	digest := fnv.New64a()
	digest.Write(bytes)
	return digest.Sum64() != s.Digest
}

// take copies an entry.
func (l *scannedLog) take(e *raft.Entry) {
	k := scannedEntry{term: e.Term, kind: e.Kind, from: uint32(len(l.bytes))}
	l.bytes = append(l.bytes, e.Data...)
	k.to = uint32(len(l.bytes))
	l.size += uint64(len(e.Data))
	if e.Configuration != nil {
		l.changes = append(l.changes, *e.Configuration)
		k.configuration = uint32(len(l.changes))
	}
	l.entries = append(l.entries, k)
}

// entry is the entry at an index, nil where the log has none.
func (l *scannedLog) entry(index raft.Index) *scannedEntry {
	if index <= l.stored.Base || index > l.stored.Last {
		return nil
	}
	return &l.entries[index-l.stored.Base-1]
}

// term is the term at an index from base on.
func (l *scannedLog) term(index raft.Index) (raft.Term, bool) {
	if index == l.stored.Base {
		return l.stored.BaseTerm, true
	}
	if e := l.entry(index); e != nil {
		return e.term, true
	}
	return 0, false
}

// alone checks what a store says about itself: terms never fall along the log and
// none is above the server's (§3.5), a snapshot stands for what was removed, and
// there is no more in it than fits.
func (c *scan) alone(l *scannedLog) {
	w, o := c.world, &c.world.options
	before := l.stored.BaseTerm
	for i := range l.entries {
		if term := l.entries[i].term; term < before || term > l.stored.HardState.Term {
			w.ledger.fail("scan-terms", "server %d, in term %d, holds entry %d of term %d after one of term %d",
				l.server.id, l.stored.HardState.Term, l.stored.Base+1+raft.Index(i), term, before)
		}
		before = l.entries[i].term
	}
	if s := &l.stored.Snapshot; l.stored.Base > s.Index || s.Index > l.stored.Last {
		w.ledger.fail("scan-snapshot", "server %d holds a snapshot at %d and the log from %d to %d", l.server.id, s.Index, l.stored.Base, l.stored.Last)
	} else if term, known := l.term(s.Index); known && term != s.Term {
		w.ledger.fail("scan-snapshot", "server %d holds a snapshot at %d of term %d and an entry there of term %d", l.server.id, s.Index, s.Term, term)
	}
	room := l.server.disk.Room()
	if uint64(len(l.entries))+uint64(room.Entries) > uint64(o.StoreEntries) || l.size+uint64(room.Bytes) > uint64(o.StoreBytes) {
		w.ledger.fail("scan-room", "the store of server %d has room for %d entries with %d bytes beside %d with %d, of %d with %d",
			l.server.id, room.Entries, room.Bytes, len(l.entries), l.size, o.StoreEntries, o.StoreBytes)
	}
}

// node compares what a node believes with what its store holds: the hard state, the
// ends of the log, and the configuration, which is the last one in the log (§4.1).
func (c *scan) node(l *scannedLog) {
	w, n := c.world, l.server.driver.Node()
	if n.Role() == raft.Stopped {
		return
	}
	if n.Term() != l.stored.HardState.Term || n.Vote() != l.stored.HardState.Vote || n.Last() != l.stored.Last {
		w.ledger.fail("scan-node", "server %d is in term %d with vote %v and last index %d, but its store says %d, %v and %d", l.server.id,
			n.Term(), n.Vote(), n.Last(), l.stored.HardState.Term, l.stored.HardState.Vote, l.stored.Last)
	}
	if n.Commit() > n.Last() || n.Durable() > n.Last() || n.Commit() < l.stored.Snapshot.Index || l.server.machine.index > n.Commit() {
		w.ledger.fail("scan-node", "server %d has its log up to %d, up to %d durable, takes %d to be committed and has applied %d, with a snapshot at %d",
			l.server.id, n.Last(), n.Durable(), n.Commit(), l.server.machine.index, l.stored.Snapshot.Index)
	}
	found, at := l.configuration(l.stored.Last)
	if believed, index := n.Configuration(); index != at || *believed != *found {
		w.ledger.fail("scan-configuration", "server %d uses the configuration %s of index %d, but the last in its log is %s of index %d",
			l.server.id, describe(believed), index, describe(found), at)
	}
}

// configuration is the last one at or below an index, and where it stands.
func (l *scannedLog) configuration(through raft.Index) (*raft.Configuration, raft.Index) {
	for index := through; index > max(l.stored.Base, l.stored.Snapshot.Index); index-- {
		if e := l.entry(index); e.configuration != 0 {
			return &l.changes[e.configuration-1], index
		}
	}
	return &l.stored.Snapshot.Configuration, l.stored.Snapshot.ConfigurationIndex
}

// founding is the newest configuration up to an index that a snapshot tells of: that of
// a store that was founded is one at 0. It is nil where all have been compacted further.
func founding(logs []scannedLog, through raft.Index) (*raft.Configuration, raft.Index) {
	var found *raft.Snapshot
	for i := range logs {
		if s := &logs[i].stored.Snapshot; s.Configuration.Voters != 0 && s.ConfigurationIndex <= through &&
			(found == nil || s.ConfigurationIndex > found.ConfigurationIndex) {
			found = s
		}
	}
	if found == nil {
		return nil, 0
	}
	return &found.Configuration, found.ConfigurationIndex
}

// pair checks Log Matching (§3.5): where two logs have an entry of the same index
// and term, that entry and all before it are the same.
func (c *scan) pair(a, b *scannedLog) {
	low, index := max(a.stored.Base, b.stored.Base), min(a.stored.Last, b.stored.Last)
	for index > low && a.entry(index).term != b.entry(index).term {
		index--
	}
	if index <= low {
		return
	}
	inA, _ := a.term(low)
	inB, _ := b.term(low)
	x, y := a.entries[low-a.stored.Base:index-a.stored.Base], b.entries[low-b.stored.Base:index-b.stored.Base]
	if differing := differ(a, b, x, y); inA != inB || differing < len(x) {
		c.world.ledger.fail("scan-log-matching", "servers %d and %d have the same entry %d of term %d, but not the same entry %d before it, or one with another body",
			a.server.id, b.server.id, index, a.entry(index).term, low+1+raft.Index(differing))
	}
}

// differ is the first of some entries of two logs in which they differ, as far as
// both have their bodies; their number, if there is none.
func differ(a, b *scannedLog, x, y []scannedEntry) int {
	lost := false
	for i := range x {
		l, r := &x[i], &y[i]
		lost = lost || l.lost || r.lost
		if l.term != r.term || l.kind != r.kind || !l.lost && !r.lost && l.to-l.from != r.to-r.from ||
			l.configuration != 0 && r.configuration != 0 && a.changes[l.configuration-1] != b.changes[r.configuration-1] {
			return i
		}
	}
	if !lost && bytes.Equal(a.bytes[x[0].from:x[len(x)-1].to], b.bytes[y[0].from:y[len(y)-1].to]) {
		return len(x)
	}
	for i := range x {
		if l, r := &x[i], &y[i]; !l.lost && !r.lost && !bytes.Equal(a.bytes[l.from:l.to], b.bytes[r.from:r.to]) {
			return i
		}
	}
	return len(x)
}

// committed checks that the entry that anybody takes to be committed farthest is
// held by a quorum, and by a leader whose term nobody exceeds (§3.6.3).
func (c *scan) committed(logs []scannedLog) {
	var far *scannedLog
	highest := raft.Term(0)
	for i := range logs {
		l := &logs[i]
		highest = max(highest, l.stored.HardState.Term)
		if l.server.up && (far == nil || l.server.driver.Node().Commit() > far.server.driver.Node().Commit()) {
			far = l
		}
	}
	if far == nil || far.server.driver.Node().Commit() == 0 {
		return
	}
	commit := far.server.driver.Node().Commit()
	configuration, at := far.configuration(commit)
	if configuration.Voters == 0 { // a joiner, of a log that says nothing about members
		if configuration, at = founding(logs, commit); configuration == nil {
			return
		}
	}
	for i := range logs {
		l := &logs[i]
		if n := l.server.driver.Node(); l.server.up && n.Role() == raft.Leader && n.Term() == highest && !l.has(far, commit) {
			c.world.ledger.fail("scan-leader-completeness", "server %d leads in term %d without entry %d, which server %d takes to be committed",
				l.server.id, highest, commit, far.server.id)
		}
	}
	// A joint configuration that is committed may have been left: by a leader whose
	// entry about that is gone again from every log, too. Then what follows the joint
	// configuration needs the new half only.
	if !majority(holders(logs, far, commit, configuration), configuration.Voters) ||
		configuration.Outgoing != 0 && at >= far.stored.Base && !majority(holders(logs, far, at, configuration), configuration.Outgoing) {
		c.world.ledger.fail("scan-committed-quorum", "server %d takes entry %d to be committed, but those who hold it are no quorum of %s",
			far.server.id, commit, describe(configuration))
	}
}

// holders are the slots of a configuration whose stores hold the entry that another has
// at an index, and those of which nobody can tell.
func holders(logs []scannedLog, far *scannedLog, index raft.Index, c *raft.Configuration) raft.Slots {
	set := raft.Slots(0)
	for i := range logs {
		l := &logs[i]
		if slot := c.Find(l.server.member); slot == 0 || l.has(far, index) {
			set |= slot | lostLife(c, l.server)
		}
	}
	return set
}

// has reports whether a store holds the entry that another has at an index.
func (l *scannedLog) has(other *scannedLog, index raft.Index) bool {
	if index <= l.stored.Base {
		return true
	}
	mine, known := l.term(index)
	its, _ := other.term(index)
	return known && mine == its
}

// lostLife is the slot of a life of the server that ended with its disk: nobody can
// tell what it held.
func lostLife(c *raft.Configuration, s *server) raft.Slots {
	for rest := c.Everybody(); rest != 0; rest &= rest - 1 {
		if m := c.Members[slotOf(rest)]; m.ID == s.id && m != s.member {
			return c.Find(m)
		}
	}
	return 0
}

// replay builds the state machine of a server anew, from its snapshot and the log
// after it, and compares it with the one that was brought about step by step (State
// Machine Safety, §3.6.3); and with what others saved at the same index.
func (c *scan) replay(l *scannedLog) {
	s, w := l.server, c.world
	if !s.up || s.book != nil || !s.disk.examinable() || s.machine.index < l.stored.Snapshot.Index {
		return
	}
	w.ledger.looks[atReplay]++
	c.replayed.format(w.options.Sessions)
	if snapshot := &l.stored.Snapshot; snapshot.Index > 0 {
		c.image = append(c.image[:0], s.disk.Chunk(0, uint32(snapshot.Size))...)
		if uint64(len(c.image)) != snapshot.Size {
			return // part of it is lost
		}
		if s.disk.rots() && spoilt(snapshot, c.image) {
			return
		}
		if damage := c.replayed.load(c.image); damage != statemachine.Intact || c.replayed.index != snapshot.Index {
			w.ledger.fail("scan-snapshot", "server %d holds a snapshot at %d that is one at %d, and %v", s.id, snapshot.Index, c.replayed.index, damage)
			return
		}
	}
	for index := l.stored.Snapshot.Index + 1; index <= s.machine.index; index++ {
		e := l.entry(index)
		if e == nil || e.lost {
			return
		}
		c.replayed.apply(&raft.Entry{Index: index, Term: e.term, Kind: e.kind, Data: l.bytes[e.from:e.to]})
	}
	c.replayed.index = s.machine.index
	c.image, c.other = c.replayed.save(c.image[:0], 0), s.machine.save(c.other[:0], 0)
	if !bytes.Equal(c.image, c.other) {
		w.ledger.fail("scan-state-machine", "server %d has another state at %d than its snapshot at %d and its log make",
			s.id, s.machine.index, l.stored.Snapshot.Index)
	}
	c.compare(l)
}

// compare checks that snapshots of one index are the same, byte for byte where they
// can't rot.
func (c *scan) compare(l *scannedLog) {
	mine := &l.stored.Snapshot
	if mine.Index == 0 {
		return
	}
	c.image = append(c.image[:0], l.server.disk.Chunk(0, uint32(mine.Size))...)
	for i := range c.world.count {
		other := &c.logs[i]
		its := &other.stored.Snapshot
		if other == l || !other.server.disk.examinable() || its.Index != mine.Index || uint64(len(c.image)) != mine.Size {
			continue
		}
		c.other = append(c.other[:0], other.server.disk.Chunk(0, uint32(its.Size))...)
		if *its != *mine || !l.server.disk.rots() && uint64(len(c.other)) == its.Size && !bytes.Equal(c.image, c.other) {
			c.world.ledger.fail("scan-snapshot", "servers %d and %d have different snapshots at %d", l.server.id, other.server.id, mine.Index)
		}
	}
}
