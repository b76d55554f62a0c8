package sim

import "math/bits"

// A tape is the producer of every decision of a run. A random one makes them up
// from a seed; a replayed one returns recorded decisions. Zero is always the
// quiet choice (no fault, the least delay), so a tape that has run out, or whose
// decision no longer fits its bound, calms the run down instead of breaking it.
type tape struct {
	state    uint64
	hash     uint64
	position int
	replay   bool
	record   bool
	choices  []uint64
}

// randomTape makes decisions up from a seed.
func randomTape(seed uint64) tape { return tape{state: seed * 0x9e3779b97f4a7c15} }

// replayTape returns recorded decisions.
func replayTape(choices []uint64) tape { return tape{replay: true, choices: choices} }

// draw is a decision below bound, which must not be zero.
func (t *tape) draw(bound uint64) uint64 {
	var choice uint64
	switch {
	case !t.replay:
		choice, _ = bits.Mul64(t.next(), bound)
	case t.position < len(t.choices):
		choice = t.choices[t.position] % bound
		t.position++
	}
	if t.record {
		t.choices = append(t.choices, choice)
	}
	t.hash = mix(t.hash, choice)
	return choice
}

// next is splitmix64.
func (t *tape) next() uint64 {
	t.state += 0x9e3779b97f4a7c15
	z := t.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// between is a decision from low up to high, both included.
func (t *tape) between(low, high uint64) uint64 {
	if high <= low {
		return low
	}
	return low + t.draw(high-low+1)
}

// chance is true about ppm times in a million. What can't happen costs no
// decision.
func (t *tape) chance(ppm uint32) bool {
	if ppm == 0 {
		return false
	}
	return t.draw(million) >= million-uint64(min(ppm, million))
}

const million = 1_000_000

// mix folds a value into a hash.
func mix(hash, value uint64) uint64 {
	high, low := bits.Mul64(hash^0xa0761d6478bd642f, value^0xe7037ed1a0b428db)
	return high ^ low ^ hash
}

// mixBytes folds bytes and their number into a hash, eight at a time.
func mixBytes(hash uint64, data []byte) uint64 {
	hash = mix(hash, uint64(len(data)))
	for len(data) >= 8 {
		hash = mix(hash, uint64(data[0])|uint64(data[1])<<8|uint64(data[2])<<16|uint64(data[3])<<24|
			uint64(data[4])<<32|uint64(data[5])<<40|uint64(data[6])<<48|uint64(data[7])<<56)
		data = data[8:]
	}
	var rest uint64
	for i, b := range data {
		rest |= uint64(b) << (8 * i)
	}
	return mix(hash, rest)
}
