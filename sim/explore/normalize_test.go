package explore

import "testing"

// twins make the same steps as the servers of a universe, but their states are
// never normalized: clocks go on and numbers grow.
type twins struct {
	*universe
	packets packets
	servers []*server
	links   [][]uint32 // by word of the state
	scratch *server
}

func newTwins(t *testing.T, u *universe) *twins {
	t.Helper()
	w := &twins{universe: u, links: make([][]uint32, u.width)}
	w.packets.asTheyAre = true
	another := func() *server {
		s, _, err := newServer(u.server.layout, u.nodes, &u.chains, &w.packets)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for slot := range u.nodes {
		s := another()
		s.found(slot, u.nodes)
		w.servers = append(w.servers, s)
	}
	w.scratch = another()
	return w
}

// take has the twins do what an action does.
func (w *twins) take(a *action) {
	var packet uint32
	link := &w.links[a.link]
	switch a.kind {
	case loses:
		*link = (*link)[1:]
		return
	case copies:
		w.links[w.strays] = append(w.links[w.strays], (*link)[0])
		return
	case overtakes:
		w.links[w.strays] = append(w.links[w.strays], (*link)[0])
		*link = (*link)[1:]
		return
	case delivers:
		packet, *link = (*link)[0], (*link)[1:]
	case strays: // there is one at most
		packet, *link = (*link)[0], nil
	case steps:
		packet = a.input
	}
	if a.lossy {
		for from := range w.nodes {
			if from != int(a.server) {
				w.links[w.link(from, int(a.server))] = nil
			}
		}
	}
	server := w.servers[a.server]
	server.perform(inputOf(a.call, packet, a.delays))
	for _, sent := range server.sent {
		at := w.link(int(a.server), int(w.packets.routeOf(sent).to))
		w.links[at] = append(w.links[at], sent)
	}
}

// normal is the number that a twin's state gets when it is normalized after all. Its
// rounds may have begun at another number than the other's, which forgot them when it
// last followed: it is given that.
func (w *twins) normal(server int, round uint64) uint32 {
	from, to := w.servers[server], w.scratch
	to.disk = from.disk
	for i, part := range from.fixed() {
		copy(to.fixed()[i], part)
	}
	copy(to.held(), from.held())
	q := value[sequence](&to.driver, to.layout.sequence)
	shift := q.round - round
	numbers := []*uint64{&q.round, &q.confirmed}
	for slot := range q.echoed {
		numbers = append(numbers, &q.echoed[slot], &q.tried[slot])
	}
	for _, number := range numbers {
		*number = max(*number, shift) - shift
	}
	to.normalize()
	id, _ := w.universe.servers.intern(to.encode())
	return id
}

// What all abstraction relies on: that a state was made normal before a step makes
// no difference after it.
func TestNormalizingMakesNoDifference(t *testing.T) {
	for name, o := range map[string]*Options{
		"links":     {Nodes: 3, Elections: 5, Proposals: 3, Heartbeats: 6, Drops: 2, Duplicates: 1},
		"disks":     {Nodes: 3, Elections: 4, Proposals: 2, Heartbeats: 4, Crashes: 2, Slow: 2, Reorders: 1},
		"members":   {Nodes: 3, Elections: 3, Proposals: 1, Heartbeats: 4, Changes: 2, Drops: 1},
		"snapshots": {Nodes: 3, Elections: 4, Proposals: 2, Heartbeats: 4, Snapshots: 2, Crashes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			u, first, err := newUniverse(o)
			if err != nil {
				t.Fatal(err)
			}
			r := random{state: 1}
			steps := 0
			for range 300 {
				steps += walkWithTwins(t, u, first, &r)
			}
			t.Logf("%d steps compared", steps)
		})
	}
}

func walkWithTwins(t *testing.T, u *universe, first state, r *random) (compared int) {
	t.Helper()
	w := newTwins(t, u)
	at, into := append(state(nil), first...), make(state, u.width)
	told := newTrail(u, first)
	for range 300 {
		actions := u.actions(at, nil)
		if len(actions) == 0 {
			break
		}
		a := actions[r.below(len(actions))]
		if _, happened := u.apply(at, &a, into); !happened {
			continue
		}
		told.take(&a, into, "")
		w.take(&a)
		at, into = into, at
		for server := range u.nodes {
			u.server.decode(u.servers.of(at[server]))
			round := value[sequence](&u.server.driver, u.server.layout.sequence).round
			if compared++; w.normal(server, round) != at[server] {
				t.Fatalf("step %v makes %s of one server, and %s of its twin that was never normalized:\n%v",
					a, u.describe(at, server), w.scratch.describe(), told.path)
			}
		}
	}
	return compared
}
