package wal

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	formatVersion = 1
	magic         = 0x4c415744 // "DWAL"
	fixedBytes    = 56         // of a header, before its records

	blockBytesMin = 512
	blockBytesMax = 1 << 13
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(bytes []byte) uint32 { return crc32.Checksum(bytes, castagnoli) }

// A header begins a batch, and ends it: its two copies are the same and never in
// the same block. Its records follow it and are under its checksum.
type header struct {
	checksum    uint32 // of all that follows, records included
	headerBytes uint32 // the records included
	salt        uint64 // of the store: nobody else's bytes are taken for its own
	segment     uint32 // where the batch belongs
	offset      uint32 // likewise, in bytes
	batchBytes  uint32 // both copies and the bodies included, a multiple of a block
	bodyBytes   uint32
	previous    uint32 // the checksum of the header before
	records     uint32
	first       uint64 // the number of the first write in it, or of the next one
	blockShift  uint8  // log2 of the bytes of a block
}

// put writes the header in front of its records, which are there already.
func (h *header) put(into []byte) {
	order := binary.LittleEndian
	order.PutUint32(into[0:], magic)
	order.PutUint16(into[8:], formatVersion)
	into[10], into[11] = h.blockShift, 0
	order.PutUint32(into[12:], h.headerBytes)
	order.PutUint64(into[16:], h.salt)
	order.PutUint32(into[24:], h.segment)
	order.PutUint32(into[28:], h.offset)
	order.PutUint32(into[32:], h.batchBytes)
	order.PutUint32(into[36:], h.bodyBytes)
	order.PutUint32(into[40:], h.previous)
	order.PutUint32(into[44:], h.records)
	order.PutUint64(into[48:], h.first)
	h.checksum = checksum(into[8:h.headerBytes])
	order.PutUint32(into[4:], h.checksum)
}

// A verdict says whether bytes are a header.
type verdict uint8

const (
	noHeader verdict = iota
	otherVersion
	goodHeader
)

// parse reads a header, if the bytes begin with one, and its records.
func (h *header) parse(bytes []byte) (verdict, []byte) {
	order := binary.LittleEndian
	if len(bytes) < fixedBytes || order.Uint32(bytes) != magic {
		return noHeader, nil
	}
	h.headerBytes = order.Uint32(bytes[12:])
	if h.headerBytes < fixedBytes || uint64(h.headerBytes) > uint64(len(bytes)) {
		return noHeader, nil
	}
	h.checksum = order.Uint32(bytes[4:])
	if checksum(bytes[8:h.headerBytes]) != h.checksum {
		return noHeader, nil
	}
	if order.Uint16(bytes[8:]) != formatVersion {
		return otherVersion, nil
	}
	h.blockShift = bytes[10]
	h.salt = order.Uint64(bytes[16:])
	h.segment, h.offset = order.Uint32(bytes[24:]), order.Uint32(bytes[28:])
	h.batchBytes, h.bodyBytes = order.Uint32(bytes[32:]), order.Uint32(bytes[36:])
	h.previous, h.records = order.Uint32(bytes[40:]), order.Uint32(bytes[44:])
	h.first = order.Uint64(bytes[48:])
	if !h.sound() {
		return noHeader, nil
	}
	return goodHeader, bytes[fixedBytes:h.headerBytes]
}

// sound reports whether the sizes agree with each other.
func (h *header) sound() bool {
	block := uint64(1) << (h.blockShift & 31)
	return block >= blockBytesMin && block <= blockBytesMax && uint64(h.offset)%block == 0 &&
		uint64(h.batchBytes) == layout(uint64(h.headerBytes), uint64(h.bodyBytes), block)
}

// body is where the bodies begin, counted from the first copy, and second where the
// second copy does.
func (h *header) body() uint64   { return roundUp(uint64(h.headerBytes), uint64(1)<<h.blockShift) }
func (h *header) second() uint64 { return uint64(h.batchBytes) - h.body() }

// layout is the size of a batch: the header, the bodies and the header again, each in
// blocks of its own. So no block holds both a header and a body, and a copy that is
// lost can be written again without touching anything that is good.
func layout(headerBytes, bodyBytes, block uint64) uint64 {
	return 2*roundUp(headerBytes, block) + roundUp(bodyBytes, block)
}

func roundUp(n, to uint64) uint64 { return (n + to - 1) / to * to }
