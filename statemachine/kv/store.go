package kv

import (
	"github.com/driftless-raft/driftless/raft"
)

// Store is the replicated store. It implements
// [github.com/driftless-raft/driftless/statemachine.Machine].
type Store struct {
	view    View
	history history
	answer  []byte
}

// New is an empty store that remembers a number of events for watchers, at least one.
func New(events int) *Store {
	return &Store{history: history{ring: make([]Event, max(events, 1))}}
}

// View is the store as it is now.
func (s *Store) View() View { return s.view }

// Apply implements [statemachine.Machine].
func (s *Store) Apply(_ raft.Index, command []byte) []byte {
	c, outcome := parse(command)
	if outcome != Done {
		return s.respond(outcome, 0)
	}
	old := s.view.root.find(c.key)
	revision := uint64(0)
	if old != nil {
		revision = old.Revision
	}
	switch {
	case c.what == compareAndSwap && c.expected != revision:
		return s.respond(Mismatch, revision)
	case c.what != remove:
		s.put(c, old)
	case old == nil:
		return s.respond(NotFound, 0)
	default:
		s.remove(old)
	}
	return s.respond(Done, s.view.revision)
}

func (s *Store) put(c parsed, old *Item) {
	s.view.revision++
	item := &Item{Key: c.key, Value: append([]byte{}, c.value...), Revision: s.view.revision}
	s.view.root = s.view.root.with(item, priority(c.key))
	s.count(old, -1)
	s.count(item, 1)
	s.history.add(Event{Item: *item})
}

func (s *Store) remove(old *Item) {
	s.view.revision++
	s.view.root = s.view.root.without(old.Key)
	s.count(old, -1)
	s.history.add(Event{Deleted: true, Item: Item{Key: old.Key, Revision: s.view.revision}})
}

// count counts an item that has come or gone.
func (s *Store) count(item *Item, sign int) {
	if item != nil {
		s.view.items += sign
		s.view.bytes += uint64(sign * (len(item.Key) + len(item.Value)))
	}
}
