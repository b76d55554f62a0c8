package explore

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// mix is one round of a hash: the two halves of a product.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0xa0761d6478bd642f, b^0xe7037ed1a0b428db)
	return high ^ low
}

// hashBytes is a hash of bytes.
func hashBytes(b []byte) uint64 {
	h := uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		h = mix(h, binary.LittleEndian.Uint64(b))
	}
	var tail [8]byte
	copy(tail[:], b)
	return mix(h, binary.LittleEndian.Uint64(tail[:]))
}

// fingerprint is a 96-bit hash of a cluster's state.
func fingerprint(words []uint32) (low uint64, high uint32) {
	a, b := uint64(0x8bb84b93962eacc9), uint64(0x2d358dccaa6c78a5)
	for ; len(words) >= 2; words = words[2:] {
		w := uint64(words[0]) | uint64(words[1])<<32
		a, b = mix(a, w), mix(b^w, 0x4d5a2da51de1aa47)
	}
	if len(words) == 1 {
		a, b = mix(a, uint64(words[0])), mix(b^uint64(words[0]), 0x4d5a2da51de1aa47)
	}
	return mix(a, b), uint32(b>>32) ^ uint32(b)
}

// A slab is a slice that grows without being copied.
type slab[T any] struct {
	chunks [][]T
	length int
}

const slabChunk = 1 << 14

func (s *slab[T]) at(i int) *T { return &s.chunks[i/slabChunk][i%slabChunk] }

func (s *slab[T]) push(t T) {
	if s.length == len(s.chunks)*slabChunk {
		s.chunks = append(s.chunks, make([]T, slabChunk))
	}
	*s.at(s.length) = t
	s.length++
}

func (s *slab[T]) bytes() uint64 {
	var t T
	return uint64(len(s.chunks)) * slabChunk * uint64(unsafe.Sizeof(t))
}

// An interner numbers strings of bytes from 1 in the order of their coming. Zero
// is the empty one.
type interner struct {
	table []uint32 // open addressing, by hash
	items slab[item]
	arena []byte // what is left of the last piece of memory
	held  uint64 // bytes of memory for strings
}

type item struct {
	hash  uint64
	bytes []byte
}

const arenaPiece = 1 << 18

// intern returns the number of b, and whether it is new.
func (n *interner) intern(b []byte) (uint32, bool) {
	if len(b) == 0 {
		return 0, false
	}
	if 3*n.items.length >= 2*len(n.table) {
		n.grow()
	}
	hash := hashBytes(b)
	mask := uint64(len(n.table) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		id := n.table[at]
		if id == 0 {
			n.items.push(item{hash, n.keep(b)})
			n.table[at] = uint32(n.items.length)
			return uint32(n.items.length), true
		}
		if known := n.items.at(int(id - 1)); known.hash == hash && string(known.bytes) == string(b) {
			return id, false
		}
	}
}

// of returns the bytes of a number.
func (n *interner) of(id uint32) []byte {
	if id == 0 {
		return nil
	}
	return n.items.at(int(id - 1)).bytes
}

func (n *interner) keep(b []byte) []byte {
	if len(n.arena) < len(b) {
		n.arena = make([]byte, max(arenaPiece, len(b)))
		n.held += uint64(len(n.arena))
	}
	kept := n.arena[:len(b):len(b)]
	n.arena = n.arena[len(b):]
	copy(kept, b)
	return kept
}

func (n *interner) grow() {
	n.table = make([]uint32, max(1024, 2*len(n.table)))
	mask := uint64(len(n.table) - 1)
	for id := 1; id <= n.items.length; id++ {
		at := n.items.at(id-1).hash & mask
		for n.table[at] != 0 {
			at = (at + 1) & mask
		}
		n.table[at] = uint32(id)
	}
}

func (n *interner) bytes() uint64 { return 4*uint64(len(n.table)) + n.items.bytes() + n.held }

// A lookup maps words that are not zero to numbers that are not zero.
type lookup struct {
	keys   []uint64
	values []uint32
	count  int
}

func (l *lookup) get(key uint64) uint32 {
	if l.count == 0 {
		return 0
	}
	mask := uint64(len(l.keys) - 1)
	for at := mix(key, 0) & mask; ; at = (at + 1) & mask {
		switch l.keys[at] {
		case key:
			return l.values[at]
		case 0:
			return 0
		}
	}
}

func (l *lookup) put(key uint64, value uint32) {
	if 3*l.count >= 2*len(l.keys) {
		old := *l
		size := max(1024, 2*len(l.keys))
		l.keys, l.values, l.count = make([]uint64, size), make([]uint32, size), 0
		for i, k := range old.keys {
			if k != 0 {
				l.put(k, old.values[i])
			}
		}
	}
	mask := uint64(len(l.keys) - 1)
	at := mix(key, 0) & mask
	for l.keys[at] != 0 {
		at = (at + 1) & mask
	}
	l.keys[at], l.values[at] = key, value
	l.count++
}

func (l *lookup) bytes() uint64 { return 12 * uint64(len(l.keys)) }
