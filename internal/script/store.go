package script

import "github.com/driftless-raft/driftless/raft"

// The capacities of a disk, the same on every machine.
const (
	entriesMax        = 16 // in a log
	configurationsMax = 4  // among them
	commandBytesMax   = 6
	stateBytesMax     = 24 // of a state machine, and so of a snapshot
	waitingMax        = 10 // writes of all servers that are not yet durable
)

// Of the stores in storage/memory one has writes that wait and one needs no heap.
// A script needs both. So a disk here is the simplest that can be: a whole image
// of it for every write that is not yet durable.

// An image is all that a disk holds after some write.
type image struct {
	identity       raft.Identity
	hardState      raft.HardState
	base           raft.Index
	baseTerm       raft.Term
	last           raft.Index
	written        uint64
	snapshot       raft.Snapshot
	state          [stateBytesMax]byte // of which the snapshot has Size
	entries        [entriesMax]entry   // that at an index is at index modulo entriesMax
	configurations [configurationsMax]configurationAt
	damaged        raft.Index // the entry whose body is lost; at most one is
}

type entry struct {
	term raft.Term
	kind raft.EntryKind
	size uint8
	data [commandBytesMax]byte
}

// A configurationAt is a configuration of the log; at index 0, a free place.
type configurationAt struct {
	index         raft.Index
	configuration raft.Configuration
}

// An aside is a snapshot being taken or received, as far as it has come. A crash
// forgets it.
type aside struct {
	snapshot raft.Snapshot
	state    [stateBytesMax]byte
	size     uint64
}

// A waiting write is not yet durable, for itself or for one before it.
type waiting struct {
	owner *server
	done  bool
	after image
}

// image is what the disk holds, durable or not.
func (s *server) image() *image {
	for i := s.lab.waitingCount - 1; i >= 0; i-- {
		if w := &s.lab.waiting[i]; w.owner == s {
			return &w.after
		}
	}
	return &s.durable
}

// Stored implements [raft.Storage].
func (s *server) Stored(into *raft.Stored) {
	m := s.image()
	into.Identity, into.HardState, into.Snapshot = m.identity, m.hardState, m.snapshot
	into.Base, into.BaseTerm, into.Last, into.Written = m.base, m.baseTerm, m.last, m.written
}

// Header implements [raft.Storage].
func (s *server) Header(index raft.Index) (raft.Term, raft.EntryKind, uint32, bool) {
	m := s.image()
	if !m.holds(index) {
		return 0, 0, 0, false
	}
	e := m.at(index)
	return e.term, e.kind, uint32(e.size), true
}

// Configuration implements [raft.Storage].
func (s *server) Configuration(index raft.Index, into *raft.Configuration) bool {
	place := s.image().configuration(index)
	if index == 0 || place == nil {
		return false
	}
	*into = place.configuration
	return true
}

// Entries implements [raft.Storage].
func (s *server) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	m := s.image()
	count, bytes := 0, uint32(0)
	for index := first; index <= last && m.holds(index) && index != m.damaged && count < len(into); index++ {
		e := m.at(index)
		bytes += uint32(e.size)
		if count > 0 {
			before := &into[count-1]
			if bytes > maxBytes || before.Term != e.term || before.Kind == raft.ConfigurationChange {
				break
			}
		}
		to := &into[count]
		to.Index, to.Term, to.Kind, to.Data, to.Configuration = index, e.term, e.kind, e.data[:e.size], nil
		if e.kind == raft.ConfigurationChange {
			to.Configuration = &m.configuration(index).configuration
		}
		count++
	}
	return count
}

// Chunk implements [raft.Storage].
func (s *server) Chunk(offset uint64, length uint32) []byte {
	state := s.snapshotState()
	from := min(offset, uint64(len(state)))
	return state[from:min(from+uint64(length), uint64(len(state)))]
}

// snapshotState is the state that the disk's snapshot has.
func (s *server) snapshotState() []byte {
	m := s.image()
	return m.state[:m.snapshot.Size]
}

// Intact implements [raft.Storage].
func (s *server) Intact(wanted *raft.Snapshot) bool {
	a := &s.received
	return a.is(wanted) && digest(a.state[:a.size]) == wanted.Digest
}

// Room implements [raft.Storage].
func (s *server) Room() raft.Room {
	m := s.image()
	if m.configuration(0) == nil {
		return raft.Room{Damaged: m.damaged}
	}
	free := uint32(entriesMax - (m.last - m.base))
	return raft.Room{Entries: free, Bytes: free * commandBytesMax, Damaged: m.damaged}
}

// Durable implements [raft.Storage].
func (s *server) Durable() (uint64, raft.Code) { return s.durable.written, raft.OK }

// Write implements [raft.Storage].
func (s *server) Write(w *raft.Write) {
	lab := s.lab
	if lab.waitingCount == waitingMax {
		lab.fail("too many writes wait", "")
		lab.settle(0)
	}
	before, next := s.image(), &lab.waiting[lab.waitingCount]
	lab.waitingCount++
	next.owner, next.done, next.after = s, false, *before
	if w.Number != before.written+1 {
		lab.fail("the driver numbers its writes wrongly", "")
	}
	next.after.written = w.Number
	s.change(&next.after, w)
	if !s.slow {
		s.completeAll()
	}
}

// change makes an image one of a disk after a write.
func (s *server) change(m *image, w *raft.Write) {
	switch w.Kind {
	case raft.WriteIdentity:
		m.identity, m.snapshot = w.Identity, *w.Snapshot
	case raft.WriteHardState:
		m.hardState = w.HardState
	case raft.WriteTruncate:
		m.last = w.Index - 1
	case raft.WriteEntries:
		for i := range w.Entries {
			s.append(m, &w.Entries[i])
		}
	case raft.WriteSnapshot:
		s.adopt(m, &s.taken, w.Snapshot)
	case raft.WriteCompact:
		m.base, m.baseTerm = w.Index, w.Term
	case raft.WriteChunk:
		if w.Offset == 0 {
			s.received.size = 0
			s.received.snapshot = *w.Snapshot
		}
		s.received.put(w.Offset, w.Chunk)
	case raft.WriteInstall:
		s.adopt(m, &s.received, w.Snapshot)
		m.base, m.baseTerm, m.last = w.Snapshot.Index, w.Snapshot.Term, w.Snapshot.Index
	case raft.WriteAdopt:
		s.adopt(m, &s.received, w.Snapshot)
	case raft.WriteRepair:
		if e := &w.Entries[0]; e.Index == m.damaged && e.Term == m.at(e.Index).term && len(e.Data) <= commandBytesMax {
			m.damaged = 0
			m.at(e.Index).set(e)
		}
	default:
		s.lab.fail("the driver makes a write of an unknown kind", "")
	}
	for i := range m.configurations {
		if place := &m.configurations[i]; !m.holds(place.index) {
			place.index = 0
		}
	}
	if !m.holds(m.damaged) {
		m.damaged = 0
	}
}

func (s *server) append(m *image, e *raft.Entry) {
	if e.Index != m.last+1 || m.last-m.base == entriesMax || len(e.Data) > commandBytesMax {
		s.lab.fail("the driver appends what does not fit", "")
		return
	}
	m.last++
	m.at(m.last).set(e)
	if e.Kind == raft.ConfigurationChange {
		place := m.configuration(0)
		if place == nil {
			s.lab.fail("the driver appends a configuration that does not fit", "")
			place = &m.configurations[0]
		}
		place.index, place.configuration = e.Index, *e.Configuration
	}
}

func (to *entry) set(e *raft.Entry) {
	to.term, to.kind, to.size = e.Term, e.Kind, uint8(copy(to.data[:], e.Data))
}

// damage loses the body of a command, durable or not, and reports whether there
// was one.
func (s *server) damage(index raft.Index) bool {
	m := s.image()
	if !m.holds(index) || m.at(index).kind != raft.Command || m.damaged != 0 {
		return false
	}
	s.durable.lose(index)
	for i := range s.lab.waiting[:s.lab.waitingCount] {
		if w := &s.lab.waiting[i]; w.owner == s {
			w.after.lose(index)
		}
	}
	return true
}

// lose forgets the body of the entry at an index, if there is one.
func (m *image) lose(index raft.Index) {
	if m.holds(index) {
		m.damaged = index
		clear(m.at(index).data[:])
	}
}

// adopt makes a snapshot that lay aside the image's.
func (s *server) adopt(m *image, a *aside, snapshot *raft.Snapshot) {
	if !a.is(snapshot) {
		s.lab.fail("the driver wants another snapshot than the one that lies aside", "")
		return
	}
	m.snapshot, m.state = *snapshot, a.state
	a.drop()
}

// holds reports whether there is an entry at an index.
func (m *image) holds(index raft.Index) bool { return m.base < index && index <= m.last }

// at is the place of the entry at an index.
func (m *image) at(index raft.Index) *entry { return &m.entries[index%entriesMax] }

// configuration is the place of the configuration at an index; of index 0, a free
// one. It is nil where there is none.
func (m *image) configuration(index raft.Index) *configurationAt {
	for i := range m.configurations {
		if place := &m.configurations[i]; place.index == index {
			return place
		}
	}
	return nil
}

func (a *aside) drop() { a.snapshot, a.size = raft.Snapshot{}, 0 }

// put takes a chunk. What would leave a gap or does not fit is left out, and the
// snapshot found not to be intact.
func (a *aside) put(offset uint64, chunk []byte) {
	if offset > a.size || uint64(len(chunk)) > stateBytesMax-offset {
		return
	}
	a.size = offset + uint64(copy(a.state[offset:], chunk))
}

// is reports whether this is the whole of a snapshot, by its description.
func (a *aside) is(s *raft.Snapshot) bool {
	return a.snapshot.Index == s.Index && a.snapshot.Digest == s.Digest && a.snapshot.Size == s.Size && a.size == s.Size
}

// digest is the 64-bit FNV-1a hash.
func digest(bytes []byte) uint64 {
	hash := uint64(14695981039346656037)
	for _, b := range bytes {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	return hash
}

// waits reports whether a write of a server waits to be completed.
func (s *server) waits(number uint64) bool {
	w := s.write(number)
	return w != nil && !w.done
}

// write is the write of a server by its number, nil if it is durable or was not
// made.
func (s *server) write(number uint64) *waiting {
	for i := range s.lab.waiting[:s.lab.waitingCount] {
		if w := &s.lab.waiting[i]; w.owner == s && w.after.written == number {
			return w
		}
	}
	return nil
}

// complete completes a write that waits. It is durable when all before it are
// complete as well.
func (s *server) complete(number uint64) {
	s.write(number).done = true
	for i := 0; i < s.lab.waitingCount; {
		switch w := &s.lab.waiting[i]; {
		case w.owner != s:
			i++
		case w.done:
			s.lab.settle(i)
		default:
			return
		}
	}
}

// completeAll completes all writes that wait.
func (s *server) completeAll() {
	for s.image() != &s.durable {
		for i := range s.lab.waiting[:s.lab.waitingCount] {
			if w := &s.lab.waiting[i]; w.owner == s {
				s.complete(w.after.written)
				break
			}
		}
	}
}

// settle makes a write durable.
func (l *laboratory) settle(at int) {
	w := &l.waiting[at]
	w.owner.durable = w.after
	l.forget(at)
}

// forget takes a write from those that wait.
func (l *laboratory) forget(at int) {
	copy(l.waiting[at:], l.waiting[at+1:l.waitingCount])
	l.waitingCount--
}

// lose takes back what is not durable, as a crash does.
func (s *server) lose() {
	for i := s.lab.waitingCount - 1; i >= 0; i-- {
		if s.lab.waiting[i].owner == s {
			s.lab.forget(i)
		}
	}
	s.taken.drop()
	s.received.drop()
}
