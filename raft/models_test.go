package raft

import (
	"testing"

	"pgregory.net/rapid"
)

// §4.3: any two sets that may decide share a voter, and a set decides exactly if
// it holds more than half of each half.
func TestAnyTwoQuorumsOfAConfigurationIntersect(t *testing.T) {
	slots := rapid.Uint16Range(0, 1<<min(MaxMembers, 16)-1)
	rapid.Check(t, func(t *rapid.T) {
		c := Configuration{Voters: Slots(slots.Draw(t, "voters")) | 1, Outgoing: Slots(slots.Draw(t, "outgoing"))}
		c.Learners = Slots(slots.Draw(t, "learners")) &^ c.mayVote()
		a, b := Slots(slots.Draw(t, "a")), Slots(slots.Draw(t, "b"))
		if got, want := c.Quorum(a), naiveQuorum(&c, a); got != want {
			t.Fatalf("Quorum(%b) of %b and %b is %v, want %v", a, c.Voters, c.Outgoing, got, want)
		}
		if c.Quorum(a) && c.Quorum(b) && a&b&c.mayVote() == 0 {
			t.Fatalf("%b and %b are both quorums of %b and %b", a, b, c.Voters, c.Outgoing)
		}
		if c.Quorum(a&c.Learners) || c.Quorum(a) != c.Quorum(a&^c.Learners) {
			t.Fatal("learners were counted")
		}
	})
}

func naiveQuorum(c *Configuration, set Slots) bool {
	for _, half := range []Slots{c.Voters, c.Outgoing} {
		voters, in := 0, 0
		for slot := range 16 {
			if half>>slot&1 == 1 {
				voters++
				in += int(set >> slot & 1)
			}
		}
		if voters > 0 && in <= voters/2 {
			return false
		}
	}
	return true
}

// §3.5: the runs say of every index what a plain list of terms says.
func TestTermRunsEqualAListOfTerms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var runs termRuns
		terms := []Term{0} // of index base+i
		base := Index(0)
		last := func() Index { return base + Index(len(terms)-1) }
		t.Repeat(map[string]func(*rapid.T){
			"extend": func(t *rapid.T) {
				term := terms[len(terms)-1] + Term(rapid.IntRange(0, 2).Draw(t, "more"))
				if term == 0 || !runs.accepts(term, 0) {
					return
				}
				count := rapid.IntRange(1, 4).Draw(t, "count")
				runs.extend(last()+Index(count), term)
				for range count {
					terms = append(terms, term)
				}
			},
			"truncate": func(t *rapid.T) {
				if last() == base {
					return
				}
				from := base + Index(rapid.IntRange(1, len(terms)-1).Draw(t, "from"))
				runs.truncate(from)
				terms = terms[:from-base]
			},
			"compact": func(t *rapid.T) {
				if last() == base {
					return
				}
				through := base + Index(rapid.IntRange(1, len(terms)-1).Draw(t, "through"))
				runs.compact(through)
				terms = append([]Term{}, terms[through-base:]...)
				base = through
			},
			"": func(t *rapid.T) { compareRuns(t, &runs, base, terms) },
		})
	})
}

func compareRuns(t *rapid.T, runs *termRuns, base Index, terms []Term) {
	last := base + Index(len(terms)-1)
	if runs.base != base || runs.last != last || runs.lastTerm() != terms[len(terms)-1] {
		t.Fatalf("base %d, last %d/%d; want %d, %d/%d", runs.base, runs.last, runs.lastTerm(), base, last, terms[len(terms)-1])
	}
	for i, want := range terms {
		index := base + Index(i)
		if got, known := runs.at(index); !known || got != want {
			t.Fatalf("entry %d is of term %d, %v; want %d", index, got, known, want)
		}
		if i == 0 {
			continue
		}
		end := i
		for end+1 < len(terms) && terms[end+1] == want {
			end++
		}
		if got := runs.end(index); got != base+Index(end) {
			t.Fatalf("the run of %d ends at %d, want %d", index, got, base+Index(end))
		}
	}
	if _, known := runs.at(last + 1); known {
		t.Fatal("an entry after the last is known")
	}
	index, term := last, terms[len(terms)-1]/2
	at := len(terms) - 1
	for at > 0 && terms[at] > term {
		at--
	}
	if got, of := runs.floor(index, term); got != base+Index(at) || of != terms[at] {
		t.Fatalf("the floor of %d/%d is %d/%d, want %d/%d", index, term, got, of, base+Index(at), terms[at])
	}
}

// The marks never count less than there is, and everything is released in time.
func TestMarksCountAtLeastWhatIsUncommitted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var k marks
		k.reset(0)
		sizes := []uint32{0} // of the entry at each index
		commit := Index(0)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				bytes := uint32(0)
				for range rapid.IntRange(1, 4).Draw(t, "entries") {
					size := rapid.Uint32Range(0, 100).Draw(t, "size")
					sizes, bytes = append(sizes, size), bytes+size
				}
				k.add(Index(len(sizes)-1), bytes)
			},
			"truncate": func(t *rapid.T) {
				if int(commit)+1 >= len(sizes) {
					return
				}
				from := rapid.IntRange(int(commit)+1, len(sizes)-1).Draw(t, "from")
				k.truncate(Index(from))
				sizes = sizes[:from]
			},
			"commit": func(t *rapid.T) {
				commit = Index(rapid.IntRange(int(commit), len(sizes)-1).Draw(t, "commit"))
				k.release(commit)
				if int(commit) == len(sizes)-1 && k.uncommitted() != 0 {
					t.Fatalf("%d bytes are counted though all is committed", k.uncommitted())
				}
			},
			"": func(t *rapid.T) {
				want := uint32(0)
				for _, size := range sizes[commit+1:] {
					want += size
				}
				if k.uncommitted() < want {
					t.Fatalf("%d bytes are counted, %d are uncommitted", k.uncommitted(), want)
				}
			},
		})
	})
}

// What a quorum has reached is the highest value that some quorum has, each of it
// or more: of the old half and of the new one.
func TestWhatAQuorumHasReachedIsTheHighestSuchValue(t *testing.T) {
	slots := rapid.Uint16Range(0, 1<<min(MaxMembers, 16)-1)
	rapid.Check(t, func(t *rapid.T) {
		c := Configuration{Voters: Slots(slots.Draw(t, "voters")) | 1, Outgoing: Slots(slots.Draw(t, "outgoing"))}
		var values [MaxMembers]uint64
		for i := range values {
			values[i] = rapid.Uint64Range(0, 5).Draw(t, "value")
		}
		want := uint64(0)
		for value := range uint64(6) {
			set := Slots(0)
			for slot, v := range values {
				if v >= value {
					set |= 1 << slot
				}
			}
			if naiveQuorum(&c, set) {
				want = value
			}
		}
		if got := c.reached(&values); got != want {
			t.Fatalf("a quorum of %b and %b has reached %d of %v, want %d", c.Voters, c.Outgoing, got, values, want)
		}
	})
}

// §3.8, §10.2.1: an entry is durable when the write that appended it is, and all
// below it are; an entry of the same index that was removed says nothing of it.
func TestWritesKnowOfNoMoreThanIsDurable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w writes
		number, persisted := uint64(0), uint64(0)
		log := []uint64{0} // of the entry at each index, the write that appended it
		durable := func() Index {
			index := 0
			for index+1 < len(log) && log[index+1] <= persisted {
				index++
			}
			return Index(index)
		}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				number++
				for range rapid.IntRange(1, 3).Draw(t, "count") {
					log = append(log, number)
				}
				w.record(number, Index(len(log)-1))
			},
			"truncate": func(t *rapid.T) {
				if len(log) == 1 {
					return
				}
				number++
				log = log[:rapid.IntRange(1, len(log)-1).Draw(t, "from")]
				w.clip(Index(len(log) - 1))
			},
			"persist": func(t *rapid.T) {
				persisted = rapid.Uint64Range(persisted, number).Draw(t, "number")
				w.persist(persisted)
			},
			"": func(t *rapid.T) {
				switch {
				case w.durable > durable():
					t.Fatalf("%d is taken for durable, only %d is", w.durable, durable())
				case persisted == number && w.durable != Index(len(log)-1):
					t.Fatalf("%d is taken for durable, but all %d are", w.durable, len(log)-1)
				}
				for index := 1; index < len(log); index++ {
					after := w.covering(Index(index))
					if after < log[index] && Index(index) > durable() {
						t.Fatalf("entry %d of write %d is said to wait for %d only", index, log[index], after)
					}
				}
			},
		})
	})
}
