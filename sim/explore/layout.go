package explore

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unsafe"

	"github.com/driftless-raft/driftless/raft"
)

// The explorer reads and rewrites parts of a driver that package raft keeps to
// itself: all of them are reached here, by offsets that reflection finds. A test
// compares every field of a driver with testdata/layout.txt, so that none is added
// without a thought for what it means here.

// sequence mirrors the node's structure of that name.
type sequence struct {
	written, persisted, spoken     uint64
	round, confirmed               uint64
	asked, answered                uint64
	echoed, question, waits, tried [raft.MaxMembers]uint64
}

// instant mirrors the node's structure of that name.
type instant struct {
	now, quiet, heard, election, heartbeat, transfer, writing, round raft.Instant
	timeout                                                          raft.Duration
	asked, fresh                                                     raft.Instant
	contact                                                          [raft.MaxMembers]raft.Instant
	stamp                                                            [raft.MaxMembers]uint64
}

// A place is where a field lies in a driver, and how many elements it has.
type place struct {
	offset uintptr
	size   uintptr // of an element
	count  int
}

func (p place) in(d *raft.Driver) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(d), p.offset) }

// words is a field, or several, as 64-bit words.
func (p place) words(d *raft.Driver) []uint64 {
	return unsafe.Slice((*uint64)(p.in(d)), int(p.size)*p.count/8)
}

// bytes is a field as bytes.
func (p place) bytes(d *raft.Driver) []byte {
	return unsafe.Slice((*byte)(p.in(d)), int(p.size)*p.count)
}

func (p place) flag(d *raft.Driver) *bool { return (*bool)(p.in(d)) }

// array is a field that is an array of T.
func array[T any](d *raft.Driver, p place) []T { return unsafe.Slice((*T)(p.in(d)), p.count) }

// value is a field of type T.
func value[T any](d *raft.Driver, p place) *T { return (*T)(p.in(d)) }

// wordsOf is any flat structure as 64-bit words.
func wordsOf[T any](t *T) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(t)), int(unsafe.Sizeof(*t)/8))
}

// A ring is a ring buffer of the node: its head, its count, and its two arrays, of
// indexes and of something else.
type ring struct{ head, count, index, other place }

// bytesOf is memory as bytes.
func bytesOf(words []uint64) []byte {
	if len(words) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))
}

// layout is where everything lies.
type layout struct {
	node, input          place
	misc                 place // durable to heldCount
	durable, held, holds place
	wantsSnapshot        place
	forced               place
	sequence, instant    place

	runs, first, term   place // of the log
	marks, writes       ring
	floor, end          place // of the marks
	cut                 place
	peers               place
	peerHead, peerCount uintptr // within a peer
	peerSize, peerLast  place

	members []uintptr // every raft.Member of the node
	slots   []uintptr // every raft.Slots of the node
	bySlot  []place   // every array of the node with an element a slot
}

// theLayout is worked out once.
var theLayout = sync.OnceValues(readLayout)

func readLayout() (l *layout, err error) {
	defer func() {
		if missing, is := recover().(missingField); is {
			err = fmt.Errorf("explore: package raft has no field %s any more: sim/explore/layout.go must follow it", string(missing))
		}
	}()
	l = new(layout)
	at := func(path string) place { return placeOf(reflect.TypeFor[raft.Driver](), path) }
	l.node, l.input = at("node"), at("input")
	l.durable, l.held, l.holds = at("durable"), at("held"), at("heldCount")
	l.misc = place{offset: l.durable.offset, size: 8, count: int(l.held.offset-l.durable.offset) / 8}
	l.wantsSnapshot = at("wantsSnapshot")
	l.forced = at("node.forced")
	l.sequence, l.instant = at("node.sequence"), at("node.instant")
	l.runs, l.first, l.term = at("node.log.count"), at("node.log.first"), at("node.log.term")
	l.marks = ring{at("node.marks.head"), at("node.marks.count"), at("node.marks.index"), at("node.marks.total")}
	l.floor, l.end = at("node.marks.floor"), at("node.marks.end")
	l.writes = ring{at("node.writes.head"), at("node.writes.count"), at("node.writes.last"), at("node.writes.number")}
	l.cut = at("node.cut.write")
	l.peers = at("node.peers")
	peer, _ := reflect.TypeFor[raft.Node]().FieldByName("peers")
	within := func(path string) place { return placeOf(peer.Type.Elem(), path) }
	l.peerHead, l.peerCount = within("head").offset, within("count").offset
	l.peerSize, l.peerLast = within("size"), within("last")
	for _, path := range []string{
		"node.newest.Configuration.Members", "node.previous.Configuration.Members",
		"node.snapshot.Configuration.Members", "node.incoming.snapshot.Configuration.Members", "node.peers",
		"node.sequence.echoed", "node.sequence.question", "node.sequence.waits", "node.sequence.tried",
		"node.instant.contact", "node.instant.stamp",
	} {
		l.bySlot = append(l.bySlot, at(path))
	}
	l.find(reflect.TypeFor[raft.Node](), l.node.offset)
	return l, nil
}

// find lists the members and sets of slots within a type.
func (l *layout) find(t reflect.Type, offset uintptr) {
	switch {
	case t == reflect.TypeFor[raft.Member]():
		l.members = append(l.members, offset)
	case t == reflect.TypeFor[raft.Slots]():
		l.slots = append(l.slots, offset)
	case t.Kind() == reflect.Struct:
		for f := range t.Fields() {
			l.find(f.Type, offset+f.Offset)
		}
	case t.Kind() == reflect.Array:
		for i := range t.Len() {
			l.find(t.Elem(), offset+uintptr(i)*t.Elem().Size())
		}
	}
}

// A missingField is the path of a field that isn't there.
type missingField string

// placeOf follows a path of field names.
func placeOf(t reflect.Type, path string) place {
	offset := uintptr(0)
	for name := range strings.SplitSeq(path, ".") {
		f, found := t.FieldByName(name)
		if !found {
			panic(missingField(path))
		}
		offset += f.Offset
		t = f.Type
	}
	if t.Kind() == reflect.Array {
		return place{offset, t.Elem().Size(), t.Len()}
	}
	return place{offset, t.Size(), 1}
}
