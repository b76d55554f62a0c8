package statemachine

import "encoding/binary"

// Every snapshot is framed alike, all numbers little endian:
//
//	4 bytes  the machine's name
//	4 bytes  the format's version
//	8 bytes  the length of the body
//	…        the body
//	4 bytes  CRC-32C of all before
const (
	headerBytes  = 16
	trailerBytes = 4

	// FrameBytes is what a frame takes beside its body.
	FrameBytes = headerBytes + trailerBytes
)

// Format is a machine's name in snapshots and the newest version of their body.
type Format struct {
	Name    [4]byte
	Version uint32
}

// PutHeader writes the head of a frame, 16 bytes; the body follows.
func (f *Format) PutHeader(into []byte, body uint64) {
	copy(into[:4], f.Name[:])
	binary.LittleEndian.PutUint32(into[4:], f.Version)
	binary.LittleEndian.PutUint64(into[8:], body)
}

// Frame returns the place of a body of the given length within a buffer, or nil if
// frame and body don't fit. [Format.Seal] makes the frame around it.
func (*Format) Frame(into []byte, body int) []byte {
	if len(into) < FrameBytes+body {
		return nil
	}
	return into[headerBytes : headerBytes+body]
}

// Seal writes the frame around a body that was written to the place that Frame
// gave, and returns the length of the whole.
func (f *Format) Seal(into []byte, body int) int {
	f.PutHeader(into, uint64(body))
	end := headerBytes + body
	binary.LittleEndian.PutUint32(into[end:], Checksum(0, into[:end]))
	return end + trailerBytes
}

// Open checks the frame around a body and returns the body.
func (f *Format) Open(from []byte) ([]byte, Damage) {
	switch {
	case len(from) < FrameBytes:
		return nil, Truncated
	case [4]byte(from) != f.Name:
		return nil, Foreign
	case binary.LittleEndian.Uint32(from[4:]) > f.Version || binary.LittleEndian.Uint32(from[4:]) == 0:
		return nil, UnknownVersion
	case binary.LittleEndian.Uint64(from[8:]) != uint64(len(from)-FrameBytes):
		return nil, Truncated
	}
	end := len(from) - trailerBytes
	if Checksum(0, from[:end]) != binary.LittleEndian.Uint32(from[end:]) {
		return nil, WrongChecksum
	}
	return from[headerBytes:end], Intact
}

// crcTable holds the CRC-32C (Castagnoli) of every half byte: 64 bytes, where a
// table of bytes would take 1 KiB of a board's RAM. The one in hash/crc32 is made at
// run time, on a heap.
var crcTable = [16]uint32{
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
	0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
}

// Checksum is the CRC-32C of data that follows other data, whose checksum is given;
// zero if none does.
func Checksum(before uint32, data []byte) uint32 {
	crc := ^before
	for _, b := range data {
		crc ^= uint32(b)
		crc = crcTable[crc&15] ^ crc>>4
		crc = crcTable[crc&15] ^ crc>>4
	}
	return ^crc
}
