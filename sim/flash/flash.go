// Package flash is a simulated NOR flash: sectors that are erased as a whole to ones,
// blocks in which programming only clears bits, and every way in which a power failure
// or age spoils them.
//
//	d := flash.New(flash.Options{Sectors: 12, SectorBytes: 4096, BlockBytes: 4}, choices)
//	d.CutAfter(1234) // the power fails within the 1,235th step from here
//	… whatever writes to d, until d.Off() …
//	d.PowerOn()
//
// A step is a byte programmed, or one of the [EraseSteps] parts of erasing a sector.
// Nothing is random: whatever is open is drawn from [Choices], of which zero is
// always the quiet one.
//
// A block may be programmed once between two erases, as flash memory with error
// correction demands. Who does it again is at fault, and [Device.Faults] says so.
package flash

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Choices makes the decisions that a device leaves open, such as a decision tape.
type Choices interface {
	// Draw is a decision below bound, which is not zero; zero is the quiet one.
	Draw(bound uint64) uint64
}

// EraseSteps is how many steps an erase of a sector counts for.
const EraseSteps = 4

// Options are a device's shape and what can happen to it.
type Options struct {
	Sectors     int64
	SectorBytes int64
	// BlockBytes is the least that can be programmed, a power of two.
	BlockBytes int64
	// PageBytes is how much a chip programs at once, 0 for a byte: of the page in which
	// a power failure falls anything may have been programmed.
	PageBytes int64
	// Endurance is the number of erases after which a sector begins to fail, 0 for
	// never.
	Endurance uint32
}

// ErrOff is what every call returns while there is no power.
var ErrOff = errors.New("flash: there is no power")

// Device is a simulated NOR flash of the shape of TinyGo's machine.BlockDevice.
type Device struct {
	options    Options
	choices    Choices
	cells      []byte
	programmed []bool         // by block, since it was last erased
	weak       map[int64]byte // bits that read now so and now otherwise, by offset
	low        map[int64]byte // bits that no erase sets
	high       map[int64]byte // bits that no programming clears
	erases     []uint32       // by sector
	faults     []string
	steps      uint64
	cut        uint64 // at this step the power fails, 0 for never
	off        bool
}

// New makes an erased device.
func New(o Options, c Choices) *Device {
	d := &Device{
		options: o, choices: c,
		cells:      make([]byte, o.Sectors*o.SectorBytes),
		programmed: make([]bool, o.Sectors*o.SectorBytes/o.BlockBytes),
		erases:     make([]uint32, o.Sectors),
		weak:       map[int64]byte{},
		low:        map[int64]byte{},
		high:       map[int64]byte{},
	}
	for i := range d.cells {
		d.cells[i] = 0xff
	}
	return d
}

// Clone makes a copy, which goes on by other choices.
func (d *Device) Clone(c Choices) *Device {
	e := *d
	e.choices = c
	e.cells, e.programmed, e.erases = slices.Clone(d.cells), slices.Clone(d.programmed), slices.Clone(d.erases)
	e.weak, e.low, e.high = maps.Clone(d.weak), maps.Clone(d.low), maps.Clone(d.high)
	e.faults = slices.Clone(d.faults)
	return &e
}

// CutAfter has the power fail within the step that follows so many others.
func (d *Device) CutAfter(steps uint64) { d.cut = d.steps + steps + 1 }

// Off reports whether the power has failed.
func (d *Device) Off() bool { return d.off }

// PowerOn brings the power back, with no failure to come.
func (d *Device) PowerOn() { d.off, d.cut = false, 0 }

// Steps is the number of steps there were.
func (d *Device) Steps() uint64 { return d.steps }

// Faults are the calls that no correct program makes.
func (d *Device) Faults() []string { return d.faults }

// Erases is how many times a sector was erased.
func (d *Device) Erases(sector int64) uint32 { return d.erases[sector] }

// Rot flips bits.
func (d *Device) Rot(offset int64, bits byte) { d.cells[offset] ^= bits }

// Stick has bits at an offset be zero from now on, whatever is erased, or stay as
// they are, whatever is programmed.
func (d *Device) Stick(offset int64, zero, unchanged byte) {
	d.low[offset] |= zero
	d.high[offset] |= unchanged
	d.cells[offset] &^= zero
}

// Fill puts bytes on the device as they are, for who examines what garbage does.
func (d *Device) Fill(offset int64, bytes []byte) { copy(d.cells[offset:], bytes) }

// Size is the number of bytes.
func (d *Device) Size() int64 { return int64(len(d.cells)) }

// WriteBlockSize is the least that can be programmed, in bytes.
func (d *Device) WriteBlockSize() int64 { return d.options.BlockBytes }

// EraseBlockSize is the size of a sector in bytes.
func (d *Device) EraseBlockSize() int64 { return d.options.SectorBytes }

// ReadAt reads bytes. A weak bit is read as it pleases.
func (d *Device) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case d.off:
		return 0, ErrOff
	case off < 0 || off+int64(len(p)) > d.Size():
		return 0, d.fault("a read of %d bytes at %d, outside of the device", len(p), off)
	}
	copy(p, d.cells[off:])
	if len(d.weak) > 0 {
		for i := range p {
			if weak := d.weak[off+int64(i)]; weak != 0 {
				p[i] = p[i]&^weak | byte(d.choices.Draw(256))&weak
			}
		}
	}
	return len(p), nil
}

// WriteAt programs blocks: it clears the bits that are zero in p.
func (d *Device) WriteAt(p []byte, off int64) (int, error) {
	size, block := int64(len(p)), d.options.BlockBytes
	switch {
	case d.off:
		return 0, ErrOff
	case off < 0 || off+size > d.Size() || off%block != 0 || size%block != 0:
		return 0, d.fault("programming %d bytes at %d, which are no blocks of the device", size, off)
	}
	for i := off / block; i < (off+size)/block; i++ {
		if d.programmed[i] {
			return 0, d.fault("the block at %d was programmed a second time", i*block)
		}
	}
	for i, b := range p {
		at := off + int64(i)
		d.programmed[at/block] = true
		if d.step() {
			d.tear(at, p[i:])
			return i, ErrOff
		}
		d.program(at, b)
	}
	if sector := off / d.options.SectorBytes; d.worn(sector) && d.choices.Draw(64) == 63 {
		at := off + int64(d.choices.Draw(uint64(size)))
		d.high[at] |= 1 << d.choices.Draw(8)
		d.cells[at] |= d.high[at]
	}
	return len(p), nil
}

// EraseBlocks erases sectors.
func (d *Device) EraseBlocks(start, count int64) error {
	switch {
	case d.off:
		return ErrOff
	case start < 0 || count < 0 || start+count > d.options.Sectors:
		return d.fault("erasing %d sectors from %d, outside of the device", count, start)
	}
	for sector := start; sector < start+count; sector++ {
		for range EraseSteps {
			if d.step() {
				d.tearErase(sector)
				return ErrOff
			}
		}
		d.erase(sector)
	}
	return nil
}

func (d *Device) fault(format string, arguments ...any) error {
	text := fmt.Sprintf(format, arguments...)
	d.faults = append(d.faults, text)
	return errors.New("flash: " + text)
}

// step counts a step and reports whether the power fails within it.
func (d *Device) step() bool {
	d.steps++
	d.off = d.off || d.steps == d.cut
	return d.off
}

// program clears a byte's bits for good.
func (d *Device) program(at int64, b byte) {
	clears := ^b &^ d.high[at]
	d.cells[at] &^= clears
	if weak, found := d.weak[at]; found {
		d.weak[at] = weak &^ clears
	}
}

// bounds are where a sector begins and ends.
func (d *Device) bounds(sector int64) (from, to int64) {
	return sector * d.options.SectorBytes, (sector + 1) * d.options.SectorBytes
}

func (d *Device) erase(sector int64) {
	from, to := d.bounds(sector)
	d.erases[sector]++
	for at := from; at < to; at++ {
		d.cells[at] = 0xff
	}
	for i := from / d.options.BlockBytes; i < to/d.options.BlockBytes; i++ {
		d.programmed[i] = false
	}
	maps.DeleteFunc(d.weak, func(at int64, _ byte) bool { return from <= at && at < to })
	if d.worn(sector) && d.choices.Draw(8) == 7 {
		d.low[from+int64(d.choices.Draw(uint64(to-from)))] |= 1 << d.choices.Draw(8)
	}
	for at, bits := range d.low {
		if from <= at && at < to {
			d.cells[at] &^= bits
		}
	}
}

func (d *Device) worn(sector int64) bool {
	return d.options.Endurance != 0 && d.erases[sector] > d.options.Endurance
}

// tear leaves what a power failure leaves of a byte that was being programmed, and
// of the page it is in.
func (d *Device) tear(at int64, rest []byte) {
	d.tearByte(at, rest[0])
	if page := d.options.PageBytes; page != 0 && d.choices.Draw(2) == 1 {
		for i := int64(1); i < int64(len(rest)) && (at+i)%page != 0; i++ {
			d.programmed[(at+i)/d.options.BlockBytes] = true
			d.tearByte(at+i, rest[i])
		}
	}
}

// tearByte clears some of the bits of a byte, and leaves others in between.
func (d *Device) tearByte(at int64, b byte) {
	clears := d.cells[at] &^ b &^ d.high[at]
	d.program(at, ^(byte(d.choices.Draw(256)) & clears))
	if d.choices.Draw(2) == 1 {
		if weak := byte(d.choices.Draw(256)) & clears & d.cells[at]; weak != 0 {
			d.weak[at] |= weak
		}
	}
}

// tearErase leaves what a power failure leaves of a sector that was being erased:
// what there was, a part of it, all bits between what they were and one, cleared
// bits, as chips do before they erase, or ones of which some won't last.
func (d *Device) tearErase(sector int64) {
	from, to := d.bounds(sector)
	for i := from / d.options.BlockBytes; i < to/d.options.BlockBytes; i++ {
		d.programmed[i] = true
	}
	switch d.choices.Draw(5) {
	case 1:
		part := from + int64(d.choices.Draw(uint64(to-from)+1))
		for at := from; at < part; at++ {
			d.cells[at] = 0xff
		}
	case 2:
		for at := from; at < to; at++ {
			d.cells[at] |= byte(d.choices.Draw(256))
		}
	case 3:
		for at := from; at < to; at++ {
			few := byte(d.choices.Draw(256))
			few &= byte(d.choices.Draw(256))
			d.cells[at] &= few
		}
	case 4:
		for at := from; at < to; at++ {
			d.cells[at] = 0xff
		}
		for range 4 {
			d.weak[from+int64(d.choices.Draw(uint64(to-from)))] |= byte(d.choices.Draw(256))
		}
	}
}
