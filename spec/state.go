package spec

import "fmt"

// A Role is what a server is doing in its term (§3.3).
type Role uint8

// The roles of a server.
const (
	Down Role = iota
	Follower
	Candidate
	Leader
)

// String returns the role's name.
func (r Role) String() string { return [...]string{"down", "follower", "candidate", "leader"}[r&3] }

// State is the state of a cluster. The zero State must be given Init.
type State struct {
	entries        []entry
	configurations []placed
	servers        [ServersMax + 1]server
	terms          []election
}

// A persistent is the part of a server's state that a crash must not change
// (§3.8).
type persistent struct {
	term Term
	vote Server // in this term
	log  place
}

// A server is the state of one life of a server.
type server struct {
	persistent            // as the server goes by it
	durable    persistent // as it would be after a crash
	pending    []persistent
	role       Role
	votes      Set   // that a candidate has received
	commit     place // the part of the log known to be committed
	agrees     Index // of a follower's log, with the leader's, by what it was sent last
	promises   []promise
	spoken     Term // the highest term of which it has sent a message
	match      [ServersMax + 1]Index
}

// A promise is a follower's acknowledgement, not yet sent perhaps: in a term, its
// log agreed with the leader's up to a place.
type promise struct {
	term Term
	log  place
}

// An election is all that was ever sent about one term: it only grows.
type election struct {
	candidacies []candidacy
	leader      Server
	start       Index // of the leader's own entries
	log         place // of the leader, as far as any of it may have been sent
	told        []told
}

// A candidacy is a server's attempt to win a term.
type candidacy struct {
	candidate Server
	log       place
	asked     Set // who was sent the request
	voted     Set // whose vote is durable
	granted   Set // who has sent it
}

// A told is what a leader and one server have told each other in the leader's
// term.
type told struct {
	entries, commit     Index // sent to it, one with the other
	heartbeat, snapshot Index // sent to it: a commit index, and a prefix of the log
	matches             Index // acknowledged by it
}

// Init makes the state that of a cluster before anything has happened: all servers
// are down and know nothing but the founding configuration.
func (s *State) Init(founding Configuration) {
	*s = State{
		entries:        append(s.entries[:0], entry{}),
		configurations: append(s.configurations[:0], placed{Configuration: founding}),
	}
}

// View is what can be compared of a server.
type View struct {
	Term Term
	Vote Server
	Role Role
	// Configuration is the index of the entry that brought the newest one.
	Commit, Last, Configuration Index
}

// View returns what can be compared of a server.
func (s *State) View(i Server) View {
	v := &s.servers[i]
	return View{v.term, v.vote, v.role, s.last(v.commit), s.last(v.log), s.newest(v).index}
}

// Entry returns the term and the value of an entry of a server's log, and false if
// the log is not that long.
func (s *State) Entry(i Server, index Index) (Term, uint64, bool) {
	e := &s.entries[s.cut(s.servers[i].log, index)]
	return e.term, e.value, e.index == index
}

// A Refusal says that an action is not enabled: which, of what server, and why.
type Refusal struct {
	Action string
	Server Server
	Why    string
}

// String puts the refusal into words.
func (r *Refusal) String() string { return fmt.Sprintf("%s(%d): %s", r.Action, r.Server, r.Why) }

func refuse(action string, i Server, format string, arguments ...any) *Refusal {
	return &Refusal{Action: action, Server: i, Why: fmt.Sprintf(format, arguments...)}
}

// in is what was sent about a term.
func (s *State) in(t Term) *election {
	for Term(len(s.terms)) <= t {
		s.terms = append(s.terms, election{})
	}
	return &s.terms[t]
}

// with is what a term's leader and a server have told each other.
func (e *election) with(j Server) *told {
	for len(e.told) <= int(j) {
		e.told = append(e.told, told{})
	}
	return &e.told[j]
}

// of is a server's candidacy, or nil. If there are several, crashes have undone all
// but the last before anybody heard of them.
func (e *election) of(i Server) *candidacy {
	for n := len(e.candidacies) - 1; n >= 0; n-- {
		if c := &e.candidacies[n]; c.candidate == i {
			return c
		}
	}
	return nil
}
