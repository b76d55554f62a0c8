package wire_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"reflect"
	"testing"

	"github.com/driftless-raft/driftless/embedded/wire"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
	"pgregory.net/rapid"
)

// founding is a configuration with a gap, as a member that was removed leaves it.
var founding = raft.Configuration{
	Members: [raft.MaxMembers]raft.Member{{ID: 1, Incarnation: 11}, {}, {ID: 3, Incarnation: 13}},
	Voters:  0b101, Outgoing: 0b100, Learners: 0b10,
}

// anyMessage draws a message of any kind, with any numbers and its payload.
func anyMessage(t *rapid.T) (*raft.Message, *raft.Payload) {
	number := func(name string) uint64 {
		return rapid.Uint64().Draw(t, name) >> rapid.IntRange(0, 64).Draw(t, name+" shift")
	}
	member := func(name string) raft.Member {
		return raft.Member{ID: raft.ID(number(name)), Incarnation: uint32(number(name))}
	}
	truth := func(name string) bool { return rapid.Bool().Draw(t, name) }
	m := &raft.Message{
		Kind:   raft.MessageKind(rapid.IntRange(int(raft.PreVote), int(raft.FetchReply)).Draw(t, "kind")),
		Reject: truth("reject"), Full: truth("full"), Force: truth("force"), Probe: truth("probe"), Configured: truth("configured"),
		Cluster: number("cluster"), From: member("from"), To: member("to"), Term: raft.Term(number("term")),
		Index: raft.Index(number("index")), LogTerm: raft.Term(number("log term")), Last: raft.Index(number("last")),
		EntryTerm: raft.Term(number("entry term")), Commit: raft.Index(number("commit")), Round: number("round"),
		Stamp: raft.Instant(number("stamp")), Offset: number("offset"), Bytes: uint32(number("bytes")),
	}
	payload := &raft.Payload{}
	switch m.Kind {
	case raft.Append:
		m.Index = raft.Index(rapid.Uint64Max(math.MaxUint64-raft.MaxBatch).Draw(t, "index"))
		count := rapid.IntRange(0, raft.MaxBatch).Draw(t, "entries")
		m.Last = m.Index + raft.Index(count)
		payload.Entries = anyEntries(t, m.Index+1, m.EntryTerm, count)
	case raft.FetchReply:
		payload.Entries = anyEntries(t, m.Index, m.LogTerm, 1)
	case raft.SnapshotChunk:
		payload.Snapshot = &raft.Snapshot{
			Index: raft.Index(number("of snapshot")), Term: raft.Term(number("its term")), Digest: number("digest"), Size: number("size"),
			ConfigurationIndex: raft.Index(number("configuration index")), Configuration: founding,
		}
		payload.Chunk = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "chunk")
		m.Bytes = uint32(len(payload.Chunk))
	}
	return m, payload
}

func anyEntries(t *rapid.T, first raft.Index, term raft.Term, count int) []raft.Entry {
	entries := make([]raft.Entry, count)
	for i := range entries {
		e := &entries[i]
		e.Index, e.Term = first+raft.Index(i), term
		switch rapid.IntRange(0, 3).Draw(t, "entry") {
		case 0:
			e.Kind = raft.NoOp
		case 1:
			if i == count-1 {
				e.Kind, e.Configuration = raft.ConfigurationChange, &founding
			}
		default:
			e.Data = rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "data")
		}
	}
	return entries
}

// alike compares payloads as drivers see them: no data and empty data are one.
func alike(t *rapid.T, got, want *raft.Payload) {
	if len(got.Entries) != len(want.Entries) {
		t.Fatalf("%d entries arrived as %d", len(want.Entries), len(got.Entries))
	}
	for i := range want.Entries {
		g, w := got.Entries[i], want.Entries[i]
		if g.Index != w.Index || g.Term != w.Term || g.Kind != w.Kind || !bytes.Equal(g.Data, w.Data) || !reflect.DeepEqual(g.Configuration, w.Configuration) {
			t.Fatalf("entry %+v arrived as %+v", w, g)
		}
	}
	if !reflect.DeepEqual(got.Snapshot, want.Snapshot) || !bytes.Equal(got.Chunk, want.Chunk) {
		t.Fatalf("snapshot %+v with %x arrived as %+v with %x", want.Snapshot, want.Chunk, got.Snapshot, got.Chunk)
	}
}

func TestEveryMessageArrivesAsItWasSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, payload := anyMessage(t)
		buffer := make([]byte, 1<<16)
		length := wire.Encode(m, payload, buffer)
		padding := rapid.IntRange(0, 50).Draw(t, "padding")
		var f wire.Frame
		if damage := f.Decode(buffer[:length+padding]); damage != wire.Intact {
			t.Fatalf("%+v was refused: %v", m, damage)
		}
		if f.Message != *m {
			t.Fatalf("%+v arrived as %+v", m, f.Message)
		}
		alike(t, &f.Payload, payload)
	})
}

func TestAMessageThatDoesNotFitIsNotWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, payload := anyMessage(t)
		length := wire.Encode(m, payload, make([]byte, 1<<16))
		short := rapid.IntRange(0, length-1).Draw(t, "short")
		if got := wire.Encode(m, payload, make([]byte, short)); got != 0 {
			t.Fatalf("a message of %d bytes took %d of %d", length, got, short)
		}
		if got := wire.Encode(m, payload, make([]byte, length)); got != length {
			t.Fatalf("a message of %d bytes took %d where it fits", length, got)
		}
	})
}

func TestADamagedFrameIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, payload := anyMessage(t)
		frame := make([]byte, 1<<16)
		frame = frame[:wire.Encode(m, payload, frame)]
		at := rapid.IntRange(0, 8*len(frame)-1).Draw(t, "bit")
		frame[at/8] ^= 1 << (at % 8)
		var f wire.Frame
		if f.Decode(frame) == wire.Intact {
			t.Fatalf("bit %d was changed and nobody saw it", at)
		}
	})
}

// sealed is a frame whose checksum and length are right, whatever it holds.
func sealed(frame []byte) []byte {
	frame = append([]byte(nil), frame...)
	if len(frame) < 36 {
		return frame
	}
	frame[0], frame[1], frame[2], frame[3] = 0xd7, 1, byte(len(frame)), byte(len(frame)>>8)
	sum := statemachine.Checksum(0, frame[:len(frame)-4])
	for i := range 4 {
		frame[len(frame)-4+i] = byte(sum >> (8 * i))
	}
	return frame
}

func TestDamageIsToldByItsKind(t *testing.T) {
	vote := raft.Message{Kind: raft.Vote, Term: 1}
	batch := raft.Message{Kind: raft.Append, Last: raft.MaxBatch + 1}
	frame := func(m *raft.Message) []byte {
		buffer := make([]byte, 100)
		return buffer[:wire.Encode(m, &raft.Payload{}, buffer)]
	}
	changed := func(at int, value byte) []byte {
		b := frame(&vote)
		b[at] = value
		return b
	}
	words := map[string]bool{}
	for _, c := range []struct {
		name  string
		frame []byte
		want  wire.Damage
	}{
		{"a frame", frame(&vote), wire.Intact},
		{"no bytes", nil, wire.Truncated},
		{"half a frame", frame(&vote)[:36], wire.Truncated},
		{"other bytes", make([]byte, 60), wire.Foreign},
		{"a later version", changed(1, 2), wire.UnknownVersion},
		{"another byte", changed(20, 1), wire.WrongChecksum},
		{"no kind", sealed(changed(4, 0)), wire.Malformed},
		{"an unknown kind", sealed(changed(4, byte(raft.FetchReply)+1)), wire.Malformed},
		{"an unknown flag", sealed(changed(5, 0x20)), wire.Malformed},
		{"an unknown number", sealed(changed(7, 0x04)), wire.Malformed},
		{"too many entries", frame(&batch), wire.TooLarge},
	} {
		var f wire.Frame
		if got := f.Decode(c.frame); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		words[c.want.String()] = true
	}
	if len(words) != 7 {
		t.Errorf("of 7 kinds of damage %d are told apart in words", len(words))
	}
}

func FuzzDecode(f *testing.F) {
	for kind := raft.PreVote; kind <= raft.FetchReply; kind++ {
		m := raft.Message{Kind: kind, Cluster: 1, Term: 2, Index: 3, LogTerm: 2, Last: 4, EntryTerm: 2, Bytes: 1}
		p := raft.Payload{Entries: []raft.Entry{{Index: 4, Term: 2, Data: []byte{5}}}, Snapshot: &raft.Snapshot{Configuration: founding}, Chunk: []byte{6}}
		buffer := make([]byte, 512)
		f.Add(buffer[:wire.Encode(&m, &p, buffer)])
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) > 1<<16-1 {
			return
		}
		var decoded wire.Frame
		decoded.Decode(frame)
		frame = sealed(frame)
		if decoded.Decode(frame) != wire.Intact {
			return
		}
		again := make([]byte, len(frame))
		if length := wire.Encode(&decoded.Message, &decoded.Payload, again); length != len(frame) || !bytes.Equal(again, frame) {
			t.Fatalf("% x was decoded, and encoded as % x", frame, again[:length])
		}
	})
}

func TestTheFormatIsWhatItWas(t *testing.T) {
	heartbeat := raft.Message{
		Kind: raft.Heartbeat, Cluster: 0x0102030405060708, From: raft.Member{ID: 1, Incarnation: 0xaabbccdd}, To: raft.Member{ID: 2, Incarnation: 9},
		Term: 3, Commit: 300, Round: 7, Stamp: 1 << 40,
	}
	batch := raft.Message{Kind: raft.Append, Configured: true, Cluster: 1, From: heartbeat.From, To: heartbeat.To, Term: 3, Index: 10, LogTerm: 2, Last: 13, EntryTerm: 3, Bytes: 2}
	entries := []raft.Entry{{Kind: raft.NoOp}, {Data: []byte("hi")}, {Kind: raft.ConfigurationChange, Configuration: &founding}}
	for _, test := range []struct {
		name string
		m    *raft.Message
		p    raft.Payload
		want string
	}{
		{"heartbeat", &heartbeat, raft.Payload{}, "d7012e000700e1000807060504030201" + "01000000ddccbbaa0200000009000000" + "03ac020780808080802092e74992"},
		{"append", &batch, raft.Payload{Entries: entries}, "d701470005101f020100000000000000" + "01000000ddccbbaa0200000009000000" +
			"030a020d030201086869020500040002000500010000000b000000030000000d000000" + "8ee566e4"},
	} {
		buffer := make([]byte, 512)
		if got := hex.EncodeToString(buffer[:wire.Encode(test.m, &test.p, buffer)]); got != test.want {
			t.Errorf("%s is written as\n%s, not\n%s", test.name, got, test.want)
		}
	}
}

// most is an Append and a SnapshotChunk as large as Fit allows for.
func most(limit, chunk uint32) (batch, snapshot raft.Message, a, s raft.Payload) {
	const wide = 1<<56 - 1
	full := raft.Configuration{}
	for i := range full.Members {
		full.Members[i] = raft.Member{ID: raft.ID(i + 1), Incarnation: 1}
	}
	batch = raft.Message{
		Kind: raft.Append, Term: wide, Index: wide - raft.MaxBatch, LogTerm: wide, Last: wide, EntryTerm: wide, Commit: wide, Round: wide, Bytes: math.MaxUint32,
	}
	for i := range raft.MaxBatch {
		a.Entries = append(a.Entries, raft.Entry{Index: batch.Index + 1 + raft.Index(i), Data: make([]byte, limit/raft.MaxBatch)})
	}
	a.Entries[raft.MaxBatch-1] = raft.Entry{Index: wide, Kind: raft.ConfigurationChange, Configuration: &full}
	a.Entries[0].Data = make([]byte, limit-(raft.MaxBatch-2)*(limit/raft.MaxBatch))
	snapshot = raft.Message{Kind: raft.SnapshotChunk, Term: wide, Index: wide, LogTerm: wide, Round: wide, Offset: wide, Bytes: math.MaxUint32}
	s.Snapshot = &raft.Snapshot{Index: wide, Term: wide, Digest: math.MaxUint64, Size: wide, ConfigurationIndex: wide, Configuration: full}
	s.Chunk = make([]byte, chunk)
	return batch, snapshot, a, s
}

func TestWhatFitAllowsAlwaysFits(t *testing.T) {
	smallest := uint32(0)
	for frame := uint32(64); frame <= 1500; frame++ {
		limit, chunk := wire.Fit(frame)
		if limit == 0 || chunk == 0 {
			smallest = frame + 1
			continue
		}
		m, s, a, p := most(limit, chunk)
		buffer := make([]byte, frame)
		if wire.Encode(&m, &a, buffer) == 0 || wire.Encode(&s, &p, buffer) == 0 {
			t.Fatalf("frames of %d bytes have no room for messages of %d and chunks of %d", frame, limit, chunk)
		}
	}
	limit, chunk := wire.Fit(256)
	t.Logf("with %d members, frames begin at %d bytes; those of 256 hold %d bytes of entries, or %d of a snapshot", raft.MaxMembers, smallest, limit, chunk)
}

func TestFramesArriveOverASerialLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := wire.Line{Buffer: make([]byte, 700)}
		for _, b := range rapid.SliceOfN(rapid.ByteRange(1, 255), 0, 300).Draw(t, "noise") {
			if line.Take(b) != nil {
				t.Fatal("a frame came of noise")
			}
		}
		line.Take(0)
		data := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.Just(byte(0)), rapid.Just(byte(1))), 1, 700)
		for range rapid.IntRange(1, 3).Draw(t, "frames") {
			frame := data.Draw(t, "frame")
			sent := make([]byte, wire.LineBytes(len(frame)))
			sent = sent[:wire.PutLine(frame, sent)]
			var got []byte
			for i, b := range sent {
				if got = line.Take(b); got != nil && i != len(sent)-1 {
					t.Fatalf("%x was over after %d of its bytes", frame, i)
				}
			}
			if !bytes.Equal(got, frame) {
				t.Fatalf("%x arrived as %x", frame, got)
			}
		}
	})
}

func TestAFrameTooLongForALineIsLeftOut(t *testing.T) {
	line := wire.Line{Buffer: make([]byte, 8)}
	long, short := make([]byte, 9), []byte{1, 2, 3}
	buffer := make([]byte, 64)
	for _, test := range []struct{ frame, want []byte }{{long, nil}, {short, short}} {
		var got []byte
		for _, b := range buffer[:wire.PutLine(test.frame, buffer)] {
			got = line.Take(b)
		}
		if !bytes.Equal(got, test.want) {
			t.Errorf("%x arrived as %x", test.frame, got)
		}
	}
	if wire.PutLine(short, buffer[:4]) != 0 {
		t.Error("a frame was written where it does not fit")
	}
}
