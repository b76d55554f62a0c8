package kv_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/kv"
)

func TestKeysAndValuesHaveLimits(t *testing.T) {
	longest, longer := strings.Repeat("k", kv.KeyBytesMax), strings.Repeat("k", kv.KeyBytesMax+1)
	var key *kv.KeySizeError
	for _, bad := range []string{"", longer} {
		if _, err := kv.Put(bad, nil); !errors.As(err, &key) || key.Bytes != len(bad) || !strings.Contains(err.Error(), fmt.Sprint(len(bad))) {
			t.Errorf("a key of %d bytes: %v", len(bad), err)
		}
	}
	if _, err := kv.RangeQuestion("", longer, 1); !errors.As(err, &key) {
		t.Errorf("a bound of %d bytes: %v", len(longer), err)
	}
	var value *kv.ValueSizeError
	if _, err := kv.CompareAndSwap("key", 0, make([]byte, kv.ValueBytesMax+1)); !errors.As(err, &value) || value.Bytes != kv.ValueBytesMax+1 {
		t.Errorf("too long a value: %v", err)
	}

	// What no encoder makes is refused by the store as well.
	store := kv.New(1)
	command, err := kv.Put(longest, make([]byte, kv.ValueBytesMax))
	if err != nil {
		t.Fatal(err)
	}
	if outcome, _ := kv.ParseResponse(store.Apply(1, command)); outcome != kv.Done {
		t.Errorf("the longest key and value: %v", outcome)
	}
	if outcome, _ := kv.ParseResponse(store.Apply(2, append(command, 0))); outcome != kv.TooLarge {
		t.Errorf("a byte more: %v", outcome)
	}
	if outcome, _ := kv.ParseResponse(store.Apply(3, []byte{1, 0, 0})); outcome != kv.TooLarge {
		t.Errorf("an empty key: %v", outcome)
	}
}

func TestAnAnswerToARangeIsCutToItsLimit(t *testing.T) {
	store := kv.New(1)
	for i := range 6 {
		command, _ := kv.Put(fmt.Sprint("key", i), make([]byte, kv.ValueBytesMax))
		store.Apply(1, command)
	}
	question, _ := kv.RangeQuestion("", "", 100)
	answer := store.Query(question)
	items, _, more, ok := kv.ParseRange(answer)
	if !ok || !more || len(items) == 0 || len(answer) > kv.AnswerBytesMax+kv.KeyBytesMax {
		t.Errorf("%d items in %d bytes, more %v", len(items), len(answer), more)
	}
}

func TestASnapshotOfContradictionsIsRefused(t *testing.T) {
	seal := func(revision, count byte, items ...string) []byte {
		body := []byte{revision, 0, 0, 0, 0, 0, 0, 0, count, 0, 0, 0, 0, 0, 0, 0}
		body = append(body, strings.Join(items, "")...)
		format := statemachine.Format{Name: [4]byte{'k', 'v', 's', 't'}, Version: 1}
		framed := make([]byte, statemachine.FrameBytes+len(body))
		copy(format.Frame(framed, len(body)), body)
		format.Seal(framed, len(body))
		return framed
	}
	item := func(revision byte, key string) string {
		return string([]byte{revision, 0, 0, 0, 0, 0, 0, 0, byte(len(key)), 0, 0, 0, 0, 0}) + key
	}
	for name, c := range map[string]struct {
		bytes []byte
		want  statemachine.Damage
	}{
		"two items":              {seal(2, 2, item(1, "a"), item(2, "b")), statemachine.Intact},
		"keys that fall":         {seal(2, 2, item(1, "b"), item(2, "a")), statemachine.Contradictory},
		"a key twice":            {seal(2, 2, item(1, "a"), item(2, "a")), statemachine.Contradictory},
		"an empty key":           {seal(2, 1, item(1, "")), statemachine.Contradictory},
		"an item of the future":  {seal(1, 1, item(2, "a")), statemachine.Contradictory},
		"an item of no revision": {seal(1, 1, item(0, "a")), statemachine.Contradictory},
		"fewer items":            {seal(2, 2, item(1, "a")), statemachine.Truncated},
		"more items":             {seal(2, 1, item(1, "a"), item(2, "b")), statemachine.Truncated},
	} {
		if got := kv.New(1).Load(c.bytes); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// limited takes so many writes and then fails.
type limited int

func (l *limited) Write(p []byte) (int, error) {
	if *l--; *l < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestAStreamThatFailsEndsWithItsError(t *testing.T) {
	store := kv.New(1)
	for i := range 3 {
		command, _ := kv.Put(fmt.Sprint("key", i), nil)
		store.Apply(1, command)
	}
	for writes := range 5 {
		l := limited(writes)
		if _, err := store.View().WriteTo(&l); !errors.Is(err, io.ErrShortWrite) || l < -1 {
			t.Errorf("after %d writes: %v, and %d more were tried", writes, err, -l)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	store := kv.New(1000)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		command, _ := kv.Put(fmt.Sprint("key", i%100_000), []byte("value"))
		store.Apply(1, command)
	}
}
