//go:build tinygo && smartfusion2

package smartfusion2

import "runtime/volatile"

// The registers of UART 0, a 16550, four bytes apart.
const (
	uartData            = uartBase + 0x00
	uartInterruptEnable = uartBase + 0x04
	uartFifoControl     = uartBase + 0x08
	uartLineControl     = uartBase + 0x0c
	uartLineStatus      = uartBase + 0x14

	receivedAvailable = 1 << 0 // in uartInterruptEnable
	fifoEnable        = 1 << 0
	eightBits         = 3
	dataReady         = 1 << 0 // in uartLineStatus
	holdingEmpty      = 1 << 5
)

// Console is the board's serial line, without flow control: 115,200 baud, 8 bits, no
// parity, as the boot loader has left it.
type Console struct{}

// typed is what has come and was not read, a ring with one writer, the interrupt, and
// one reader.
var typed struct {
	bytes         [256]volatile.Register8
	written, read volatile.Register8 // modulo 256
}

// OnConsole is called by the interrupt when something has come.
var OnConsole func()

// Start has the line listened to.
func (Console) Start() {
	register(uartLineControl).Set(eightBits)
	register(uartFifoControl).Set(fifoEnable)
	register(uartInterruptEnable).Set(receivedAvailable)
	enable(uartInterrupt)
}

// uartHandler takes what has come. What does not fit is lost, as it is on any line.
//
//export IRQ10_Handler
func uartHandler() {
	for register(uartLineStatus).Get()&dataReady != 0 {
		b := uint8(register(uartData).Get())
		if at := typed.written.Get(); at+1 != typed.read.Get() {
			typed.bytes[at].Set(b)
			typed.written.Set(at + 1)
		}
	}
	OnConsole()
}

// Read returns the next byte that has come, and false if there is none.
func (Console) Read() (byte, bool) {
	at := typed.read.Get()
	if at == typed.written.Get() {
		return 0, false
	}
	b := typed.bytes[at].Get()
	typed.read.Set(at + 1)
	return b, true
}

// Write says some bytes, as fast as the line takes them.
func (Console) Write(text []byte) {
	for _, b := range text {
		for register(uartLineStatus).Get()&holdingEmpty == 0 {
		}
		register(uartData).Set(uint32(b))
	}
}
