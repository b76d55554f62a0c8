package wal

// segments are the files of the log: from the first that is needed to the one that
// is being written, and one more for which space is reserved ahead, so that Room
// never promises space that is not there and a sync need not grow a file.
type segments struct {
	first       uint32 // the oldest that there is, 0 if there is none
	segment     uint32 // the one being written, 0 if there is none
	size        uint64 // its size in bytes
	end         uint64 // where the next batch begins in it
	previousEnd uint64 // where the batches of the one before end
	next        chore  // reserves the one after it
	full        bool   // there was no space for it

	salt       uint64
	blockShift uint8

	unwanted []File // to be removed, one after the other
	removing uint64
}

// reserve reserves space for the next segment: not before what a crash may have torn
// in it is gone for good, or a crash before the new file is durable brings it back.
func (l *Log) reserve() {
	if l.full || l.next.begun() || !l.mending.idle() {
		return
	}
	file := File{SegmentFile, uint64(l.segment) + 1}
	l.begin(&l.next,
		Operation{Kind: Create, File: file},
		Operation{Kind: Allocate, File: file, Size: uint64(l.options.SegmentBytes)},
		Operation{Kind: Sync, File: file},
		Operation{Kind: SyncDirectory})
}

// reserved takes in how a step of that went. Without space there is no next segment,
// which is no failure as long as the present one suffices.
func (l *Log) reserved(err error) {
	if !outOfSpace(err) {
		l.proceed(&l.next, err)
		return
	}
	l.full, l.next = true, chore{}
}

// place finds place for a batch: in this segment or in the next. It returns false as
// long as there is none.
func (l *Log) place(b *batch) bool {
	block := uint64(1) << l.blockShift
	headerBytes := uint64(fixedBytes + len(b.head))
	if l.segment != 0 && l.end+layout(headerBytes, uint64(len(b.bodies)), block) <= l.size {
		return true
	}
	if l.full && l.removing == 0 && len(l.unwanted) == 0 {
		l.fail(&OperationError{Allocate, File{SegmentFile, uint64(l.segment) + 1}, ErrNoSpace})
	}
	if !l.next.finished() {
		return false
	}
	if l.first == 0 {
		l.first = 1
	}
	l.segment++
	l.size, l.previousEnd, l.end = uint64(l.options.SegmentBytes), l.end, 0
	l.next = chore{}
	return true
}

// sweep has the files removed that the last batch but one left unneeded.
func (l *Log) sweep() {
	for ; l.first < l.sweepSegments; l.first++ {
		l.unwanted = append(l.unwanted, File{SegmentFile, uint64(l.first)})
	}
	l.sweepRetired()
}

// remove removes what is unwanted. It may come back after a crash, and goes again.
func (l *Log) remove() {
	if l.removing == 0 && len(l.unwanted) > 0 {
		l.removing = l.submit(Operation{Kind: Remove, File: l.unwanted[0]})
	}
}

// removed takes in that a file is gone, and with it perhaps a want of space.
func (l *Log) removed(err error) {
	if err != nil {
		l.fail(&OperationError{Remove, l.unwanted[0], err})
		return
	}
	l.unwanted = l.unwanted[:copy(l.unwanted, l.unwanted[1:])]
	l.removing, l.full = 0, false
}
