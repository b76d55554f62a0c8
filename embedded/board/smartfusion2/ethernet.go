//go:build tinygo && smartfusion2

package smartfusion2

import (
	"runtime/volatile"
	"unsafe"
)

// The registers of the Ethernet MAC.
const (
	emacConfiguration  = emacBase + 0x00
	emacMaxFrame       = emacBase + 0x10
	emacStation1       = emacBase + 0x40 // the address, its first four bytes,
	emacStation2       = emacBase + 0x44 // and the last two
	emacSendControl    = emacBase + 0x180
	emacSendFirst      = emacBase + 0x184
	emacSendStatus     = emacBase + 0x188
	emacReceiveControl = emacBase + 0x18c
	emacReceiveFirst   = emacBase + 0x190
	emacReceiveStatus  = emacBase + 0x194
	emacInterruptMask  = emacBase + 0x198

	emacSendEnable    = 1 << 0 // in emacConfiguration
	emacReceiveEnable = 1 << 2

	dmaEnable      = 1 << 0 // in the two controls
	packetSent     = 1 << 0 // in emacSendStatus
	sendUnderrun   = 1 << 1
	packetReceived = 1 << 0 // in emacReceiveStatus
	overflow       = 1 << 2

	receivedInterrupt = 1 << 4 // in the mask
	overflowInterrupt = 1 << 6

	empty     = 1 << 31 // in a descriptor's size
	sizeField = 0x7ff
)

// FrameMax is the longest frame, with Ethernet's header, in bytes.
const FrameMax = 544

const (
	headerBytes   = 14
	received      = 4 // frames that may wait to be taken
	etherType     = 0x88b5
	framesAtLeast = 60
	addressBytes  = 6
)

// A descriptor tells the MAC's DMA where a frame is, or is to go.
type descriptor struct {
	address, size, next volatile.Register32
}

// Ethernet is the MAC. Frames carry the type that is left to local experiments, 0x88b5;
// a node's address is locally administered and ends with its id.
type Ethernet struct{}

var (
	sending     descriptor
	sendBuffer  [FrameMax]byte
	receiving   [received]descriptor
	receiveArea [received][FrameMax]byte
	own         uint32 // the node
	next        int    // of the descriptors, the one to look at
	held        bool   // the frame before it has been handed out
)

// OnEthernet is called by the interrupt when frames have come.
var OnEthernet func()

// Start begins to receive what is sent to a node.
func (Ethernet) Start(node uint32) {
	own, next, held = node, 0, false
	sending.address.Set(address(&sendBuffer[0]))
	sending.size.Set(empty)
	sending.next.Set(address(&sending))
	for i := range receiving {
		d := &receiving[i]
		d.address.Set(address(&receiveArea[i][0]))
		d.size.Set(empty)
		d.next.Set(address(&receiving[(i+1)%received]))
	}
	register(emacConfiguration).Set(emacSendEnable | emacReceiveEnable)
	register(emacMaxFrame).Set(FrameMax)
	register(emacStation1).Set(0x02444c00)
	register(emacStation2).Set(node << 16 & 0xffff0000)
	register(emacInterruptMask).Set(receivedInterrupt | overflowInterrupt)
	enable(emacInterrupt)
	listen()
}

// listen has the MAC receive from the next descriptor on.
func listen() {
	register(emacReceiveFirst).Set(address(&receiving[next]))
	register(emacReceiveControl).Set(dmaEnable)
}

// address is where the DMA finds something.
func address[T any](of *T) uint32 { return uint32(uintptr(unsafe.Pointer(of))) }

// emacHandler leaves the frames where they are: they are taken by Receive, which
// unmasks the interrupt again.
//
//export IRQ12_Handler
func emacHandler() {
	register(emacInterruptMask).Set(0)
	OnEthernet()
}

// Receive returns what the next frame carries, padding included, or nil if there is
// none. It is valid until the next call.
func (Ethernet) Receive() []byte {
	if own == 0 {
		return nil // it was not started
	}
	if held {
		release()
	}
	d := &receiving[next]
	size := d.size.Get()
	if size&empty != 0 {
		if register(emacReceiveStatus).Get()&overflow != 0 {
			register(emacReceiveStatus).Set(overflow)
			listen()
		}
		register(emacInterruptMask).Set(receivedInterrupt | overflowInterrupt)
		return nil
	}
	held = true
	length := min(size&sizeField, FrameMax)
	frame := receiveArea[next][:length]
	if length < headerBytes || frame[12] != etherType>>8 || frame[13] != etherType&0xff {
		return frame[:0]
	}
	return frame[headerBytes:]
}

// release gives the memory of the frame that was handed out back to the MAC.
func release() {
	held = false
	receiving[next].size.Set(empty)
	register(emacReceiveStatus).Set(packetReceived)
	next = (next + 1) % received
}

// Send sends bytes to a node. They are lost if the frame before has not left yet, or
// if they are too many.
func (Ethernet) Send(node uint32, bytes []byte) {
	if sending.size.Get()&empty == 0 || len(bytes) > FrameMax-headerBytes {
		return
	}
	frame := sendBuffer[:max(headerBytes+len(bytes), framesAtLeast)]
	putAddress(frame, node)
	putAddress(frame[addressBytes:], own)
	frame[12], frame[13] = etherType>>8, etherType&0xff
	clear(frame[headerBytes+copy(frame[headerBytes:], bytes):])
	sending.size.Set(uint32(len(frame)))
	register(emacSendStatus).Set(packetSent | sendUnderrun)
	register(emacSendFirst).Set(address(&sending))
	register(emacSendControl).Set(dmaEnable)
}

func putAddress(into []byte, node uint32) {
	into[0], into[1], into[2], into[3], into[4], into[5] = 0x02, 0x44, 0x4c, 0, byte(node>>8), byte(node)
}
