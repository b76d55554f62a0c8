package wal

import "github.com/driftless-raft/driftless/raft"

// Entries reads entries from first up to last. What it returns is valid until the
// next call that reads or changes the store. A body that is found to be damaged
// ends the read, and Room tells of it from then on.
func (l *Log) Entries(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	count := l.admitted(first, last, maxBytes, into)
	if count == 0 {
		return 0
	}
	bytes := 0
	for i := range into[:count] {
		bytes += int(l.slots.at(into[i].Index).size)
	}
	if cap(l.listed) < bytes {
		l.listed = make([]byte, bytes)
	}
	free := l.listed[:bytes]
	for done := 0; done < count; {
		if s := l.slots.at(into[done].Index); l.inMemory(s) {
			b := l.at(s.batch)
			from := s.offset - b.origin
			into[done].Data = b.bodies[from : from+s.size : from+s.size]
			done++
			continue
		}
		run, bytes := l.run(into[done:count])
		good := l.load(into[done:done+run], free[:bytes])
		if done, free = done+good, free[bytes:]; good < run {
			return done
		}
	}
	return count
}

// Body is where the body of an entry stands on disk, or should: file, offset and size
// in bytes, for who examines a disk. It is false as long as it is on its way there,
// and where there is no entry.
func (l *Log) Body(index raft.Index) (file File, offset uint64, size uint32, placed bool) {
	if !l.slots.holds(index) {
		return File{}, 0, 0, false
	}
	s := l.slots.at(index)
	return File{SegmentFile, uint64(s.segment)}, uint64(s.offset), s.size, s.segment != 0 && s.batch <= l.finished
}

func (l *Log) inMemory(s *slot) bool { return s.batch >= l.oldest }

// run is how many of the entries have their bodies next to each other on disk, and
// how many bytes these are.
func (l *Log) run(entries []raft.Entry) (count, bytes int) {
	first := l.slots.at(entries[0].Index)
	for i := range entries {
		s := l.slots.at(entries[i].Index)
		if l.inMemory(s) || s.segment != first.segment || uint64(s.offset) != uint64(first.offset)+uint64(bytes) {
			break
		}
		count++
		bytes += int(s.size)
	}
	return count, bytes
}

// load reads bodies that lie next to each other and returns how many of them are
// good up to the first that is not, which is lost from then on. What can't be read
// in one go is read one by one, for it may be one bad block.
func (l *Log) load(entries []raft.Entry, into []byte) int {
	first := l.slots.at(entries[0].Index)
	file, offset := File{SegmentFile, uint64(first.segment)}, uint64(first.offset)
	var err error
	if len(into) > 0 {
		_, err = l.files.ReadAt(file, into, offset)
	}
	for i := range entries {
		s := l.slots.at(entries[i].Index)
		body := into[:s.size:s.size]
		if err != nil {
			if _, alone := l.files.ReadAt(file, body, uint64(s.offset)); alone != nil {
				clear(body)
			}
		}
		if checksum(body) != s.checksum {
			l.slots.lose(entries[i].Index)
			return i
		}
		entries[i].Data, into = body, into[s.size:]
	}
	return len(entries)
}

// admitted fills in the headers of the entries that a read is to return, and how
// many they are.
func (l *Log) admitted(first, last raft.Index, maxBytes uint32, into []raft.Entry) int {
	count, bytes := 0, uint64(0)
	for index := first; index <= last && l.slots.holds(index) && count < len(into); index++ {
		s := l.slots.at(index)
		bytes += uint64(s.size)
		if s.lost {
			break
		}
		if count > 0 {
			before := &into[count-1]
			if bytes > uint64(maxBytes) || before.Kind == raft.ConfigurationChange || before.Term != s.term {
				break
			}
		}
		into[count] = raft.Entry{Index: index, Term: s.term, Kind: s.kind}
		if s.kind == raft.ConfigurationChange {
			into[count].Configuration = l.configurationAt(index)
		}
		count++
	}
	return count
}
