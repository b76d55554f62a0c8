package sim

import (
	"fmt"
	"io"
	"strings"

	"github.com/driftless-raft/driftless/raft"
)

// Trace runs a seed as [Run] does and writes a line for whatever happens.
func Trace(seed uint64, options Options, to io.Writer) Result {
	w := world{trace: to}
	return w.run(seed, &options, randomTape(seed))
}

// say writes a line of the trace. Callers ask whether there is one first: the
// arguments alone would cost too much.
func (w *world) say(s *server, format string, arguments ...any) {
	fmt.Fprintf(w.trace, "%14.6f ms  ", float64(w.now)/millisecond)
	if s != nil {
		fmt.Fprintf(w.trace, "server %d  ", s.id)
	}
	fmt.Fprintf(w.trace, format, arguments...)
	fmt.Fprintln(w.trace)
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

// brief shows a message by the fields that are not zero.
func brief(m *raft.Message) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %d->%d term %d", messageNames[m.Kind], m.From.ID, m.To.ID, m.Term)
	for _, flag := range [...]struct {
		name string
		set  bool
	}{{"reject", m.Reject}, {"full", m.Full}, {"force", m.Force}, {"probe", m.Probe}, {"configured", m.Configured}} {
		if flag.set {
			text.WriteString(" " + flag.name)
		}
	}
	for _, field := range [...]struct {
		name  string
		value uint64
	}{
		{"index", uint64(m.Index)},
		{"logterm", uint64(m.LogTerm)},
		{"last", uint64(m.Last)},
		{"entryterm", uint64(m.EntryTerm)},
		{"commit", uint64(m.Commit)},
		{"round", m.Round},
		{"stamp", uint64(m.Stamp)},
		{"offset", m.Offset},
		{"bytes", uint64(m.Bytes)},
	} {
		if field.value != 0 {
			fmt.Fprintf(&text, " %s %d", field.name, field.value)
		}
	}
	return text.String()
}

// traceStep tells of a step that changed what the oracles look at.
func (w *world) traceStep(s *server, in *raft.Input, out *raft.Effects) {
	n := s.driver.Node()
	text := inputNames[in.Kind]
	if in.Kind == raft.Receive {
		text += " " + brief(&in.Message)
	}
	w.say(s, "%s => %v term %d commit %d last %d durable %d, room %d/%d, refusal %v, %d messages", text,
		n.Role(), n.Term(), n.Commit(), n.Last(), n.Durable(), in.Room.Entries, in.Room.Bytes, out.Refusal.Code, out.Count)
}

// traceWrite tells of a write.
func (w *world) traceWrite(s *server, wr *raft.Write) {
	switch wr.Kind {
	case raft.WriteHardState:
		w.say(s, "  writes %d: hard state %+v", wr.Number, wr.HardState)
	case raft.WriteEntries:
		e := &wr.Entries[0]
		w.say(s, "  writes %d: %d entries from %d of term %d, the first of kind %d", wr.Number, len(wr.Entries), e.Index, e.Term, e.Kind)
	case raft.WriteSnapshot, raft.WriteInstall, raft.WriteChunk:
		w.say(s, "  writes %d: %s at %d of term %d, offset %d", wr.Number, writeNames[wr.Kind], wr.Snapshot.Index, wr.Snapshot.Term, wr.Offset)
	default:
		w.say(s, "  writes %d: %s %d", wr.Number, writeNames[wr.Kind], wr.Index)
	}
}
