package trace

import (
	"bufio"
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

// someTape is a tape of several blocks.
func someTape() *Tape {
	t := &Tape{
		Core: raft.Fingerprint, Tool: "test", Seed: 7, Hash: 0x1234, Rule: "one-vote", What: "server 1 votes twice",
		Options: []Option{{"Nodes", "3"}, {"Store", "queue"}},
	}
	for i := range uint64(100_000) {
		t.Choices = append(t.Choices, i*i)
	}
	for i := range uint64(5000) {
		t.Actions = append(t.Actions, Action{
			Kind: "deliver", Server: 2, At: i, Value: i, From: 1, Message: "Append", Term: 3, Index: 4, Last: 5, Choices: []uint64{i, 0, 1 << 63},
		})
	}
	return t
}

func written(t *testing.T, tape *Tape) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tape.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestATapeIsReadAsItWasWritten(t *testing.T) {
	tape := someTape()
	read, err := ReadTape(bytes.NewReader(written(t, tape)))
	if err != nil || !reflect.DeepEqual(read, tape) {
		t.Errorf("read %d choices and %d actions, %v", len(read.Choices), len(read.Actions), err)
	}
}

func TestATapeCutAnywhereIsTruncated(t *testing.T) {
	tape := someTape()
	tape.Choices, tape.Actions = tape.Choices[:10], tape.Actions[:3]
	whole := written(t, tape)
	for length := range len(whole) {
		var broken *Error
		_, err := ReadTape(bytes.NewReader(whole[:length]))
		if !errors.As(err, &broken) || length >= magicBytes && broken.Problem != Truncated {
			t.Errorf("the first %d of %d bytes: %v", length, len(whole), err)
		}
	}
}

func TestATapeWithAChangedBitIsRefused(t *testing.T) {
	tape := someTape()
	tape.Choices, tape.Actions = tape.Choices[:10], tape.Actions[:3]
	whole := written(t, tape)
	for i := range 8 * len(whole) {
		changed := bytes.Clone(whole)
		changed[i/8] ^= 1 << (i % 8)
		var broken *Error
		if _, err := ReadTape(bytes.NewReader(changed)); !errors.As(err, &broken) {
			t.Errorf("bit %d: %v", i, err)
		}
	}
}

func TestAHeaderThatNobodyKnowsIsRefusedInWords(t *testing.T) {
	for lines, wanted := range map[string]Problem{"version 2": Newer, "version x": Malformed, "version 1\nflavour sweet": Malformed, "seed 1": Malformed} {
		var b bytes.Buffer
		w := newBlockWriter(&b, tapeMagic)
		w.begin(headerBlock)
		w.pending = append(w.pending, lines+"\n"...)
		if err := w.close(0); err != nil {
			t.Fatal(err)
		}
		var broken *Error
		if _, err := ReadTape(&b); !errors.As(err, &broken) || broken.Problem != wanted {
			t.Errorf("%q: %v", lines, err)
		}
	}
}

func TestABlockThatSaysItIsLongTakesNoMemory(t *testing.T) {
	file := append([]byte(tapeMagic), 0xff, 0xff, 0xff, 0x7f, headerBlock)
	var broken *Error
	if _, err := ReadTape(bytes.NewReader(file)); !errors.As(err, &broken) || broken.Problem != Garbled {
		t.Error(err)
	}
}

func TestATraceIsReadAsItWasWritten(t *testing.T) {
	client := uint32(0)
	events := []Event{
		{At: 1, Kind: Start, Server: 1, State: &State{Role: "follower", Configuration: "voters 1 2 3"}},
		{At: 2, Step: 1, Kind: Send, Server: 1, Message: &Message{ID: 1, Kind: "Vote", From: 1, To: 2, Term: 1}},
		{At: 3, Step: 2, Kind: Write, Server: 2, Write: &StoredWrite{Number: 1, Kind: "entries", First: 1, Last: 2, Term: 1, EntryKind: "no-op"}},
		{At: 4, Step: 3, Kind: Answer, Client: &client, Text: "is told <that> it & all is well"},
		{At: 5, Step: 3, Kind: Fault, Text: "partitions", Cut: [][2]uint32{{1, 2}}},
		{At: 6, Step: 4, Kind: Verdict, Rule: "one-vote", Text: "server 1 votes twice"},
	}
	var b bytes.Buffer
	l := NewLines(&b, Heading{Core: "c", Tool: "t", Seed: 3, Servers: 3})
	for i := range events {
		l.Tell(&events[i])
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var read []Event
	h, err := ReadLines(&b, func(e *Event) bool {
		read = append(read, *e)
		return true
	})
	if err != nil || h.Seed != 3 || !reflect.DeepEqual(read, events) {
		t.Errorf("%+v, %v, %+v", h, err, read)
	}
}

func TestATraceThatMakesNoSenseIsRefused(t *testing.T) {
	head := `{"format":"driftless-trace","version":1}` + "\n"
	for text, wanted := range map[string]Problem{
		"":     Truncated,
		"{}\n": Foreign,
		`{"format":"driftless-trace","version":2}` + "\n": Newer,
		head + `{"at":1,`:                                        Truncated,
		head + `{"at":-1,"kind":"crash"}` + "\n":                 Malformed,
		head + `{"at":1,"kind":"send"}` + "\n":                   Malformed,
		head + `{"at":1,"kind":"party"}` + "\n":                  Malformed,
		head + `"` + strings.Repeat("x", 2*lineMax) + `"` + "\n": Malformed,
	} {
		var broken *Error
		if _, err := ReadLines(strings.NewReader(text), func(*Event) bool { return true }); !errors.As(err, &broken) || broken.Problem != wanted {
			t.Errorf("%.60q: %v", text, err)
		}
	}
}

func FuzzNoFileMakesAReaderPanic(f *testing.F) {
	tape := someTape()
	tape.Choices, tape.Actions = tape.Choices[:10], tape.Actions[:3]
	var b bytes.Buffer
	if err := tape.Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), false)
	f.Add([]byte(journMagic), true)
	f.Add([]byte(`{"format":"driftless-trace","version":1}`+"\n"+`{"kind":"crash"}`+"\n"), false)
	f.Fuzz(func(_ *testing.T, file []byte, sealed bool) {
		if sealed {
			file = seal(file)
		}
		Recognize(bufio.NewReader(bytes.NewReader(file)))
		ReadTape(bytes.NewReader(file))
		ReplayJournal(bytes.NewReader(file), nil)
		ReadLines(bytes.NewReader(file), func(e *Event) bool { return e.String() != "" })
	})
}

// seal makes a file of one whole block after a header out of bytes, so that a fuzzer
// gets past the checksums: the first byte is the block's kind.
func seal(file []byte) []byte {
	var b bytes.Buffer
	magic, fields := tapeMagic, []field{{"version", "1"}}
	if len(file) > 0 && file[0]&1 != 0 {
		magic, fields = journMagic, append(fields, field{"layout", layout()})
	}
	w := newBlockWriter(&b, magic)
	w.header(fields...)
	kinds := [...]byte{choicesBlock, actionsBlock, segmentBlock, inputsBlock}
	for len(file) > 1 {
		length := min(len(file)-1, 1+int(file[0])*8)
		w.begin(kinds[file[0]>>1&3])
		w.pending = append(w.pending, file[1:1+length]...)
		w.end()
		file = file[1+length:]
	}
	if err := w.close(0); err != nil {
		panic(err)
	}
	return b.Bytes()
}
