package sim

import "github.com/driftless-raft/driftless/raft"

// throttled checks a proposal that a leader has just taken, and not yet written: it
// leaves the reserve alone, and with it what is not committed is within
// Settings.MaxUncommittedBytes, whoever proposed the rest of it and in whichever term.
func (l *ledger) throttled(s *server, in *raft.Input) {
	l.looks[atProposal]++
	if room := in.Room.Entries; room < in.Count || room-in.Count < l.world.options.Reserve {
		l.fail("flow-control", "leader %d took a proposal of %d entries into the reserve: there was room for %d", s.id, in.Count, room)
	}
	bytes, most := uint64(in.Bytes), uint64(l.world.options.MaxUncommitted)
	for index := s.disk.written.last; index > s.seen.commit && bytes <= most; index-- {
		_, _, size, _ := s.disk.Header(index)
		bytes += uint64(size)
	}
	if bytes > most {
		l.fail("flow-control", "leader %d took a proposal of %d bytes; %d or more are uncommitted now, and %d may be",
			s.id, in.Bytes, bytes, most)
	}
}

// bounded checks the size of a message that leaves a server.
func (l *ledger) bounded(s *server, m *raft.Message) {
	o := &l.world.options
	switch {
	case m.Kind == raft.Append && m.Bytes > o.MaxMessageBytes && m.Last > m.Index+1,
		m.Kind == raft.SnapshotChunk && m.Bytes > o.ChunkBytes:
		l.fail("flow-control", "server %d sent a message of kind %d with %d bytes", s.id, m.Kind, m.Bytes)
	}
}
