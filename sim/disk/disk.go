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
	names   map[wal.File]*inode
	durable map[wal.File]*inode // the directory as of the last sync
	changes []change            // since then, in order
	used    uint64
	failing bool // the next sync fails
}

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
	return &Disk{options: o, choices: c, names: map[wal.File]*inode{}, durable: map[wal.File]*inode{}}
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
	e.choices, e.queue, e.changes = c, slices.Clone(d.queue), slices.Clone(d.changes)
	e.names, e.durable = map[wal.File]*inode{}, map[wal.File]*inode{}
	for file, f := range d.names {
		e.names[file] = of(f)
	}
	for file, f := range d.durable {
		e.durable[file] = of(f)
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

// FailNextSync has the next sync fail.
func (d *Disk) FailNextSync() { d.failing = true }

// carryOut does an operation.
func (d *Disk) carryOut(o *wal.Operation) error {
	if o.Kind == wal.SyncDirectory {
		return d.syncDirectory()
	}
	f := d.names[o.File]
	if f == nil && o.Kind != wal.Create {
		return fmt.Errorf("disk: %v: no such file", o.File)
	}
	switch o.Kind {
	case wal.Create:
		d.release(f)
		d.enter(change{name: o.File, file: &inode{}})
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
		d.release(d.names[o.Target])
		d.enter(change{name: o.Target, before: o.File, file: f, renamed: true})
	case wal.Remove:
		d.release(f)
		d.enter(change{name: o.File})
	}
	return nil
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
	c.apply(d.names)
	d.changes = append(d.changes, c)
}

func (c *change) apply(to map[wal.File]*inode) {
	if c.renamed {
		delete(to, c.before)
	}
	if c.file == nil {
		delete(to, c.name)
		return
	}
	to[c.name] = c.file
}

func (d *Disk) syncDirectory() error {
	if d.syncFails() {
		d.loseChanges()
		return fmt.Errorf("disk: syncing the directory failed")
	}
	for i := range d.changes {
		d.changes[i].apply(d.durable)
	}
	d.changes = d.changes[:0]
	return nil
}

// loseChanges makes some of the changes of the directory durable.
func (d *Disk) loseChanges() {
	for i := range d.changes {
		if d.choices.Draw(2) == 0 {
			d.changes[i].apply(d.durable)
		}
	}
	d.changes = d.changes[:0]
}

func (d *Disk) syncFails() bool {
	fails := d.failing || d.chance(d.options.FailedSyncs)
	d.failing = false
	return fails
}

// chance is true about ppm times in a million. What can't happen costs no decision.
func (d *Disk) chance(ppm uint32) bool {
	const million = 1_000_000
	return ppm != 0 && d.choices.Draw(million) >= million-uint64(min(ppm, million))
}

// Crash ends the life of whatever ran on the disk. Of the operations that wait, some
// were carried out; of what was not synced, some is durable.
func (d *Disk) Crash() {
	order := map[wal.File]bool{}
	for i := range d.queue {
		o := &d.queue[i]
		if stopped := order[o.File]; stopped || o.Kind == wal.SyncDirectory || d.choices.Draw(2) == 0 {
			order[o.File] = true // and what follows on that file was not
			continue
		}
		failing := d.failing
		_ = d.carryOut(o) // nobody is left to be told
		d.failing = failing
	}
	d.queue = nil
	d.loseChanges()
	d.forget(func(f *inode) { d.scatter(f) })
	d.failing = false
}

// Settle implements [wal.Files]: it makes everything durable and forgets what is
// only in the cache.
func (d *Disk) Settle() error {
	if err := d.syncDirectory(); err != nil {
		return err
	}
	for _, file := range d.sorted() {
		if err := d.sync(d.names[file]); err != nil {
			return err
		}
	}
	d.forget(func(*inode) {})
	return nil
}

// forget makes the cache and the directory what is durable, after what is to happen
// to each file.
func (d *Disk) forget(happens func(*inode)) {
	for _, file := range d.sorted() {
		happens(d.names[file])
	}
	for _, file := range sortedNames(d.durable) {
		happens(d.durable[file]) // a second time does nothing: it has no unsynced sectors left
	}
	d.names = map[wal.File]*inode{}
	d.used = 0
	for file, f := range d.durable {
		d.names[file] = f
		f.cache = append(f.cache[:0], f.stable...)
		f.dirty = make([]bool, sectors(len(f.cache), d.options.SectorBytes))
		d.used += uint64(len(f.cache))
	}
}

// List implements [wal.Files].
func (d *Disk) List() ([]wal.File, error) { return d.sorted(), nil }

func (d *Disk) sorted() []wal.File { return sortedNames(d.names) }

func sortedNames(names map[wal.File]*inode) []wal.File {
	files := make([]wal.File, 0, len(names))
	for file := range names {
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b wal.File) int {
		if a.Kind != b.Kind {
			return int(a.Kind) - int(b.Kind)
		}
		if a.Number < b.Number {
			return -1
		}
		return 1
	})
	return files
}

// Size implements [wal.Files].
func (d *Disk) Size(file wal.File) (uint64, error) {
	f := d.names[file]
	if f == nil {
		return 0, fmt.Errorf("disk: %v: no such file", file)
	}
	return uint64(len(f.cache)), nil
}

// ReadAt implements [wal.Files]: the cache, with what has rotted over it.
func (d *Disk) ReadAt(file wal.File, into []byte, offset uint64) (int, error) {
	f := d.names[file]
	if f == nil {
		return 0, fmt.Errorf("disk: %v: no such file", file)
	}
	from := min(offset, uint64(len(f.cache)))
	count := copy(into, f.cache[from:])
	if err := f.overlay(into[:count], int(from), d.options.SectorBytes); err != nil {
		return 0, fmt.Errorf("disk: %v at %d: %w", file, offset, err)
	}
	if count < len(into) {
		return count, io.EOF
	}
	return count, nil
}
