//go:build tinygo && smartfusion2

// Trial shows that the drivers do what they say: what it finds it says over the serial
// line, and then it sends whatever line is typed to the other of two boards. The test
// beside the drivers runs it.
package main

import (
	"sync/atomic"
	"unsafe"

	board "github.com/driftless-raft/driftless/embedded/board/smartfusion2"
	_ "github.com/driftless-raft/driftless/embedded/tinygo/target"
	"github.com/driftless-raft/driftless/raft"
)

var (
	processor board.Processor
	console   board.Console
	flash     board.Flash
	ethernet  board.Ethernet

	piece [16]byte
	line  [64]byte
	woken atomic.Uint32
)

func main() {
	board.OnConsole, board.OnEthernet = wake, wake
	processor.Start()
	console.Start()
	tryFlash()
	tryClock()
	say("which of two\n")
	converse()
}

func wake() { woken.Store(1) }

// tryFlash programs two sectors and erases one of them; the other keeps a count of the
// starts, a bit each.
func tryFlash() {
	if flash.Start() != nil {
		say("no flash\n")
		return
	}
	starts := 0
	read(0)
	for piece[0] != 0 {
		piece[0] &= piece[0] << 1
		starts++
	}
	report("starts left: ", uint64(starts))
	read(0)
	piece[0] &= piece[0] << 1
	write(0, 1)
	erase(1)
	read(65536)
	report("erased: ", uint64(piece[15]))
	piece[0], piece[15] = 0xf0, 0xf0
	write(65536+250, 16) // over the end of a page
	piece[0], piece[15] = 0x3f, 0x3f
	write(65536+250, 16)
	read(65536 + 250)
	report("f0 and 3f: ", uint64(piece[0])<<8|uint64(piece[15]))
	read(131072)
	report("beside it: ", uint64(piece[0]))
	if _, err := flash.ReadAt(piece[:], flash.Size()-15); err == nil {
		say("read beyond the end\n")
	}
}

func read(at int64) {
	if _, err := flash.ReadAt(piece[:], at); err != nil {
		say("unread\n")
	}
}

func write(at int64, count int) {
	if _, err := flash.WriteAt(piece[:count], at); err != nil {
		say("unwritten\n")
	}
}

func erase(sector int64) {
	if flash.EraseBlocks(sector, 1) != nil {
		say("unerased\n")
	}
}

// tryClock sleeps ten times, each until a time of its own, and says how often it woke.
func tryClock() {
	say("sleeps\n")
	begun, wakes := processor.Now(), uint64(0)
	for i := range 10 {
		until := begun + 100_000_000*(1+raft.Instant(i))
		for processor.Now() < until {
			processor.Mask()
			processor.Wait(until)
			processor.Unmask()
			wakes++
		}
	}
	report("woke: ", wakes)
	report("slept: ", uint64(processor.Now()-begun)/1_000_000)
}

// converse takes the board's number and then sends what is typed to the other board,
// and says what that one sends. In between it sleeps.
func converse() {
	own, length := uint32(0), 0
	for {
		woken.Store(0)
		for b, ok := console.Read(); ok; b, ok = console.Read() {
			switch {
			case own == 0:
				own = uint32(b - '0')
				ethernet.Start(own)
				say("ready\n")
			case b == '\n':
				ethernet.Send(3-own, line[:length])
				length = 0
			case length < len(line):
				line[length] = b
				length++
			}
		}
		for frame := ethernet.Receive(); frame != nil; frame = ethernet.Receive() {
			console.Write(frame)
			say("\n")
		}
		processor.Mask()
		if woken.Load() == 0 {
			processor.Wait(1<<63 - 1)
		}
		processor.Unmask()
	}
}

func say(text string) { console.Write(unsafe.Slice(unsafe.StringData(text), len(text))) }

// report says a number, in hexadecimal digits.
func report(what string, number uint64) {
	say(what)
	for shift := 28; shift >= 0; shift -= 4 {
		line[7-shift/4] = "0123456789abcdef"[number>>shift&15]
	}
	console.Write(line[:8])
	say("\n")
}
