package kv_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/kv"
)

const remembered = 5

// A naive store is a map, and a list of all that ever happened.
type naive struct {
	items    map[string]kv.Item
	revision uint64
	events   []kv.Event
}

// in lists the items from one key up to another.
func (n *naive) in(from, to string) []kv.Item {
	var items []kv.Item
	for _, key := range slices.Sorted(maps.Keys(n.items)) {
		if key >= from && (to == "" || key < to) {
			items = append(items, n.items[key])
		}
	}
	return items
}

func (n *naive) happened(e kv.Event) {
	n.revision++
	e.Revision = n.revision
	if n.items[e.Key] = e.Item; e.Deleted {
		delete(n.items, e.Key)
	}
	n.events = append(n.events, e)
}

func equalItems(a, b kv.Item) bool {
	return a.Key == b.Key && bytes.Equal(a.Value, b.Value) && a.Revision == b.Revision
}

func equalEvents(a, b kv.Event) bool { return equalItems(a.Item, b.Item) && a.Deleted == b.Deleted }

// A kept view is held against what it was when it was taken.
type keptView struct {
	kv.View
	items []kv.Item
}

// A comparison drives a store and its naive model alike.
type comparison struct {
	store, other *kv.Store
	naive        naive
	forgotten    uint64 // up to this revision, by loading a snapshot
	views        []keptView
}

var (
	keys   = rapid.StringOfN(rapid.SampledFrom([]rune("ab\xff")), 1, 4, 4)
	bounds = rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 0, 3, 3)
	values = rapid.SliceOfN(rapid.Byte(), 0, 4)
)

// expect applies a command and checks its response.
func (c *comparison) expect(t *rapid.T, command []byte, err error, outcome kv.Outcome, revision uint64) {
	if err != nil {
		t.Fatal(err)
	}
	if got, at := kv.ParseResponse(c.store.Apply(1, command)); got != outcome || at != revision {
		t.Fatalf("%v at %d, want %v at %d", got, at, outcome, revision)
	}
}

func (c *comparison) put(t *rapid.T) {
	key, value := keys.Draw(t, "key"), values.Draw(t, "value")
	c.naive.happened(kv.Event{Item: kv.Item{Key: key, Value: value}})
	command, err := kv.Put(key, value)
	c.expect(t, command, err, kv.Done, c.naive.revision)
}

func (c *comparison) remove(t *rapid.T) {
	key := keys.Draw(t, "key")
	command, err := kv.Delete(key)
	if _, found := c.naive.items[key]; !found {
		c.expect(t, command, err, kv.NotFound, 0)
		return
	}
	c.naive.happened(kv.Event{Item: kv.Item{Key: key}, Deleted: true})
	c.expect(t, command, err, kv.Done, c.naive.revision)
}

func (c *comparison) swap(t *rapid.T) {
	key, value := keys.Draw(t, "key"), values.Draw(t, "value")
	held := c.naive.items[key].Revision
	expected := rapid.SampledFrom([]uint64{held, held, held + 1, 0}).Draw(t, "expected")
	command, err := kv.CompareAndSwap(key, expected, value)
	if expected != held {
		c.expect(t, command, err, kv.Mismatch, held)
		return
	}
	c.naive.happened(kv.Event{Item: kv.Item{Key: key, Value: value}})
	c.expect(t, command, err, kv.Done, c.naive.revision)
}

func (c *comparison) move(t *rapid.T) {
	saved := make([]byte, c.store.SnapshotBytes())
	if c.store.Save(saved) != len(saved) || c.other.Load(saved) != statemachine.Intact {
		t.Fatal("saved and not loaded")
	}
	var streamed bytes.Buffer
	if n, err := c.store.View().WriteTo(&streamed); err != nil || int(n) != len(saved) || !bytes.Equal(streamed.Bytes(), saved) {
		t.Fatalf("streamed %d bytes (%v):\n%x, saved\n%x", n, err, streamed.Bytes(), saved)
	}
	clear(saved)
	c.store, c.other = c.other, c.store
	c.forgotten = c.naive.revision
}

func (c *comparison) keepView(*rapid.T) {
	c.views = append(c.views, keptView{c.store.View(), c.naive.in("", "")})
}

func (c *comparison) check(t *rapid.T) {
	from, to := bounds.Draw(t, "from"), bounds.Draw(t, "to")
	if view := c.store.View(); view.Revision() != c.naive.revision || view.Items() != len(c.naive.items) {
		t.Fatalf("revision %d with %d items, want %d with %d", view.Revision(), view.Items(), c.naive.revision, len(c.naive.items))
	}
	want := c.naive.in(from, to)
	if got := slices.Collect(c.store.View().Range(from, to)); !slices.EqualFunc(got, want, equalItems) {
		t.Fatalf("from %q to %q:\n%v, want\n%v", from, to, got, want)
	}
	most := rapid.IntRange(0, 4).Draw(t, "most")
	question, err := kv.RangeQuestion(from, to, uint32(most))
	items, revision, more, ok := kv.ParseRange(c.store.Query(question))
	if err != nil || !ok || revision != c.naive.revision || more != (len(want) > most) || !slices.EqualFunc(items, want[:min(most, len(want))], equalItems) {
		t.Fatalf("asked for %d from %q to %q: %v at %d, more %v, %v", most, from, to, items, revision, more, err)
	}
	key := keys.Draw(t, "key")
	want1, wantFound := c.naive.items[key]
	got1, found := c.store.View().Get(key)
	answered, answer := kv.ParseGet(key, c.store.Query(kv.GetQuestion(key)))
	if found != wantFound || answer != wantFound || !equalItems(got1, want1) || !equalItems(answered, want1) {
		t.Fatalf("%q is %v or %v, want %v", key, got1, answered, want1)
	}
	for _, view := range c.views {
		if got := slices.Collect(view.Range("", "")); !slices.EqualFunc(got, view.items, equalItems) {
			t.Fatalf("a view at %d has changed to\n%v, it was\n%v", view.Revision(), got, view.items)
		}
	}
	c.checkEvents(t)
}

func (c *comparison) checkEvents(t *rapid.T) {
	since := rapid.Uint64Range(0, c.naive.revision+1).Draw(t, "since")
	most := rapid.IntRange(0, remembered+1).Draw(t, "most events")
	oldest := max(c.forgotten, c.naive.revision-min(c.naive.revision, remembered))
	got, err := c.store.Events(nil, since, most)
	var forgotten *kv.ForgottenError
	if since < oldest {
		if !errors.As(err, &forgotten) || forgotten.Since != since || forgotten.Oldest != oldest || len(got) != 0 {
			t.Fatalf("events after %d, oldest %d: %v, %v", since, oldest, got, err)
		}
		return
	}
	want := c.naive.events[min(since, c.naive.revision):]
	if err != nil || !slices.EqualFunc(got, want[:min(most, len(want))], equalEvents) {
		t.Fatalf("%d events after %d: %v, want %v, %v", most, since, got, want, err)
	}
}

func TestAStoreDoesWhatAMapDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &comparison{
			store: kv.New(remembered), other: kv.New(remembered),
			naive: naive{items: map[string]kv.Item{}},
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": c.put, "put more": c.put, "delete": c.remove, "compare and swap": c.swap,
			"move": c.move, "keep a view": c.keepView, "": c.check,
		})
	})
}

func TestAPrefixEndsBeforeTheFirstKeyThatHasItNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xfe, 0xff}), 0, 3).Draw(t, "prefix"))
		key := string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xfe, 0xff}), 1, 4).Draw(t, "key"))
		end := kv.PrefixEnd(prefix)
		within := key >= prefix && (end == "" || key < end)
		if has := len(key) >= len(prefix) && key[:len(prefix)] == prefix; has != within {
			t.Errorf("%q has the prefix %q: %v, but in the range up to %q: %v", key, prefix, has, end, within)
		}
	})
}

func FuzzAnyBytes(f *testing.F) {
	command, _ := kv.CompareAndSwap("key", 0, []byte("value"))
	f.Add(command)
	question, _ := kv.RangeQuestion("a", "z", 10)
	f.Add(question)
	store := kv.New(1)
	store.Apply(1, command)
	saved := make([]byte, store.SnapshotBytes())
	store.Save(saved)
	f.Add(saved)
	f.Add(saved[16 : len(saved)-4])
	f.Fuzz(func(t *testing.T, data []byte) {
		store := kv.New(2)
		store.Apply(1, data)
		answer := store.Query(data)
		kv.ParseRange(answer)
		kv.ParseRange(data)
		kv.ParseGet("key", data)
		kv.ParseResponse(data)
		framed := make([]byte, statemachine.FrameBytes+len(data))
		format := statemachine.Format{Name: [4]byte{'k', 'v', 's', 't'}, Version: 1}
		copy(format.Frame(framed, len(data)), data)
		format.Seal(framed, len(data))
		for _, snapshot := range [][]byte{data, framed} {
			before := store.View()
			want := snapshot
			if store.Load(snapshot) != statemachine.Intact {
				if store.View() != before {
					t.Error("what was refused has changed the store")
				}
				continue
			}
			again := make([]byte, store.SnapshotBytes())
			if store.Save(again); !bytes.Equal(again, want) {
				t.Errorf("loaded\n%x, saved\n%x", want, again)
			}
		}
	})
}
