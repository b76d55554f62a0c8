package embedded_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/driftless-raft/driftless/contract"
	"github.com/driftless-raft/driftless/raft"
)

var (
	update        = flag.Bool("update", false, "write what the contract's scenarios come to into contract/results")
	contractSeeds = flag.Uint64("contract.seeds", 3, "how many seeds each of the contract's scenarios is performed with")
)

// A runner starts boards on the host.
type runner struct{ seed uint64 }

// Name implements [contract.Runner].
func (runner) Name() string { return "embedded, blocks" }

// Version implements [contract.Runner].
func (runner) Version() string { return "core " + raft.Fingerprint }

// Lacks implements [contract.Runner].
func (runner) Lacks(c contract.Capability) string {
	switch c {
	case contract.UnsyncedData:
		return "the store is synchronous, so that nothing is ever written and not durable"
	case contract.Releases:
		return "this is the first release for boards"
	default:
		return ""
	}
}

// Start implements [contract.Runner].
func (r runner) Start(setup contract.Setup) (contract.Cluster, error) {
	c := newCluster(setup.Servers, r.seed)
	var founders []contract.Member
	for number := 1; number <= setup.Founders; number++ {
		founders = append(founders, contract.Member{Server: number})
	}
	founding := configuration(founders, nil)
	for _, b := range c.boards {
		b.power()
		identity := raft.Identity{Cluster: clusterNumber, Self: b.member()}
		var refusal raft.Refusal
		if b.number <= setup.Founders {
			refusal = b.node.Bootstrap(&identity, founding)
		} else {
			refusal = b.node.Join(&identity)
		}
		if err := b.began(refusal); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func TestTheContractHolds(t *testing.T) {
	for seed := uint64(1); seed <= *contractSeeds; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			results := contract.Run(t, runner{seed})
			if seed == 1 {
				compareResults(t, results)
			}
		})
	}
}

// compareResults holds the results against those that are committed, or replaces these.
func compareResults(t *testing.T, results contract.Results) {
	t.Helper()
	path := filepath.Join("..", "contract", "results", "embedded-blocks.txt")
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
		t.Errorf("%s is stale: run `go test ./embedded -run Contract -update`", path)
	}
}
