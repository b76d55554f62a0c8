package embedded

import (
	"unsafe"

	"github.com/driftless-raft/driftless/raft"
)

// LineBytes is the longest line a [Shell] takes; of a longer one it says so.
const LineBytes = 256

// A Console takes what is to be said over a serial line. It keeps no bytes after Write
// has returned.
type Console interface {
	Write(text []byte)
}

// A Shell has a node do what is typed, a command a line:
//
//	bootstrap CLUSTER SELF MEMBER …     found the cluster; SELF is one of the members, its voters
//	join CLUSTER SELF                   wait to be added to a cluster
//	status                              how the node sees itself and the cluster
//	propose HEX                         replicate a command
//	read MODE HEX                       ask the machine; MODE is linearizable, lease or stale
//	change MEMBER … +MEMBER …           other voters, and learners with a plus
//	transfer MEMBER                     hand leadership over
//	compact                             take a snapshot and cut the log
//	applied AFTER                       what was applied after an index, an entry a line
//
// A MEMBER is an id and an incarnation, as in 3/1f; numbers but ids and indexes are
// hexadecimal. A command that begins with a tag, as in #12 status, is answered with it,
// and may be answered after later ones:
//
//	#12 done 0badcafe
//	#12 refused not the leader, 3 leads
//	#12 unknown
//
// The shell allocates nothing, and no line can harm it.
type Shell struct {
	node    *Node
	console Console

	line   [LineBytes]byte
	length int
	long   bool // the line is left out

	rest          []byte // of the line, not yet read
	body          [LineBytes / 2]byte
	digits        [20]byte
	status        Status
	configuration raft.Configuration
	identity      raft.Identity
	applied       Applied
}

// Format has a shell speak for a node.
func (s *Shell) Format(n *Node, c Console) {
	s.node, s.console = n, c
	s.length, s.long = 0, false
}

// Greet says which core there is. What is typed before that is lost while the serial line
// is being set up.
func (s *Shell) Greet() {
	s.say("driftless core=")
	s.say(raft.Fingerprint)
	s.say("\n")
}

// Type takes a byte. At the end of a line the command is carried out.
func (s *Shell) Type(b byte) {
	switch {
	case b == '\n' || b == '\r':
		if s.long {
			s.say("? the line is too long\n")
		} else if s.length > 0 {
			s.rest = s.line[:s.length]
			s.carryOut()
		}
		s.length, s.long = 0, false
	case s.length == LineBytes:
		s.long = true
	default:
		s.line[s.length] = b
		s.length++
	}
}

// carryOut does what a line says.
func (s *Shell) carryOut() {
	tag := uint32(0)
	if s.space(); len(s.rest) == 0 {
		return
	}
	if s.rest[0] == '#' {
		s.rest = s.rest[1:]
		number, ok := s.number(10)
		if !ok || number >= 1<<32 {
			s.say("? a tag is # and a number\n")
			return
		}
		tag = uint32(number)
	}
	understood := true
	switch s.word() {
	case "bootstrap":
		understood = s.bootstrap(tag)
	case "join":
		understood = s.join(tag)
	case "status":
		s.tellStatus(tag)
	case "propose":
		command, ok := s.hex()
		if understood = ok; ok {
			s.node.Propose(tag, command)
		}
	case "read":
		understood = s.read(tag)
	case "change":
		understood = s.members()
		if understood {
			s.node.Change(tag, &s.configuration)
		}
	case "transfer":
		to, ok := s.member()
		if understood = ok; ok {
			s.node.Transfer(tag, to)
		}
	case "compact":
		s.node.Compact(tag)
	case "applied":
		understood = s.tellApplied(tag)
	default:
		understood = false
	}
	if !understood {
		s.begin(tag)
		s.say("? ")
		s.console.Write(s.line[:s.length])
		s.say("\n")
	}
}

func (s *Shell) bootstrap(tag uint32) bool {
	if !s.identify() || !s.members() {
		return false
	}
	s.tellRefusal(tag, s.node.Bootstrap(&s.identity, &s.configuration))
	return true
}

func (s *Shell) join(tag uint32) bool {
	if !s.identify() {
		return false
	}
	s.tellRefusal(tag, s.node.Join(&s.identity))
	return true
}

// identify reads a cluster and who of it this is.
func (s *Shell) identify() bool {
	cluster, ok := s.number(16)
	s.identity.Cluster = cluster
	if ok {
		s.identity.Self, ok = s.member()
	}
	return ok
}

// members reads a configuration: voters and, with a plus, learners.
func (s *Shell) members() bool {
	c := &s.configuration
	*c = raft.Configuration{}
	for slot := 0; ; slot++ {
		s.space()
		if len(s.rest) == 0 {
			return slot > 0
		}
		learner := s.rest[0] == '+'
		if learner {
			s.rest = s.rest[1:]
		}
		member, ok := s.member()
		if !ok || slot == raft.MaxMembers {
			return false
		}
		c.Members[slot] = member
		if learner {
			c.Learners |= 1 << slot
		} else {
			c.Voters |= 1 << slot
		}
	}
}

func (s *Shell) read(tag uint32) bool {
	mode := raft.Linearizable
	switch s.word() {
	case "linearizable":
	case "lease":
		mode = raft.Lease
	case "stale":
		mode = raft.Stale
	default:
		return false
	}
	question, ok := s.hex()
	if ok {
		s.node.Read(tag, mode, question)
	}
	return ok
}

// space passes over spaces.
func (s *Shell) space() {
	for len(s.rest) > 0 && s.rest[0] == ' ' {
		s.rest = s.rest[1:]
	}
}

// word reads up to a space.
func (s *Shell) word() string {
	s.space()
	length := 0
	for length < len(s.rest) && s.rest[length] != ' ' {
		length++
	}
	word := unsafe.String(unsafe.SliceData(s.rest), length)
	s.rest = s.rest[length:]
	return word
}

// digit is the value of a digit of base 16, or 16.
func digit(b byte) uint64 {
	switch {
	case '0' <= b && b <= '9':
		return uint64(b - '0')
	case 'a' <= b && b <= 'f':
		return uint64(b-'a') + 10
	}
	return 16
}

// number reads a number of at most 64 bits.
func (s *Shell) number(base uint64) (uint64, bool) {
	s.space()
	value, count := uint64(0), 0
	for len(s.rest) > 0 && digit(s.rest[0]) < base {
		if value > (1<<64-1-digit(s.rest[0]))/base {
			return 0, false
		}
		value = value*base + digit(s.rest[0])
		s.rest = s.rest[1:]
		count++
	}
	return value, count > 0
}

// member reads a member.
func (s *Shell) member() (raft.Member, bool) {
	id, ok := s.number(10)
	if !ok || id >= 1<<32 || len(s.rest) == 0 || s.rest[0] != '/' {
		return raft.Member{}, false
	}
	s.rest = s.rest[1:]
	incarnation, ok := s.number(16)
	return raft.Member{ID: raft.ID(id), Incarnation: uint32(incarnation)}, ok && incarnation < 1<<32
}

// hex reads bytes, two digits each, up to the end of the line.
func (s *Shell) hex() ([]byte, bool) {
	s.space()
	if len(s.rest)%2 != 0 {
		return nil, false
	}
	count := len(s.rest) / 2
	for i := range count {
		high, low := digit(s.rest[2*i]), digit(s.rest[2*i+1])
		if high > 15 || low > 15 {
			return nil, false
		}
		s.body[i] = byte(high<<4 | low)
	}
	return s.body[:count], true
}
