package sim

import (
	"context"
	"testing"
)

func TestTheRareEventsAreManyAndHaveNames(t *testing.T) {
	var sum Summary
	if all := sum.Sometimes(); len(all) != int(rarities)+len(counted) || len(all) < 40 || len(sum.SometimesMissing()) != len(all) {
		t.Errorf("%d names of %d rare events, of which %d are missing where nothing happened",
			len(all), int(rarities)+len(counted), len(sum.SometimesMissing()))
	}
}

func TestASweepTellsInWhichSeedsARareEventOccurred(t *testing.T) {
	var sum Summary
	for seed, count := range map[uint64]uint64{7: 2, 8: 0, 9: 1} {
		r := Result{Seed: seed}
		r.met[splitVote] = count
		sum.met.add(&r)
	}
	met := sum.Sometimes()[rarityNames[splitVote]]
	if met.Count != 3 || met.Seeds != 2 || met.First != 7 && met.First != 9 {
		t.Errorf("%+v, want 3 in 2 seeds", met)
	}
}

func TestRareEventsOccurInAFewHundredSeeds(t *testing.T) {
	sum := Sweep(context.Background(), 1, 300, func(seed uint64) Options { return Expand(seed, 0) }, nil)
	rarer := map[string]bool{ // which take hundreds or thousands
		rarityNames[oldTermOverwritten]: true, rarityNames[leaderOutside]: true, rarityNames[leaseJump]: true,
		"lease broken by wrong clocks": true,
	}
	for _, name := range sum.SometimesMissing() {
		if !rarer[name] {
			t.Errorf("in 300 seeds there was no %s", name)
		}
	}
}
