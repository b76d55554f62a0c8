// Package disk is a simulated disk under a [wal.Log]: files of sectors behind a page
// cache, and a directory, which a crash leaves in any state that the rules of a real
// one allow.
//
//	d := disk.New(disk.Options{Fates: disk.AnyFate}, choices)
//	log, report, err := wal.Open(options, d, d)
//	…
//	for len(d.Waiting()) > 0 { // or one by one, each at a time of its own
//		log.Complete(d.Perform(d.Waiting()[0].Number))
//	}
//	d.Crash()
//
// What is durable is only what a sync says. Of everything else a crash keeps some:
// each sector for itself, each change of the directory for itself. Nothing happens
// by itself and nothing is random: whatever is open is drawn from [Choices], of
// which zero is always the quiet one.
//
// Rot, bad blocks and misdirected writes lie over the true bytes and are seen by who
// reads, so that an oracle can still compare what should be there.
package disk

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/driftless-raft/driftless/storage/wal"
)

// Choices makes the decisions that a disk leaves open, such as a decision tape.
type Choices interface {
	// Draw is a decision below bound, which is not zero; zero is the quiet one.
	Draw(bound uint64) uint64
}

// A Fate is what a crash may do to a sector that was written and not synced.
type Fate uint8

// The fates, to be combined. A sector may always have become durable.
const (
	Lost    Fate = 1 << iota // it holds what it held when it was last durable
	Torn                     // a part of it, from the start, is new
	Garbage                  // it holds anything

	AnyFate = Lost | Torn | Garbage
)

// Options say what a disk can do, and what can happen to it.
type Options struct {
	// SectorBytes is what the disk writes at once, by default 512.
	SectorBytes int
	// CapacityBytes is the space there is, by default no limit.
	CapacityBytes uint64
	// Fates are those of unsynced sectors in a crash and after a failed sync.
	Fates Fate
	// FailedSyncs and MisdirectedWrites are how many in a million fail, or have one
	// sector go to another place.
	FailedSyncs       uint32
	MisdirectedWrites uint32
}

// Disk is a simulated disk. It carries out operations when it is told to, and is the
// [wal.Executor] and the [wal.Files] of a log. A sync that failed has made some
// sectors durable and takes all for clean, as Linux does: until Settle or a crash
// the cache shows what the disk does not have.
type Disk struct {
	options Options
	choices Choices
	queue   []wal.Operation
	names   directory
	durable directory // as of the last sync
	changes []change  // since then, in order
	used    uint64
	failing wal.OperationKind // the next operation of this kind fails
	spare   []*inode          // whose memory is used again
	passing *inode            // has a sector that one read finds spoilt
	passes  int               // and this one it is
	losses  Losses
}

// Losses count the unsynced sectors that met each fate.
type Losses struct{ Lost, Torn, Garbage uint64 }

// A change of the directory: a name given to a file, or taken away, and the name it
// had before, in one step.
type change struct {
	name, before wal.File
	file         *inode // nil if the name is taken away
	renamed      bool
}

// New makes an empty disk.
func New(o Options, c Choices) *Disk {
	if o.SectorBytes == 0 {
		o.SectorBytes = 512
	}
	return &Disk{options: o, choices: c}
}

// Reset makes the disk an empty one that nothing has happened to, with other options.
func (d *Disk) Reset(o Options) {
	for len(d.changes) > 0 {
		d.settleChange(true)
	}
	for len(d.durable) > 0 {
		file := d.durable[0].File
		d.names.drop(file)
		d.recycle(d.durable.drop(file))
	}
	if o.SectorBytes == 0 {
		o.SectorBytes = 512
	}
	*d = Disk{options: o, choices: d.choices, queue: d.queue[:0], names: d.names[:0], durable: d.durable[:0], changes: d.changes[:0], spare: d.spare}
}

// Clone is a disk in the same state, with choices of its own.
func (d *Disk) Clone(c Choices) *Disk {
	copies := map[*inode]*inode{nil: nil}
	of := func(f *inode) *inode {
		if _, done := copies[f]; !done {
			copies[f] = f.clone()
		}
		return copies[f]
	}
	e := *d
	e.choices, e.queue, e.changes, e.spare = c, slices.Clone(d.queue), slices.Clone(d.changes), nil
	e.names, e.durable, e.passing = slices.Clone(d.names), slices.Clone(d.durable), of(d.passing)
	for _, names := range []directory{e.names, e.durable} {
		for i := range names {
			names[i].inode = of(names[i].inode)
		}
	}
	for i := range e.changes {
		e.changes[i].file = of(e.changes[i].file)
	}
	return &e
}

// Submit takes an operation, to be carried out by Perform.
func (d *Disk) Submit(o wal.Operation) { d.queue = append(d.queue, o) }

// Waiting are the operations that wait, in the order of their numbers. The slice is
// valid until the next call.
func (d *Disk) Waiting() []wal.Operation { return d.queue }

// Perform carries out a waiting operation. Those before it on the same file must
// have been: it is for the caller to keep the order.
func (d *Disk) Perform(number uint64) (uint64, error) {
	i := slices.IndexFunc(d.queue, func(o wal.Operation) bool { return o.Number == number })
	if i < 0 {
		panic(fmt.Sprintf("disk: operation %d does not wait", number))
	}
	o := d.queue[i]
	d.queue = slices.Delete(d.queue, i, i+1)
	return number, d.carryOut(&o)
}

// Fail has the next operation of a kind fail, or, if that is 0, none; [wal.Sync]
// stands for a sync of the directory, too. Of what a sync or a write was to do, some is
// done.
func (d *Disk) Fail(kind wal.OperationKind) { d.failing = kind }

// Limit sets the space there is, in bytes; 0 is no limit. What is used stays.
func (d *Disk) Limit(bytes uint64) { d.options.CapacityBytes = bytes }

// Used is the space that files take, in bytes.
func (d *Disk) Used() uint64 { return d.used }

// Losses are the sectors that met each fate since the disk was new.
func (d *Disk) Losses() Losses { return d.losses }

var errFailed = errors.New("disk: input/output error")

// carryOut does an operation.
func (d *Disk) carryOut(o *wal.Operation) error {
	if o.Kind == wal.SyncDirectory {
		return d.syncDirectory()
	}
	f := d.names.find(o.File)
	if f == nil && o.Kind != wal.Create {
		return fmt.Errorf("disk: %v: no such file", o.File)
	}
	if d.failing == o.Kind && o.Kind != wal.Sync {
		d.failing = 0
		return d.failPartly(f, o)
	}
	switch o.Kind {
	case wal.Create:
		d.release(f)
		d.enter(change{name: o.File, file: d.fresh()})
	case wal.Allocate:
		return d.extend(f, o.Size)
	case wal.Write:
		if err := d.extend(f, o.Offset+uint64(len(o.Bytes))); err != nil {
			return err
		}
		d.write(f, o.Offset, o.Bytes)
	case wal.Sync:
		return d.sync(f)
	case wal.Rename:
		d.release(d.names.find(o.Target))
		d.enter(change{name: o.Target, before: o.File, file: f, renamed: true})
	case wal.Remove:
		d.release(f)
		d.enter(change{name: o.File})
	}
	return nil
}

// failPartly fails an operation; of a write, a part was done.
func (d *Disk) failPartly(f *inode, o *wal.Operation) error {
	if o.Kind == wal.Write {
		if part := o.Bytes[:d.choices.Draw(uint64(len(o.Bytes))+1)]; o.Offset+uint64(len(part)) <= uint64(len(f.cache)) {
			d.write(f, o.Offset, part)
		}
	}
	return errFailed
}

// fresh is an empty file without a name.
func (d *Disk) fresh() *inode {
	n := len(d.spare)
	if n == 0 {
		return &inode{}
	}
	f := d.spare[n-1]
	d.spare = d.spare[:n-1]
	return f
}

// recycle keeps the memory of a file that no name leads to, durable or not.
func (d *Disk) recycle(f *inode) {
	if f == nil || d.names.leadTo(f) || d.durable.leadTo(f) {
		return
	}
	for i := range d.changes {
		if d.changes[i].file == f {
			return
		}
	}
	*f = inode{cache: f.cache[:0], stable: f.stable[:0], dirty: f.dirty[:0]}
	d.spare = append(d.spare, f)
}

// release gives back the space of a file that has lost its name.
func (d *Disk) release(f *inode) {
	if f != nil {
		d.used -= uint64(len(f.cache))
	}
}

// extend makes a file as long as it must be, if there is space.
func (d *Disk) extend(f *inode, size uint64) error {
	more := size - min(size, uint64(len(f.cache)))
	if d.options.CapacityBytes != 0 && d.used+more > d.options.CapacityBytes {
		return fmt.Errorf("disk: %d bytes more on a disk of %d with %d used: %w", more, d.options.CapacityBytes, d.used, wal.ErrNoSpace)
	}
	d.used += more
	f.grow(len(f.cache)+int(more), d.options.SectorBytes)
	return nil
}

// enter makes a change of the directory, not yet durable.
func (d *Disk) enter(c change) {
	c.apply(&d.names)
	d.changes = append(d.changes, c)
}

// apply makes the change and returns the file that has lost its name by it, or nil.
func (c *change) apply(to *directory) *inode {
	if c.renamed {
		to.drop(c.before)
	}
	if c.file == nil {
		return to.drop(c.name)
	}
	return to.put(c.name, c.file)
}

func (d *Disk) syncDirectory() error {
	if d.syncFails() {
		d.loseChanges()
		return fmt.Errorf("syncing the directory: %w", errFailed)
	}
	for len(d.changes) > 0 {
		d.settleChange(true)
	}
	return nil
}

// loseChanges makes some of the changes of the directory durable.
func (d *Disk) loseChanges() {
	for len(d.changes) > 0 {
		d.settleChange(d.choices.Draw(2) == 0)
	}
}

// settleChange makes the first change durable, or not.
func (d *Disk) settleChange(durable bool) {
	c := d.changes[0]
	d.changes = d.changes[:copy(d.changes, d.changes[1:])]
	if durable {
		d.recycle(c.apply(&d.durable))
	}
	d.recycle(c.file)
}

func (d *Disk) syncFails() bool {
	fails := d.failing == wal.Sync || d.chance(d.options.FailedSyncs)
	if d.failing == wal.Sync {
		d.failing = 0
	}
	return fails
}

// chance is true about ppm times in a million. What can't happen costs no decision.
func (d *Disk) chance(ppm uint32) bool {
	const million = 1_000_000
	return ppm != 0 && d.choices.Draw(million) >= million-uint64(min(ppm, million))
}

// Crash ends the life of the machine that runs on the disk. Of the operations that
// wait, some were carried out; of what was not synced, some is durable.
func (d *Disk) Crash() {
	d.Abandon()
	d.loseChanges()
	d.forget(d.scatter)
}

// Abandon ends the life of the process that runs on the disk, but not the machine's:
// of the operations that wait, some were carried out, and the cache stays.
func (d *Disk) Abandon() {
	d.failing = 0
	for i := range d.queue {
		o := &d.queue[i]
		stopped := slices.ContainsFunc(d.queue[:i], func(before wal.Operation) bool { return before.Number == 0 && before.File == o.File })
		if stopped || o.Kind == wal.SyncDirectory || d.choices.Draw(2) == 0 {
			o.Number = 0 // and what follows on that file was not
			continue
		}
		_ = d.carryOut(o) // nobody is left to be told
	}
	d.queue = d.queue[:0]
}

// Settle implements [wal.Files]: it makes everything durable and forgets what is
// only in the cache.
func (d *Disk) Settle() error {
	if err := d.syncDirectory(); err != nil {
		return err
	}
	for i := range d.names {
		if err := d.sync(d.names[i].inode); err != nil {
			return err
		}
	}
	d.forget(func(*inode) {})
	return nil
}

// forget makes the cache and the directory what is durable, after what is to happen
// to each file.
func (d *Disk) forget(happens func(*inode)) {
	for i := range d.names {
		happens(d.names[i].inode)
	}
	for i := range d.durable {
		happens(d.durable[i].inode) // a second time does nothing: it has no unsynced sectors left
	}
	before := d.names
	d.names = append(directory(nil), d.durable...)
	for i := range before {
		d.recycle(before[i].inode)
	}
	d.used = 0
	for i := range d.names {
		f := d.names[i].inode
		if f.doubtful {
			f.cache = append(f.cache[:0], f.stable...)
			f.dirty = slices.Grow(f.dirty[:0], sectors(len(f.cache), d.options.SectorBytes))[:sectors(len(f.cache), d.options.SectorBytes)]
			clear(f.dirty)
			f.doubtful = false
		}
		d.used += uint64(len(f.cache))
	}
}

// List implements [wal.Files].
func (d *Disk) List() ([]wal.File, error) {
	files := make([]wal.File, len(d.names))
	for i := range d.names {
		files[i] = d.names[i].File
	}
	return files, nil
}

// Size implements [wal.Files].
func (d *Disk) Size(file wal.File) (uint64, error) {
	f := d.names.find(file)
	if f == nil {
		return 0, fmt.Errorf("disk: %v: no such file", file)
	}
	return uint64(len(f.cache)), nil
}

// ReadAt implements [wal.Files]: the cache, with what has rotted over it.
func (d *Disk) ReadAt(file wal.File, into []byte, offset uint64) (int, error) {
	f := d.names.find(file)
	if f == nil {
		return 0, fmt.Errorf("disk: %v: no such file", file)
	}
	from := min(offset, uint64(len(f.cache)))
	count := copy(into, f.cache[from:])
	err := f.overlay(into[:count], int(from), d.options.SectorBytes)
	if f == d.passing && int(from) <= d.passes*d.options.SectorBytes && d.passes*d.options.SectorBytes < int(from)+count {
		d.pass()
	}
	if err != nil {
		return 0, fmt.Errorf("disk: %v at %d: %w", file, offset, err)
	}
	if count < len(into) {
		return count, io.EOF
	}
	return count, nil
}
