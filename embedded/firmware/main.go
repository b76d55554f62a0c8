//go:build tinygo && smartfusion2

// Firmware is a Driftless node on an Emcraft SmartFusion2 module: the register machine
// of the contract, over a log in RAM, with its peers on Ethernet and a shell on the
// serial line. It begins as nobody: `bootstrap` or `join`, typed once, says who it is. A
// board that has lost power has lost its log, and comes back as another member.
//
//	embedded/tinygo/build -o firmware.elf -board emcraft-sf2 ./embedded/firmware
package main

import (
	"github.com/driftless-raft/driftless/embedded"
	board "github.com/driftless-raft/driftless/embedded/board/smartfusion2"
	_ "github.com/driftless-raft/driftless/embedded/tinygo/target"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
	"github.com/driftless-raft/driftless/storage/memory"
)

const (
	millisecond = 1_000_000

	frameBytes    = board.FrameMax - 14
	logBlocks     = 8
	logEntries    = 128
	logBytes      = 4096
	sessions      = 16
	cellBytes     = 1 + register.ResponseBytes // of a session's response, with its length
	stateBytes    = 1024
	requests      = 8
	applied       = 32
	appliedBytes  = 64 // a command with its response
	configuration = 4  // in the log at a time
)

var settings = embedded.Settings{
	Settings: raft.Settings{
		ElectionTimeout: 500 * millisecond, Heartbeat: 100 * millisecond,
		MaxMessageBytes: 256, MaxInflightBytes: 512, MaxUncommittedBytes: 1024, ChunkBytes: 256,
		Reserve: 16 + logEntries/logBlocks, LeaseReads: true, MaxClockErrorPPM: 500,
	},
	Keep: 16,
}

// All of the node's memory.
var (
	node      embedded.Node
	shell     embedded.Shell
	executor  embedded.Executor
	log       memory.Blocks
	sessioned session.Machine
	registers register.Machine

	processor board.Processor
	console   board.Console
	ethernet  board.Ethernet

	entrySlots         [logEntries]memory.EntrySlot
	entryBytes         [logBytes]byte
	configurationSlots [configuration]memory.ConfigurationSlot
	snapshots          [2][stateBytes]byte
	sessionSlots       [sessions]session.Slot
	sessionResponses   [sessions * cellBytes]byte
	frame              [frameBytes]byte
	state              [stateBytes]byte
	requestSlots       [requests]embedded.RequestSlot
	appliedSlots       [applied]embedded.AppliedSlot
	appliedCells       [applied * appliedBytes]byte

	ports  embedded.Ports
	parts  embedded.Memory
	store  memory.Memory
	table  session.Memory
	status embedded.Status
	random uint64 // the state of the generator of jitter
	wired  bool   // Ethernet has an address
)

// The tasks, by the order in which they are added.
const (
	nodeTask = iota
	shellTask
	frameTask
)

func main() {
	board.OnConsole, board.OnEthernet = wakeShell, wakeFrames
	processor.Start()
	console.Start()
	format()
	shell.Greet()
	executor.Format(processor)
	executor.Add(polls(nodeTask))
	executor.Add(polls(shellTask))
	executor.Add(polls(frameTask))
	executor.Run()
}

func wakeShell()  { executor.Wake(shellTask) }
func wakeFrames() { executor.Wake(frameTask) }

// format makes an empty store, a machine in its first state, and a node that has not
// started.
func format() {
	store.Blocks, store.Entries, store.Bytes = logBlocks, entrySlots[:], entryBytes[:]
	store.Configurations = configurationSlots[:]
	store.Snapshots[0], store.Snapshots[1] = snapshots[0][:], snapshots[1][:]
	log.Format(&store)
	table.Slots, table.Responses = sessionSlots[:], sessionResponses[:]
	sessioned.Format(&table, machine{})
	ports.Clock, ports.Store, ports.Link, ports.Transport = port{}, port{}, link{}, port{}
	ports.Machine, ports.Client = port{}, port{}
	parts.Frame, parts.State, parts.Requests = frame[:], state[:], requestSlots[:]
	parts.Applied, parts.Bytes = appliedSlots[:], appliedCells[:]
	node.Format(&settings, &ports, &parts)
	shell.Format(&node, console)
}

// polls is one of the tasks, by its number.
type polls uint8

// Poll implements [embedded.Task].
func (p polls) Poll(now raft.Instant) raft.Instant {
	switch p {
	case nodeTask:
		processor.Refresh()
		return node.Poll(now)
	case shellTask:
		for b, ok := console.Read(); ok; b, ok = console.Read() {
			shell.Type(b)
		}
		connect()
	case frameTask:
		for frame := ethernet.Receive(); frame != nil; frame = ethernet.Receive() {
			node.Receive(frame)
		}
	}
	executor.Wake(nodeTask)
	return embedded.Never
}

// connect gives the board its address as soon as it is somebody.
func connect() {
	if wired {
		return
	}
	node.Status(&status)
	self := status.Identity.Self
	if self.ID == 0 {
		return
	}
	wired = true
	ethernet.Start(uint32(self.ID))
}

// A port is all ports of the node: TinyGo describes types that are put into interfaces
// in flash, and of this one there is nothing to say.
type port struct{}

// Now implements [raft.Clock].
func (port) Now() raft.Instant { return processor.Now() }

// Jitter implements [raft.Clock], by xorshift. It begins with the member's random number
// and the time at which that was typed.
func (port) Jitter(limit raft.Duration) raft.Duration {
	if random == 0 {
		log.Stored(&stored)
		random = uint64(stored.Identity.Self.Incarnation)<<32 ^ uint64(processor.Now()) | 1
	}
	random ^= random << 13
	random ^= random >> 7
	random ^= random << 17
	return raft.Duration(random) % limit
}

var stored raft.Stored

// CountsSuspendedTime implements [raft.Clock]: the timer runs while the processor sleeps.
func (port) CountsSuspendedTime() bool { return true }

// Send implements [raft.Transport].
func (port) Send(m *raft.Message, payload *raft.Payload) { node.Send(m, payload) }

// link is the cable.
type link struct{}

// Send implements [embedded.Link].
func (link) Send(to raft.ID, frame []byte) { ethernet.Send(uint32(to), frame) }

// Answered implements [embedded.Client].
func (port) Answered(a *embedded.Answer) { shell.Answered(a) }
