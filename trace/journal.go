package trace

import (
	"fmt"
	"io"
	"strconv"
	"unsafe"

	"github.com/driftless-raft/driftless/raft"
)

// journalVersion is the version of the format that is written.
const journalVersion = 1

// segmentInputs is how many inputs a segment has before the next begins.
const segmentInputs = 4096

// A Journal writes down all that one node is given, in segments that each begin with
// a copy of its state, so that any segment can be replayed without those before it.
// Whoever observes a driver calls Begin when that has started, and Stepped for
// every step.
type Journal struct {
	w      *blockWriter
	inputs uint64 // in all
	left   int    // until the next segment
	last   raft.Instant
	buffer []byte
}

// NewJournal begins a journal. The tool is the version of the program that writes it.
func NewJournal(out io.Writer, tool string) *Journal {
	w := newBlockWriter(out, journMagic)
	w.header(
		field{"version", strconv.Itoa(journalVersion)},
		field{"core", raft.Fingerprint},
		field{"tool", tool},
		field{"layout", layout()},
	)
	return &Journal{w: w}
}

// layout says what a copy of a node's state looks like on this machine.
func layout() string {
	var probe struct {
		_ bool
		n uint64
	}
	one := uint16(1)
	order := "big"
	if *(*byte)(unsafe.Pointer(&one)) == 1 {
		order = "little"
	}
	return fmt.Sprintf("%d bytes, words aligned to %d, %s-endian", unsafe.Sizeof(raft.Node{}), unsafe.Alignof(probe.n), order)
}

// Begin begins a segment with a node that has just started.
func (j *Journal) Begin(n *raft.Node) { j.segment(n, startsAnew) }

// Whether a segment goes on where the one before has ended.
const (
	startsAnew = 0
	goesOn     = 1
)

func (j *Journal) segment(n *raft.Node, how uint64) {
	j.w.begin(segmentBlock)
	j.w.number(how)
	j.w.pending = packZeros(j.w.pending, nodeBytes(n))
	j.w.end()
	j.left, j.last = segmentInputs, 0
}

// Stepped notes a step that the node has made, and what came of it.
func (j *Journal) Stepped(n *raft.Node, now raft.Instant, in *raft.Input, out *raft.Effects) {
	j.w.begin(inputsBlock)
	j.w.number(uint64(now - j.last))
	j.last = now
	j.w.pending = appendInput(j.w.pending, in)
	j.buffer = appendEffects(j.buffer[:0], out)
	j.w.pending = appendHash(j.w.pending, j.buffer)
	j.inputs++
	if j.left--; j.left == 0 {
		j.segment(n, goesOn)
	}
}

// Flush writes out all there is; what has gone wrong so far is returned.
func (j *Journal) Flush() error { return j.w.flush() }

// Close ends the journal, and returns what has gone wrong.
func (j *Journal) Close() error { return j.w.close(j.inputs) }

// nodeBytes is the memory of a node, which holds no pointers.
func nodeBytes(n *raft.Node) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(n)), unsafe.Sizeof(*n))
}

// packZeros appends bytes as pieces of so many zeros and so many others, which
// follow.
func packZeros(into, bytes []byte) []byte {
	for len(bytes) > 0 {
		zeros := 0
		for zeros < len(bytes) && bytes[zeros] == 0 {
			zeros++
		}
		others := zeros
		for others < len(bytes) && (bytes[others] != 0 || others+1 < len(bytes) && bytes[others+1] != 0) {
			others++
		}
		into = appendNumbers(into, uint64(zeros), uint64(others-zeros))
		into = append(into, bytes[zeros:others]...)
		bytes = bytes[others:]
	}
	return into
}

// unpackZeros fills bytes with what packZeros has packed, and returns false if it is
// more or less than that.
func (r *blockReader) unpackZeros(bytes []byte) bool {
	for len(r.rest) > 0 {
		zeros := r.number()
		others := r.bytes()
		if zeros > uint64(len(bytes)) || uint64(len(others)) > uint64(len(bytes))-zeros {
			return false
		}
		clear(bytes[:zeros])
		copy(bytes[zeros:], others)
		bytes = bytes[zeros+uint64(len(others)):]
	}
	return len(bytes) == 0 && !r.bad
}
