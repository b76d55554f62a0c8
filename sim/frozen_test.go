package sim

import (
	"math/bits"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

func TestACoreIsAQuorumOfEveryConfigurationThatItGoesBy(t *testing.T) {
	w, leader, follower := steady(t)
	for range 20 {
		if c := w.chooseCore(); bits.OnesCount16(uint16(c)) < 2 {
			t.Errorf("of three servers the core is %b", c)
		}
	}
	leader.seen.configuration.Outgoing = 1<<leader.slot | 1<<5 | 1<<6 // of whom two are unknown
	if c := w.chooseCore(); c != 0 {
		t.Errorf("the core is %b although most of the outgoing voters are outside", c)
	}
	leader.seen.configuration.Outgoing = 0
	follower.disk.rotten = append(follower.disk.rotten, 1)
	if c := w.chooseCore(); c.has(follower) {
		t.Errorf("the core is %b although server %d has lost a body", c, follower.id)
	}
}

func TestABrokenServerStaysAsItIs(t *testing.T) {
	for kind := range uint64(hungForGood) { // a store of blocks can't hang
		w, outside, _ := steady(t)
		w.core = (1<<w.count - 1) &^ (1 << outside.slot)
		w.tape = replayTape([]uint64{kind})
		w.network.calm = true
		outside.breakForGood()
		w.pass(5)
		in, out := 0, 0 // servers of the core that can talk to it, and to which it can
		for slot := range w.count {
			if w.core>>slot&1 != 0 && !w.network.links[slot][outside.slot].cut {
				in++
			}
			if w.core>>slot&1 != 0 && !w.network.links[outside.slot][slot].cut {
				out++
			}
		}
		hears, talks := kind == dumbForGood || kind == goneForGood, kind == deafForGood || kind == goneForGood
		if (in == 2) != hears || (out == 2) != talks || outside.up == (kind == goneForGood) || (outside.pausedUntil == never) != (kind == pausedForGood) {
			t.Errorf("broken by %d: it is up: %v, %d can talk to it, it can talk to %d, it is paused until %d",
				kind, outside.up, in, out, outside.pausedUntil)
		}
		if leader := w.leads(); leader == nil || leader == outside {
			t.Errorf("broken by %d: the others have no leader", kind)
		}
	}
}

func TestACoreGoesOnWithoutThoseOutside(t *testing.T) {
	for seed := uint64(1); seed <= 30; seed++ {
		options := Expand(seed, 0)
		options.FrozenCore = million
		var w world
		r := w.run(seed, &options, randomTape(seed))
		if r.Failure != nil {
			t.Errorf("seed %d breaks %s: %s", seed, r.Failure.Rule, r.Failure.What)
		}
		for _, s := range w.servers[:w.count] {
			if leads := w.leads(); w.core != 0 && leads != nil && s.up && w.counts(s) && s.votes() && s.seen.term != leads.seen.term {
				t.Errorf("seed %d: server %d of the core is in term %d at the end, its leader in term %d", seed, s.id, s.seen.term, leads.seen.term)
			}
		}
	}
}

// fills makes a server's log full of entries that it does not know to be committed,
// as many as there is a reserve for among them.
func fills(s *server) {
	s.world.options.Reserve = 0
	stuffs(s)
}

// stuffs makes a server's log full, but of commands.
func stuffs(s *server) {
	s.lies(liar{room: func(r *raft.Room) { r.Entries = 0 }})
	s.disk.written.put(s.disk.written.at(s.disk.written.last))
	s.disk.written.base = s.seen.commit
}

// loses takes the body of a server's last entry.
func loses(s *server) {
	last := s.disk.written.last
	s.lies(liar{room: func(r *raft.Room) { r.Damaged = last }})
}

func TestNoExcuseIsGivenLightly(t *testing.T) {
	ahead := func(s *server) { s.disk.written.put(mark{term: s.lastTerm() + 1, hash: 1}) }
	for _, c := range []struct {
		name    string
		happen  func(w *world, leader, follower, other *server)
		excuse  int
		excused bool
	}{
		{"nothing", func(_ *world, _, _, _ *server) {}, 0, false},
		{"one full log of three", func(_ *world, _, follower, _ *server) { fills(follower) }, 0, false},
		{"two full logs of three", func(_ *world, _, follower, other *server) { fills(follower); fills(other) }, exhausted, true},
		{"two logs full of commands", func(_ *world, _, follower, other *server) { stuffs(follower); stuffs(other) }, 0, false},
		{"one full log, and another server outside", func(w *world, _, follower, other *server) {
			fills(follower)
			w.core = (1<<w.count - 1) &^ (1 << other.slot)
		}, exhausted, true},
		{"full logs of what is committed", func(_ *world, _, follower, other *server) {
			for _, s := range []*server{follower, other} {
				fills(s)
				s.seen.commit = s.disk.written.last
			}
		}, 0, false},
		{"a lost body that others have", func(_ *world, _, follower, other *server) { loses(follower); loses(other) }, 0, false},
		{"a lost body that nobody has, of one who is ahead alone", func(_ *world, _, follower, _ *server) {
			ahead(follower)
			loses(follower)
		}, 0, false},
		{"lost bodies that nobody has, of two who are ahead", func(_ *world, _, follower, other *server) {
			for _, s := range []*server{follower, other} {
				ahead(s)
				loses(s)
			}
		}, stalemates, true},
		{"one lost body, and one who is ahead but whole", func(_ *world, _, follower, other *server) {
			ahead(follower)
			loses(follower)
			ahead(other)
		}, 0, false},
		{"a core that decides", func(w *world, leader, follower, _ *server) {
			w.core = 1<<leader.slot | 1<<follower.slot
		}, 0, false},
		{"a core that is told of a configuration it can't decide", func(w *world, leader, follower, other *server) {
			w.core = 1<<leader.slot | 1<<follower.slot
			c := &follower.seen.configuration
			c.Outgoing, c.Voters = c.Voters, c.Find(other.member)|c.Find(follower.member)
		}, outvoted, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, leader, follower := steady(t)
			w.quiet = true
			w.pass(2)
			other := w.servers[3-leader.slot-follower.slot]
			c.happen(w, leader, follower, other)
			if w.excused() != c.excused || c.excused && w.coverage[c.excuse] != 1 {
				t.Errorf("excused: %v, by %d full logs and %d stalemates", !c.excused, w.coverage[exhausted], w.coverage[stalemates])
			}
		})
	}
}
