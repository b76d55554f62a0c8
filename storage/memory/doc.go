// Package memory keeps a Raft store in memory, in two ways.
//
// [Blocks] is a log in erase blocks, as flash memory has them. It works in
// memory the caller hands over, never allocates, and every write is durable at
// once: it is what a board without flash runs on.
//
//	var (
//		blocks  memory.Blocks
//		entries [64]memory.EntrySlot
//		…
//	)
//	blocks.Format(&memory.Memory{Blocks: 4, Entries: entries[:], …})
//	refusal := driver.Start(&settings, clock, &blocks, transport)
//
// [Queue] is a store whose writes become durable when its owner says so, in any
// order, or never: it crashes back to any state a disk could be found in. It is
// what simulators and tests run on.
//
//	queue := memory.NewQueue(1024, 1<<20)
//	…
//	for _, number := range queue.Pending() {
//		queue.Complete(number)
//	}
//	driver.Persisted()
//
// Both keep the bytes of the present snapshot. A realization that has taken a
// snapshot of its state machine puts it aside with TakeSnapshot, which describes
// it for [raft.Driver.Compact].
//
// What Entries, Chunk and SnapshotBytes return is valid until the next call that
// changes the store. A call that a correct driver cannot make, such as a write
// that leaves a gap, panics: it is a bug of the caller, and to go on would lose
// what is stored.
package memory
