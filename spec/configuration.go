package spec

import "math/bits"

// Server names one life of a server, from 1 to ServersMax: a server that has lost
// its disk comes back as another. Zero is nobody.
type Server uint8

// Nobody is no server.
const Nobody Server = 0

// ServersMax bounds the lives of servers in one cluster.
const ServersMax = 63

// A Set is a set of servers.
type Set uint64

// SetOf returns a set.
func SetOf(servers ...Server) Set {
	var set Set
	for _, i := range servers {
		set |= 1 << i
	}
	return set
}

func (set Set) has(i Server) bool { return set>>i&1 != 0 }

func (set Set) lowest() Server { return Server(bits.TrailingZeros64(uint64(set))) }

func (set Set) count() int { return bits.OnesCount64(uint64(set)) }

// A Configuration says whose votes and acknowledgements count (§4).
type Configuration struct {
	// Voters are counted: the new ones, where a change is under way.
	Voters Set
	// Outgoing are the old voters of a joint configuration (§4.3), else nobody.
	Outgoing Set
	// Learners receive the log and are not counted (§4.2.1).
	Learners Set
}

// isQuorum reports whether a set may decide: more than half of the voters and, in
// a joint configuration, of the outgoing ones as well (§4.3).
func (c *Configuration) isQuorum(set Set) bool {
	return 2*(set&c.Voters).count() > c.Voters.count() &&
		(c.Outgoing == 0 || 2*(set&c.Outgoing).count() > c.Outgoing.count())
}

// A placed is a configuration, the entry that brought it and the one before it.
type placed struct {
	Configuration
	index  Index
	before uint32
}

// newest is the configuration a server goes by: the last one in its log, committed
// or not (§4.1).
func (s *State) newest(v *server) *placed { return &s.configurations[s.entries[v.log].configuration] }
