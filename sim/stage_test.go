package sim

import "testing"

func TestPerformingAllThatHappenedIsTheSameRun(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		options := Expand(seed, 0)
		w := world{recorder: &recorder{}}
		tape := randomTape(seed)
		tape.record = true
		w.reset(&options, tape)
		w.begin()
		w.recorder.founded(&w)
		w.until(options.SafetyPhase)
		var again world
		taken := again.perform(&options, w.recorder.actions)
		if again.hash != w.hash || len(taken) != len(w.recorder.actions) || again.messages != w.messages {
			t.Errorf("seed %d: %d actions and %d messages with hash %016x, then %d and %d with %016x", seed,
				len(w.recorder.actions), w.messages, w.hash, len(taken), again.messages, again.hash)
		}
	}
}
