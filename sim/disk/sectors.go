package disk

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/driftless-raft/driftless/storage/wal"
)

// An inode is a file, whatever its name.
type inode struct {
	cache  []byte // as the cache has it
	stable []byte // as it is durable
	dirty  []bool // the sectors that differ, or may
	spoilt map[int]spoilt

	doubtful bool // the cache may show what is not durable and not dirty
}

// spoilt is what somebody who reads a sector finds in place of its true bytes: other
// bytes, or an error if there are none. It ends when the sector is written.
type spoilt []byte

func (f *inode) clone() *inode {
	if f == nil {
		return nil
	}
	c := &inode{cache: bytes.Clone(f.cache), stable: bytes.Clone(f.stable), dirty: slices.Clone(f.dirty), doubtful: f.doubtful}
	for s, bytes := range f.spoilt {
		c.spoil(s, slices.Clone(bytes))
	}
	return c
}

var errBadSector = errors.New("a sector can't be read")

func sectors(bytes, sector int) int { return (bytes + sector - 1) / sector }

// grow makes the cache longer. What is new is zeros.
func (f *inode) grow(size, sector int) {
	if size > cap(f.cache) {
		longer := make([]byte, len(f.cache), size)
		copy(longer, f.cache)
		f.cache = longer
	}
	before := len(f.cache)
	f.cache = f.cache[:max(before, size)]
	clear(f.cache[before:])
	for len(f.dirty) < sectors(len(f.cache), sector) {
		f.dirty = append(f.dirty, false)
	}
}

// overlay puts what has been spoilt over bytes that were read from an offset.
func (f *inode) overlay(into []byte, offset, sector int) error {
	if len(f.spoilt) == 0 || len(into) == 0 {
		return nil
	}
	for s := offset / sector; s*sector < offset+len(into); s++ {
		bytes, is := f.spoilt[s]
		if !is {
			continue
		}
		if bytes == nil {
			return errBadSector
		}
		for i, b := range bytes {
			if at := s*sector + i - offset; at >= 0 && at < len(into) {
				into[at] = b
			}
		}
	}
	return nil
}

// write writes to the cache. What is written is no longer spoilt; a sector that goes
// to another place spoils both.
func (d *Disk) write(f *inode, offset uint64, bytes []byte) {
	if len(bytes) == 0 {
		return
	}
	sector := d.options.SectorBytes
	first, last := int(offset)/sector, (int(offset)+len(bytes)-1)/sector
	astray := -1
	if d.chance(d.options.MisdirectedWrites) {
		astray = first + int(d.choices.Draw(uint64(last-first+1)))
	}
	var old []byte
	if astray >= 0 {
		old = f.seen(astray, sector)
	}
	copy(f.cache[offset:], bytes)
	for s := first; s <= last; s++ {
		f.dirty[s] = true
		delete(f.spoilt, s)
	}
	if astray >= 0 {
		d.misdirect(f, astray, old)
	}
}

// seen is a copy of a sector as a reader finds it.
func (f *inode) seen(s, sector int) []byte {
	if bytes, is := f.spoilt[s]; is {
		return bytes
	}
	return append([]byte(nil), f.cache[s*sector:min((s+1)*sector, len(f.cache))]...)
}

// misdirect has a sector that was just written appear in another place, and its own
// place as it was.
func (d *Disk) misdirect(f *inode, astray int, old []byte) {
	sector := d.options.SectorBytes
	gone := f.seen(astray, sector)
	victim := d.names[d.choices.Draw(uint64(len(d.names)))].inode
	f.spoil(astray, old)
	if count := sectors(len(victim.cache), sector); count > 0 {
		s := int(d.choices.Draw(uint64(count)))
		victim.spoil(s, gone[:min(len(gone), len(victim.cache)-s*sector)])
	}
}

func (f *inode) spoil(s int, bytes []byte) {
	if f.spoilt == nil {
		f.spoilt = map[int]spoilt{}
	}
	f.spoilt[s] = bytes
}

// sync makes a file durable, or some of it.
func (d *Disk) sync(f *inode) error {
	if d.syncFails() {
		d.scatter(f)
		return fmt.Errorf("a sync: %w", errFailed)
	}
	sector := d.options.SectorBytes
	f.resize()
	for s, dirty := range f.dirty {
		if dirty {
			copy(f.stable[s*sector:], f.cache[s*sector:min((s+1)*sector, len(f.cache))])
			f.dirty[s] = false
		}
	}
	return nil
}

// resize makes the durable size that of the cache.
func (f *inode) resize() {
	before := len(f.stable)
	if len(f.cache) <= before {
		return
	}
	f.stable = slices.Grow(f.stable, len(f.cache)-before)[:len(f.cache)]
	clear(f.stable[before:])
}

// scatter makes durable what a crash, or a failed sync, leaves of a file: of its size
// and of each sector for itself. The cache goes on showing all of it as if it were.
func (d *Disk) scatter(f *inode) {
	f.doubtful = f.doubtful || len(f.stable) < len(f.cache) || slices.Contains(f.dirty, true)
	if len(f.stable) < len(f.cache) {
		if d.choices.Draw(2) != 0 {
			clear(f.dirty) // it is as long as it was
			return
		}
		f.resize()
	}
	for s, dirty := range f.dirty {
		if dirty {
			d.decide(f, s)
			f.dirty[s] = false
		}
	}
}

// decide draws what becomes of an unsynced sector.
func (d *Disk) decide(f *inode, s int) {
	sector := d.options.SectorBytes
	to := f.stable[s*sector : min((s+1)*sector, len(f.stable))]
	from := f.cache[s*sector:][:len(to)]
	possible, count := [4]Fate{}, uint64(1)
	for _, fate := range [...]Fate{Lost, Torn, Garbage} {
		if d.options.Fates&fate != 0 {
			possible[count] = fate
			count++
		}
	}
	switch possible[d.choices.Draw(count)] {
	case Lost:
		d.losses.Lost++
	case Torn:
		d.losses.Torn++
		copy(to, from[:d.choices.Draw(uint64(len(from)))])
	case Garbage:
		d.losses.Garbage++
		state := d.choices.Draw(1 << 32)
		for i := range to { // a linear congruential generator: anything will do
			state = state*6364136223846793005 + 1442695040888963407
			to[i] = byte(state >> 56)
		}
	default:
		copy(to, from)
	}
}

// Rot has a byte of a file read as another one, until its sector is written again:
// the mask says which bits are turned over.
func (d *Disk) Rot(file wal.File, offset uint64, mask byte) {
	f, s := d.sectorOf(file, offset)
	if bytes := f.seen(s, d.options.SectorBytes); bytes != nil {
		bytes[int(offset)-s*d.options.SectorBytes] ^= mask
		f.spoil(s, bytes)
	}
}

// Spoil has a sector of a file, the one at an offset, fail to be read until it is
// written again.
func (d *Disk) Spoil(file wal.File, offset uint64) {
	f, s := d.sectorOf(file, offset)
	f.spoil(s, nil)
}

// SpoilOnce has the sector at an offset read as zeros by the next read of it, and
// truly from then on: as it was before anything was written. One that is spoilt
// already stays as it is.
func (d *Disk) SpoilOnce(file wal.File, offset uint64) {
	f, s := d.sectorOf(file, offset)
	if _, is := f.spoilt[s]; is {
		return
	}
	d.pass()
	f.spoil(s, make([]byte, len(f.seen(s, d.options.SectorBytes))))
	d.passing, d.passes = f, s
}

// pass ends what SpoilOnce has begun.
func (d *Disk) pass() {
	if d.passing != nil {
		delete(d.passing.spoilt, d.passes)
	}
	d.passing = nil
}

// Mend has the sectors of a file from an offset on read truly again.
func (d *Disk) Mend(file wal.File, offset uint64) {
	if f := d.names.find(file); f != nil {
		for s := range f.spoilt {
			if uint64(s*d.options.SectorBytes) >= offset {
				delete(f.spoilt, s)
			}
		}
	}
}

// Spoilt reports whether some of the bytes of a file are read otherwise than they
// were written.
func (d *Disk) Spoilt(file wal.File, offset, bytes uint64) bool {
	f := d.names.find(file)
	if f == nil || len(f.spoilt) == 0 || bytes == 0 {
		return false
	}
	for s := int(offset) / d.options.SectorBytes; s*d.options.SectorBytes < int(offset+bytes); s++ {
		if _, is := f.spoilt[s]; is {
			return true
		}
	}
	return false
}

// Stray carries out a waiting write of which the sector at an offset of the file does
// not reach its place, which stays as it was. It appears in another place instead, or,
// if that is nil, nowhere.
func (d *Disk) Stray(number, offset uint64, to *Place) (uint64, error) {
	i := slices.IndexFunc(d.queue, func(o wal.Operation) bool { return o.Number == number })
	f, s := d.sectorOf(d.queue[i].File, offset)
	old := slices.Clone(f.seen(s, d.options.SectorBytes))
	_, err := d.Perform(number)
	if err != nil {
		return number, err
	}
	written := slices.Clone(f.seen(s, d.options.SectorBytes))
	f.spoil(s, old)
	if to != nil {
		victim, at := d.sectorOf(to.File, to.Offset)
		victim.spoil(at, written[:min(len(written), len(victim.cache)-at*d.options.SectorBytes)])
	}
	return number, nil
}

// A Place is a byte of a file.
type Place struct {
	File   wal.File
	Offset uint64
}

func (d *Disk) sectorOf(file wal.File, offset uint64) (*inode, int) {
	f := d.names.find(file)
	if f == nil || offset >= uint64(len(f.cache)) {
		panic(fmt.Sprintf("disk: %v has no byte at %d", file, offset))
	}
	return f, int(offset) / d.options.SectorBytes
}
