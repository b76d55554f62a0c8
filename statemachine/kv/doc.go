// Package kv is a key-value store as a state machine: put, delete, compare-and-swap,
// get, ordered ranges, and what has changed since a revision. It is for servers, and
// usually stands within a
// [github.com/driftless-raft/driftless/statemachine/session.Machine].
//
//	store := kv.New(10_000)             // the changes to remember for watchers
//	command, err := kv.Put(key, value)  // propose it
//	…
//	view := store.View()                // stays as it is, whatever is applied
//	item, found := view.Get(key)
//	events, err := store.Events(nil, since, 100)
//
// # Revisions
//
// Every change has a number, one higher than the change before: the store's
// revision. An item carries the revision of the change that made it. Compare-and-swap
// names the revision it expects an item to have, 0 where there must be none. A delete
// of what is not there, and a comparison that fails, change nothing and take no
// revision.
//
// # Watching
//
// A watcher asks for the events after the last revision it has seen, whenever entries
// have been applied. The store remembers a bounded number of events, and none from
// before a snapshot it has loaded: who asks for those gets a [ForgottenError] and has
// to read again. What is remembered is no part of the replicated state.
//
// # How it is kept
//
// Items stand in a treap that is never changed but copied along the path to what
// changes, so that a [View] is one pointer: a snapshot is streamed, or a long range
// read, by another goroutine while commands go on being applied. The priorities that
// balance the treap are a hash of the keys.
//
// The store itself is not safe for concurrent use; its views are.
package kv
