package main

import "fmt"

// burst is how many commands are proposed at once where they come in bursts.
const burst = 64

// work is what both single-threaded clusters can do.
type work interface {
	cluster
	commit(count int)
	idle()
	elect()
}

// coreComparisons are all comparisons of the core.
func coreComparisons() []comparison {
	var all []comparison
	for _, nodes := range []int{3, 5} {
		for _, count := range []int{1, burst} {
			commit := func(w work) func() { return func() { w.commit(count) } }
			all = append(all, comparison{
				name: commitName(nodes, count),
				ours: func() side { return single("driftless", newDriftless(nodes), count, commit) },
				theirs: func() side {
					return single("go.etcd.io/raft/v3", newEtcd(nodes), count, commit)
				},
			})
		}
	}
	idle := func(w work) func() { return w.idle }
	elect := func(w work) func() { return w.elect }
	all = append(all,
		comparison{
			name:   "idle minute, 3 nodes",
			ours:   func() side { return single("driftless", newDriftless(3), 1, idle) },
			theirs: func() side { return single("go.etcd.io/raft/v3", newEtcd(3), 1, idle) },
		},
		comparison{
			name:   "election, 3 nodes",
			ours:   func() side { return single("driftless", newDriftless(3), 1, elect) },
			theirs: func() side { return single("go.etcd.io/raft/v3", newEtcd(3), 1, elect) },
		},
	)
	for _, count := range []int{1, burst} {
		all = append(all, comparison{
			name:       commitName(3, count) + ", against goroutines",
			goroutines: true,
			ours: func() side {
				return single("driftless", newDriftless(3), count, func(w work) func() { return func() { w.commit(count) } })
			},
			theirs: func() side {
				c := newHashicorp(3)
				return side{cluster: c, name: "github.com/hashicorp/raft", run: func() { c.commit(count) }, units: count}
			},
		})
	}
	return all
}

func commitName(nodes, count int) string {
	if count == 1 {
		return fmt.Sprintf("commit 16 B, %d nodes, one at a time", nodes)
	}
	return fmt.Sprintf("commit 16 B, %d nodes, bursts of %d", nodes, count)
}

// single is a side that runs in one thread.
func single(name string, w work, units int, run func(work) func()) side {
	return side{cluster: w, name: name, run: run(w), units: units}
}
