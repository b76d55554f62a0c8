package sim

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

// A disk is a node's storage: one of the stores, with the oracles looking on at
// every write and at what of it is durable.
type disk struct {
	raft.Storage
	owner  *server
	queue  *memory.Queue  // or nil
	blocks *memory.Blocks // or nil
	engine *logStore      // or nil
	hung   uint64         // no write completes before

	written mirror
	durable mirror
	pending fifo[change]
	marks   fifo[mark]   // of the pending changes' entries
	number  uint64       // up to which writes are durable
	rotten  []raft.Index // entries whose bodies are lost, in order
	vouched raft.Index   // the highest one that somebody was told of as stored here
	doomed  bool         // what nothing stands for is damaged: a restart will refuse the store
}

// A fifo is a queue whose memory is kept.
type fifo[T any] struct {
	items []T
	head  int
}

func (f *fifo[T]) reset()       { f.items, f.head = f.items[:0], 0 }
func (f *fifo[T]) waiting() []T { return f.items[f.head:] }
func (f *fifo[T]) push(item T)  { f.items = append(f.items, item) }
func (f *fifo[T]) drop(count int) {
	f.head += count
	if f.head == len(f.items) {
		f.reset()
	} else if f.head > 1024 {
		f.items = f.items[:copy(f.items, f.items[f.head:])]
		f.head = 0
	}
}

// format gives the disk an empty store.
func (d *disk) format(o *Options) {
	d.queue, d.blocks = nil, nil
	if o.Store != LogStore {
		d.engine = nil
	}
	switch o.Store {
	case QueueStore:
		d.queue = memory.NewQueue(o.StoreEntries, o.StoreBytes)
		d.Storage = d.queue
	case BlockStore:
		d.blocks = new(memory.Blocks)
		image := max(o.SnapshotBytes, imageBytesMax)
		d.blocks.Format(&memory.Memory{
			Blocks:         storeBlocks,
			Entries:        make([]memory.EntrySlot, o.StoreEntries),
			Bytes:          make([]byte, o.StoreBytes),
			Configurations: make([]memory.ConfigurationSlot, 8),
			Snapshots:      [2][]byte{make([]byte, image), make([]byte, image)},
		})
		d.Storage = d.blocks
	case LogStore:
		if d.engine == nil {
			d.engine = &logStore{owner: d.owner}
		}
		d.forget()
		d.engine.format()
		return
	}
	d.forget()
}

// forget makes the oracles' view that of an empty store.
func (d *disk) forget() {
	d.written.reset()
	d.durable.reset()
	d.pending.reset()
	d.marks.reset()
	d.number, d.hung, d.rotten, d.vouched, d.doomed = 0, 0, d.rotten[:0], 0, false
}

// wipe empties the store.
func (d *disk) wipe() {
	switch {
	case d.queue != nil:
		d.queue.Wipe()
	case d.engine != nil:
		d.forget()
		d.engine.format()
		return
	default:
		d.blocks.Wipe()
	}
	d.forget()
}

// crash loses what is not durable. An asynchronous store may have got further
// than it has said; the tape decides how far.
func (d *disk) crash() {
	switch {
	case d.engine != nil:
		d.engine.crash()
	case d.queue == nil:
		d.blocks.Crash()
	default:
		kept := d.owner.world.tape.draw(uint64(len(d.pending.waiting())) + 1)
		d.queue.CrashKeeping(d.number + kept)
		d.advance()
	}
	d.pending.reset()
	d.marks.reset()
	d.hung = 0
	d.written.copyFrom(&d.durable)
	d.owner.world.ledger.crashed(d.owner)
}

// calmDown ends what is wrong with the disk, and has found what was damaged.
func (d *disk) calmDown() {
	d.hung = 0
	if d.engine != nil {
		d.engine.slowUntil = 0
		d.engine.device.Limit(0)
		d.engine.device.Fail(0)
		if d.owner.up {
			d.engine.scrub(d)
		}
	}
}

// takeSnapshot puts a state aside for Driver.Compact.
func (d *disk) takeSnapshot(index raft.Index, state []byte, taken *raft.Snapshot) bool {
	switch {
	case d.queue != nil:
		return d.queue.TakeSnapshot(index, state, taken)
	case d.engine != nil:
		return d.engine.log.TakeSnapshot(index, state, taken)
	}
	return d.blocks.TakeSnapshot(index, state, taken)
}

// Write implements [raft.Storage]. A crash may fall before any write.
func (d *disk) Write(w *raft.Write) {
	d.owner.spendEffect()
	if d.owner.world.trace != nil {
		d.owner.world.traceWrite(d.owner, w)
	}
	d.owner.traits.wrote = d.owner.world.events
	d.Storage.Write(w)
	c := change{number: w.Number, kind: w.Kind, hard: w.HardState, index: w.Index, count: len(w.Entries)}
	if w.Snapshot != nil {
		c.snapshot = w.Snapshot.Index
	}
	d.owner.world.ledger.wrote(d, w, &c)
	d.rotted(w)
	d.pending.push(c)
	switch {
	case d.engine != nil:
		d.engine.wrote()
	case d.queue == nil:
		d.advance()
	case d.owner.up: // else a life begins, and drain completes it
		d.schedule(w.Number)
	}
}

// schedule has an asynchronous write complete some time later.
func (d *disk) schedule(number uint64) {
	w := d.owner.world
	at := max(w.now, d.hung) + w.tape.between(w.options.DiskDelayMin, w.options.DiskDelayMax)
	w.agenda.push(event{at: at, kind: completeEvent, server: d.owner.slot, boot: d.owner.boot, value: number})
}

// advance follows the store in what has become durable.
func (d *disk) advance() {
	number, _ := d.Storage.Durable()
	for _, c := range d.pending.waiting() {
		if c.number > number {
			break
		}
		marks := d.marks.waiting()[:c.count]
		c.apply(&d.durable, marks)
		d.marks.drop(c.count)
		d.pending.drop(1)
		d.number = c.number
		d.owner.world.ledger.persisted(d.owner, &c)
	}
}

// drain completes everything at once: for the first writes of a store's life,
// that nothing may go on without.
func (d *disk) drain() {
	switch {
	case d.engine != nil:
		d.engine.drain()
	case d.queue != nil:
		for _, number := range d.queue.Pending() {
			d.queue.Complete(number)
		}
	}
	d.advance()
}

// complete takes in that an asynchronous write, or an operation of the log engine, is
// complete. It reports whether the driver has something to learn from it.
func (d *disk) complete(number uint64) bool {
	before := d.number
	news := false
	if d.engine != nil {
		news = d.engine.complete(number)
	} else {
		d.queue.Complete(number)
	}
	d.advance()
	return news || d.number > before
}

// flush has the log engine write what the driver has written, after each of its calls.
func (d *disk) flush() {
	if d.engine != nil {
		d.engine.log.Flush()
	}
}
