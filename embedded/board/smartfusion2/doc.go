// Package smartfusion2 drives what a Driftless node needs of a Microsemi SmartFusion2
// on an Emcraft system-on-module: the two timers of the microcontroller subsystem, a
// UART, the Ethernet MAC and, on the first SPI controller, the board's Spansion NOR
// flash. Registers have the names of the subsystem's user guide (UG0331), commands of
// the flash those of its data sheet (S25FL128).
//
// There is one of each, so each is a variable of the package and works in memory of
// its own. Interrupt handlers do as little as they can: what comes over the UART goes
// into a ring, for everything else they call OnInterrupt, which is to wake a task.
//
// QEMU's machine emcraft-sf2 has all of this but the watchdog, whose registers it takes
// and ignores. It erases and programs in no time, sends a frame while the register that
// says so is written, and runs the timers at 100 MHz whatever the clock tree says.
package smartfusion2
