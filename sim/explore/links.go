package explore

import "encoding/binary"

// A queue is the number of a link's content: messages in the order in which they
// arrive. Zero is the empty link.
type queue uint32

// queues are all contents of links there have been, each as its first message and
// the rest.
type queues struct {
	known   interner
	cells   slab[cell]
	appends lookup // of queue and packet
}

type cell struct {
	first uint32 // a packet
	rest  queue
}

// cons is the queue with a packet before another.
func (q *queues) cons(first uint32, rest queue) queue {
	var key [8]byte
	binary.LittleEndian.PutUint32(key[0:], first)
	binary.LittleEndian.PutUint32(key[4:], uint32(rest))
	id, fresh := q.known.intern(key[:])
	if fresh {
		q.cells.push(cell{first, rest})
	}
	return queue(id)
}

func (q *queues) of(a queue) *cell { return q.cells.at(int(a - 1)) }

// push is the queue with a packet after all others.
func (q *queues) push(a queue, packet uint32) queue {
	if a == 0 {
		return q.cons(packet, 0)
	}
	key := uint64(a)<<32 | uint64(packet)
	if known := q.appends.get(key); known != 0 {
		return queue(known)
	}
	c := *q.of(a)
	longer := q.cons(c.first, q.push(c.rest, packet))
	q.appends.put(key, uint32(longer))
	return longer
}

// put is the bag, a queue in ascending order, with one more packet.
func (q *queues) put(a queue, packet uint32) queue {
	if a == 0 || packet <= q.of(a).first {
		return q.cons(packet, a)
	}
	c := *q.of(a)
	return q.cons(c.first, q.put(c.rest, packet))
}

// without is the bag or queue less one packet that is in it.
func (q *queues) without(a queue, packet uint32) queue {
	c := *q.of(a)
	if c.first == packet {
		return c.rest
	}
	return q.cons(c.first, q.without(c.rest, packet))
}

func (q *queues) bytes() uint64 { return q.known.bytes() + q.cells.bytes() + q.appends.bytes() }
