package raft

// marks count the bytes of uncommitted entries, so that a leader whose followers
// do not keep up refuses proposals rather than hoard them. Each mark says how
// many bytes there are up to an index; a bounded ring of them suffices.
type marks struct {
	released Index  // entries up to here are no longer counted
	floor    uint32 // cumulative bytes, modulo 2³², up to released
	end      uint32 // and up to the end of the log
	head     uint32
	count    uint32
	index    [maxMarks]Index
	total    [maxMarks]uint32
}

func (k *marks) reset(index Index) {
	k.released, k.floor, k.end, k.head, k.count = index, 0, 0, 0, 0
}

// slot is the ring's place of the i-th mark.
func (k *marks) slot(i uint32) uint32 { return (k.head + i) % maxMarks }

// uncommitted is the number of bytes counted.
func (k *marks) uncommitted() uint32 { return k.end - k.floor }

// add counts entries up to last. Where no mark is free the last one grows: it is
// released later than it might be, but nothing is forgotten.
func (k *marks) add(last Index, bytes uint32) {
	k.end += bytes
	if k.count < maxMarks {
		k.count++
	}
	newest := k.slot(k.count - 1)
	k.index[newest], k.total[newest] = last, k.end
}

// release stops counting what has been committed.
func (k *marks) release(commit Index) {
	for k.count > 0 && k.index[k.head] <= commit {
		k.released, k.floor = k.index[k.head], k.total[k.head]
		k.head = k.slot(1)
		k.count--
	}
}

// truncate stops counting the entries from an index on. Of a mark that is cut in
// two all bytes stay counted until it is released: too many rather than too few.
func (k *marks) truncate(from Index) {
	for k.count > 0 && k.index[k.slot(k.count-1)] >= from {
		below, bytes := k.released, k.floor
		if k.count > 1 {
			before := k.slot(k.count - 2)
			below, bytes = k.index[before], k.total[before]
		}
		if below+1 < from {
			k.index[k.slot(k.count-1)] = from - 1
			return
		}
		k.end = bytes
		k.count--
	}
}

// fit returns how far entries after prev, up to last and of at most maxBytes in
// all, go, and their bytes or more. It returns false if the marks do not tell.
func (k *marks) fit(prev, last Index, maxBytes uint32) (Index, uint32, bool) {
	from, start := uint32(0), k.floor
	if prev != k.released {
		for from < k.count && k.index[k.slot(from)] < prev {
			from++
		}
		if from == k.count || k.index[k.slot(from)] != prev {
			return 0, 0, false
		}
		start = k.total[k.slot(from)]
		from++
	}
	fits, bytes := prev, uint32(0)
	for i := from; i < k.count; i++ {
		at := k.slot(i)
		if k.index[at] > last || k.total[at]-start > maxBytes {
			break
		}
		fits, bytes = k.index[at], k.total[at]-start
	}
	return fits, bytes, fits > prev
}
