package sim

import "testing"

// A faultSwitch is a fault, with what turns it on and how often it then happened.
type faultSwitch struct {
	name  string
	on    func(*Options)
	count int
}

// switches are the faults of clocks, nodes and the network.
var switches = []faultSwitch{
	{"loss", func(o *Options) { o.Loss = 100_000 }, lostMessages},
	{"duplication", func(o *Options) { o.Duplication = 100_000 }, duplicates},
	{"corruption", func(o *Options) { o.Corruption = 100_000 }, corruptions},
	{"garbling", func(o *Options) { o.Garbling = 100_000 }, garbledMessages},
	{"bounded links", func(o *Options) { o.LinkCapacity = 1; o.ClientEvery /= 30 }, evictions},
	{"partitions", func(o *Options) { o.Partitions = 1 }, partitions},
	{"deafness", func(o *Options) { o.Deafnesses = 1 }, deafnesses},
	{"flapping", func(o *Options) { o.Flaps = 1 }, flaps},
	{"clogs", func(o *Options) { o.Clogs = 1 }, clogs},
	{"swizzles", func(o *Options) { o.Swizzles = 1 }, swizzles},
	{"filters", func(o *Options) { o.Filters = 1 }, heldMessages},
	{"crashes", func(o *Options) { o.Crashes = 1 }, crashes},
	{"pauses", func(o *Options) { o.Pauses = 1 }, pauses},
	{"clocks that stand", func(o *Options) { o.Pauses, o.UnfitClocks = 1, million }, suspensions},
	{"unfit clocks", func(o *Options) { o.UnfitClocks = million }, unfitClocks},
	{"slow nodes", func(o *Options) { o.SlowNodes = 1 }, slowNodes},
	{"drift", func(o *Options) { o.ClockErrorPPM, o.Drifts = 200_000, 1 }, drifts},
	{"jumps", func(o *Options) { o.Jumps = 1 }, jumps},
	{"power failures", func(o *Options) { o.Outages = 1 }, outages},
	{"power failures after answers", func(o *Options) { o.OutageOnAnswer = 20_000 }, outages},
	{"lulls", func(o *Options) { o.Lulls = 1 }, lulls},
	{"restarts before a vote", func(o *Options) { o.Deafnesses, o.RestartOnVote = 1, million }, restartsOnVote},
	{"aborted transfers", func(o *Options) { o.Transfers, o.Abortions = 1, million }, abortedTransfers},
}

func TestEveryFaultCanBeSwitchedOnByItself(t *testing.T) {
	for _, s := range switches {
		t.Run(s.name, func(t *testing.T) { s.check(t, calmOptions(), 5, 5) })
	}
}

// check switches a fault on in some seeds: nothing breaks, and it happens, as it does not
// in as many of them as are said without it.
func (s *faultSwitch) check(t *testing.T, calm Options, seeds, without uint64) {
	t.Helper()
	total := uint64(0)
	for seed := uint64(1); seed <= seeds; seed++ {
		options := calm
		if seed <= without {
			if off := Run(seed, options); off.Coverage[s.count] != 0 {
				t.Errorf("seed %d: %d %s although nothing is switched on", seed, off.Coverage[s.count], CoverageNames[s.count])
			}
		}
		s.on(&options)
		result := Run(seed, options)
		if result.Failure != nil {
			t.Errorf("seed %d breaks %s: %s", seed, result.Failure.Rule, result.Failure.What)
		}
		total += result.Coverage[s.count]
	}
	if total == 0 {
		t.Errorf("there were no %s", CoverageNames[s.count])
	}
}
