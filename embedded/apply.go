package embedded

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
)

// apply brings the state machine up to what is committed.
func (n *Node) apply() {
	for n.running {
		count, snapshot := n.driver.Next(n.batch[:])
		switch {
		case snapshot != nil:
			n.load(snapshot)
		case count == 0:
			return
		}
		for i := range n.batch[:count] {
			n.applyEntry(&n.batch[i])
		}
		n.driver.Applied(n.applied)
	}
}

// applyEntry has the machine carry a command out, and answers who waits for it.
func (n *Node) applyEntry(e *raft.Entry) {
	n.applied = e.Index
	n.counts.Applied++
	if e.Kind != raft.Command {
		n.remember(e, nil)
		return
	}
	response := n.ports.Machine.Apply(e.Index, e.Data)
	n.remember(e, response)
	n.answerProposal(e, response)
}

// load replaces the machine's state by the present snapshot's. A node that can't has
// nothing to go on from.
func (n *Node) load(s *raft.Snapshot) {
	size := n.ports.Store.LoadSnapshot(n.memory.State)
	if uint64(size) != s.Size || n.ports.Machine.Load(n.memory.State[:size]) != statemachine.Intact {
		n.running, n.unreadable = false, true
		n.abandon()
		return
	}
	n.counts.Loads++
	n.applied = s.Index
	n.forgetApplied()
}

// makeRoom takes a snapshot if the log is filling up. One that was refused may have cost
// a flash memory much, so the next is not tried at once.
func (n *Node) makeRoom() {
	now := n.ports.Clock.Now()
	if !n.running || !n.driver.WantsSnapshot() || now < n.snapshotAt {
		return
	}
	if n.compact(n.applied-min(n.applied, n.settings.Keep)) != OK {
		n.snapshotAt = now + raft.Instant(n.settings.ElectionTimeout/4)
	}
}

// compact takes a snapshot of all that is applied and lets the log go up to an index.
func (n *Node) compact(through raft.Index) Reason {
	n.ports.Store.Stored(&n.stored)
	if n.stored.Snapshot.Index >= n.applied {
		return NothingToCompact
	}
	size := n.ports.Machine.Save(n.memory.State)
	if size == 0 || !n.ports.Store.TakeSnapshot(n.applied, n.memory.State[:size], &n.taken) {
		return SnapshotTooLarge
	}
	refusal := n.driver.Compact(&n.taken, through)
	if refusal.Code == raft.OK {
		n.counts.Snapshots++
	}
	return Reason(refusal.Code)
}

// An AppliedSlot remembers an entry that was applied.
type AppliedSlot struct {
	index    raft.Index // 0: none
	kind     raft.EntryKind
	command  uint32 // its length, and of the response; together at most a cell
	response uint32
}

// Applied is what was applied at an index. What does not fit into its cell of
// [Memory.Bytes] is cut off.
type Applied struct {
	Index    raft.Index
	Kind     raft.EntryKind
	Command  []byte
	Response []byte
}

// remember notes what was applied.
func (n *Node) remember(e *raft.Entry, response []byte) {
	at := int(uint64(e.Index) % uint64(len(n.memory.Applied)))
	cell := n.cellAt(at)
	command := copy(cell, e.Data)
	n.memory.Applied[at] = AppliedSlot{
		index: e.Index, kind: e.Kind,
		command: uint32(command), response: uint32(copy(cell[command:], response)),
	}
}

func (n *Node) cellAt(at int) []byte { return n.memory.Bytes[at*n.cell : (at+1)*n.cell] }

// forgetApplied is for a machine whose state was replaced.
func (n *Node) forgetApplied() {
	for i := range n.memory.Applied {
		n.memory.Applied[i].index = 0
	}
}

// NextApplied fills in the first entry after an index that was applied and is still
// remembered, since the node started or loaded a snapshot. It returns false if there
// is none. The bytes are valid until the next call that changes the node.
func (n *Node) NextApplied(after raft.Index, into *Applied) bool {
	count := raft.Index(len(n.memory.Applied))
	for index := max(after, n.applied-min(n.applied, count)) + 1; index <= n.applied; index++ {
		at := int(uint64(index) % uint64(count))
		slot := &n.memory.Applied[at]
		if slot.index != index {
			continue
		}
		cell := n.cellAt(at)
		into.Index, into.Kind = index, slot.kind
		into.Command, into.Response = cell[:slot.command], cell[slot.command:slot.command+slot.response]
		return true
	}
	return false
}
