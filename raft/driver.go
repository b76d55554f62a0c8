package raft

// Observer sees every step of a driver's node, right after it was made and
// before its effects are carried out: a journal, an oracle. It must change
// nothing.
type Observer interface {
	Stepped(now Instant, in *Input, out *Effects)
}

// Driver runs a node over its ports. It is the one place where persisting comes
// before speaking (§3.8, §10.2.1): the core names, for each message, the write
// it waits for; the driver holds the message until the storage has made that
// write durable. Synchronous and asynchronous storage are the same to it.
//
// Every method that can change the node also does whatever has become due by
// then, so between calls there is nothing to do but wait for Deadline, for a
// message or for the storage.
type Driver struct {
	node      Node
	input     Input
	effects   Effects
	write     Write
	payload   Payload
	stored    Stored
	clock     Clock
	storage   Storage
	transport Transport
	observer  Observer

	jitter        Duration
	durable       uint64 // as the storage last said
	failure       Code   // likewise
	applied       Index
	wantsSnapshot bool
	checks        bool // a received snapshot waits to be checked

	heldCount int32
	held      [maxHeld]Message // in the order they were made
	sentCount int32
	sent      [MaxMembers - 1]Message // unmeasured Appends the node must hear about
	scratch   [MaxBatch]Entry
	change    Configuration
}

// Bootstrap makes an empty store a founding member's, before Start. It is the one
// act by which a cluster comes to be: to be done once for every member of the
// configuration, with the same random cluster number, and never again. The store
// belongs to the member when the write is durable; a node started earlier stays
// silent until then. It refuses with NotEmpty or BadConfiguration.
func (d *Driver) Bootstrap(storage Storage, identity *Identity, configuration *Configuration) Refusal {
	if !configuration.wellFormed() || configuration.Outgoing != 0 || configuration.Find(identity.Self) == 0 {
		return Refusal{Code: BadConfiguration, Node: identity.Self.ID}
	}
	d.node.snapshot = Snapshot{Configuration: *configuration}
	return d.identify(storage, identity)
}

// Join makes an empty store a new member's that some cluster is going to add,
// before Start. Until then it does not campaign, and nobody asks for its vote; a
// server that lost its disk comes back this way, with another incarnation. It
// refuses with NotEmpty.
func (d *Driver) Join(storage Storage, identity *Identity) Refusal {
	d.node.snapshot = Snapshot{}
	return d.identify(storage, identity)
}

func (d *Driver) identify(storage Storage, identity *Identity) Refusal {
	storage.Stored(&d.stored)
	switch {
	case d.stored.Identity != Identity{}:
		return Refusal{Code: NotEmpty, Node: d.stored.Identity.Self.ID}
	case identity.Self.ID == 0:
		return Refusal{Code: BadConfiguration}
	}
	d.write = Write{Number: d.stored.Written + 1, Kind: WriteIdentity, Identity: *identity, Snapshot: &d.node.snapshot}
	storage.Write(&d.write)
	return Refusal{}
}

// Start rebuilds the node from its storage (§3.8). A storage that contradicts
// itself, or was never bootstrapped or joined, is refused with a code that names
// the contradiction.
func (d *Driver) Start(settings *Settings, clock Clock, storage Storage, transport Transport) Refusal {
	if code := settings.check(); code != OK {
		return Refusal{Code: code}
	}
	if settings.LeaseReads && !clock.CountsSuspendedTime() {
		return Refusal{Code: ClockUnfit}
	}
	d.clock, d.storage, d.transport = clock, storage, transport
	d.applied, d.heldCount, d.sentCount, d.checks, d.wantsSnapshot = 0, 0, 0, false, false
	storage.Stored(&d.stored)
	durable, code := storage.Durable()
	if code != OK {
		return Refusal{Code: code}
	}
	d.durable, d.failure = durable, OK
	refusal := d.node.begin(settings, &d.stored, durable)
	for index := d.stored.Base + 1; refusal.Code == OK && index <= d.stored.Last; index++ {
		refusal = d.restore(index)
	}
	if refusal.Code != OK {
		return refusal
	}
	d.jitter = clock.Jitter(settings.ElectionTimeout)
	refusal = d.node.start(clock.Now(), d.jitter, d.stored.HardState.Commit)
	d.jitter = clock.Jitter(settings.ElectionTimeout)
	return refusal
}

// restore tells the node of one stored entry.
func (d *Driver) restore(index Index) Refusal {
	term, kind, bytes, ok := d.storage.Header(index)
	if !ok {
		return Refusal{Code: LogGap, Index: index}
	}
	if kind == ConfigurationChange && !d.storage.Configuration(index, &d.change) {
		return Refusal{Code: LogGap, Index: index, Term: term}
	}
	return d.node.restore(index, term, kind, bytes, &d.change)
}

// Observe has every later step told to an observer; nil ends it.
func (d *Driver) Observe(o Observer) { d.observer = o }

// Node is the node, to be looked at and copied. Only the driver may change it.
func (d *Driver) Node() *Node { return &d.node }

// Deadline is when Wake must be called at the latest; the far end of time if
// only a message can change anything.
func (d *Driver) Deadline() Instant { return d.node.Deadline() }

// Wake does what has become due: by the time that has passed, or because the
// storage's Durable has moved or failed.
func (d *Driver) Wake() { d.settle(d.clock.Now()) }

// Receive hands over a message from a peer. The payload may be nil if the
// message has none. A refusal concerns this message only, unless the node has
// stopped: WrongCluster, WrongMember, TooLarge if the peer was built with a larger
// MaxBatch, Diverged, HasStopped.
func (d *Driver) Receive(m *Message, payload *Payload) Refusal {
	d.input.Kind = Receive
	d.input.Message = *m
	if m.Kind == Append && m.Last > m.Index && m.Last-m.Index > MaxBatch {
		return Refusal{Code: TooLarge, Node: m.From.ID, Index: m.Last, Term: m.Term}
	}
	if !d.admit(payload) {
		d.input.Message.Kind = 0 // which no correct peer sends: the core's to judge
	}
	refusal, _, _ := d.step(payload)
	return refusal
}

// admit checks that the payload is what the message says, and takes over the
// configuration in it.
func (d *Driver) admit(payload *Payload) bool {
	m := &d.input.Message
	switch m.Kind {
	case Append:
		count := m.Last - m.Index
		if count == 0 {
			return true
		}
		if payload == nil || count > MaxBatch || uint64(len(payload.Entries)) != uint64(count) {
			return false
		}
		return d.admitEntries(payload.Entries)
	case SnapshotChunk:
		if payload == nil || payload.Snapshot == nil || uint64(len(payload.Chunk)) != uint64(m.Bytes) {
			return false
		}
		d.input.Snapshot = *payload.Snapshot
	case FetchReply:
		return payload != nil && len(payload.Entries) == 1 && payload.Entries[0].Index == m.Index && payload.Entries[0].Term == m.LogTerm
	}
	return true
}

func (d *Driver) admitEntries(entries []Entry) bool {
	m := &d.input.Message
	bytes := uint32(0)
	for i := range entries {
		e := &entries[i]
		last := i == len(entries)-1
		configured := e.Kind == ConfigurationChange
		if e.Index != m.Index+1+Index(i) || e.Term != m.EntryTerm ||
			configured != (last && m.Configured) || configured && e.Configuration == nil {
			return false
		}
		if configured {
			d.input.Configuration = *e.Configuration
		}
		bytes += uint32(len(e.Data))
	}
	return bytes == m.Bytes
}

// Propose appends commands to the log, if this node leads. It returns the index
// of the first, the others follow it, and their term: what became of them is for
// [Node.Fate] to say. Index, Term and Kind of the entries are filled in. It
// refuses with NotLeader, Transferring, TooLarge, TooMuchUncommitted or NoRoom.
func (d *Driver) Propose(entries []Entry) (Index, Term, Refusal) {
	bytes := uint64(0)
	for i := range entries {
		bytes += uint64(len(entries[i].Data))
	}
	d.input.Kind = Propose
	d.input.Count = uint32(min(len(entries), MaxBatch+1))
	d.input.Bytes = uint32(min(bytes, 1<<32-1))
	d.payload = Payload{Entries: entries}
	refusal, first, _ := d.step(&d.payload)
	return first, d.node.term, refusal
}

// Change asks for another configuration, of which Voters and Learners and their
// members count; who keeps a slot is for the node to say. It returns the index
// of the first entry of the change, and refuses with NotLeader, Transferring,
// TermNotCommitted, ChangePending, BadConfiguration, NotCaughtUp, NoSlot or
// NoRoom.
func (d *Driver) Change(c *Configuration) (Index, Refusal) {
	d.input.Kind = Change
	d.input.Configuration = *c
	refusal, first, _ := d.step(nil)
	return first, refusal
}

// Transfer hands leadership to a voter (§3.10); to nobody, it gives up a transfer
// under way. It refuses with NotLeader, Transferring or NotVoter.
func (d *Driver) Transfer(to Member) Refusal {
	d.input.Kind = Transfer
	d.input.Peer = to
	refusal, _, _ := d.step(nil)
	return refusal
}

// Read says what a read must wait for: see [Node.Resolve]. It refuses with
// NotLeader, NoLeader or NoLease.
func (d *Driver) Read(mode ReadMode) (ReadPoint, Refusal) {
	d.input.Kind = Read
	d.input.Mode = mode
	refusal, _, point := d.step(nil)
	return point, refusal
}

// Resolve says what became of a read: ReadReady once it may be served from the
// state machine as it is then.
func (d *Driver) Resolve(point *ReadPoint) ReadOutcome {
	index, outcome := d.node.Resolve(point)
	if outcome == ReadReady && d.applied < index {
		return ReadPending
	}
	return outcome
}

// Compact hands over a snapshot the realization has taken and given to its
// storage, of which Index, Digest and Size count, and allows the log up to
// through to go once the snapshot is durable. It refuses with
// SnapshotOutOfRange, SnapshotPinned or SnapshotPending.
func (d *Driver) Compact(s *Snapshot, through Index) Refusal {
	d.input.Kind = Compact
	d.input.Snapshot = *s
	d.input.Index = through
	refusal, _, _ := d.step(nil)
	if refusal.Code == OK {
		d.wantsSnapshot = false
	}
	return refusal
}

// WantsSnapshot reports whether the log is filling up and a snapshot should be
// taken soon. It waits until the state machine has come as far as the newest
// configuration but one: of earlier ones the node knows nothing any more, and
// Compact would refuse.
func (d *Driver) WantsSnapshot() bool {
	return d.wantsSnapshot && d.applied >= d.node.previous.index
}

// Next fills in the next committed entries for the state machine and returns how
// many. If they are no longer in the log it returns the snapshot that the
// machine must load instead. Either way, Applied must follow before the next
// call.
func (d *Driver) Next(into []Entry) (int, *Snapshot) {
	if d.applied >= d.node.commit {
		return 0, nil
	}
	if _, _, _, ok := d.storage.Header(d.applied + 1); !ok {
		return 0, &d.node.snapshot
	}
	return d.storage.Entries(d.applied+1, d.node.commit, d.node.settings.MaxMessageBytes, into), nil
}

// Applied tells the driver how far the state machine has come, so that reads may
// be served.
func (d *Driver) Applied(index Index) { d.applied = index }

// step makes the step prepared in d.input and then whatever is due after it. It
// returns the refusal, the index of the first entry appended and the read point
// of the prepared step.
func (d *Driver) step(payload *Payload) (Refusal, Index, ReadPoint) {
	now := d.clock.Now()
	d.once(now, payload)
	refusal, first, point := d.effects.Refusal, d.effects.AppendFirst, d.effects.Point
	d.settle(now)
	return refusal, first, point
}

// settle steps the node until nothing is due any more.
func (d *Driver) settle(now Instant) {
	for d.node.role != Stopped {
		d.input.Kind = Tick
		d.durable, d.failure = d.storage.Durable()
		if d.heldCount > 0 {
			d.release()
		}
		switch {
		case d.failure != OK:
			d.input.Kind, d.input.Code = Failed, d.failure
		case d.sentCount > 0:
			d.sentCount--
			m := &d.sent[d.sentCount]
			d.input.Kind, d.input.Peer, d.input.Index, d.input.Bytes = Sent, m.To, m.Last, m.Bytes
		case d.checks:
			d.checks = false
			d.input.Snapshot = d.node.incoming.snapshot
			d.input.Kind, d.input.Intact = Checked, d.storage.Intact(&d.input.Snapshot)
		case d.durable > d.node.sequence.persisted:
			d.input.Kind, d.input.Number = Persisted, d.durable
		case d.node.Deadline() > now:
			return
		}
		d.once(now, nil)
	}
	d.heldCount, d.sentCount, d.checks = 0, 0, false
}

// once makes a single step and carries out its effects.
func (d *Driver) once(now Instant, payload *Payload) {
	d.input.Room = d.storage.Room()
	d.input.Jitter = d.jitter
	d.node.Step(now, &d.input, &d.effects)
	if d.observer != nil {
		d.observer.Stepped(now, &d.input, &d.effects)
	}
	out := &d.effects
	if out.JitterUsed {
		d.jitter = d.clock.Jitter(d.node.settings.ElectionTimeout)
	}
	d.wantsSnapshot = d.wantsSnapshot || out.WantSnapshot
	d.checks = d.checks || out.Check
	if d.node.sequence.written >= out.FirstWrite {
		d.store(payload)
	}
	for i := int32(0); i < out.Count; i++ {
		d.speak(&out.Messages[i])
	}
}

// store carries out a step's writes in the order that Effects lists them.
func (d *Driver) store(payload *Payload) {
	out, node, w := &d.effects, &d.node, &d.write
	*w = Write{Number: out.FirstWrite}
	if out.SaveHardState {
		w.HardState = node.hardState()
		d.submit(WriteHardState)
	}
	if out.Truncate != 0 {
		w.Index = out.Truncate
		d.submit(WriteTruncate)
	}
	if out.AppendFirst != 0 {
		w.Entries = d.appended(payload)
		d.submit(WriteEntries)
	}
	if out.StoreChunk {
		w.Snapshot, w.Offset, w.Chunk = payload.Snapshot, d.input.Message.Offset, payload.Chunk
		d.submit(WriteChunk)
	}
	if out.SaveSnapshot != 0 {
		w.Snapshot = &node.snapshot
		d.submit(out.SaveSnapshot)
	}
	if out.Repair {
		w.Entries = payload.Entries
		d.submit(WriteRepair)
	}
	if out.CompactIndex != 0 {
		w.Index, w.Term = out.CompactIndex, out.CompactTerm
		d.submit(WriteCompact)
	}
	assert(w.Number == node.sequence.written+1, "a step numbered writes it did not ask for")
	d.durable, d.failure = d.storage.Durable()
}

// submit gives the storage the write that has been prepared and begins the next.
func (d *Driver) submit(kind WriteKind) {
	d.write.Kind = kind
	d.storage.Write(&d.write)
	d.write = Write{Number: d.write.Number + 1}
}

// appended are the entries that a step appends: those of a proposal, the new ones
// of an Append, or one the node made itself.
func (d *Driver) appended(payload *Payload) []Entry {
	out := &d.effects
	switch {
	case out.AppendKind != Command:
	case d.input.Kind == Receive:
		return payload.Entries[out.AppendFirst-d.input.Message.Index-1:]
	default:
		for i := range payload.Entries {
			e := &payload.Entries[i]
			e.Index, e.Term, e.Kind = out.AppendFirst+Index(i), d.node.term, Command
		}
		return payload.Entries
	}
	d.scratch[0] = Entry{Index: out.AppendFirst, Term: d.node.term, Kind: out.AppendKind}
	if out.AppendKind == ConfigurationChange {
		d.scratch[0].Configuration = &d.node.newest.Configuration
	}
	return d.scratch[:1]
}

// speak sends a message, or holds it until the write it waits for is durable.
func (d *Driver) speak(m *Message) {
	if d.failure != OK {
		return // of a failed storage nothing can be said; settle stops the node
	}
	if m.After <= d.durable {
		d.send(m)
		return
	}
	// A leader's own term is durable, so its entries are never held: they
	// could be other entries by the time they are read.
	assert(m.Kind != Append && m.Kind != SnapshotChunk, "entries were about to leave before their term was durable")
	if d.heldCount == maxHeld && !d.yield(m) {
		return // the network may lose it, so may we
	}
	d.held[d.heldCount] = *m
	d.heldCount++
}

// yield makes place for an acknowledgement by dropping an older one to the same
// peer that says less. It is rare, and a copy of it in the way of every message
// would take 216 bytes of a board's flash.
//
//go:noinline
func (d *Driver) yield(m *Message) bool {
	for i := range d.held {
		old := &d.held[i]
		if m.Kind == AppendReply && old.Kind == AppendReply && old.To == m.To && old.Term == m.Term && !old.Reject && !m.Reject {
			copy(d.held[i:], d.held[i+1:])
			d.heldCount--
			return true
		}
	}
	return false
}

// release sends the held messages whose writes have become durable, in order; of
// a failed storage nothing can be said, so nothing is.
func (d *Driver) release() {
	if d.failure != OK {
		d.heldCount = 0
	}
	kept := int32(0)
	for i := int32(0); i < d.heldCount; i++ {
		if d.held[i].After <= d.durable {
			d.send(&d.held[i])
			continue
		}
		d.held[kept] = d.held[i]
		kept++
	}
	d.heldCount = kept
}

// send gives a message to the transport with the bytes that belong to it.
func (d *Driver) send(m *Message) {
	d.payload = Payload{}
	switch {
	case m.Kind == Append && m.Last > m.Index:
		if !d.load(m, m.Index+1, m.Last) {
			return
		}
		d.measure(m)
	case m.Kind == FetchReply:
		if !d.load(m, m.Index, m.Index) || d.scratch[0].Term != m.LogTerm {
			return // it was removed, or its body is lost here too
		}
	case m.Kind == SnapshotChunk:
		d.payload.Snapshot = &d.node.snapshot
		d.payload.Chunk = d.storage.Chunk(m.Offset, m.Bytes)
		if uint64(len(d.payload.Chunk)) != uint64(m.Bytes) {
			return // part of it is lost, and the peer would take less for a lie
		}
	}
	d.transport.Send(m, &d.payload)
}

// load reads the entries that belong to a message, and reports whether there are
// any: where a body is lost none may be left.
func (d *Driver) load(m *Message, first, last Index) bool {
	count := d.storage.Entries(first, last, d.node.settings.MaxMessageBytes, d.scratch[:last+1-first])
	d.payload.Entries = d.scratch[:count]
	m.Bytes = 0
	for i := range d.payload.Entries {
		m.Bytes += uint32(len(d.payload.Entries[i].Data))
	}
	return count > 0
}

// measure makes an Append say which entries it has: fewer than the core named,
// where a body is lost, or where the core did not know their sizes and is still to
// be told how many they were.
func (d *Driver) measure(m *Message) {
	entries := d.payload.Entries
	m.Last = m.Index + Index(len(entries))
	m.Configured = entries[len(entries)-1].Kind == ConfigurationChange
	if m.Unmeasured {
		m.Unmeasured = false
		d.sent[d.sentCount] = *m
		d.sentCount++
	}
}
