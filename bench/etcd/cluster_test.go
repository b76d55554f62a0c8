package etcd

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/contract"
)

var update = flag.Bool("update", false, "write what the scenarios come to into contract/results")

func TestEtcdRaftKeepsTheContract(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			results := contract.Run(t, Runner{Seed: seed})
			if seed == 1 {
				compare(t, results.String())
			}
		})
	}
}

func TestTheVersionIsTheOneThatIsLinked(t *testing.T) {
	module, err := os.ReadFile(filepath.Join("..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(module), "go.etcd.io/raft/v3 "+version+"\n") {
		t.Errorf("go.mod requires another version of go.etcd.io/raft/v3 than %s", version)
	}
}

// compare holds the results against those that are committed, or replaces these.
func compare(t *testing.T, results string) {
	t.Helper()
	path := filepath.Join("..", "..", "contract", "results", "etcd-raft.txt")
	if *update {
		if err := os.WriteFile(path, []byte(results), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != results {
		t.Errorf("%s is stale: run `go test ./etcd -update` in bench", path)
	}
}
