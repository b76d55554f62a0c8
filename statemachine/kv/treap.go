package kv

import "iter"

// Item is a key with what is stored under it. Its bytes must not be changed.
type Item struct {
	Key   string
	Value []byte
	// Revision is that of the change that stored the value; never 0.
	Revision uint64
}

// A node is the root of a treap: ordered by key, a heap by priority. A node that
// can be reached is never changed.
type node struct {
	item        *Item
	priority    uint64
	left, right *node
}

// priority is a hash of a key (FNV-1a, mixed), so that the same items make the same
// treap, in whatever order they came.
func priority(key string) uint64 {
	hash := uint64(14695981039346656037)
	for i := range len(key) {
		hash = (hash ^ uint64(key[i])) * 1099511628211
	}
	hash = (hash ^ hash>>30) * 0xbf58476d1ce4e5b9
	hash = (hash ^ hash>>27) * 0x94d049bb133111eb
	return hash ^ hash>>31
}

// find is the item of a key, or nil.
func (n *node) find(key string) *Item {
	for n != nil {
		switch {
		case key < n.item.Key:
			n = n.left
		case key > n.item.Key:
			n = n.right
		default:
			return n.item
		}
	}
	return nil
}

// with is the treap with an item, in place of the one that has its key.
func (n *node) with(item *Item, priority uint64) *node {
	switch {
	case n == nil || priority > n.priority:
		left, right := n.split(item.Key)
		return &node{item: item, priority: priority, left: left, right: right}
	case item.Key < n.item.Key:
		return &node{item: n.item, priority: n.priority, left: n.left.with(item, priority), right: n.right}
	case item.Key > n.item.Key:
		return &node{item: n.item, priority: n.priority, left: n.left, right: n.right.with(item, priority)}
	}
	return &node{item: item, priority: priority, left: n.left, right: n.right}
}

// split is the treap of the smaller keys and that of the greater ones.
func (n *node) split(key string) (smaller, greater *node) {
	switch {
	case n == nil:
		return nil, nil
	case key < n.item.Key:
		smaller, greater = n.left.split(key)
		return smaller, &node{item: n.item, priority: n.priority, left: greater, right: n.right}
	case key > n.item.Key:
		smaller, greater = n.right.split(key)
		return &node{item: n.item, priority: n.priority, left: n.left, right: smaller}, greater
	}
	return n.left, n.right
}

// without is the treap without a key that it has.
func (n *node) without(key string) *node {
	switch {
	case key < n.item.Key:
		return &node{item: n.item, priority: n.priority, left: n.left.without(key), right: n.right}
	case key > n.item.Key:
		return &node{item: n.item, priority: n.priority, left: n.left, right: n.right.without(key)}
	}
	return join(n.left, n.right)
}

// join is the treap of two, of which the first has the smaller keys.
func join(left, right *node) *node {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.priority > right.priority:
		return &node{item: left.item, priority: left.priority, left: left.left, right: join(left.right, right)}
	}
	return &node{item: right.item, priority: right.priority, left: join(left, right.left), right: right.right}
}

// ascend calls yield with the items from one key up to another, itself not included;
// an empty one is no bound. It returns false when yield has.
func (n *node) ascend(from, to string, yield func(*Item) bool) bool {
	if n == nil {
		return true
	}
	above, below := n.item.Key >= from, to == "" || n.item.Key < to
	return (!above || n.left.ascend(from, to, yield)) &&
		(!above || !below || yield(n.item)) &&
		(!below || n.right.ascend(from, to, yield))
}

// View is the store as it was at one revision. It may be kept for as long as it is
// wanted, and used by any number of goroutines.
type View struct {
	root     *node
	revision uint64
	items    int
	bytes    uint64 // of keys and values
}

// Revision is that of the last change the view holds; 0 before the first.
func (v View) Revision() uint64 { return v.revision }

// Items is how many there are.
func (v View) Items() int { return v.items }

// Get is the item of a key.
func (v View) Get(key string) (Item, bool) {
	if item := v.root.find(key); item != nil {
		return *item, true
	}
	return Item{}, false
}

// Range goes through the items from one key up to another, itself not included, in
// the order of the keys' bytes. An empty key is no bound.
func (v View) Range(from, to string) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		v.root.ascend(from, to, func(item *Item) bool { return yield(*item) })
	}
}

// PrefixEnd is the first key after all that begin with a prefix: View.Range(prefix,
// PrefixEnd(prefix)) goes through those. It is empty, which is no bound, if there is
// no such key.
func PrefixEnd(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}
