package script

import "github.com/driftless-raft/driftless/raft"

const (
	flightMax  = 24 // messages in flight
	carriedMax = 8  // entries in a message
	idMax      = 31
)

// A packet is a message on its way, with a copy of what travels with it.
type packet struct {
	raft.Message
	entries  [carriedMax]carried
	snapshot raft.Snapshot // of a chunk; its Configuration may be the last entry's instead
	chunk    [chunkBytes]byte
}

// A carried entry has the index and the term that the message says.
type carried struct {
	kind raft.EntryKind
	size uint8
	data [commandBytesMax]byte
}

// A network holds the messages in flight.
type network struct {
	packets [flightMax]packet
	used    [flightMax]bool
	flight  order
	taken   order // by the last call of take
}

// An order is a sequence of packets.
type order struct {
	places [flightMax]uint8
	count  int
}

func (o *order) add(place uint8) {
	o.places[o.count] = place
	o.count++
}

func (o *order) list() []uint8 { return o.places[:o.count] }

// ids is a set of servers, a bit for each id.
type ids uint32

const anybody ids = 1<<32 - 1

func only(id raft.ID) ids             { return 1 << id }
func (s ids) contains(i raft.ID) bool { return s>>i&1 != 0 }

// A route is what a network lets through, or what a command asks for.
type route struct {
	from, to ids
	kinds    kinds
}

// kinds is a set of kinds of messages, a bit for each.
type kinds uint32

const (
	anyKind  kinds = 1<<32 - 1
	requests kinds = 1<<raft.PreVote | 1<<raft.Vote
	replies  kinds = 1<<raft.PreVoteReply | 1<<raft.VoteReply
)

func (r route) admits(m *raft.Message) bool {
	return r.from.contains(m.From.ID) && r.to.contains(m.To.ID) && r.kinds>>m.Kind&1 != 0
}

// Send implements [raft.Transport]: it puts a message in flight.
func (s *server) Send(m *raft.Message, payload *raft.Payload) {
	if len(payload.Entries) > carriedMax || len(payload.Chunk) > chunkBytes {
		s.lab.fail("a message carries too much", "")
		return
	}
	to := s.lab.launch()
	if to == nil {
		return
	}
	to.Message = *m
	for i := range payload.Entries {
		e, c := &payload.Entries[i], &to.entries[i]
		c.kind, c.size = e.Kind, uint8(copy(c.data[:], e.Data))
		if e.Configuration != nil {
			to.snapshot.Configuration = *e.Configuration
		}
	}
	if payload.Snapshot != nil {
		to.snapshot = *payload.Snapshot
		copy(to.chunk[:], payload.Chunk)
	}
}

// launch puts one more packet in flight, last, for the caller to fill; nil if
// there are too many.
func (l *laboratory) launch() *packet {
	for place := range l.used {
		if !l.used[place] {
			l.used[place] = true
			l.flight.add(uint8(place))
			return &l.packets[place]
		}
	}
	l.fail("too many messages are in flight", "")
	return nil
}

// unpack makes the payload that travels with a packet, valid until the next call.
func (l *laboratory) unpack(p *packet) *raft.Payload {
	l.payload = raft.Payload{}
	switch p.Kind {
	case raft.Append:
		l.payload.Entries = l.unpackEntries(p, int(p.Last-p.Index), p.Index+1, p.EntryTerm)
	case raft.FetchReply:
		l.payload.Entries = l.unpackEntries(p, 1, p.Index, p.LogTerm)
	case raft.SnapshotChunk:
		l.payload.Snapshot, l.payload.Chunk = &p.snapshot, p.chunk[:p.Bytes]
	}
	return &l.payload
}

// unpackEntries makes the entries of a packet, from an index on.
func (l *laboratory) unpackEntries(p *packet, count int, first raft.Index, term raft.Term) []raft.Entry {
	for i := range count {
		e, c := &l.unpacked[i], &p.entries[i]
		*e = raft.Entry{Index: first + raft.Index(i), Term: term, Kind: c.kind, Data: c.data[:c.size]}
		if c.kind == raft.ConfigurationChange {
			e.Configuration = &p.snapshot.Configuration
		}
	}
	return l.unpacked[:count]
}

// handOver delivers a message, whether or not it is in flight.
func (l *laboratory) handOver(p *packet) raft.Refusal {
	s := l.find(p.To.ID)
	if s == nil || s.down {
		return raft.Refusal{}
	}
	refusal := s.driver.Receive(&p.Message, l.unpack(p))
	s.settled()
	return refusal
}

// first takes the oldest message from flight. Its place is the caller's to free.
func (l *laboratory) first() uint8 {
	place := l.flight.places[0]
	copy(l.flight.places[:], l.flight.list()[1:])
	l.flight.count--
	return place
}

// take takes from flight what a route admits, or only the one of a number. Their
// places, valid until the next call, are the caller's to free.
func (l *laboratory) take(wanted route, number uint64) []uint8 {
	l.taken.count = 0
	rest, seen := 0, uint64(0)
	for _, place := range l.flight.list() {
		if wanted.admits(&l.packets[place].Message) {
			seen++
			if number == 0 || seen == number {
				l.taken.add(place)
				continue
			}
		}
		l.flight.places[rest] = place
		rest++
	}
	l.flight.count = rest
	return l.taken.list()
}

// free makes a packet's place free for another.
func (l *laboratory) free(place uint8) { l.used[place] = false }

func (l *laboratory) freeAll(places []uint8) {
	for _, place := range places {
		l.free(place)
	}
}

// deliver delivers what a route admits, and all that comes of it; the rest is
// lost.
func (l *laboratory) deliver(open route) {
	const roundsMax = 100_000
	for rounds := 0; l.flight.count > 0 && l.problem == ""; rounds++ {
		if rounds == roundsMax {
			l.fail("messages do not come to an end", "")
		}
		place := l.first()
		if p := &l.packets[place]; open.admits(&p.Message) {
			l.handOver(p)
		}
		l.free(place)
	}
}
