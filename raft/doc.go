// Package raft is the Raft consensus algorithm as a pure function of its
// inputs, after Diego Ongaro's dissertation "Consensus: Bridging Theory and
// Practice" (2014). Section numbers in comments are the dissertation's.
//
// A [Node] is one server's state: flat, of fixed capacity, copied by
// assignment. [Node.Step] takes the time and one [Input], changes the node and
// fills [Effects]: what to write, what to send. It does no I/O, reads no clock
// and allocates nothing. [Node.Deadline] says when it next wants the time.
//
// A realization (a server, a board, a simulator) seldom calls Step itself. It
// implements three ports, [Clock], [Storage] and [Transport], and hands them to
// the one [Driver], which steps the node, carries the entries' bytes between
// the ports and lets no message leave before the write it depends on is
// durable.
//
//	var driver raft.Driver
//	if refusal := driver.Start(settings, clock, storage, transport); refusal.Code != raft.OK {
//		return refusal
//	}
//	first, term, refusal := driver.Propose(entries)
//	…
//	if driver.Node().Fate(first, term) == raft.Committed { … }
//
// A Driver is not safe for concurrent use: one goroutine, or one task of an
// executor, owns it.
package raft
