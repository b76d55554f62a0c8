package trace

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/driftless-raft/driftless/raft"
)

// A Replayed journal is one whose inputs were given to the core again.
type Replayed struct {
	Core     string // the fingerprint of the core that it was written with
	Tool     string
	Segments uint64
	Inputs   uint64
	Node     raft.Node // as it was after the last input
	At       raft.Instant
	// Cut: the journal ends without an end block, as a process does that crashes.
	// What there is was replayed.
	Cut bool
}

// A DifferenceError is a step of a journal of which something else came when it was
// replayed: another core, or an input that is not in the journal.
type DifferenceError struct {
	Segment, Input uint64 // from 1
	What           string
}

// Error implements error.
func (d *DifferenceError) Error() string {
	return fmt.Sprintf("input %d, in segment %d: %s", d.Input, d.Segment, d.What)
}

// ReplayJournal gives the inputs of a journal to the core again and compares what
// comes of each. After each it calls watch, if that is not nil, which returns false
// to stop there. The error is an [*Error] if the journal can't be read and a
// [*DifferenceError] if the core did something else; what was replayed before is returned
// all the same.
func ReplayJournal(in io.Reader, watch func(*Replayed, *raft.Input, *raft.Effects) bool) (*Replayed, error) {
	p := &player{watch: watch}
	var err error
	if p.r, err = newBlockReader(in, journMagic); err != nil {
		return &p.Replayed, err
	}
	if err := p.r.header(journalVersion, p.take); err != nil {
		return &p.Replayed, err
	}
	for !p.ended && err == nil {
		err = p.block()
	}
	return &p.Replayed, err
}

// A player replays a journal.
type player struct {
	Replayed
	r       *blockReader
	watch   func(*Replayed, *raft.Input, *raft.Effects) bool
	ended   bool
	input   raft.Input
	effects raft.Effects
	buffer  []byte
}

// take takes a line of the header.
func (p *player) take(f field) (bool, error) {
	switch f.name {
	case "core":
		p.Core = f.value
	case "tool":
		p.Tool = f.value
	case "layout":
		if f.value != layout() {
			return true, fmt.Errorf("a node's state takes %s here; replay the journal on the kind of machine that it comes from", layout())
		}
	default:
		return false, nil
	}
	return true, nil
}

// block replays a block.
func (p *player) block() error {
	kind, err := p.r.next()
	if err != nil {
		return err
	}
	switch kind {
	case segmentBlock:
		return p.segment()
	case inputsBlock:
		for len(p.r.rest) > 0 && !p.ended {
			if err := p.step(); err != nil {
				return err
			}
		}
		return nil
	case endBlock:
		p.ended = true
		if count := p.r.number(); count != p.Inputs {
			return p.r.problem(Malformed, "it ends after %d inputs of %d", p.Inputs, count)
		}
		return nil
	case 0:
		p.ended, p.Cut = true, true
		return nil
	}
	return p.r.problem(Malformed, "a block of kind %q", kind)
}

// segment begins a segment: unless the node was started anew, it must be as the
// segment before has left it.
func (p *player) segment() error {
	before := p.Node
	how := p.r.number()
	p.Node = raft.Node{}
	if how > goesOn || !p.r.unpackZeros(nodeBytes(&p.Node)) {
		return p.r.problem(Malformed, "a segment begins with something else than a node")
	}
	p.Segments++
	p.At = 0
	if how == goesOn && p.Segments > 1 && p.Node != before {
		return p.differs("the segment begins with another state than the one before has ended with")
	}
	return nil
}

// step replays an input.
func (p *player) step() error {
	if p.Segments == 0 {
		return p.r.problem(Malformed, "inputs stand before the first segment")
	}
	p.At += raft.Instant(p.r.number())
	p.input = raft.Input{}
	c := codec{from: p.r}
	c.input(&p.input)
	if p.r.bad || len(p.r.rest) < 8 {
		return p.r.problem(Malformed, "half an input")
	}
	wanted := binary.LittleEndian.Uint64(p.r.rest)
	p.r.rest = p.r.rest[8:]
	p.Inputs++
	if broken := p.give(); broken != nil {
		return p.differs("the core ends with an assertion: %v", broken)
	}
	p.buffer = appendEffects(p.buffer[:0], &p.effects)
	if found := binary.LittleEndian.Uint64(appendHash(nil, p.buffer)); found != wanted {
		return p.differs("an input of kind %d has effects with hash %016x, and had some with %016x", p.input.Kind, found, wanted)
	}
	if p.watch != nil && !p.watch(&p.Replayed, &p.input, &p.effects) {
		p.ended = true
	}
	return nil
}

// give gives the input to the node, and returns what the core panics with.
func (p *player) give() (broken any) {
	defer func() { broken = recover() }()
	p.Node.Step(p.At, &p.input, &p.effects)
	return nil
}

func (p *player) differs(format string, arguments ...any) error {
	return &DifferenceError{Segment: p.Segments, Input: p.Inputs, What: fmt.Sprintf(format, arguments...)}
}
