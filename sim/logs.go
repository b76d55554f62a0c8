package sim

import "github.com/driftless-raft/driftless/raft"

// An entryTable holds the hash of the chain up to every entry ever written, by
// index and term: by Log Matching (§3.5) there is one for each.
type entryTable struct {
	byIndex []int32 // the first of an index, plus one
	chains  []chain
}

type chain struct {
	mark
	next int32
}

func (t *entryTable) reset() { t.byIndex, t.chains = t.byIndex[:0], t.chains[:0] }

// add notes an entry. It returns false if there is another of this index and term.
func (t *entryTable) add(index raft.Index, k mark) bool {
	t.byIndex = grow(t.byIndex, uint64(index))
	for at := t.byIndex[index]; at != 0; at = t.chains[at-1].next {
		if c := &t.chains[at-1]; c.term == k.term {
			return c.hash == k.hash
		}
	}
	t.chains = append(t.chains, chain{mark: k, next: t.byIndex[index]})
	t.byIndex[index] = int32(len(t.chains))
	return true
}

// wrote follows a write into a store.
func (l *ledger) wrote(d *disk, w *raft.Write, c *change) {
	log := &d.written
	switch w.Kind {
	case raft.WriteHardState:
		l.wroteHardState(d, w)
	case raft.WriteTruncate:
		l.truncated(d, w.Index)
	case raft.WriteEntries:
		l.appended(d, w)
		return
	case raft.WriteInstall:
		l.installed(d, w.Snapshot, c)
	case raft.WriteCompact:
		l.looks[atCompaction]++
		if w.Index > l.tip() {
			l.fail("commit-safety", "server %d compacts its log up to %d, but only %d are committed", d.owner.id, w.Index, l.tip())
		}
	case raft.WriteRepair:
		l.repaired(d, &w.Entries[0])
		c.count = 0
	case raft.WriteAdopt:
		l.world.coverage[adoptions]++
	case raft.WriteIdentity, raft.WriteSnapshot, raft.WriteChunk:
	}
	c.apply(log, nil)
}

// wroteHardState checks that terms never fall, and votes never change in one.
func (l *ledger) wroteHardState(d *disk, w *raft.Write) {
	l.looks[atHardState]++
	old, hard := &d.written.hard, &w.HardState
	switch {
	case hard.Term < old.Term:
		l.fail("term-monotonic", "server %d saves term %d after %d", d.owner.id, hard.Term, old.Term)
	case hard.Term == old.Term && old.Vote != raft.Member{} && hard.Vote != old.Vote:
		l.fail("one-vote", "server %d saves a vote for %v after one for %v in term %d", d.owner.id, hard.Vote, old.Vote, hard.Term)
	}
}

// truncated checks a truncation: never of what is committed, never by a leader,
// never of what the leader of the term counts on.
func (l *ledger) truncated(d *disk, index raft.Index) {
	s := d.owner
	l.world.coverage[truncations]++
	l.looks[atTruncation]++
	l.noticeTruncation(s, index)
	n := s.driver.Node()
	switch {
	case n.Role() == raft.Leader:
		l.fail("leader-append-only", "server %d removes its log from %d on as leader of term %d", s.id, index, n.Term())
	}
	if leader := l.world.leader; leader != nil && leader.up && leader.seen.role == raft.Leader && leader.seen.term == n.Term() {
		if match := leader.matchOf(s.member); match >= index {
			l.fail("match-index", "server %d removes its log from %d on, but leader %d of term %d counts on it up to %d",
				s.id, index, leader.id, n.Term(), match)
		}
	}
}

// conflicted checks, before a truncation, that the message that calls for it has
// an entry of another term in that place (§3.5).
func (l *ledger) conflicted(s *server, in *raft.Input, index raft.Index) {
	m, log := &in.Message, &s.disk.written
	switch {
	case index <= s.seen.commit:
		l.fail("commit-safety", "server %d removes its log from %d on, but knows that it is committed up to %d", s.id, index, s.seen.commit)
	case in.Kind != raft.Receive || m.Kind != raft.Append || index <= m.Index || index > m.Last:
		l.fail("truncate-on-conflict", "server %d removes its log from %d on, and no message calls for it", s.id, index)
	case !log.holds(index):
		l.fail("truncate-on-conflict", "server %d removes its log from %d on, but it ends at %d", s.id, index, log.last)
	case log.at(index).term == m.EntryTerm:
		l.fail("truncate-on-conflict", "server %d removes entry %d of term %d to put the same in its place", s.id, index, m.EntryTerm)
	}
}

// appended checks new entries against all that were ever written.
func (l *ledger) appended(d *disk, w *raft.Write) {
	log := &d.written
	l.looks[atEntry] += uint64(len(w.Entries))
	for i := range w.Entries {
		e := &w.Entries[i]
		if e.Term < log.at(log.last).term {
			l.fail("log-matching", "server %d has entry %d of term %d after one of term %d", d.owner.id, e.Index, e.Term, log.at(log.last).term)
		}
		k := mark{term: e.Term, hash: hashEntry(log.at(log.last).hash, e)}
		if !l.entries.add(e.Index, k) {
			l.fail("log-matching", "server %d has another entry %d of term %d than was written before, or another log before it",
				d.owner.id, e.Index, e.Term)
		}
		log.put(k)
		d.marks.push(k)
		if l.refinement != nil {
			l.refinement.wrote(d.owner, e, k.hash)
		}
	}
}

// installed checks that a snapshot is one of what is committed.
func (l *ledger) installed(d *disk, s *raft.Snapshot, c *change) {
	l.world.coverage[installs]++
	l.looks[atInstall]++
	if d.written.last == 0 {
		l.world.meet(snapshotToJoiner)
	}
	c.index, c.mark = s.Index, mark{term: s.Term, hash: s.Digest}
	if s.Index > l.tip() || l.committed[s.Index].term != s.Term {
		l.fail("commit-safety", "server %d installs a snapshot at %d of term %d, which is not committed", d.owner.id, s.Index, s.Term)
		return
	}
	c.mark = l.committed[s.Index].mark
}

// persisted checks what has become durable.
func (l *ledger) persisted(s *server, c *change) {
	if l.refinement != nil {
		l.refinement.persisted(s)
	}
	if l.world.trace != nil {
		l.world.traceDurable(s, c)
	}
	l.looks[atPersist]++
	durable := &s.disk.durable
	if c.kind == raft.WriteHardState && durable.hard.Commit > durable.last {
		l.fail("durable-commit", "server %d has commit index %d on its disk, but the log only up to %d", s.id, durable.hard.Commit, durable.last)
	}
}

// acknowledged checks that what a follower tells its leader it has is on its disk
// and is what the leader has.
func (l *ledger) acknowledged(s *server, m *raft.Message) {
	l.looks[atAcknowledgement]++
	durable := &s.disk.durable
	if durable.hard.Term != m.Term {
		return // held back since an earlier term; the leader of this one has another say
	}
	if m.Index > durable.last {
		l.fail("persist-before-send", "server %d acknowledges entries up to %d in term %d, but has only %d on its disk",
			s.id, m.Index, m.Term, durable.last)
		return
	}
	leader := l.world.find(m.To.ID)
	if leader == nil || !leader.up || leader.seen.role != raft.Leader || leader.seen.term != m.Term {
		return
	}
	l.same(leader, s.id, durable, m.Index)
}

// covered checks that a follower's success answers the message it got: what the
// message was about matches, or what is committed, but not whatever else the log
// happens to hold (§3.5).
func (l *ledger) covered(s *server, m *raft.Message, out *raft.Effects) {
	most := s.driver.Node().Commit()
	switch m.Kind {
	case raft.Append:
		most = max(most, m.Last)
	case raft.SnapshotChunk:
		most = max(most, m.Index)
	}
	for i := range out.Messages[:out.Count] {
		reply := &out.Messages[i]
		if acknowledges(reply) {
			l.vouches(s, reply)
		}
		if reply.Kind == raft.AppendReply && !reply.Reject && reply.Index > most {
			l.fail("match-index", "server %d acknowledges entries up to %d, but was told of those up to %d only", s.id, reply.Index, most)
		}
	}
}

// same checks that a follower has on its disk what a leader counts on.
func (l *ledger) same(leader *server, follower raft.ID, durable *mirror, index raft.Index) {
	log := &leader.disk.written
	if !log.holds(index) || index < durable.base {
		return
	}
	if index > durable.last || durable.at(index).hash != log.at(index).hash {
		l.fail("match-index", "leader %d of term %d counts on server %d up to %d, which has not the same on its disk, or only up to %d",
			leader.id, leader.seen.term, follower, index, durable.last)
	}
}

// matchOf is how far the leader counts on a member.
func (s *server) matchOf(m raft.Member) raft.Index {
	configuration, _ := s.driver.Node().Configuration()
	for rest := configuration.Everybody(); rest != 0; rest &= rest - 1 {
		if slot := slotOf(rest); configuration.Members[slot] == m {
			return s.driver.Node().Match(slot)
		}
	}
	return 0
}
