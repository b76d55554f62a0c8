package sim

import (
	"fmt"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/trace"
)

// Trace runs a seed as [Run] does and tells of whatever happens. An event is valid
// until the call that it is passed to returns.
func Trace(seed uint64, options Options, tell func(*trace.Event)) Result {
	w := world{trace: &tracer{tell: tell}}
	return w.run(seed, &options, randomTape(seed))
}

// A tracer tells what happens in a run. Callers ask whether there is one first: to
// make the events would cost too much.
type tracer struct {
	tell     func(*trace.Event)
	carried  uint64 // the number of the message that is being delivered
	states   [serversMax]trace.State
	coverage Coverage // before a fault
}

var messageNames = [...]string{
	raft.PreVote: "PreVote", raft.PreVoteReply: "PreVoteReply", raft.Vote: "Vote", raft.VoteReply: "VoteReply",
	raft.Append: "Append", raft.AppendReply: "AppendReply", raft.Heartbeat: "Heartbeat",
	raft.HeartbeatReply: "HeartbeatReply", raft.SnapshotChunk: "SnapshotChunk", raft.SnapshotReply: "SnapshotReply",
	raft.TimeoutNow: "TimeoutNow", raft.ReadIndex: "ReadIndex", raft.ReadIndexReply: "ReadIndexReply", raft.Fetch: "Fetch", raft.FetchReply: "FetchReply",
}

var inputNames = [...]string{
	raft.Tick: "Tick", raft.Receive: "Receive", raft.Propose: "Propose", raft.Change: "Change",
	raft.Transfer: "Transfer", raft.Read: "Read", raft.Failed: "Failed", raft.Persisted: "Persisted",
	raft.Sent: "Sent", raft.Compact: "Compact", raft.Checked: "Checked",
}

var writeNames = [...]string{
	raft.WriteIdentity: "identity", raft.WriteHardState: "hard state", raft.WriteTruncate: "truncate",
	raft.WriteEntries: "entries", raft.WriteSnapshot: "snapshot", raft.WriteCompact: "compact",
	raft.WriteChunk: "chunk", raft.WriteInstall: "install", raft.WriteAdopt: "adopt", raft.WriteRepair: "repair",
}

var entryNames = [...]string{raft.Command: "command", raft.NoOp: "no-op", raft.ConfigurationChange: "configuration"}

// brief shows a message by the fields that are not zero.
func brief(m *raft.Message) string {
	shown := messageOf(m, 0)
	return shown.String()
}

// messageOf is a message as traces show it.
func messageOf(m *raft.Message, number uint64) trace.Message {
	return trace.Message{
		ID: number, Kind: messageNames[m.Kind], From: uint32(m.From.ID), To: uint32(m.To.ID), Term: uint64(m.Term),
		Reject: m.Reject, Full: m.Full, Force: m.Force, Probe: m.Probe, Configured: m.Configured,
		Index: uint64(m.Index), LogTerm: uint64(m.LogTerm), Last: uint64(m.Last), EntryTerm: uint64(m.EntryTerm),
		Commit: uint64(m.Commit), Round: m.Round, Stamp: uint64(m.Stamp), Offset: m.Offset, Bytes: m.Bytes,
	}
}

// StateOf is what can be seen of a node by itself.
func StateOf(n *raft.Node) trace.State {
	configuration, _ := n.Configuration()
	return trace.State{
		Role: n.Role().String(), Term: uint64(n.Term()), Vote: uint32(n.Vote().ID), Leader: uint32(n.Leader().ID),
		Commit: uint64(n.Commit()), Last: uint64(n.Last()), Durable: uint64(n.Durable()),
		Configuration: describeMembers(configuration),
	}
}

// stateOf is what can be seen of a server that is up.
func (s *server) stateOf() trace.State {
	n, log := s.driver.Node(), &s.disk.written
	state := StateOf(n)
	state.Applied = uint64(s.machine.index)
	if n.Last() <= log.last {
		state.LastTerm = uint64(log.at(n.Last()).term)
	}
	return state
}

// Describe shows a node's step on a line: what it was given, and what it is then.
func Describe(n *raft.Node, in *raft.Input, out *raft.Effects) string {
	e := trace.Event{Kind: trace.Step, Input: inputNames[in.Kind]}
	if in.Kind == raft.Receive {
		m := messageOf(&in.Message, 0)
		e.Message = &m
	}
	if out.Refusal.Code != raft.OK {
		e.Refusal = out.Refusal.Code.String()
	}
	state := StateOf(n)
	e.State = &state
	return fmt.Sprintf("%s, %d messages", e.Account(), out.Count)
}

// event begins an event.
func (w *world) event(kind trace.EventKind, s *server) trace.Event {
	e := trace.Event{At: w.now, Step: w.events, Kind: kind}
	if s != nil {
		e.Server = uint32(s.id)
	}
	return e
}

// traceState tells of something that may have changed a server's state.
func (w *world) traceState(e *trace.Event, s *server) {
	state := s.stateOf()
	if e.Kind == trace.Start || state != w.trace.states[s.slot] {
		w.trace.states[s.slot] = state
		e.State = &state
	}
	if e.State != nil || e.Kind != trace.Apply {
		w.trace.tell(e)
	}
}

// traceStep tells of a step.
func (w *world) traceStep(s *server, in *raft.Input, out *raft.Effects) {
	e := w.event(trace.Step, s)
	e.Input = inputNames[in.Kind]
	if in.Kind == raft.Receive {
		m := messageOf(&in.Message, w.trace.carried)
		e.Message = &m
	}
	if out.Refusal.Code != raft.OK {
		e.Refusal = out.Refusal.Code.String()
	}
	w.traceState(&e, s)
}

// traceSend tells of a message that leaves.
func (w *world) traceSend(s *server, m *raft.Message, lost bool) {
	e := w.event(trace.Send, s)
	shown := messageOf(m, w.sends)
	shown.Lost = lost
	e.Message = &shown
	w.trace.tell(&e)
}

// traceWrite tells of a write.
func (w *world) traceWrite(s *server, wr *raft.Write) {
	e := w.event(trace.Write, s)
	shown := trace.StoredWrite{Number: wr.Number, Kind: writeNames[wr.Kind], Offset: wr.Offset}
	switch wr.Kind {
	case raft.WriteHardState:
		shown.Term, shown.Vote = uint64(wr.HardState.Term), uint32(wr.HardState.Vote.ID)
	case raft.WriteEntries, raft.WriteRepair:
		first, last := &wr.Entries[0], &wr.Entries[len(wr.Entries)-1]
		shown.First, shown.Last, shown.Term, shown.EntryKind = uint64(first.Index), uint64(last.Index), uint64(first.Term), entryNames[first.Kind]
	case raft.WriteTruncate:
		shown.First = uint64(wr.Index)
	case raft.WriteCompact:
		shown.Last, shown.Term = uint64(wr.Index), uint64(wr.Term)
	case raft.WriteIdentity, raft.WriteSnapshot, raft.WriteChunk, raft.WriteInstall, raft.WriteAdopt:
		if wr.Snapshot != nil {
			shown.Last, shown.Term = uint64(wr.Snapshot.Index), uint64(wr.Snapshot.Term)
		}
	}
	e.Write = &shown
	w.trace.tell(&e)
}

// traceDurable tells of a write that is durable.
func (w *world) traceDurable(s *server, c *change) {
	e := w.event(trace.Durable, s)
	e.Write = &trace.StoredWrite{Number: c.number, Kind: writeNames[c.kind]}
	w.trace.tell(&e)
}

// traceClient tells of what a client does or learns.
func (w *world) traceClient(kind trace.EventKind, c *client, text string) {
	e := w.event(kind, nil)
	number := uint32(c.number)
	e.Client, e.Text = &number, text
	w.trace.tell(&e)
}

// asks tells what a client asks for.
func (c *client) asks() string {
	return fmt.Sprintf("asks for operation %d: %s of register %d, %d, if it holds %d", c.serial,
		operationNames[c.input.Kind], c.where, c.input.Value, c.input.Expected)
}

// learns tells what a client is told.
func (c *client) learns(out linearizability.RegisterOutput) string {
	if out.Failed {
		return fmt.Sprintf("learns that operation %d was not to be, for register %d holds %d", c.serial, c.where, out.Value)
	}
	return fmt.Sprintf("learns that operation %d is done and register %d holds %d", c.serial, c.where, out.Value)
}

var operationNames = [...]string{
	linearizability.Read: "a read", linearizability.Write: "a write",
	linearizability.Add: "an addition", linearizability.CompareAndSwap: "a compare-and-swap",
}

// traceFault tells of the faults that an event has brought about since a tracer
// was asked to remember what there were.
func (w *world) traceFault() {
	for i, count := range w.coverage {
		if count != w.trace.coverage[i] {
			e := w.event(trace.Fault, nil)
			e.Text, e.Cut = CoverageNames[i], w.network.cuts(w.count)
			w.trace.tell(&e)
		}
	}
}

// cuts are the links that are cut.
func (n *network) cuts(count int) [][2]uint32 {
	var cuts [][2]uint32
	for from := range count {
		for to := range count {
			if n.links[from][to].cut {
				cuts = append(cuts, [2]uint32{uint32(from + 1), uint32(to + 1)})
			}
		}
	}
	return cuts
}

// healed is what traces say first when the faults are over.
const healed = "all faults end"

// traceHealed tells that the faults are over.
func (w *world) traceHealed() {
	e := w.event(trace.Fault, nil)
	e.Text = healed + ", and the cluster must recover"
	if w.core != 0 {
		var inside []uint32
		for _, s := range w.servers[:w.count] {
			if w.counts(s) {
				inside = append(inside, uint32(s.id))
			}
		}
		e.Text = healed + " for servers " + list(inside) + ", who must go on while the others stay broken for good"
	}
	w.trace.tell(&e)
}

// say tells of something else that happens to a server, in words.
func (w *world) say(s *server, format string, arguments ...any) {
	e := w.event(trace.Fault, s)
	e.Text = fmt.Sprintf(format, arguments...)
	w.trace.tell(&e)
}

// traceVerdict tells of a rule that is broken.
func (w *world) traceVerdict(f *Failure) {
	e := w.event(trace.Verdict, nil)
	e.Rule, e.Text = f.Rule, f.What
	w.trace.tell(&e)
}
