package trace

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A file is its magic and then blocks, each with its length, its kind and a checksum.
const (
	magicBytes = 8
	tapeMagic  = "DRFTTAPE"
	journMagic = "DRFTJRNL"

	blockHeader = 5        // of a block: its length, 4 bytes little endian, and its kind
	blockMax    = 1 << 20  // bytes that a block may hold
	blockTarget = 32 << 10 // bytes after which a writer begins another
)

// The kinds of blocks.
const (
	headerBlock  = 'H' // lines of "name value": the first of all
	choicesBlock = 'C'
	actionsBlock = 'A'
	segmentBlock = 'S'
	inputsBlock  = 'I'
	endBlock     = 'E' // how many choices, actions or inputs there were
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A Problem is what is wrong with a file.
type Problem string

// The problems.
const (
	Foreign   Problem = "it is neither a tape nor a journal nor a trace"
	Truncated Problem = "it ends too early"
	Garbled   Problem = "its bytes have changed"
	Malformed Problem = "its contents make no sense"
	Newer     Problem = "it was written by a version that this one does not know"
)

// An Error is a file that can't be read.
type Error struct {
	Problem Problem
	Offset  int64  // up to where it could be read, in bytes
	Detail  string // or empty
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("after %d bytes: %s", e.Offset, e.Problem)
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// A blockWriter writes blocks. The first error stays.
type blockWriter struct {
	out     *bufio.Writer
	pending []byte // of the present block
	kind    byte
	err     error
}

func newBlockWriter(out io.Writer, magic string) *blockWriter {
	w := &blockWriter{out: bufio.NewWriter(out)}
	_, w.err = w.out.WriteString(magic)
	return w
}

// begin begins a block, if the present one is of another kind or long enough.
func (w *blockWriter) begin(kind byte) {
	if w.kind != kind || len(w.pending) >= blockTarget {
		w.end()
		w.kind = kind
	}
}

// end writes the present block.
func (w *blockWriter) end() {
	if w.kind == 0 || w.err != nil {
		return
	}
	if len(w.pending) > blockMax {
		w.err = fmt.Errorf("trace: a block of %d bytes is too long", len(w.pending))
		return
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(w.pending)))
	head = append(head, w.kind)
	sum := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, w.pending)
	for _, part := range [...][]byte{head, w.pending, binary.LittleEndian.AppendUint32(nil, sum)} {
		if w.err == nil {
			_, w.err = w.out.Write(part)
		}
	}
	w.pending, w.kind = w.pending[:0], 0
}

// close ends the file.
func (w *blockWriter) close(count uint64) error {
	w.begin(endBlock)
	w.number(count)
	return w.flush()
}

// flush writes all there is.
func (w *blockWriter) flush() error {
	w.end()
	if err := w.out.Flush(); w.err == nil {
		w.err = err
	}
	return w.err
}

func (w *blockWriter) number(n uint64) { w.pending = binary.AppendUvarint(w.pending, n) }
func (w *blockWriter) text(text string) {
	w.number(uint64(len(text)))
	w.pending = append(w.pending, text...)
}

// A blockReader reads blocks. It holds one block at a time, however long the file
// says that it is.
type blockReader struct {
	in     *bufio.Reader
	offset int64  // behind the last whole block
	rest   []byte // of the present one
	buffer []byte
	bad    bool // the present block ended too early
}

// newBlockReader reads the magic.
func newBlockReader(in io.Reader, magic string) (*blockReader, error) {
	r := &blockReader{in: bufio.NewReader(in)}
	var found [magicBytes]byte
	if _, err := io.ReadFull(r.in, found[:]); err != nil || string(found[:]) != magic {
		return nil, &Error{Problem: Foreign}
	}
	r.offset = magicBytes
	return r, nil
}

func (r *blockReader) problem(p Problem, format string, arguments ...any) error {
	return &Error{Problem: p, Offset: r.offset, Detail: fmt.Sprintf(format, arguments...)}
}

// next reads a block and returns its kind. At the end of the file the kind is 0.
func (r *blockReader) next() (byte, error) {
	var head [blockHeader]byte
	switch n, err := io.ReadFull(r.in, head[:]); {
	case n == 0 && errors.Is(err, io.EOF):
		return 0, nil
	case err != nil:
		return 0, r.broken(err)
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length > blockMax {
		return 0, r.problem(Garbled, "a block of %d bytes", length)
	}
	if need := int(length) + 4; cap(r.buffer) < need {
		r.buffer = make([]byte, need)
	}
	body := r.buffer[:int(length)+4]
	if _, err := io.ReadFull(r.in, body); err != nil {
		return 0, r.broken(err)
	}
	sum := crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, body[:length])
	if sum != binary.LittleEndian.Uint32(body[length:]) {
		return 0, r.problem(Garbled, "the checksum of a block does not fit")
	}
	r.offset += int64(blockHeader) + int64(len(body))
	r.rest, r.bad = body[:length], false
	return head[4], nil
}

// broken is a read that ended too early or failed.
func (r *blockReader) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.problem(Truncated, "in the middle of a block")
	}
	return err
}

// number takes a number from the present block, 0 if there is none.
func (r *blockReader) number() uint64 {
	n, length := binary.Uvarint(r.rest)
	if length <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[length:]
	return n
}

// bytes takes bytes from the present block. They are valid until the next one.
func (r *blockReader) bytes() []byte {
	length := r.number()
	if length > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	taken := r.rest[:length]
	r.rest = r.rest[length:]
	return taken
}

func (r *blockReader) text() string { return string(r.bytes()) }
