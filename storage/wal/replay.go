package wal

import (
	"bytes"
	"fmt"

	"github.com/driftless-raft/driftless/raft"
)

// A batch that was found in its segment.
type found struct {
	header
	records []byte
	bodies  []byte
	good    []byte // a copy of the header with its padding, if the other one is lost
	lost    uint64 // where that is
	before  uint64 // where the segment before its own ends
}

const segmentMax = 1 << 31

// readSegments reads the log, one segment after the other.
func (r *recovery) readSegments() error {
	if len(r.segments) == 0 {
		if r.marked {
			return &DamageError{File{SegmentFile, 1}, 0, "the log of the store that the marker names", "no segment at all"}
		}
		return nil
	}
	run := r.contiguous()
	if last := run[len(run)-1]; run[0] == 0 || last > segmentMax {
		return &DamageError{File{SegmentFile, last}, 0, "segments from number 1 to 2,147,483,648", "this name"}
	}
	s, err := r.load(File{SegmentFile, run[0]})
	for i := 1; err == nil; i++ {
		next := span{}
		if i < len(run) {
			if next, err = r.load(File{SegmentFile, run[i]}); err != nil {
				return err
			}
		}
		end, follows, err := r.endBefore(&next)
		if err != nil {
			return err
		}
		if err := r.readBatches(&s, end); err != nil {
			return err
		}
		if !follows {
			return r.readEnd(&s, &next)
		}
		if r.log.end < end {
			return &DamageError{
				s.file, r.log.end, "the header of a batch, in one of two places",
				fmt.Sprintf("it in neither, but %v goes on from offset %d", next.file, end),
			}
		}
		r.log.previousEnd, s = r.log.end, next
	}
	return err
}

// endBefore is where the segment before ends, as a segment's first batch tells, and
// whether there is such a batch. What lies behind that end was torn by a crash.
func (r *recovery) endBefore(s *span) (end uint64, follows bool, err error) {
	end = 1 << 63
	first, err := r.find(s, 0)
	if first == nil {
		return end, false, err
	}
	var w record
	if _, ok := w.parse(first.records); ok && w.Kind == checkpointRecord {
		end = w.end
	}
	return end, true, nil
}

// contiguous are the segments that follow one another up to the last; those before
// a gap were removed, but came back by a crash.
func (r *recovery) contiguous() []uint64 {
	from := len(r.segments) - 1
	for from > 0 && r.segments[from-1]+1 == r.segments[from] {
		from--
	}
	for _, number := range r.segments[:from] {
		r.remove(File{SegmentFile, number})
	}
	return r.segments[from:]
}

// find is the batch at an offset of a segment, by whichever copy of its header is
// good, or nil.
func (r *recovery) find(s *span, offset uint64) (*found, error) {
	for at := offset; at+fixedBytes <= uint64(len(s.content)); at += blockBytesMin {
		f := &found{}
		verdict, records := f.parse(s.content[at:])
		switch {
		case verdict == otherVersion && at == offset:
			return nil, &VersionError{s.file, little.Uint16(s.content[at+8:])}
		case verdict != goodHeader || !r.belongs(f, s):
			continue
		case at != uint64(f.offset) && at != uint64(f.offset)+f.second():
			continue // a header that went astray: this one's other copy may be good
		case uint64(f.offset) > offset:
			return nil, nil // a later batch: this one's header is lost, or never was
		case uint64(f.offset) != offset:
			continue
		}
		f.records = records
		from := offset + f.body()
		f.bodies = s.content[from : from+uint64(f.bodyBytes)]
		second := s.content[offset+f.second():][:f.body()]
		if first := s.content[offset:][:f.body()]; !bytes.Equal(first, second) {
			f.lost = offset
			if at == offset {
				f.lost += f.second()
			}
			f.good = s.content[at:][:f.body()]
		}
		return f, nil
	}
	return nil, nil // there is none
}

// belongs reports whether a header is of this store and of this segment.
func (r *recovery) belongs(f *found, s *span) bool {
	return uint64(f.segment) == s.file.Number && uint64(f.offset)+uint64(f.batchBytes) <= uint64(len(s.content)) &&
		(!r.salted || f.salt == r.log.salt && f.blockShift == r.log.blockShift)
}

// readBatches reads a segment from its start to its end.
func (r *recovery) readBatches(s *span, end uint64) error {
	l := r.log
	l.segment, l.size, l.end = uint32(s.file.Number), uint64(len(s.content)), 0
	r.report.Segments++
	for l.end < end {
		f, err := r.find(s, l.end)
		if f == nil {
			return err
		}
		if r.salted && f.previous != l.previous {
			return &DamageError{s.file, l.end, "the batch that follows the one before", "another one"}
		}
		if r.pending != nil {
			if err := r.replay(r.pending); err != nil {
				return err
			}
		}
		if l.first == 0 {
			l.first = l.segment
		}
		r.salted, r.pending, f.before = true, f, l.previousEnd
		l.salt, l.blockShift, l.previous = f.salt, f.blockShift, f.checksum
		l.end += uint64(f.batchBytes)
		r.report.Batches++
	}
	return nil
}

// readEnd judges what follows the last batch: in its segment, and in the next,
// which has no first batch.
func (r *recovery) readEnd(s, next *span) error {
	l := r.log
	if at := r.later(s, l.end); at != 0 {
		return &DamageError{s.file, l.end, "the header of a batch, in one of two places", fmt.Sprintf("it in neither, but a later batch at offset %d", at)}
	}
	if at := r.later(next, 0); at != 0 {
		return &DamageError{next.file, 0, "the header of a batch, in one of two places", fmt.Sprintf("it in neither, but a later batch at offset %d", at)}
	}
	for _, s := range []*span{s, next} {
		if s.blind > l.end || s == next && s.blind != 0 {
			return &DamageError{s.file, s.blind - blockBytesMin, "the end of the log", "a block that can't be read"}
		}
	}
	r.torn(s, l.end)
	if r.report.TornBytes == 0 {
		r.torn(next, 0)
	}
	return r.judgeLast(s)
}

// judgeLast decides about the last batch, which nothing seals: it counts if it is
// all there.
func (r *recovery) judgeLast(s *span) error {
	l, f := r.log, r.pending
	if f != nil && r.whole(f) {
		l.unsealed = f.header.records > 0
		r.erase(s, l.end)
		return r.replay(f)
	}
	if f != nil {
		l.end, l.previous = uint64(f.offset), f.previous
		r.report.Batches--
		r.torn(s, l.end)
	}
	l.unsealed = r.begun
	switch {
	case !r.begun && s.file.Number != 1:
		return &DamageError{s.file, 0, "the batch that the log begins with", "damage, and nothing before it"}
	case f != nil && r.hurt && l.end == 0:
		return &DamageError{s.file, 0, "a whole batch after one that is damaged", "a torn one: nothing else could tell that damage from another torn batch"}
	case f != nil && r.hurt:
		// The torn batch stays, for it alone tells that what is before it is durable,
		// until the first batch of the next segment does.
		l.size = l.end
		return nil
	}
	r.erase(s, l.end)
	if l.end != 0 {
		return nil
	}
	// The segment's first batch is not there, so the segment before is the last.
	l.segment--
	if l.segment == 0 {
		l.first, l.size = 0, 0
		return nil
	}
	l.end = l.previousEnd
	size, err := r.files.Size(File{SegmentFile, uint64(l.segment)})
	l.size = size
	return err
}

// later is where a batch begins, or ends, that lies after an offset, 0 if there is
// none.
func (r *recovery) later(s *span, offset uint64) uint64 {
	for at := offset; at+fixedBytes <= uint64(len(s.content)); at += blockBytesMin {
		var f found
		switch verdict, _ := f.parse(s.content[at:]); {
		case verdict == otherVersion:
			return at
		case verdict == goodHeader && r.belongs(&f, s) && uint64(f.offset) > offset:
			return uint64(f.offset)
		}
	}
	return 0
}

// torn reports what there is after the end of the log.
func (r *recovery) torn(s *span, end uint64) {
	rest := trimZeros(s.content[min(end, uint64(len(s.content))):])
	if len(rest) != 0 {
		r.report.Torn, r.report.TornOffset, r.report.TornBytes = s.file, end, uint64(len(rest))
	}
}

// trimZeros is all up to the last byte that is not zero.
func trimZeros(content []byte) []byte {
	for len(content) >= blockBytesMin && bytes.Equal(content[len(content)-blockBytesMin:], padding[:blockBytesMin]) {
		content = content[:len(content)-blockBytesMin]
	}
	return bytes.TrimRight(content, "\x00")
}

// erase has it overwritten with zeros, so that nothing of it can be taken for part
// of what will be written there. It never was durable.
func (r *recovery) erase(s *span, end uint64) {
	rest := trimZeros(s.content[end:])
	if len(rest) != 0 {
		r.mend(Operation{Kind: Write, File: s.file, Offset: end, Bytes: make([]byte, roundUp(uint64(len(rest)), blockBytesMin))})
	}
}

// mend has something written over what is spoilt, before anything else is written.
func (r *recovery) mend(write Operation) {
	r.mends = append(r.mends, write, Operation{Kind: Sync, File: write.File})
}

// whole reports whether the bodies of a batch are all there.
func (r *recovery) whole(f *found) bool {
	body := f.bodies
	for at := f.records; len(at) > 0; {
		var w record
		var ok bool
		if at, ok = w.parse(at); !ok {
			return true // no crash makes that: it is for replay to refuse
		}
		for _, e := range w.entries {
			if uint64(e.size) > uint64(len(body)) || checksum(body[:e.size]) != e.checksum {
				return false
			}
			body = body[e.size:]
		}
	}
	return true
}

// replay does again what the writes of a batch did. Where a body is not what it
// should be, it is lost.
func (r *recovery) replay(f *found) error {
	r.hurt = false
	if f.good != nil {
		r.report.Copies++
		r.mend(Operation{Kind: Write, File: File{SegmentFile, uint64(f.segment)}, Offset: f.lost, Bytes: f.good})
	}
	body := uint64(0)
	number := f.first
	for at := f.records; len(at) > 0; {
		var w record
		var ok bool
		objection := "a record that is cut short"
		if at, ok = w.parse(at); ok {
			objection = r.again(&w, f, &body, &number)
		}
		if objection != "" {
			return &DamageError{
				File{SegmentFile, uint64(f.segment)},
				uint64(f.offset),
				fmt.Sprintf("write %d to follow from those before it", number), objection,
			}
		}
	}
	if !r.begun {
		return &DamageError{File{SegmentFile, uint64(f.segment)}, uint64(f.offset), "a checkpoint in the segment's first batch", "none"}
	}
	return nil
}

// again does one write again, and returns what speaks against it, or nothing.
func (r *recovery) again(w *record, f *found, body, number *uint64) string {
	l := r.log
	if w.Kind == checkpointRecord {
		return r.checkpoint(w, f)
	}
	switch {
	case !r.begun:
		return "it before any checkpoint"
	case *number != l.written+1:
		return fmt.Sprintf("it after write %d", l.written)
	}
	w.Number = *number
	objection := ""
	switch w.Kind {
	case raft.WriteEntries:
		if w.Index != l.last+1 {
			objection = "entries must follow the last one without a gap"
			break
		}
		r.appendAgain(w, f, body)
	case raft.WriteRepair:
		r.repairAgain(w, f, body)
	default:
		if objection = l.objection(&w.Write); objection == "" {
			l.change(&w.Write, w.file)
		}
	}
	l.written = *number
	*number++
	return objection
}

// checkpoint begins the log, or tells how it went on in the next segment.
func (r *recovery) checkpoint(w *record, f *found) string {
	l := r.log
	switch {
	case f.offset != 0:
		return "a checkpoint in the middle of a segment"
	case r.begun && w.end != f.before:
		return fmt.Sprintf("that the segment before ends at %d, where it goes on to %d", w.end, f.before)
	case r.begun && w.checkpoint != l.contents:
		return "a checkpoint of another store"
	case r.begun:
		return ""
	case w.checkpoint.last < w.checkpoint.base:
		return "a log that ends before it begins"
	}
	r.begun = true
	l.contents = w.checkpoint
	l.slots.restart(l.last)
	return ""
}

// next takes the next body of a batch, and reports whether it is good.
func (f *found) next(e *entryHeader, at *uint64) (offset uint64, good bool) {
	from, to := *at, *at+uint64(e.size)
	*at = to
	if to > uint64(len(f.bodies)) {
		return from, false
	}
	return uint64(f.offset) + f.body() + from, checksum(f.bodies[from:to]) == e.checksum
}

func (r *recovery) appendAgain(w *record, f *found, body *uint64) {
	brought := 0
	for _, e := range w.entries {
		offset, good := f.next(&e, body)
		r.hurt = r.hurt || !good
		var c *raft.Configuration
		if e.kind == raft.ConfigurationChange {
			c = &w.configurations[brought]
			brought++
		}
		r.log.push(slot{entryHeader: e, lost: !good, home: f.segment, segment: f.segment, offset: uint32(offset)}, c)
	}
}

func (r *recovery) repairAgain(w *record, f *found, body *uint64) {
	l, e := r.log, &w.entries[0]
	offset, good := f.next(e, body)
	r.hurt = r.hurt || !good
	if good && l.mends(w.Index, e.term, e.size, e.checksum) {
		s := l.slots.at(w.Index)
		s.segment, s.offset = f.segment, uint32(offset)
		l.slots.found(w.Index)
	}
}

// missing looks for entries of segments that are gone although the log still needs
// them.
func (r *recovery) missing() error {
	l := r.log
	if l.slots.first > l.base+1 {
		return &DamageError{File{SegmentFile, uint64(l.first) - 1}, 0, fmt.Sprintf("the entries %d to %d", l.base+1, l.slots.first-1), "no file"}
	}
	return nil
}
