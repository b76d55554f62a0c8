package sim

import "github.com/driftless-raft/driftless/raft"

// garble has a copy of a node take a message whose bytes have changed without its
// checksum noticing. What comes of it can't be relied on, so the copy is thrown
// away; but nothing that arrives may make a node panic.
func (w *world) garble(s *server, k *packet) {
	w.coverage[garbledMessages]++
	w.copied = *s.driver.Node()
	in := &w.input
	*in = raft.Input{Kind: raft.Receive, Message: k.message, Room: s.disk.Room()}
	if m := &k.message; m.Kind == raft.Append && m.Configured {
		in.Configuration = k.configuration
	}
	if k.payload.Snapshot != nil {
		in.Snapshot = *k.payload.Snapshot
	}
	for range 1 + w.tape.draw(3) {
		w.tape.spoil(&in.Message)
	}
	w.copied.Step(s.clock.Now(), in, &w.effects)
}

// spoil changes a field of a message.
func (t *tape) spoil(m *raft.Message) {
	switch t.draw(13) {
	case 0:
		m.Kind ^= 1 << t.draw(4)
	case 1:
		m.Term = raft.Term(t.flip(uint64(m.Term)))
	case 2:
		m.Index = raft.Index(t.flip(uint64(m.Index)))
	case 3:
		m.LogTerm = raft.Term(t.flip(uint64(m.LogTerm)))
	case 4:
		m.Last = raft.Index(t.flip(uint64(m.Last)))
	case 5:
		m.EntryTerm = raft.Term(t.flip(uint64(m.EntryTerm)))
	case 6:
		m.Commit = raft.Index(t.flip(uint64(m.Commit)))
	case 7:
		m.Round = t.flip(m.Round)
	case 8:
		m.Stamp = raft.Instant(t.flip(uint64(m.Stamp)))
	case 9:
		m.Offset = t.flip(m.Offset)
	case 10:
		m.From.ID ^= 1 << t.draw(4)
	case 11:
		m.Reject, m.Full = !m.Reject, t.draw(2) == 1
	case 12:
		m.Force, m.Probe = !m.Force, t.draw(2) == 1
	}
}

// flip changes a bit of a number, most often a low one.
func (t *tape) flip(number uint64) uint64 { return number ^ 1<<t.draw(1<<(2*t.draw(4))) }
