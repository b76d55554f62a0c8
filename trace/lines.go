package trace

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// linesFormat and linesVersion stand in the first line of a trace.
const (
	linesFormat  = "driftless-trace"
	linesVersion = 1
	lineMax      = 1 << 20 // bytes
)

// A Heading is the first line of a trace.
type Heading struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Core    string `json:"core"` // the core's fingerprint
	Tool    string `json:"tool"`
	Seed    uint64 `json:"seed,omitempty"`
	Options string `json:"options,omitempty"`
	Servers int    `json:"servers"`
}

// A Lines writes a trace: a JSON object a line, the first a [Heading], the others
// an [Event] each. The first error stays.
type Lines struct {
	out  *bufio.Writer
	json *json.Encoder
	err  error
}

// NewLines begins a trace. Format and Version of the heading are filled in.
func NewLines(out io.Writer, h Heading) *Lines {
	l := &Lines{out: bufio.NewWriter(out)}
	l.json = json.NewEncoder(l.out)
	l.json.SetEscapeHTML(false)
	h.Format, h.Version = linesFormat, linesVersion
	l.err = l.json.Encode(h)
	return l
}

// Tell writes an event.
func (l *Lines) Tell(e *Event) {
	if l.err == nil {
		l.err = l.json.Encode(e)
	}
}

// Close writes out all there is, and returns what has gone wrong.
func (l *Lines) Close() error {
	if err := l.out.Flush(); l.err == nil {
		l.err = err
	}
	return l.err
}

// ReadLines reads a trace, one line at a time, until tell returns false. What can't
// be one is refused with an [*Error].
func ReadLines(in io.Reader, tell func(*Event) bool) (Heading, error) {
	r := lineReader{in: bufio.NewReaderSize(in, 64<<10)}
	var h Heading
	switch err := r.next(&h); {
	case errors.Is(err, io.EOF):
		return h, &Error{Problem: Truncated, Detail: "it is empty"}
	case err != nil:
		return h, err
	case h.Format != linesFormat:
		return h, &Error{Problem: Foreign}
	case h.Version > linesVersion:
		return h, &Error{Problem: Newer, Detail: fmt.Sprintf("format version %d; this program reads up to %d", h.Version, linesVersion)}
	}
	for {
		var e Event
		switch err := r.next(&e); {
		case errors.Is(err, io.EOF):
			return h, nil
		case err != nil:
			return h, err
		}
		if !e.whole() {
			return h, &Error{Problem: Malformed, Offset: r.offset, Detail: fmt.Sprintf("an event of kind %q without what belongs to it", e.Kind)}
		}
		if !tell(&e) {
			return h, nil
		}
	}
}

// whole reports whether an event has what its kind needs.
func (e *Event) whole() bool {
	switch e.Kind {
	case Start, Apply:
		return e.State != nil
	case Send:
		return e.Message != nil
	case Write, Durable:
		return e.Write != nil
	case Invoke, Answer:
		return e.Client != nil
	case Crash, Step, Fault, Verdict:
		return true
	}
	return false
}

// A lineReader reads lines of JSON.
type lineReader struct {
	in     *bufio.Reader
	offset int64
}

// next reads a line. At the end of the trace the error is io.EOF.
func (r *lineReader) next(into any) error {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > lineMax:
			return &Error{Problem: Malformed, Offset: r.offset, Detail: "a line is too long"}
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			return io.EOF
		case errors.Is(err, io.EOF):
			return &Error{Problem: Truncated, Offset: r.offset, Detail: "in the middle of a line"}
		case err != nil:
			return err
		}
		break
	}
	if err := json.Unmarshal(line, into); err != nil {
		return &Error{Problem: Malformed, Offset: r.offset, Detail: err.Error()}
	}
	r.offset += int64(len(line))
	return nil
}

// A Format is one of the formats of this package.
type Format string

// The formats.
const (
	TapeFormat    Format = "tape"
	JournalFormat Format = "journal"
	TraceFormat   Format = "trace"
)

// Recognize looks at the beginning of a file, of which it takes nothing away, and
// says what it is.
func Recognize(in *bufio.Reader) (Format, error) {
	head, err := in.Peek(magicBytes)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return "", err
	case string(head) == tapeMagic:
		return TapeFormat, nil
	case string(head) == journMagic:
		return JournalFormat, nil
	case len(head) > 0 && head[0] == '{':
		return TraceFormat, nil
	}
	return "", &Error{Problem: Foreign}
}
