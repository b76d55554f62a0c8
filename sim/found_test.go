package sim

import "testing"

// Seeds that once found something, in the core or in what checks it, with what it was. The decisions a
// seed stands for change with the code, so each finding has a test of its own too
// where one could be written; these cost nothing and keep the list.
func TestWhatTheSimulatorFoundStaysMended(t *testing.T) {
	for _, found := range []struct {
		seed  uint64
		nodes int
		what  string
	}{
		{12, 0, "a member refused its leader's new incarnation"},
		{23, 0, "the same, by a learner"},
		{40, 0, "a probe moved on before it was answered"},
		{48, 4, "a server outside its uncommitted configuration did not campaign"},
		{104, 0, "a follower without room did not acknowledge what it had"},
		{232, 0, "entries below the snapshot were kept while room was short"},
		{215, 0, "questions after a restart were taken for late ones"},
		{33, 0, "acknowledgements by a slow disk were taken for late ones"},
		{119, 0, "late rejections set off attempts without end"},
		{5862, 0, "a follower that had been full was sent single entries for ever"},
		{2678, 0, "a snapshot that could not be taken cost the one being received"},
		{9835, 0, "late answers let a full follower be sent windows of entries"},
		{16058, 0, "the same"},
		{2899, 0, "a snapshot being sent to a hung disk kept a log full of bytes from being cut"},
		{89688, 0, "a log engine that ran out of space while nothing was written never asked again"},
		{36453, 0, "a joint configuration was taken for one in force because the entry that left it was gone again"},
		{111633, 0, "a leader outside a core gave it a configuration that it can't decide"},
		{34745, 0, "followers that a leader had filled to the last entry could not lead without it"},
		{113218, 0, "the same"},
		{2365, 0, "a follower whose blocks were filled worse than its leader's refused what to commit"},
		{144119, 0, "a lost body was asked for most often where nobody had it"},
	} {
		if result := Run(found.seed, Expand(found.seed, found.nodes)); result.Failure != nil {
			t.Errorf("seed %d (%s): %s: %s", found.seed, found.what, result.Failure.Rule, result.Failure.What)
		}
	}
}
