package sim

import (
	"context"
	"slices"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine/register"
)

// A liar is a store that says something else than it holds. The mirrors of the
// other oracles know nothing of it.
type liar struct {
	raft.Storage
	stored func(*raft.Stored)
	entry  func(*raft.Entry)
	room   func(*raft.Room)
	chunk  func([]byte)
}

func (l *liar) Stored(into *raft.Stored) {
	l.Storage.Stored(into)
	if l.stored != nil {
		l.stored(into)
	}
}

func (l *liar) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	count := l.Storage.Entries(first, last, maxBytes, into)
	for i := range into[:count] {
		if l.entry != nil {
			l.entry(&into[i])
		}
	}
	return count
}

func (l *liar) Room() raft.Room {
	room := l.Storage.Room()
	if l.room != nil {
		l.room(&room)
	}
	return room
}

func (l *liar) Chunk(offset uint64, length uint32) []byte {
	chunk := slices.Clone(l.Storage.Chunk(offset, length))
	if l.chunk != nil {
		l.chunk(chunk)
	}
	return chunk
}

// lies has a server's store say something else.
func (s *server) lies(l liar) {
	l.Storage = s.disk.Storage
	s.disk.Storage = &l
}

// misstatements are what a scan must see, by the rule that says so.
var misstatements = []struct {
	name, rule string
	corrupt    func(w *world, leader, follower *server)
}{
	{"another body of an entry", "scan-log-matching", func(_ *world, _, follower *server) {
		follower.lies(liar{entry: func(e *raft.Entry) {
			if e.Index == 5 {
				e.Data = slices.Clone(e.Data)
				e.Data[0]++
			}
		}})
	}},
	{"another kind of entry", "scan-log-matching", func(_ *world, _, follower *server) {
		follower.lies(liar{entry: func(e *raft.Entry) {
			if e.Index == 5 {
				e.Kind, e.Data = raft.NoOp, nil
			}
		}})
	}},
	{"a term that falls", "scan-terms", func(_ *world, _, follower *server) {
		follower.lies(liar{entry: func(e *raft.Entry) {
			if e.Index == 5 {
				e.Term--
			}
		}})
	}},
	{"a term that the server has not reached", "scan-terms", func(_ *world, _, follower *server) {
		follower.lies(liar{entry: func(e *raft.Entry) { e.Term++ }})
	}},
	{"a vote that is forgotten", "scan-node", func(_ *world, leader, _ *server) {
		leader.lies(liar{stored: func(s *raft.Stored) { s.HardState.Vote = raft.Member{} }})
	}},
	{"a log that is shorter than the node believes", "scan-node", func(_ *world, _, follower *server) {
		follower.lies(liar{stored: func(s *raft.Stored) { s.Last-- }})
	}},
	{"a state beyond what is committed", "scan-node", func(_ *world, _, follower *server) { follower.machine.index++ }},
	{"a committed entry on one disk only", "scan-committed-quorum", func(w *world, leader, _ *server) {
		for _, s := range w.servers[:w.count] {
			if s != leader {
				s.up = false
				s.lies(liar{stored: func(s *raft.Stored) { s.Last = 1 }})
			}
		}
	}},
	{"a leader without a committed entry", "scan-leader-completeness", func(_ *world, leader, _ *server) {
		leader.lies(liar{entry: func(e *raft.Entry) { e.Term-- }}) // it is not the first server, who is asked what is committed
	}},
	{"a state that its log does not make", "scan-state-machine", func(_ *world, _, follower *server) {
		var command [register.CommandBytes]byte
		follower.machine.registers.Apply(0, command[:register.PutWrite(command[:], 3, 1<<40)])
	}},
	{"a snapshot that is damaged", "scan-snapshot", func(_ *world, _, follower *server) {
		follower.takeSnapshot()
		follower.lies(liar{chunk: func(b []byte) { b[len(b)/2]++ }})
	}},
	{"a snapshot of another state", "scan-state-machine", func(_ *world, _, follower *server) {
		follower.takeSnapshot()
		follower.lies(liar{chunk: func(b []byte) { b[8]++ }}) // the hash of all that was applied
	}},
	{"two snapshots of one index", "scan-snapshot", func(_ *world, leader, follower *server) {
		leader.takeSnapshot()
		follower.takeSnapshot()
		follower.lies(liar{stored: func(s *raft.Stored) { s.Snapshot.Digest++ }})
	}},
	{"a snapshot beyond the log", "scan-snapshot", func(_ *world, _, follower *server) {
		follower.lies(liar{stored: func(s *raft.Stored) { s.Snapshot.Index = s.Last + 1 }})
	}},
	{"a configuration that is not in the log", "scan-configuration", func(_ *world, _, follower *server) {
		follower.lies(liar{stored: func(s *raft.Stored) { s.Snapshot.Configuration.Voters &^= 1 }})
	}},
	{"room that is taken", "scan-room", func(_ *world, _, follower *server) {
		follower.lies(liar{room: func(r *raft.Room) { r.Entries += 1000 }})
	}},
}

// scanAll scans the cluster and builds every state machine anew.
func scanAll(w *world) {
	w.scan.run(w)
	for i := range w.count {
		w.scan.replay(&w.scan.logs[i])
	}
}

func TestAScanSeesWhatTheOtherOraclesDoNotLookAt(t *testing.T) {
	for _, c := range misstatements {
		t.Run(c.name, func(t *testing.T) {
			w, leader, follower := steady(t)
			w.quiet = true
			w.pass(2)
			if scanAll(w); w.ledger.failure != nil {
				t.Fatalf("a steady cluster is found to break %v", w.ledger.failure)
			}
			c.corrupt(w, leader, follower)
			if scanAll(w); w.ledger.failure == nil || w.ledger.failure.Rule != c.rule {
				t.Errorf("%s was to be noticed, but what was is %v", c.rule, w.ledger.failure)
			}
		})
	}
}

func TestScansChangeNothingElseAndFollowOneEventOfAHundred(t *testing.T) {
	scanned := Sweep(context.Background(), 1, 40, func(seed uint64) Options { return Expand(seed, 0) }, nil)
	left := Sweep(context.Background(), 1, 40, func(seed uint64) Options {
		o := Expand(seed, 0)
		o.Scans = false
		return o
	}, nil)
	if scanned.Hash != left.Hash || left.Scans != 0 {
		t.Errorf("hash %016x, without scans %016x and %d of them", scanned.Hash, left.Hash, left.Scans)
	}
	if share := float64(scanned.Events) / float64(scanned.Scans); share < 90 || share > 110 {
		t.Errorf("a scan follows one event of %.0f", share)
	}
}
