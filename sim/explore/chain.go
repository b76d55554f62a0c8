package explore

import (
	"encoding/binary"

	"github.com/driftless-raft/driftless/raft"
)

// A chain is the number of a log from its first entry up to one: two logs agree up
// to an index exactly if they have the same chain there. Zero is the empty log.
type chain uint32

// chains are all chains there have been.
type chains struct {
	known interner
	links slab[link]
}

// A link is the end of a chain.
type link struct {
	before chain
	depth  uint32 // the index of the entry
	entry  record
}

// extend is the chain with one more entry.
func (c *chains) extend(before chain, r *record) chain {
	var key [24]byte
	binary.LittleEndian.PutUint32(key[0:], uint32(before))
	binary.LittleEndian.PutUint64(key[4:], uint64(r.term))
	key[12], key[13] = byte(r.kind)+1, r.value
	binary.LittleEndian.PutUint16(key[14:], uint16(r.configuration.voters))
	binary.LittleEndian.PutUint16(key[16:], uint16(r.configuration.outgoing))
	binary.LittleEndian.PutUint16(key[18:], uint16(r.configuration.learners))
	id, fresh := c.known.intern(key[:])
	if fresh {
		c.links.push(link{before: before, depth: c.depth(before) + 1, entry: *r})
	}
	return chain(id)
}

func (c *chains) of(a chain) *link { return c.links.at(int(a - 1)) }

// depth is the index of the chain's last entry.
func (c *chains) depth(a chain) uint32 {
	if a == 0 {
		return 0
	}
	return c.of(a).depth
}

// term is the term of the chain's last entry.
func (c *chains) term(a chain) raft.Term {
	if a == 0 {
		return 0
	}
	return c.of(a).entry.term
}

// upTo is the chain up to an index, which must not be beyond its last.
func (c *chains) upTo(a chain, index uint32) chain {
	for c.depth(a) > index {
		a = c.of(a).before
	}
	return a
}

// holds reports whether a log holds a chain.
func (c *chains) holds(log, a chain) bool {
	return c.depth(log) >= c.depth(a) && c.upTo(log, c.depth(a)) == a
}

// match reports whether two logs that have an entry of the same index and term
// agree up to it (Log Matching, §3.5).
func (c *chains) match(a, b chain) bool {
	index := min(c.depth(a), c.depth(b))
	a, b = c.upTo(a, index), c.upTo(b, index)
	for a != b {
		if c.of(a).entry.term == c.of(b).entry.term {
			return false
		}
		a, b = c.of(a).before, c.of(b).before
	}
	return true
}

func (c *chains) bytes() uint64 { return c.known.bytes() + c.links.bytes() }
