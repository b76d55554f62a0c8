package proof

// ring stands in for the core until the core is there: a log of fixed capacity
// in static memory that is appended to, cut back and compacted.
type ring struct {
	entries     [64]entry
	first, last uint64 // indexes held are first..last, none if last < first
}

type entry struct {
	index, term uint64
	size        uint32
}

func (l *ring) at(index uint64) *entry { return &l.entries[index%uint64(len(l.entries))] }

func (l *ring) append(term uint64, size uint32) bool {
	if l.last-l.first+1 == uint64(len(l.entries)) {
		return false
	}
	l.last++
	*l.at(l.last) = entry{index: l.last, term: term, size: size}
	return true
}

func (l *ring) truncate(last uint64) {
	if last < l.last && last+1 >= l.first {
		l.last = last
	}
}

func (l *ring) compact(first uint64) {
	if first > l.first && first <= l.last+1 {
		l.first = first
	}
}

var log ring

// ringTrace makes random calls and hashes the state after each.
func ringTrace() digest {
	d, r := newDigest, random(3)
	log = ring{first: 1}
	term := uint64(1)
	for range 1000 {
		switch choice := r.next(); choice & 15 {
		case 0:
			term++
			log.truncate(log.last - choice>>8%4)
		case 1:
			log.compact(log.first + choice>>8%16)
		default:
			if !log.append(term, uint32(choice>>32)) {
				log.compact(log.last - 8)
			}
		}
		for i := log.first; i <= log.last; i++ {
			e := log.at(i)
			d.add(e.index)
			d.add(e.term)
			d.add(uint64(e.size))
		}
	}
	return d
}
