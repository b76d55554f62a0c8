package explore

import (
	"slices"

	"github.com/driftless-raft/driftless/raft"
)

// A renaming gives the servers other names. Two states that differ by their
// servers' names only lead to states that do, as long as no server treats another
// by its name: that is tested, step by step, where it is relied on.
type renaming struct {
	u         *universe
	orders    [][]uint8 // all permutations: the new name of each server, from 0
	servers   []slab[uint32]
	packets   []slab[uint32]
	queues    []slab[uint32]
	candidate state
	best      state
}

func newRenaming(u *universe) *renaming {
	r := &renaming{u: u, candidate: make(state, u.width), best: make(state, u.width)}
	permute(make([]uint8, 0, u.nodes), u.nodes, &r.orders)
	r.servers = make([]slab[uint32], len(r.orders))
	r.packets = make([]slab[uint32], len(r.orders))
	r.queues = make([]slab[uint32], len(r.orders))
	return r
}

// permute lists all permutations that begin with some numbers; first the one that
// changes nothing.
func permute(begin []uint8, n int, into *[][]uint8) {
	if len(begin) == n {
		*into = append(*into, slices.Clone(begin))
		return
	}
	for i := range uint8(n) {
		if !slices.Contains(begin, i) {
			permute(append(begin, i), n, into)
		}
	}
}

// canonical renames a state's servers so that all states that differ by names only
// become one. Only orders that sort the servers by what they are apart from their
// names can do.
func (r *renaming) canonical(s state) {
	n := r.u.nodes
	var hashes [nodesMax]uint32
	for i := range n {
		hashes[i] = r.u.summary(s, i).hash
	}
	found := false
	for o, order := range r.orders {
		if !sorts(order, hashes[:n]) {
			continue
		}
		r.rename(s, o, r.candidate)
		if !found || slices.Compare(r.candidate, r.best) < 0 {
			found = true
			r.candidate, r.best = r.best, r.candidate
		}
	}
	copy(s, r.best)
}

// sorts reports whether the hashes ascend when each goes to its new place.
func sorts(order []uint8, hashes []uint32) bool {
	var placed [nodesMax]uint32
	for i, to := range order {
		placed[to] = hashes[i]
	}
	return slices.IsSorted(placed[:len(order)])
}

// rename writes a state under other names into another.
func (r *renaming) rename(s state, o int, into state) {
	u, order := r.u, r.orders[o]
	copy(into, s)
	if o == 0 {
		return
	}
	for i, to := range order {
		into[to] = r.server(o, s[i])
		for j, other := range order {
			if i != j {
				into[u.link(int(to), int(other))] = uint32(r.queue(o, queue(s[u.link(i, j)]), false))
			}
		}
	}
	into[u.strays] = uint32(r.queue(o, queue(s[u.strays]), true))
	leaders, renamed := s.wide(u.leaders), uint64(0)
	for shift := 0; leaders>>shift != 0; shift += 3 {
		if leader := leaders >> shift & 7; leader != 0 {
			renamed |= uint64(order[leader-1]+1) << shift
		}
	}
	into.setWide(u.leaders, renamed)
}

// memo is what a number became under a renaming, made known by compute.
func memo(known *slab[uint32], id uint32, compute func() uint32) uint32 {
	for known.length <= int(id) {
		known.push(0)
	}
	if is := *known.at(int(id)); is != 0 {
		return is
	}
	is := compute()
	*known.at(int(id)) = is
	return is
}

// server is a server's state under other names.
func (r *renaming) server(o int, id uint32) uint32 {
	return memo(&r.servers[o], id, func() uint32 {
		s := r.u.server
		s.decode(r.u.servers.of(id))
		s.rename(r.orders[o])
		return r.u.keep()
	})
}

// queue is a link's content under other names; a bag is sorted again.
func (r *renaming) queue(o int, q queue, bag bool) queue {
	if q == 0 {
		return 0
	}
	if bag {
		c := *r.u.queues.of(q)
		return r.u.queues.put(r.queue(o, c.rest, true), r.packet(o, c.first))
	}
	return queue(memo(&r.queues[o], uint32(q), func() uint32 {
		c := *r.u.queues.of(q)
		return uint32(r.u.queues.cons(r.packet(o, c.first), r.queue(o, c.rest, false)))
	}))
}

// packet is a packet under other names.
func (r *renaming) packet(o int, id uint32) uint32 {
	return memo(&r.packets[o], id, func() uint32 {
		p := r.u.packets.load(id)
		order := r.orders[o]
		p.message.From, p.message.To = renamed(p.message.From, order), renamed(p.message.To, order)
		for i := range p.entries[:p.count] {
			p.entries[i].configuration.rename(order)
		}
		p.snapshot.configuration.rename(order)
		return r.u.packets.add()
	})
}

func renamed(m raft.Member, order []uint8) raft.Member {
	if m.ID != 0 {
		m.ID = raft.ID(order[m.ID-1] + 1)
	}
	return m
}

func renamedSlots(set raft.Slots, order []uint8) raft.Slots {
	other := raft.Slots(0)
	for slot, to := range order {
		other |= set >> slot & 1 << to
	}
	return other
}

func (m *masks) rename(order []uint8) {
	m.voters, m.outgoing, m.learners = renamedSlots(m.voters, order), renamedSlots(m.outgoing, order), renamedSlots(m.learners, order)
}

func (c *contents) rename(order []uint8) {
	c.hard.Vote = renamed(c.hard.Vote, order)
	for i := range c.entries {
		c.entries[i].configuration.rename(order)
	}
	c.snapshot.configuration.rename(order)
	c.staged.configuration.rename(order)
}

// rename gives all servers that this one knows of, itself among them, other names.
func (s *server) rename(order []uint8) {
	for _, p := range s.layout.bySlot {
		elements := p.bytes(&s.driver)
		size := int(p.size)
		var old [nodesMax][]byte
		for slot := range order {
			old[slot] = slices.Clone(elements[slot*size : (slot+1)*size])
		}
		for slot, to := range order {
			copy(elements[int(to)*size:], old[slot])
		}
	}
	for _, m := range s.layout.members {
		member := value[raft.Member](&s.driver, place{offset: m})
		*member = renamed(*member, order)
	}
	for _, m := range s.layout.slots {
		set := value[raft.Slots](&s.driver, place{offset: m})
		*set = renamedSlots(*set, order)
	}
	held := s.held()
	for i := range held {
		held[i].From, held[i].To = renamed(held[i].From, order), renamed(held[i].To, order)
	}
	s.sortHeld()
	s.disk.self = renamed(s.disk.self, order)
	for i := range s.disk.pending + 1 {
		s.disk.versions[i].rename(order)
	}
}

func (r *renaming) bytes() uint64 {
	total := uint64(0)
	for o := range r.orders {
		total += r.servers[o].bytes() + r.packets[o].bytes() + r.queues[o].bytes()
	}
	return total
}
