// Package wal keeps a Raft store in files: a log in segments, snapshots, and a
// marker that says whose it is. docs/wal.md in the repository gives the format, what
// is assumed of a disk, and what a crash at each point leaves.
//
// A [Log] is a state machine. It has no goroutines, no clock and no randomness, and
// writes no file itself: it submits numbered operations to an [Executor], and is
// told of each with [Log.Complete] when it is done. The server's I/O thread, the
// simulated disk of sim/disk and tests are executors of the same operations, so the
// engine that is proven in simulation is the one that runs on a disk. It reads
// through [Files].
//
//	log, report, err := wal.Open(wal.Options{}, files, executor)
//	…
//	refusal := driver.Start(&settings, clock, log, transport)
//	…
//	driver.Propose(entries)
//	log.Flush() // after each call of the driver
//	…
//	log.Complete(number, err) // for each operation, as the executor tells
//	driver.Wake()
//
// Writes that are given while a sync is under way share the next one. When nothing
// was written for a while, [Log.Seal] marks the end of the log, so that damage in
// its last batch is not taken for a batch that a crash has torn.
//
// A Log is not safe for concurrent use. A call that a correct driver cannot make,
// such as a write that leaves a gap, panics; nothing that a disk does or holds can.
package wal
