package explore

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/driftless-raft/driftless/raft"
)

// normalize makes states equal that differ only in what can make no difference:
// absolute times and numbers, memory that is no longer in use, and what only a
// leader looks at in a server that does not lead. docs/explorer.md gives the
// reasons, field by field.
func (s *server) normalize() {
	leads := s.driver.Node().Role() == raft.Leader
	s.normalizeInstants(leads)
	s.normalizeRounds(leads)
	s.normalizeWrites()
	s.normalizeLog()
	s.normalizePeers(leads)
	if s.driver.Node().Role() != raft.Candidate {
		*s.layout.forced.flag(&s.driver) = false
	}
	*s.layout.wantsSnapshot.flag(&s.driver) = false // the explorer takes them unasked
	s.disk.delays = false
}

// normalizeInstants keeps of each instant only what a step can find out about it:
// whether it is past, or recent enough.
func (s *server) normalizeInstants(leads bool) {
	t := value[instant](&s.driver, s.layout.instant)
	sequence := value[sequence](&s.driver, s.layout.sequence)
	recent := func(at raft.Instant, within raft.Duration) raft.Instant {
		if raft.Duration(t.now-at) < within {
			return noon
		}
		return 0
	}
	t.heard = recent(t.heard, electionTimeout-heartbeat)
	if t.now < t.quiet {
		t.quiet = noon + electionTimeout
	} else {
		t.quiet = 0
	}
	t.election, t.timeout = noon+timeout, timeout
	t.writing = noon // a disk hangs for long when the explorer says so
	t.asked, t.fresh = 0, 0
	t.round, t.heartbeat = 0, 0
	if leads {
		t.heartbeat = noon + heartbeat
		t.round = raft.Instant(sequence.round)
	}
	if t.transfer != 1<<64-1 {
		t.transfer = noon + electionTimeout
	}
	for slot := range t.contact {
		t.contact[slot] = recent(t.contact[slot], electionTimeout)
		t.stamp[slot] = sequence.echoed[slot]
		if !leads || s.peers()>>slot&1 == 0 {
			t.contact[slot], t.stamp[slot] = 0, 0
		}
	}
	t.now = noon
}

// peers are the slots of all members but the server itself.
func (s *server) peers() raft.Slots {
	c, _ := s.driver.Node().Configuration()
	return c.Everybody() &^ c.Find(s.driver.Node().Self())
}

// normalizeRounds forgets a follower's rounds: nothing of another term is ever
// compared with those that it will begin as a leader.
func (s *server) normalizeRounds(leads bool) {
	q := value[sequence](&s.driver, s.layout.sequence)
	q.asked, q.answered = 0, 0
	for slot := range q.echoed {
		if !leads || s.peers()>>slot&1 == 0 {
			q.echoed[slot], q.question[slot], q.waits[slot], q.tried[slot] = 0, 0, 0, 0
		}
	}
	if !leads {
		q.round, q.confirmed = 0, 0
	}
}

// normalizeWrites counts writes from the last durable one.
func (s *server) normalizeWrites() {
	q := value[sequence](&s.driver, s.layout.sequence)
	base := q.persisted - 1
	since := func(number uint64) uint64 { return max(number, q.persisted) - base }
	l := s.layout
	straighten[uint64, uint64](&s.driver, l.writes)
	numbers := array[uint64](&s.driver, l.writes.other)
	for i := range *value[uint32](&s.driver, l.writes.count) {
		numbers[i] = since(numbers[i])
	}
	if cut := value[uint64](&s.driver, l.cut); *cut != 0 {
		*cut = since(*cut)
	}
	s.sortHeld()
	held := s.held()
	for i := range held {
		held[i].After = since(held[i].After)
		normalizeStamp(&held[i])
	}
	*value[uint64](&s.driver, l.durable) = since(*value[uint64](&s.driver, l.durable))
	s.disk.durable = since(s.disk.durable)
	q.written, q.spoken, q.persisted = since(q.written), since(q.spoken), 1
}

// sortHeld puts the held messages into the order of their receivers: only those to
// one of them are ordered.
func (s *server) sortHeld() {
	slices.SortStableFunc(s.held(), func(a, b raft.Message) int { return cmp.Compare(a.To.ID, b.To.ID) })
}

// normalizeLog clears what lies beyond the runs and marks in use, and counts bytes
// from the first that is uncommitted.
func (s *server) normalizeLog() {
	l := s.layout
	runs := *value[uint32](&s.driver, l.runs)
	clear(array[uint64](&s.driver, l.first)[runs:])
	clear(array[uint64](&s.driver, l.term)[runs:])
	straighten[uint64, uint32](&s.driver, l.marks)
	floor, end := value[uint32](&s.driver, l.floor), value[uint32](&s.driver, l.end)
	totals := array[uint32](&s.driver, l.marks.other)
	for i := range *value[uint32](&s.driver, l.marks.count) {
		totals[i] -= *floor
	}
	*end -= *floor
	*floor = 0
}

// straighten makes a ring begin at its first place and clears what is not in use.
func straighten[A, B any](d *raft.Driver, r ring) {
	head, count := value[uint32](d, r.head), int(*value[uint32](d, r.count))
	a, b := array[A](d, r.index), array[B](d, r.other)
	rotate(a, int(*head), count)
	rotate(b, int(*head), count)
	*head = 0
}

func rotate[T any](ring []T, head, count int) {
	if head != 0 {
		slices.Reverse(ring[:head])
		slices.Reverse(ring[head:])
		slices.Reverse(ring)
	}
	clear(ring[count:])
}

// normalizePeers clears what only a leader knows, and of slots that are nobody's.
func (s *server) normalizePeers(leads bool) {
	l := s.layout
	for slot := range l.peers.count {
		peer := unsafe.Add(l.peers.in(&s.driver), uintptr(slot)*l.peers.size)
		if !leads || s.peers()>>slot&1 == 0 {
			clear(unsafe.Slice((*byte)(peer), l.peers.size))
			continue
		}
		head, count := (*uint8)(unsafe.Add(peer, l.peerHead)), *(*uint8)(unsafe.Add(peer, l.peerCount))
		rotate(unsafe.Slice((*uint32)(unsafe.Add(peer, l.peerSize.offset)), l.peerSize.count), int(*head), int(count))
		rotate(unsafe.Slice((*uint64)(unsafe.Add(peer, l.peerLast.offset)), l.peerLast.count), int(*head), int(count))
		*head = 0
	}
}
