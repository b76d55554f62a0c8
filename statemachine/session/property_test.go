package session_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// A naive table remembers every response of every session there ever was, and says
// of each whether it is still open.
type naive struct {
	responses map[uint64]map[uint64]uint64 // by session and sequence
	last      map[uint64]uint64            // sequence, by session
	used      []uint64                     // open sessions, least recently used first
	value     uint64
}

func (n *naive) use(id uint64) bool {
	at := slices.Index(n.used, id)
	if at < 0 {
		return false
	}
	n.used = append(slices.Delete(n.used, at, at+1), id)
	return true
}

func (n *naive) open(id uint64) {
	n.used = append(n.used, id)
	if len(n.used) > capacity {
		n.used = n.used[1:]
	}
	n.responses[id] = map[uint64]uint64{}
}

func (n *naive) add(id, sequence uint64) (session.Status, uint64) {
	if !n.use(id) {
		return session.Ended, 0
	}
	if sequence < n.last[id] {
		return session.Overtaken, 0
	}
	if _, ran := n.responses[id][sequence]; !ran {
		n.value++
		n.last[id], n.responses[id][sequence] = sequence, n.value
	}
	return session.Done, n.responses[id][sequence]
}

func TestATableAnswersAsOneThatForgetsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, other := newSubject(t), newSubject(t)
		n := &naive{responses: map[uint64]map[uint64]uint64{}, last: map[uint64]uint64{}}
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) { n.open(s.open(t)) },
			"add": func(t *rapid.T) {
				id := rapid.Uint64Range(0, uint64(s.index)).Draw(t, "session")
				if len(n.used) > 0 && rapid.IntRange(0, 3).Draw(t, "open") > 0 {
					id = rapid.SampledFrom(n.used).Draw(t, "of the open ones")
				}
				sequence := max(1, n.last[id]+rapid.Uint64Range(0, 2).Draw(t, "ahead")-min(1, n.last[id]))
				status, value := s.add(id, sequence)
				if wantStatus, want := n.add(id, sequence); status != wantStatus || value != want {
					t.Fatalf("session %d, sequence %d: %v with %d, want %v with %d", id, sequence, status, value, wantStatus, want)
				}
			},
			"move to a machine that was something else": func(t *rapid.T) {
				saved := make([]byte, s.SnapshotBytes())
				if s.Save(saved) != len(saved) || other.Load(saved) != statemachine.Intact {
					t.Fatal("saved and not loaded")
				}
				other.index = s.index
				s, other = other, s
			},
			"": func(t *rapid.T) {
				if s.value() != n.value || s.Sessions() != len(n.used) {
					t.Fatalf("%d sessions and value %d, want %d and %d", s.Sessions(), s.value(), len(n.used), n.value)
				}
			},
		})
	})
}

func FuzzAnyBytes(f *testing.F) {
	s := newSubject(f)
	id := s.open(f)
	s.add(id, 1)
	saved := make([]byte, s.SnapshotBytes())
	s.Save(saved)
	f.Add(saved[16 : len(saved)-4])
	f.Add(saved)
	var command [64]byte
	f.Add(command[:session.PutOpen(command[:])])
	f.Add(command[:session.PutCommand(command[:], 1, 2, register.PutAdd(command[session.HeaderBytes:], 0, 1))])
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newSubject(t)
		s.add(s.open(t), 1)
		s.apply(data)
		s.Query(data)
		checkLoad(t, data)

		// The same as the body of a snapshot whose checksum is right.
		framed := make([]byte, statemachine.FrameBytes+len(data))
		format := statemachine.Format{Name: [4]byte{'s', 'e', 's', 's'}, Version: 1}
		copy(format.Frame(framed, len(data)), data)
		format.Seal(framed, len(data))
		checkLoad(t, framed)
	})
}

// checkLoad loads bytes: what is taken is saved as the same bytes, and what is
// refused changes nothing.
func checkLoad(t *testing.T, data []byte) {
	s := newSubject(t)
	s.add(s.open(t), 1)
	before := make([]byte, s.SnapshotBytes())
	s.Save(before)
	want := before
	if s.Load(data) == statemachine.Intact {
		want = data
	}
	got := make([]byte, s.SnapshotBytes())
	if s.Save(got); !slices.Equal(got, want) {
		t.Errorf("the state is\n%x, want\n%x", got, want)
	}
	s.index = 1 << 40
	s.add(s.open(t), 1)
}
