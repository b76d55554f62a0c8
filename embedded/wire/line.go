package wire

// A Line takes frames apart that come over a serial line, byte by byte. A frame is sent
// by [PutLine] as consistent overhead byte stuffing (Cheshire and Baker 1999): no byte
// of it is zero, and a zero ends it, so that a receiver that has lost bytes, or was
// switched on in the middle, is back in step with the next frame.
type Line struct {
	// Buffer is where a frame is put together. What is longer is left out.
	Buffer []byte

	length int
	block  int  // bytes to come until the next that was a zero, or until the block ends
	zero   bool // a zero stands at the end of this block, unless the frame ends there
	broken bool // the frame is left out
}

// Take takes a byte and returns a frame if it was its last, or nil. The frame is valid
// until the next call.
func (l *Line) Take(b byte) []byte {
	if b == 0 {
		frame, whole := l.Buffer[:l.length], l.block == 0 && !l.broken && l.length > 0
		l.length, l.block, l.zero, l.broken = 0, 0, false, false
		if whole {
			return frame
		}
		return nil
	}
	if l.block > 0 {
		l.block--
		l.put(b)
		return nil
	}
	if l.zero {
		l.put(0)
	}
	l.block, l.zero = int(b)-1, b != 0xff
	return nil
}

func (l *Line) put(b byte) {
	if l.length == len(l.Buffer) {
		l.broken = true
		return
	}
	l.Buffer[l.length] = b
	l.length++
}

// LineBytes is the most that [PutLine] makes of a frame.
func LineBytes(frame int) int { return frame + frame/254 + 2 }

// PutLine writes a frame for a serial line and returns its length, or 0 if it doesn't
// fit.
func PutLine(frame, into []byte) int {
	if len(into) < LineBytes(len(frame)) {
		return 0
	}
	head, at := 0, 1
	for i, b := range frame {
		if b != 0 {
			into[at] = b
			at++
		}
		if b == 0 || at-head == 0xff && i+1 < len(frame) {
			into[head] = byte(at - head)
			head, at = at, at+1
		}
	}
	into[head], into[at] = byte(at-head), 0
	return at + 1
}
