package trace

// An Action is one thing that happens to a simulated cluster, with the choices that
// were drawn from the tape meanwhile. A list of actions is a run in which nothing
// else happens: what is not listed is a message that is lost, a timer that fires
// late, a client that keeps quiet.
type Action struct {
	Kind   string // the simulator's name of it, such as "deliver" or "wake"
	Server uint8  // to which it happens, from 1; 0 if it is none's, or the choices say which
	At     uint64 // not before this true time, in nanoseconds since the start
	// Value is the kind's own: of a delivery the number of the message, counting
	// all that were sent; of a write that completes its number; of a fault what it is.
	Value uint64
	// Of a delivery: who sent the message, its kind, and its fields of these names.
	From    uint8
	Message string
	Term    uint64
	Index   uint64
	Last    uint64
	// Choices are what the simulator draws; when they have run out, zeros, which
	// are always the quiet choice.
	Choices []uint64
}
