// Package session makes every command take effect exactly once, however often it
// is proposed (§6.3).
//
// A client that gets no answer does not know whether its command is in the log, so
// it proposes it again, and the log may hold it twice. [Machine] wraps any
// [statemachine.Machine]: a client opens a session, whose id is the index of the
// entry that opened it, and numbers its commands. A command that is applied again
// is answered with the response it had the first time.
//
//	var registers register.Machine
//	var slots [16]session.Slot
//	var responses [16 * session.CellBytes(register.ResponseBytes)]byte
//	var machine session.Machine
//	machine.Format(&session.Memory{Slots: slots[:], Responses: responses[:]}, &registers)
//
//	n := session.PutOpen(buffer[:])                         // propose buffer[:n]
//	n = session.PutCommand(buffer[:], id, sequence, length) // after the command was put behind HeaderBytes
//
// # One command at a time
//
// A session has one command in flight. Sending number n+1 says that number n is
// over, so one response is kept for each session, and its memory is known from the
// start. (A number of the oldest command not yet acknowledged, as §6.3 has it,
// would allow several at once, but needs memory for as many responses as a client
// likes. A client that wants k commands in flight opens k sessions.) A client that
// gives up waiting for number n may go on with n+1: from the moment n+1 is applied,
// n can no longer take effect.
//
// # Sessions end by the log
//
// A table is full when it is full: opening one more ends the session that has not
// been heard from for the longest part of the log. The order of the log is the same
// for all, a local clock is not, and the alternative, time carried in entries, asks
// leaders for clocks that agree. A command of a session that has ended is refused
// as [Ended], and never carried out: it may have been before. Choose a capacity
// above the number of clients that are alive at once.
//
// All machines of a cluster must have the same capacity and the same length of
// responses, because these decide what is answered; a snapshot of another shape is
// refused.
//
// Nothing here allocates, and the package links without a heap.
package session
