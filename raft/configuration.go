package raft

// Slots is a set of member slots, a bit a slot.
type Slots uint16

// count is the number of slots in the set.
func (s Slots) count() int {
	n := 0
	for ; s != 0; s &= s - 1 {
		n++
	}
	return n
}

// lowest is the set's lowest slot; the set must not be empty.
func (s Slots) lowest() int {
	i := 0
	for s&1 == 0 {
		s >>= 1
		i++
	}
	return i
}

// isMajorityOf reports whether s holds more than half of voters. No set is a
// majority of nobody.
func (s Slots) isMajorityOf(voters Slots) bool {
	return 2*(s&voters).count() > voters.count()
}

// Configuration says who belongs to the cluster and how (§4). A member keeps its
// slot for as long as it belongs. The padding is left to the compiler, as in
// [Message].
type Configuration struct {
	Members [MaxMembers]Member
	// Voters are counted for elections and commitment: the new half, where a
	// change is under way.
	Voters Slots
	// Outgoing is the old half of a joint configuration (§4.3); empty in any
	// other.
	Outgoing Slots
	// Learners receive the log and are counted for nothing (§4.2.1).
	Learners Slots
}

// Everybody is the set of all slots in use. In line it would take 112 bytes more of a
// board's flash.
//
//go:noinline
func (c *Configuration) Everybody() Slots { return c.Voters | c.Outgoing | c.Learners }

// Quorum reports whether the set may decide: a majority of the voters and, in a
// joint configuration, of the outgoing voters too (§4.3).
func (c *Configuration) Quorum(set Slots) bool {
	return set.isMajorityOf(c.Voters) && (c.Outgoing == 0 || set.isMajorityOf(c.Outgoing))
}

// reached is the highest value that a quorum has reached, of one value for each
// slot.
func (c *Configuration) reached(values *[MaxMembers]uint64) uint64 {
	highest := uint64(0)
	for rest := c.mayVote(); rest != 0; rest &= rest - 1 {
		value, set := values[rest.lowest()], Slots(0)
		if value <= highest {
			continue
		}
		for others := c.mayVote(); others != 0; others &= others - 1 {
			if slot := others.lowest(); values[slot] >= value {
				set |= 1 << slot
			}
		}
		if c.Quorum(set) {
			highest = value
		}
	}
	return highest
}

// Find returns the slot of a member as a set: of one slot, or empty.
func (c *Configuration) Find(m Member) Slots {
	for rest := c.Everybody(); rest != 0; rest &= rest - 1 {
		if slot := rest.lowest(); c.Members[slot] == m {
			return 1 << slot
		}
	}
	return 0
}

// mayVote is the set of slots with a vote in either half.
func (c *Configuration) mayVote() Slots { return c.Voters | c.Outgoing }

// wellFormed reports whether there are voters, every member is somebody, and no
// id stands twice in the configuration that is being entered.
func (c *Configuration) wellFormed() bool {
	if c.Voters == 0 || c.Voters&c.Learners != 0 || c.Everybody()>>(MaxMembers-1)>>1 != 0 {
		return false
	}
	for rest := c.Everybody(); rest != 0; rest &= rest - 1 {
		slot := rest.lowest()
		if c.Members[slot].ID == 0 {
			return false
		}
		for others := rest & (rest - 1); others != 0; others &= others - 1 {
			other := others.lowest()
			if c.Members[slot] == c.Members[other] {
				return false
			}
			both := Slots(1<<slot | 1<<other)
			if c.Members[slot].ID == c.Members[other].ID && (c.Voters|c.Learners)&both == both {
				return false
			}
		}
	}
	return true
}

// placed is a configuration and the log entry that brought it.
type placed struct {
	index Index
	Configuration
}
