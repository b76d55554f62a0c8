package explore

import (
	"maps"
	"testing"
)

// What symmetry relies on: a server that is called otherwise, and so are all
// others it knows of, makes the same step but for names.
func TestEveryStepIsTheSameUnderOtherNames(t *testing.T) {
	for name, o := range map[string]*Options{
		"faults":     {Nodes: 3, Elections: 1, Proposals: 1, Drops: 1, Duplicates: 1},
		"heartbeats": {Nodes: 3, Elections: 1, Proposals: 2, Heartbeats: 2},
		"slow disks": {Nodes: 3, Elections: 1, Proposals: 1, Crashes: 1, Slow: 1},
		"snapshots":  {Nodes: 3, Elections: 2, Snapshots: 1},
	} {
		t.Run(name, func(t *testing.T) {
			o.Symmetry = true
			u := explored(t, o)
			made := maps.Clone(allSteps(u))
			compared := 0
			for key := range made {
				id, in := uint32(key>>32), input(key)
				for order := range u.renaming.orders {
					compareStep(t, u, id, in, order)
					compared++
				}
			}
			t.Logf("%d steps compared", compared)
		})
	}
}

func allSteps(u *universe) map[uint64]bool {
	made := map[uint64]bool{}
	for _, key := range u.steps.keys {
		if key != 0 {
			made[key] = true
		}
	}
	return made
}

func compareStep(t *testing.T, u *universe, id uint32, in input, order int) {
	t.Helper()
	r := u.renaming
	renamed := in
	if in.call() == receive || in.call() == receiveLate {
		renamed = inputOf(in.call(), r.packet(order, in.argument()), in.delays())
	}
	one, other := *u.step(id, in), *u.step(r.server(order, id), renamed)
	if one.won != other.won || one.committed != other.committed || one.count != other.count || r.server(order, one.next) != other.next {
		u.server.decode(u.servers.of(id))
		t.Fatalf("step %d(%d) of a server is another under the names %v: %s", in.call(), in.argument(), r.orders[order], u.server.describe())
	}
	sent := map[uint32]int{}
	for i := range int(one.count) {
		sent[r.packet(order, *u.sent.at(int(one.first) + i))]++
		sent[*u.sent.at(int(other.first) + i)]--
	}
	for _, count := range sent {
		if count != 0 {
			t.Fatalf("step %d(%d) sends something else under the names %v", in.call(), in.argument(), r.orders[order])
		}
	}
}

// The gate: one run without symmetry. Its states, each under the names that stand
// for all others, must be those of a run with it.
func TestSymmetryOmitsNothingButNames(t *testing.T) {
	for _, o := range []Options{
		{Nodes: 3, Elections: 2},
		{Nodes: 3, Elections: 1, Proposals: 1, Duplicates: 1},
		{Nodes: 3, Elections: 1, Proposals: 1, Crashes: 1, Slow: 1},
		{Nodes: 3, Elections: 1, Proposals: 1, Drops: 1, Snapshots: 1},
	} {
		with, without := o, o
		with.Symmetry = true
		a, b := visit(t, &with), visit(t, &without)
		orbits := visited{}
		r := newRenaming(b.universe)
		for i := range b.all.length {
			s := append(state(nil), b.all.at(i)...)
			r.canonical(s)
			low, high := fingerprint(s)
			orbits.add(meeting{low: low, high: high})
		}
		if a.all.length != orbits.met.length {
			t.Errorf("%+v: %d states with symmetry, but the %d without it are %d when names don't count",
				o, a.all.length, b.all.length, orbits.met.length)
		}
	}
}

// visits are all states of a run.
type visits struct {
	*universe
	all rows
}

func visit(t *testing.T, o *Options) *visits {
	t.Helper()
	o.Strategy = BreadthFirst
	u, first, err := newUniverse(o)
	if err != nil {
		t.Fatal(err)
	}
	v := &visits{universe: u, all: rows{width: u.width}}
	var known visited
	note := func(s state) {
		u.canonical(s)
		low, high := fingerprint(s)
		if known.add(meeting{low: low, high: high}) {
			v.all.push(s)
		}
	}
	into := append(state(nil), first...)
	note(into)
	for i := 0; i < v.all.length; i++ {
		from := v.all.at(i)
		for _, a := range u.actions(from, nil) {
			failure, happened := u.apply(from, &a, into)
			if failure != "" {
				t.Fatal(failure)
			}
			if happened {
				note(into)
			}
		}
	}
	return v
}
