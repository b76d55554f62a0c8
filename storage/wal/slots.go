package wal

import "github.com/driftless-raft/driftless/raft"

// A slot is what is kept in memory of an entry: its header, and where its body is.
type slot struct {
	entryHeader
	lost    bool   // the body is not what it should be
	home    uint32 // the segment that holds the header, 0 until it is chosen
	segment uint32 // the segment that holds the body
	offset  uint32 // of the body in its segment; in its batch until that is placed
	batch   uint64 // that brought the body in this life, 0 if an earlier life did
}

// slots are those of the entries from first to last, in a ring.
type slots struct {
	ring  []slot // its length is a power of two
	first raft.Index
	last  raft.Index
	bytes uint64     // of the bodies
	lost  uint32     // how many bodies
	hole  raft.Index // the first of them, 0 if there is none
}

// at is the slot of an index from first to last.
func (s *slots) at(index raft.Index) *slot { return &s.ring[uint64(index)&uint64(len(s.ring)-1)] }

func (s *slots) holds(index raft.Index) bool { return s.first <= index && index <= s.last }

// restart empties the slots; the next one is of the entry after an index.
func (s *slots) restart(last raft.Index) {
	s.first, s.last, s.bytes, s.lost, s.hole = last+1, last, 0, 0, 0
}

// push adds a slot after the last.
func (s *slots) push(e slot) {
	if uint64(s.last+1-s.first) == uint64(len(s.ring)) {
		longer := slots{ring: make([]slot, max(64, 2*len(s.ring)))}
		for index := s.first; index <= s.last; index++ {
			*longer.at(index) = *s.at(index)
		}
		s.ring = longer.ring
	}
	s.last++
	*s.at(s.last) = e
	s.bytes += uint64(e.size)
	if e.lost {
		s.lose(s.last)
	}
}

// truncate removes the entries after an index. An earlier life may have had some
// of which no slot is known: then the next is of the entry after that index.
func (s *slots) truncate(last raft.Index) {
	for ; s.last > last && s.last >= s.first; s.last-- {
		s.drop(s.last)
	}
	s.last = last
	s.first = min(s.first, last+1)
	s.seek()
}

// compact removes the entries up to an index.
func (s *slots) compact(base raft.Index) {
	for ; s.first <= base && s.first <= s.last; s.first++ {
		s.drop(s.first)
	}
	s.seek()
}

func (s *slots) drop(index raft.Index) {
	e := s.at(index)
	s.bytes -= uint64(e.size)
	if e.lost {
		s.lost--
	}
}

// lose notes that the body of an entry is lost.
func (s *slots) lose(index raft.Index) {
	s.at(index).lost = true
	s.lost++
	if s.hole == 0 || index < s.hole {
		s.hole = index
	}
}

// found notes that it is back.
func (s *slots) found(index raft.Index) {
	s.at(index).lost = false
	s.lost--
	s.seek()
}

// seek finds the first lost body.
func (s *slots) seek() {
	if s.lost == 0 {
		s.hole = 0
		return
	}
	s.hole = s.first
	for !s.at(s.hole).lost {
		s.hole++
	}
}
