//go:build driftless_board

package raft_test

import (
	"testing"
	"unsafe"

	"github.com/driftless-raft/driftless/raft"
)

func TestABoardsNodeEffectsAndInputFitInFourKibibytes(t *testing.T) {
	node, effects, input := unsafe.Sizeof(raft.Node{}), unsafe.Sizeof(raft.Effects{}), unsafe.Sizeof(raft.Input{})
	t.Logf("node %d, effects %d, input %d: %d bytes", node, effects, input, node+effects+input)
	if node+effects+input > 4096 {
		t.Errorf("node %d, effects %d and input %d are %d bytes, more than 4096", node, effects, input, node+effects+input)
	}
}
