//go:build tinygo && smartfusion2

package smartfusion2

// The registers of the SPI controller.
const (
	spiControl   = spiBase + 0x00
	spiFrameSize = spiBase + 0x04
	spiStatus    = spiBase + 0x08
	spiReceive   = spiBase + 0x10
	spiTransmit  = spiBase + 0x14
	spiSelect    = spiBase + 0x1c

	spiEnable     = 1 << 0
	spiMaster     = 1 << 1
	spiHoldSelect = 1 << 26 // the chip stays selected until so many frames are over:
	spiFrames     = 8       // in these bits
	spiBigFifo    = 1 << 29
	receiveEmpty  = 1 << 6 // in spiStatus
)

// The commands of the flash.
const (
	flashRead        = 0x03
	flashProgram     = 0x02
	flashReadStatus  = 0x05
	flashWriteEnable = 0x06
	flashErase       = 0xd8 // of a sector
	flashReadID      = 0x9f

	writeInProgress = 1 << 0 // in the status
	programError    = 1 << 6
	eraseError      = 1 << 5

	flashSize   = 16 << 20
	sectorBytes = 64 << 10
	pageBytes   = 256
)

// A FlashError says why the flash did not do what it was told.
type FlashError uint8

// What goes wrong.
const (
	OutOfRange FlashError = iota + 1 // there is no such place
	NotThere                         // the chip does not answer, or is another one
	Failed                           // the chip says that it could not program or erase
)

// Error returns a sentence about the error.
func (e FlashError) Error() string {
	switch e {
	case OutOfRange:
		return "the flash has no such place"
	case NotThere:
		return "the flash does not answer, or is another one"
	case Failed:
		return "the flash could not program or erase"
	}
	return "unknown error of the flash"
}

// Flash is the NOR flash beside the processor: 16 MiB in sectors of 64 KiB. It has the
// shape of TinyGo's block devices.
type Flash struct{}

// Start asks the chip who it is.
func (Flash) Start() error {
	register(spiControl).Set(0)
	register(spiFrameSize).Set(8)
	register(spiSelect).Set(1)
	begin(4)
	exchange(flashReadID)
	maker, memory, capacity := exchange(0), exchange(0), exchange(0)
	if maker != 0x01 || memory != 0x20 || capacity != 0x18 {
		return NotThere
	}
	return nil
}

// begin selects the chip for so many bytes.
func begin(bytes int) {
	register(spiControl).Set(0)
	register(spiControl).Set(spiEnable | spiMaster | spiHoldSelect | spiBigFifo | uint32(bytes)<<spiFrames)
}

// exchange sends a byte and returns the one that came meanwhile.
func exchange(b byte) byte {
	register(spiTransmit).Set(uint32(b))
	for register(spiStatus).Get()&receiveEmpty != 0 {
	}
	return byte(register(spiReceive).Get())
}

func command(c byte, at int64) {
	exchange(c)
	exchange(byte(at >> 16))
	exchange(byte(at >> 8))
	exchange(byte(at))
}

func writeEnable() {
	begin(1)
	exchange(flashWriteEnable)
}

// finish waits until the chip is ready.
func finish() error {
	for {
		begin(2)
		exchange(flashReadStatus)
		status := exchange(0)
		switch {
		case status&(programError|eraseError) != 0:
			return Failed
		case status&writeInProgress == 0:
			return nil
		}
	}
}

// Size is in bytes.
func (Flash) Size() int64 { return flashSize }

// WriteBlockSize is 1: any byte can be programmed by itself.
func (Flash) WriteBlockSize() int64 { return 1 }

// EraseBlockSize is that of a sector, in bytes.
func (Flash) EraseBlockSize() int64 { return sectorBytes }

// ReadAt reads bytes.
func (Flash) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at > flashSize || int64(len(p)) > flashSize-at {
		return 0, OutOfRange
	}
	for done := 0; done < len(p); {
		piece := p[done:min(done+sectorBytes/2, len(p))]
		begin(4 + len(piece))
		command(flashRead, at+int64(done))
		for i := range piece {
			piece[i] = exchange(0)
		}
		done += len(piece)
	}
	return len(p), nil
}

// WriteAt programs bytes, page by page. It clears bits, and sets none.
func (Flash) WriteAt(p []byte, at int64) (int, error) {
	if at < 0 || at > flashSize || int64(len(p)) > flashSize-at {
		return 0, OutOfRange
	}
	for done := 0; done < len(p); {
		room := pageBytes - int(at+int64(done))%pageBytes
		piece := p[done:min(done+room, len(p))]
		if err := program(piece, at+int64(done)); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return len(p), nil
}

// program programs bytes within a page. It is where a test takes the power away.
//
//go:noinline
func program(piece []byte, at int64) error {
	writeEnable()
	begin(4 + len(piece))
	command(flashProgram, at)
	for _, b := range piece {
		exchange(b)
	}
	return finish()
}

// EraseBlocks erases sectors, which sets all their bits.
func (Flash) EraseBlocks(first, count int64) error {
	if first < 0 || count < 0 || first > flashSize/sectorBytes || count > flashSize/sectorBytes-first {
		return OutOfRange
	}
	for sector := first; sector < first+count; sector++ {
		if err := erase(sector * sectorBytes); err != nil {
			return err
		}
	}
	return nil
}

//go:noinline
func erase(at int64) error {
	writeEnable()
	begin(4)
	command(flashErase, at)
	return finish()
}
