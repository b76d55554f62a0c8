//go:build tinygo && smartfusion2

package smartfusion2

import (
	"device/arm"
	"runtime/volatile"

	"github.com/driftless-raft/driftless/raft"
)

// The registers of the two timers of 32 bits, which count down.
const (
	timerValue   = 0x00
	timerLoad    = 0x04
	timerControl = 0x0c
	timerRaw     = 0x10 // the interrupt, before its mask; writing 1 ends it

	timer1 = timerBase
	timer2 = timerBase + 0x18

	timerEnable    = 1 << 0
	timerOneShot   = 1 << 1
	timerInterrupt = 1 << 2
)

// A timer counts APB clocks, at 100 MHz.
const nanosecondsPerClock = 10

// longest is the longest wait, so that timer 2 is loaded with what it can hold.
const longest = 1 << 31

// Processor is the Cortex-M3 with its clock: timer 1 runs through, 43 s a turn, and
// timer 2 ends a wait. It goes on while the processor sleeps.
type Processor struct{}

var turns volatile.Register32 // of timer 1

// Start starts the clock.
func (Processor) Start() {
	register(timer1 + timerLoad).Set(1<<32 - 1)
	register(timer1 + timerControl).Set(timerEnable | timerInterrupt)
	enable(timer1Interrupt)
	enable(timer2Interrupt)
}

//export IRQ14_Handler
func timer1Handler() {
	register(timer1 + timerRaw).Set(1)
	turns.Set(turns.Get() + 1)
}

// timer2Handler has nothing to do: that the processor is awake is all that was asked for.
//
//export IRQ15_Handler
func timer2Handler() { register(timer2 + timerRaw).Set(1) }

// Now is how long the clock has been running.
func (Processor) Now() raft.Instant {
	state := arm.DisableInterrupts()
	now := now()
	arm.EnableInterrupts(state)
	return now
}

// now is Now, where interrupts are masked.
func now() raft.Instant {
	count := ^register(timer1 + timerValue).Get()
	turn := turns.Get()
	if register(timer1+timerRaw).Get()&1 != 0 {
		// A turn is over that nobody has counted. The value may have been read
		// before or after its end.
		count = ^register(timer1 + timerValue).Get()
		turn++
	}
	return raft.Instant(uint64(turn)<<32|uint64(count)) * nanosecondsPerClock
}

// Mask keeps interrupts from being handled.
func (Processor) Mask() { arm.AsmFull("cpsid i", nil) }

// Unmask has pending interrupts handled.
func (Processor) Unmask() { arm.AsmFull("cpsie i", nil) }

// Wait sleeps until an interrupt is pending, by timer 2 at an instant.
func (Processor) Wait(until raft.Instant) {
	now := now()
	if until <= now {
		return
	}
	clocks := min(uint64(until-now)/nanosecondsPerClock+1, longest)
	register(timer2 + timerControl).Set(0)
	register(timer2 + timerRaw).Set(1)
	register(timer2 + timerLoad).Set(uint32(clocks))
	register(timer2 + timerControl).Set(timerEnable | timerOneShot | timerInterrupt)
	arm.Asm("wfi")
}

// The watchdog of the subsystem resets it unless it is refreshed every few seconds.
const (
	watchdogRefresh = 0x10
	refreshKey      = 0xac15de42
)

// Refresh tells the watchdog that the program is alive.
func (Processor) Refresh() { register(watchdogBase + watchdogRefresh).Set(refreshKey) }
