package proof

// On a Cortex-M, copies and 64-bit arithmetic are functions of our own
// (embedded/tinygo/target). Here they are held against the host's instructions:
// any difference changes the hash.

// arithmetic divides and shifts 64-bit numbers of all lengths.
func arithmetic() digest {
	d, r := newDigest, random(1)
	for range 2000 {
		// Cut to a random number of bits, or nearly all operands would be 64
		// bits long and all quotients small.
		a, b := r.next()>>(r.next()&63), r.next()>>(r.next()&63)|1
		shift := r.next() % 70 // some are beyond the last bit
		d.add(a / b)
		d.add(b % (a | 1)) // of other operands: a%b is made from a/b
		d.add(a << shift)
		d.add(a >> shift)

		// As signed numbers, the smallest one and a divisor of -1 included.
		i, j := int64(r.next()), int64(b)
		switch r.next() & 7 {
		case 0:
			i = -1 << 63
		case 1:
			j = -1
		case 2:
			i, j = -1<<63, -1
		case 3, 4:
			j = -j
		}
		d.add(uint64(i / j))
		d.add(uint64(i % (j ^ 6))) // j is odd, so this is not 0
		d.add(uint64(i >> shift))
	}
	return d
}

// arena and spare are variables of the package because a local of this size would
// not fit TinyGo's limit for the stack (256 bytes) and go to the heap.
var arena, spare [512]byte

// copies copies within and between arrays, at all alignments and overlaps, and
// clears pieces.
func copies() digest {
	d, r := newDigest, random(2)
	for i := range arena {
		arena[i] = byte(r.next())
	}
	for range 500 {
		from, to, size := r.next()%256, r.next()%256, r.next()%256
		copy(arena[to:to+size], arena[from:from+size])
		spare = arena
		clear(arena[from : from+size%16])
		for i := range arena {
			d.add(uint64(arena[i]) | uint64(spare[i])<<8)
		}
	}
	return d
}
