package explore

import (
	"github.com/driftless-raft/driftless/raft"
)

// versionsMax is how many writes may be on their way to the disk, plus one.
const versionsMax = 16

// A record is a stored entry.
type record struct {
	term          raft.Term
	kind          raft.EntryKind
	value         uint8 // of a Command
	configuration masks // of a ConfigurationChange
}

// masks are a configuration. Server i stands in slot i-1 as long as it belongs,
// so that the members need not be kept.
type masks struct{ voters, outgoing, learners raft.Slots }

func masksOf(c *raft.Configuration) masks { return masks{c.Voters, c.Outgoing, c.Learners} }

// memberOf is the member that stands in a slot.
func memberOf(slot int) raft.Member { return raft.Member{ID: raft.ID(slot + 1), Incarnation: 1} }

// expand fills in the configuration that the masks stand for.
func (m masks) expand(into *raft.Configuration) {
	*into = raft.Configuration{Voters: m.voters, Outgoing: m.outgoing, Learners: m.learners}
	for slot := range nodesMax {
		if into.Everybody()>>slot&1 != 0 {
			into.Members[slot] = memberOf(slot)
		}
	}
}

// An image is a snapshot. Its bytes are the number of the chain of entries that
// the state machine has applied, which is all the state there is.
type image struct {
	index, configurationIndex raft.Index
	term                      raft.Term
	state                     chain
	received                  uint32 // bytes of it
	configuration             masks
	_                         uint16
}

const (
	imageBytes = 4
	chunkBytes = 2 // so that every snapshot takes two messages
)

func (m *image) describe(into *raft.Snapshot) {
	*into = raft.Snapshot{Index: m.index, Term: m.term, ConfigurationIndex: m.configurationIndex}
	if m.index > 0 {
		into.Digest, into.Size = uint64(m.state), imageBytes
	}
	m.configuration.expand(&into.Configuration)
}

// take is the image that a snapshot describes.
func take(s *raft.Snapshot) image {
	return image{
		index: s.Index, configurationIndex: s.ConfigurationIndex, term: s.Term,
		state: chain(s.Digest), received: uint32(s.Size), configuration: masksOf(&s.Configuration),
	}
}

// contents are all that a disk holds. Entries stand at their index less one.
type contents struct {
	hard      raft.HardState
	base      raft.Index
	last      raft.Index
	baseTerm  raft.Term
	baseChain chain
	_         uint32
	entries   [logMax]record
	snapshot  image
	staged    image // being received
}

// A disk is a server's storage. The writes on their way are kept as versions: the
// first is what is durable, the last what is read, and a crash leaves any.
type disk struct {
	self     raft.Member
	cluster  uint64
	durable  uint64 // the number of the last durable write
	pending  uint32 // how many are on their way
	delays   bool   // writes are not durable at once
	_        [3]uint8
	versions [versionsMax]contents
}

func (d *disk) now() *contents  { return &d.versions[d.pending] }
func (d *disk) kept() *contents { return &d.versions[0] }

// complete makes the oldest write on its way durable.
func (d *disk) complete() {
	copy(d.versions[:d.pending], d.versions[1:d.pending+1])
	d.pending--
	d.durable++
}

// crash loses all but some of the writes on their way.
func (d *disk) crash(keep uint32) {
	d.versions[0] = d.versions[keep]
	d.durable += uint64(keep)
	d.pending = 0
}

// port is a disk as the driver sees it, with what a call needs beside it.
type port struct {
	*disk
	chains         *chains
	configurations [logMax]raft.Configuration
	chunk          [imageBytes]byte
}

// Stored implements [raft.Storage].
func (p *port) Stored(into *raft.Stored) {
	c := p.now()
	into.HardState, into.Base, into.BaseTerm, into.Last = c.hard, c.base, c.baseTerm, c.last
	into.Identity = raft.Identity{}
	if p.cluster != 0 {
		into.Identity = raft.Identity{Cluster: p.cluster, Self: p.self}
	}
	c.snapshot.describe(&into.Snapshot)
	into.Written = p.durable + uint64(p.pending)
}

func (c *contents) at(index raft.Index) *record {
	if index <= c.base || index > c.last {
		return nil
	}
	return &c.entries[index-1]
}

// Header implements [raft.Storage].
func (p *port) Header(index raft.Index) (raft.Term, raft.EntryKind, uint32, bool) {
	r := p.now().at(index)
	if r == nil {
		return 0, 0, 0, false
	}
	return r.term, r.kind, r.size(), true
}

// size is the bytes of data of an entry.
func (r *record) size() uint32 {
	if r.kind == raft.Command {
		return 1
	}
	return 0
}

// Configuration implements [raft.Storage].
func (p *port) Configuration(index raft.Index, into *raft.Configuration) bool {
	r := p.now().at(index)
	if r == nil || r.kind != raft.ConfigurationChange {
		return false
	}
	r.configuration.expand(into)
	return true
}

// Entries implements [raft.Storage].
func (p *port) Entries(first, last raft.Index, _ uint32, into []raft.Entry) int {
	c, count := p.now(), 0
	for index := first; index <= last && count < len(into); index++ {
		r := c.at(index)
		if r == nil || r.term != c.at(first).term {
			break
		}
		r.entry(index, &into[count], &p.configurations[count])
		count++
		if r.kind == raft.ConfigurationChange {
			break
		}
	}
	return count
}

// values are the data of all commands.
var values = func() (v [256]byte) {
	for i := range v {
		v[i] = byte(i)
	}
	return v
}()

// entry fills in the entry that the record is of.
func (r *record) entry(index raft.Index, into *raft.Entry, configuration *raft.Configuration) {
	*into = raft.Entry{Index: index, Term: r.term, Kind: r.kind}
	switch r.kind {
	case raft.Command:
		into.Data = values[r.value : r.value+1]
	case raft.ConfigurationChange:
		r.configuration.expand(configuration)
		into.Configuration = configuration
	case raft.NoOp:
	}
}

// recordOf is the record of an entry.
func recordOf(e *raft.Entry) record {
	r := record{term: e.Term, kind: e.Kind}
	switch e.Kind {
	case raft.Command:
		r.value = e.Data[0]
	case raft.ConfigurationChange:
		r.configuration = masksOf(e.Configuration)
	case raft.NoOp:
	}
	return r
}

// Chunk implements [raft.Storage].
func (p *port) Chunk(offset uint64, length uint32) []byte {
	state := p.now().snapshot.state
	p.chunk = [imageBytes]byte{byte(state), byte(state >> 8), byte(state >> 16), byte(state >> 24)}
	return p.chunk[offset : offset+uint64(length)]
}

// Intact implements [raft.Storage].
func (p *port) Intact(s *raft.Snapshot) bool {
	staged := &p.now().staged
	return staged.index == s.Index && uint64(staged.received) == s.Size && uint64(staged.state) == s.Digest
}

// Room implements [raft.Storage]: there is always enough.
func (p *port) Room() raft.Room { return raft.Room{Entries: 1 << 20, Bytes: 1 << 20} }

// Durable implements [raft.Storage].
func (p *port) Durable() (uint64, raft.Code) { return p.durable, raft.OK }

// Write implements [raft.Storage].
func (p *port) Write(w *raft.Write) {
	if p.delays {
		if p.pending+1 == versionsMax {
			panic("explore: too many writes are on their way to the disk")
		}
		p.versions[p.pending+1] = p.versions[p.pending]
		p.pending++
	} else {
		p.durable++
	}
	if w.Kind == raft.WriteIdentity {
		p.cluster, p.self = w.Identity.Cluster, w.Identity.Self
	}
	p.now().change(w, p.chains)
}

// change makes a write to the contents.
func (c *contents) change(w *raft.Write, chains *chains) {
	switch w.Kind {
	case raft.WriteIdentity:
		c.snapshot = take(w.Snapshot)
	case raft.WriteHardState:
		c.hard = w.HardState
	case raft.WriteTruncate:
		clear(c.entries[w.Index-1 : c.last])
		c.last = w.Index - 1
	case raft.WriteEntries:
		for i := range w.Entries {
			c.entries[c.last] = recordOf(&w.Entries[i])
			c.last++
		}
	case raft.WriteSnapshot:
		c.snapshot = take(w.Snapshot)
	case raft.WriteCompact:
		c.baseChain = chains.upTo(c.chain(chains), uint32(w.Index))
		clear(c.entries[c.base:w.Index])
		c.base, c.baseTerm = w.Index, w.Term
	case raft.WriteChunk:
		c.stage(w)
	case raft.WriteInstall:
		clear(c.entries[c.base:c.last])
		c.snapshot, c.staged = take(w.Snapshot), image{}
		c.base, c.last, c.baseTerm, c.baseChain = w.Snapshot.Index, w.Snapshot.Index, w.Snapshot.Term, c.snapshot.state
	case raft.WriteAdopt:
		c.snapshot, c.staged = take(w.Snapshot), image{}
	default:
		panic("explore: a kind of write that the explorer's disk does not know")
	}
}

// stage takes in a chunk of a snapshot.
func (c *contents) stage(w *raft.Write) {
	if w.Offset == 0 {
		c.staged = take(w.Snapshot)
		c.staged.state, c.staged.received = 0, 0
	}
	for i, b := range w.Chunk {
		c.staged.state |= chain(b) << (8 * (w.Offset + uint64(i)))
	}
	c.staged.received += uint32(len(w.Chunk))
}

// chain is the number of the chain of all entries up to the last.
func (c *contents) chain(chains *chains) chain {
	at := c.baseChain
	for index := c.base; index < c.last; index++ {
		at = chains.extend(at, &c.entries[index])
	}
	return at
}
