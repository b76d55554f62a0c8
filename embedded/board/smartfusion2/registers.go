//go:build tinygo && smartfusion2

package smartfusion2

import (
	"device/arm"
	"runtime/volatile"
	"unsafe"
)

// The addresses of the peripherals, and their interrupts.
const (
	uartBase     = 0x40000000
	spiBase      = 0x40001000
	timerBase    = 0x40004000
	watchdogBase = 0x40005000
	emacBase     = 0x40041000

	uartInterrupt   = 10
	emacInterrupt   = 12
	timer1Interrupt = 14
	timer2Interrupt = 15
)

func register(address uintptr) *volatile.Register32 {
	return (*volatile.Register32)(unsafe.Pointer(address))
}

// enable has the processor take an interrupt.
func enable(interrupt uint32) { arm.EnableIRQ(interrupt) }
