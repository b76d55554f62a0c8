//go:build tinygo.riscv32 && driftless_virt

// This file becomes part of TinyGo's package runtime, for which embedded/tinygo/root
// puts it in place. TinyGo's own for this machine wants four processors and a heap.

package runtime

import (
	"device/riscv"
	"runtime/volatile"
	"unsafe"
)

// The devices of QEMU's machine virt (hw/riscv/virt.c).
var (
	uartTransmit = (*volatile.Register8)(unsafe.Pointer(uintptr(0x1000_0000)))
	uartStatus   = (*volatile.Register8)(unsafe.Pointer(uintptr(0x1000_0005)))
	testFinisher = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0010_0000)))
	timerLow     = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0200_bff8)))
	timerHigh    = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0200_bffc)))
	compareLow   = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0200_4000)))
	compareHigh  = (*volatile.Register32)(unsafe.Pointer(uintptr(0x0200_4004)))
)

const (
	transmitEmpty = 1 << 5 // in uartStatus
	finisherPass  = 0x5555
	finisherFail  = 0x3333 // with the exit code above it

	nanosecondsPerTick = 100 // of the timer, 10 MHz
)

//go:extern _flash_protection
var flashProtection [0]byte

// trapEntry is in package target.
//
//go:extern driftless_trap
var trapEntry [0]byte

//export main
func main() {
	riscv.MTVEC.Set(uintptr(unsafe.Pointer(&trapEntry)))
	preinit()
	protectFlash()
	run()
	exit(0)
}

// protectFlash has writes to what would be flash on a board trap: on this machine it is
// RAM. The stack ends there, so that a stack that overflows traps as well.
func protectFlash() {
	const lockedPowerOfTwo, readExecute = 0x98, 5
	riscv.PMPADDR0.Set(uintptr(unsafe.Pointer(&flashProtection)))
	riscv.PMPCFG0.Set(lockedPowerOfTwo | readExecute)
}

// trapped is where an exception ends. No interrupt is enabled.
//
//export driftless_trapped
func trapped() { exit(1) }

func ticks() timeUnit {
	for {
		high, low := timerHigh.Get(), timerLow.Get()
		if timerHigh.Get() == high {
			return timeUnit(high)<<32 | timeUnit(low)
		}
	}
}

// sleepTicks waits for the timer's interrupt, which is pending but never taken.
func sleepTicks(d timeUnit) {
	end := uint64(ticks() + d)
	compareHigh.Set(1<<32 - 1) // no early end in between
	compareLow.Set(uint32(end))
	compareHigh.Set(uint32(end >> 32))
	riscv.MIE.SetBits(riscv.MIE_MTIE)
	for uint64(ticks()) < end {
		riscv.Asm("wfi")
	}
	riscv.MIE.ClearBits(riscv.MIE_MTIE)
}

func ticksToNanoseconds(ticks timeUnit) int64 { return int64(ticks) * nanosecondsPerTick }
func nanosecondsToTicks(ns int64) timeUnit    { return timeUnit(ns / nanosecondsPerTick) }

func putchar(c byte) {
	for uartStatus.Get()&transmitEmpty == 0 {
	}
	uartTransmit.Set(c)
}

// Input is not the runtime's business here.
func getchar() byte { return 0 }
func buffered() int { return 0 }

func abort() { exit(1) }

// exit tells the machine to stop, which needs no debugger as semihosting does.
func exit(code int) {
	if code == 0 {
		testFinisher.Set(finisherPass)
	} else {
		testFinisher.Set(uint32(code)<<16 | finisherFail)
	}
	for {
		riscv.Asm("wfi")
	}
}
