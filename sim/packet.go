package sim

import "github.com/driftless-raft/driftless/raft"

// A packet is a message on its way, with a copy of what travels with it. Packets
// are pooled: duplicates share one.
type packet struct {
	number        uint64 // counting all messages sent
	message       raft.Message
	payload       raft.Payload
	entries       []raft.Entry
	bytes         []byte
	configuration raft.Configuration
	snapshot      raft.Snapshot
	references    int
}

// packets is the pool.
type packets struct {
	all  []*packet
	free []uint32
}

func (p *packets) reset() {
	p.free = p.free[:0]
	for i := range p.all {
		p.free = append(p.free, uint32(i))
	}
}

// flying is the number of packets in use.
func (p *packets) flying() int { return len(p.all) - len(p.free) }

// copy puts a message and its payload into a packet nobody uses.
func (p *packets) copy(m *raft.Message, payload *raft.Payload) uint32 {
	if len(p.free) == 0 {
		p.free = append(p.free, uint32(len(p.all)))
		p.all = append(p.all, &packet{})
	}
	handle := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	k := p.all[handle]
	k.references = 0
	k.message = *m
	k.message.After = 0 // does not travel
	k.fill(payload)
	return handle
}

// release lets go of one reference.
func (p *packets) release(handle uint32) {
	k := p.all[handle]
	if k.references--; k.references <= 0 {
		p.free = append(p.free, handle)
	}
}

// fill copies a payload, so that the packet depends on nobody's memory.
func (k *packet) fill(payload *raft.Payload) {
	k.payload = raft.Payload{}
	k.entries, k.bytes = k.entries[:0], k.bytes[:0]
	if payload == nil {
		return
	}
	if len(payload.Entries) > 0 {
		k.fillEntries(payload.Entries)
	}
	if payload.Snapshot != nil {
		k.snapshot = *payload.Snapshot
		k.payload.Snapshot = &k.snapshot
		k.bytes = append(k.bytes, payload.Chunk...)
		k.payload.Chunk = k.bytes
	}
}

func (k *packet) fillEntries(entries []raft.Entry) {
	size := 0
	for i := range entries {
		size += len(entries[i].Data)
	}
	if cap(k.bytes) < size {
		k.bytes = make([]byte, 0, 2*size)
	}
	for i := range entries {
		e := entries[i]
		start := len(k.bytes)
		k.bytes = append(k.bytes, e.Data...)
		e.Data = k.bytes[start:len(k.bytes):len(k.bytes)]
		if e.Configuration != nil {
			k.configuration = *e.Configuration // only the last of an Append is one
			e.Configuration = &k.configuration
		}
		k.entries = append(k.entries, e)
	}
	k.payload.Entries = k.entries
}
