package kv

import "fmt"

// Event is a change: a value stored or, if Deleted, a key removed. Its revision is
// that of the change.
type Event struct {
	Item
	Deleted bool
}

// ForgottenError is returned to a watcher that asks for events the store no longer
// remembers. It has to read what it watches again, and to go on from the revision of
// what it has read.
type ForgottenError struct {
	Since  uint64 // what was asked for
	Oldest uint64 // events after this revision are remembered
}

// Error implements error.
func (e *ForgottenError) Error() string {
	return fmt.Sprintf("kv: the events after revision %d are forgotten, those after %d are not: read again and go on from there", e.Since, e.Oldest)
}

// A history is the last so many events, in a ring by revision.
type history struct {
	ring   []Event
	oldest uint64 // events after this revision are held
	last   uint64
}

func (h *history) add(e Event) {
	h.last = e.Revision
	h.ring[h.last%uint64(len(h.ring))] = e
	if h.last-h.oldest > uint64(len(h.ring)) {
		h.oldest++
	}
}

// forget begins anew after a revision.
func (h *history) forget(revision uint64) {
	clear(h.ring)
	h.oldest, h.last = revision, revision
}

// Events appends the events after a revision, in their order and without a gap, but
// at most so many, and returns the extended slice. It returns a [ForgottenError] if
// the first of them is no longer remembered. A revision the store has not reached has
// no events after it.
func (s *Store) Events(into []Event, since uint64, most int) ([]Event, error) {
	h := &s.history
	if since < h.oldest {
		return into, &ForgottenError{Since: since, Oldest: h.oldest}
	}
	for revision := since + 1; revision > since && revision <= h.last && most > 0; revision++ {
		into = append(into, h.ring[revision%uint64(len(h.ring))])
		most--
	}
	return into, nil
}
