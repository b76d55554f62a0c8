package sim

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/driftless-raft/driftless/contract"
)

var (
	update        = flag.Bool("update", false, "write what the contract's scenarios come to into contract/results")
	contractSeeds = flag.Uint64("contract.seeds", 5, "how many seeds each of the contract's scenarios is performed with")
	contractBlind = flag.Bool("contract.blind", false, "let the contract's scenarios notice what they can without the simulator's oracles")
)

func TestTheContractHolds(t *testing.T) {
	for _, store := range []StoreKind{BlockStore, QueueStore, LogStore} {
		for seed := uint64(1); seed <= *contractSeeds; seed++ {
			t.Run(fmt.Sprintf("%v/seed %d", store, seed), func(t *testing.T) {
				results := contract.Run(t, Runner{Store: store, Seed: seed, blind: *contractBlind})
				if seed == 1 {
					compareResults(t, "sim-"+store.String(), results)
				}
			})
		}
	}
}

// compareResults holds the results against those that are committed, or replaces
// these.
func compareResults(t *testing.T, name string, results contract.Results) {
	t.Helper()
	path := filepath.Join("..", "contract", "results", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(results.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != results.String() {
		t.Errorf("%s is stale: run `go test ./sim -run Contract -update`", path)
	}
}
