package explore

// A visited set knows the states that were met by a hash of 96 bits: of 10⁹
// states, the chance that any two share one is 10⁻¹¹. With each it keeps the state
// it was first met from, so that the way to it can be found again.
type visited struct {
	table []uint32 // open addressing: the number of a state, plus one
	met   slab[meeting]
}

type meeting struct {
	low  uint64
	high uint32
	from uint32
}

// add notes a state, and reports whether it is new. States are numbered from 0 in
// the order of their coming.
func (v *visited) add(m meeting) bool {
	if 4*v.met.length >= 3*len(v.table) {
		v.grow()
	}
	mask := uint64(len(v.table) - 1)
	for at := m.low & mask; ; at = (at + 1) & mask {
		id := v.table[at]
		if id == 0 {
			v.met.push(m)
			v.table[at] = uint32(v.met.length)
			return true
		}
		if known := v.met.at(int(id - 1)); known.low == m.low && known.high == m.high {
			return false
		}
	}
}

func (v *visited) grow() {
	size := max(1<<12, 2*len(v.table))
	v.table = nil // its memory may go before there is another
	v.table = make([]uint32, size)
	mask := uint64(size - 1)
	for id := range v.met.length {
		at := v.met.at(id).low & mask
		for v.table[at] != 0 {
			at = (at + 1) & mask
		}
		v.table[at] = uint32(id + 1)
	}
}

func (v *visited) bytes() uint64 { return 4*uint64(len(v.table)) + v.met.bytes() }

// A batch is states waiting to be added. The set is far larger than the
// processor's cache, so each look at it waits for memory; looking for many at once
// has the waits overlap, which makes an exploration twice as fast.
type batch struct {
	count    int
	meetings [batchMax]meeting
	ids      [batchMax]uint32
	states   rows
	sink     uint64
}

const batchMax = 512

// put adds a state to the batch.
func (b *batch) put(s state, from uint32) {
	low, high := fingerprint(s)
	b.meetings[b.count] = meeting{low, high, from}
	copy(b.states.at(b.count), s)
	b.count++
}

// fetch has the processor load what add is going to look at.
func (v *visited) fetch(b *batch) {
	if len(v.table) == 0 {
		return
	}
	mask := uint64(len(v.table) - 1)
	for i := range b.count {
		b.ids[i] = v.table[b.meetings[i].low&mask]
	}
	for _, id := range b.ids[:b.count] {
		if id != 0 {
			b.sink += v.met.at(int(id - 1)).low
		}
	}
}
