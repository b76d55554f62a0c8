//go:build !wasip1

package sim

import (
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/internal/wasi"
)

func TestWebAssemblyComesToTheSameHash(t *testing.T) {
	if testing.Short() {
		t.Skip("what to compare with takes a while, too: go test without -short")
	}
	output, err := wasi.Test(t, "TestThisMachineComesToTheHashOfAnother", map[string]string{expected: comparedHash(t)})
	if err != nil || !strings.Contains(output, "--- PASS: TestThisMachine") {
		t.Errorf("WebAssembly: %v\n%s", err, output)
	}
}
