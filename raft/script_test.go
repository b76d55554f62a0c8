package raft_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

var update = flag.Bool("update", false, "rewrite what the scripts in testdata expect")

// A script is a laboratory driven by lines of text. A line that begins with "> "
// is a command, the lines that follow it are what it must print; "#" begins a
// comment. Wherever servers or kinds are asked for, "*" is any.
//
//	cluster N                  N new voters; whatever was before is forgotten
//	join S                     a new server that waits to be added
//	elect S VOTERS...          S campaigns for a second, heard by these only
//	propose S COMMANDS...      one proposal of so many entries
//	flight                     what is in flight
//	deliver FROM TO KIND [K]   what is in flight now, or only the K-th of it
//	drop FROM TO KIND [K]      loses it instead
//	duplicate FROM TO KIND [K] sends it once more, last
//	reorder FROM TO KIND       puts it in the opposite order
//	keep NAME FROM TO KIND [K] takes one message out of flight, for later
//	give NAME                  delivers a message kept, as often as wanted
//	pass MS                    lets time pass and delivers nothing
//	run MS [S...]              lets time pass and delivers all at once, but
//	                           what is from or to these servers, which is lost
//	mute MS S...               as run, but only what is from them is lost
//	crash S, start S           what was not durable is lost
//	slow S, fast S             its writes wait to be completed, or do so at once
//	writes S                   the numbers of those that wait
//	complete S NUMBERS...      completes these in this order, or all
//	transfer S TO              0 gives up
//	change S VOTERS... [/ LEARNERS...]
//	compact S INDEX            a snapshot of what is applied
//	read S                     a linearizable read
//	reads                      what became of the reads so far
//	status, log                of every server; the log with the configuration in use
type script struct {
	*laboratory
	t     *testing.T
	kept  map[string]*packet
	reads []reading
	out   strings.Builder
}

type reading struct {
	server *server
	point  raft.ReadPoint
}

func TestTheScripts(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("there are no scripts in testdata: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := (&script{t: t}).play(string(text))
			if got == string(text) {
				return
			}
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s: %s", name, firstDifference(got, string(text)))
		})
	}
}

// firstDifference says where two texts part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	command := ""
	for i := range max(len(g), len(w)) {
		a, b := "the end", "the end"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d, after %q: got %q, want %q", i+1, command, a, b)
		}
		if strings.HasPrefix(a, "> ") {
			command = a
		}
	}
	return ""
}

// play returns the text with what the commands print in place of what was expected.
func (s *script) play(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "> "):
			s.say("%s", line)
			words := strings.Fields(line[2:])
			s.do(words[0], words[1:])
		case line == "" || strings.HasPrefix(line, "#"):
			s.say("%s", line)
		}
	}
	return s.out.String()
}

func (s *script) say(format string, values ...any) {
	fmt.Fprintf(&s.out, format+"\n", values...)
}

func (s *script) do(command string, words []string) {
	if command == "cluster" {
		s.laboratory = newLaboratory(s.t, s.number(words[0]))
		s.kept, s.reads = map[string]*packet{}, nil
		return
	}
	switch command {
	case "elect":
		s.elect(words)
	case "flight", "deliver", "drop", "duplicate", "reorder", "keep":
		s.move(command, words)
	case "give":
		if s.kept[words[0]] == nil {
			s.t.Fatalf("no message was kept as %q", words[0])
		}
		s.handTo(s.kept[words[0]])
	case "pass":
		s.pass(raft.Duration(s.number(words[0])) * millisecond)
	case "run":
		s.runWhere(raft.Duration(s.number(words[0]))*millisecond, cutOff(s.ids(words[1:])...))
	case "mute":
		muted := s.ids(words[1:])
		s.runWhere(raft.Duration(s.number(words[0]))*millisecond, func(p *packet) bool { return !slices.Contains(muted, p.From.ID) })
	case "status":
		for _, server := range s.servers {
			if server.down {
				s.say("%d: down", server.member.ID)
				continue
			}
			s.say("%s", server)
		}
	case "log":
		for _, server := range s.servers {
			s.say("%s", server.contents())
		}
	case "reads":
		s.resolve()
	case "join":
		s.join(s.ids(words)[0])
	default:
		s.ask(command, s.server(s.ids(words[:1])[0]), words[1:])
	}
}

// ask does what one server is asked for.
func (s *script) ask(command string, server *server, words []string) {
	switch command {
	case "propose":
		var entries []raft.Entry
		for _, w := range words {
			entries = append(entries, raft.Entry{Data: []byte(w)})
		}
		index, term, refusal := server.driver.Propose(entries)
		server.settled()
		s.answer(refusal, "%d/%d", index, term)
	case "crash":
		server.crash()
	case "start":
		s.start(server)
	case "slow":
		server.slow = true
	case "fast":
		server.slow = false
		server.persist()
	case "writes":
		s.say("%v", server.Pending())
	case "complete":
		for _, w := range words {
			number := uint64(s.number(w))
			if !slices.Contains(server.Pending(), number) {
				s.say("%d does not wait", number)
				continue
			}
			server.Complete(number)
			server.driver.Wake()
			server.settled()
		}
		if len(words) == 0 {
			server.persist()
		}
	case "transfer":
		to := raft.Member{}
		if id := s.ids(words)[0]; id != 0 {
			to = first(id)
		}
		s.answer(server.driver.Transfer(to), "ok")
	case "change":
		voters, learners := words, []string(nil)
		if i := slices.Index(words, "/"); i >= 0 {
			voters, learners = words[:i], words[i+1:]
		}
		c := membersOf(s.ids(voters), s.ids(learners)...)
		index, refusal := server.driver.Change(&c)
		server.settled()
		s.answer(refusal, "%d", index)
	case "compact":
		s.answer(server.trySnapshot(raft.Index(s.number(words[0]))), "ok")
	case "read":
		point, refusal := server.driver.Read(raft.Linearizable)
		if refusal.Code == raft.OK {
			s.reads = append(s.reads, reading{server, point})
		}
		s.answer(refusal, "read %d", len(s.reads))
	default:
		s.t.Fatalf("there is no command %q", command)
	}
}

// answer prints a refusal, or what there is to say if there is none.
func (s *script) answer(refusal raft.Refusal, format string, values ...any) {
	if refusal.Code == raft.OK {
		s.say(format, values...)
		return
	}
	s.say("refused: %v", refusal.Code)
}

func (s *script) resolve() {
	for i, r := range s.reads {
		s.say("read %d: %s", i+1, []string{"pending", "ready", "lost"}[r.server.driver.Resolve(&r.point)])
	}
}

// elect lets a server campaign; nothing else travels but its requests to the
// voters it reaches, and their answers. What it sends as a leader is in flight.
func (s *script) elect(words []string) {
	ids := s.ids(words)
	candidate := s.server(ids[0])
	for range 1000 {
		s.pass(millisecond)
		for len(s.flight) > 0 && candidate.node().Role() != raft.Leader {
			p := s.flight[0]
			s.flight = s.flight[1:]
			request := p.From.ID == ids[0] && (p.Kind == raft.PreVote || p.Kind == raft.Vote)
			reply := p.To.ID == ids[0] && (p.Kind == raft.PreVoteReply || p.Kind == raft.VoteReply)
			if (request || reply) && slices.Contains(ids, p.From.ID) && slices.Contains(ids, p.To.ID) {
				s.handOver(p)
			}
		}
		if candidate.node().Role() == raft.Leader {
			s.take(func(p *packet) bool { return p.From.ID != ids[0] })
			s.say("%d leads in term %d", ids[0], candidate.node().Term())
			return
		}
	}
	s.say("%d is not elected", ids[0])
}

// move does something to messages in flight.
func (s *script) move(command string, words []string) {
	name := ""
	if command == "keep" {
		name, words = words[0], words[1:]
	}
	fits := func(i int, word string) bool { return i >= len(words) || words[i] == "*" || words[i] == word }
	seen, wanted := 0, 0
	if len(words) > 3 {
		wanted = s.number(words[3])
	}
	found := s.take(func(p *packet) bool {
		if !fits(0, fmt.Sprint(p.From.ID)) || !fits(1, fmt.Sprint(p.To.ID)) || !fits(2, kindNames[p.Kind]) {
			return false
		}
		seen++
		return wanted == 0 || seen == wanted
	})
	if len(found) == 0 {
		s.say("nothing")
	}
	switch command {
	case "deliver":
		for _, p := range found {
			s.handTo(p)
		}
		return
	case "reorder":
		slices.Reverse(found)
		s.flight = append(s.flight, found...)
	case "duplicate":
		s.flight = append(append(s.flight, found...), found...)
	case "flight":
		s.flight = append(s.flight, found...)
	case "keep":
		if len(found) > 0 {
			s.kept[name] = found[0]
		}
	}
	for _, p := range found {
		s.say("%s", p)
	}
}

// handTo delivers a message and prints it, and the refusal if there is one.
func (s *script) handTo(p *packet) {
	refusal := s.handOver(p)
	if refusal.Code != raft.OK {
		s.say("%s: refused: %v", p, refusal.Code)
		return
	}
	s.say("%s", p)
}

// contents are the log in the store, as index/term and what there is.
func (s *server) contents() string {
	var stored raft.Stored
	s.Stored(&stored)
	text := fmt.Sprintf("%d:", s.member.ID)
	if stored.Snapshot.Index > 0 {
		text += fmt.Sprintf(" snapshot %d/%d %s", stored.Snapshot.Index, stored.Snapshot.Term, s.SnapshotBytes())
	}
	for index := stored.Base + 1; index <= stored.Last; index++ {
		var one [1]raft.Entry
		s.Entries(index, index, 1<<20, one[:])
		e := &one[0]
		text += fmt.Sprintf(" %d/%d ", e.Index, e.Term)
		switch e.Kind {
		case raft.NoOp:
			text += "-"
		case raft.Command:
			text += string(e.Data)
		case raft.ConfigurationChange:
			text += membersText(e.Configuration)
		}
	}
	c, _ := s.node().Configuration()
	return text + " | " + membersText(c)
}

func (s *script) ids(words []string) []raft.ID {
	var ids []raft.ID
	for _, w := range words {
		ids = append(ids, raft.ID(s.number(w)))
	}
	return ids
}

func (s *script) number(word string) int {
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 {
		s.t.Fatalf("%q is not a number", word)
	}
	return n
}

// membersText is the voters of a configuration, and the old ones while it is joint.
func membersText(c *raft.Configuration) string {
	list := func(set raft.Slots) string {
		var ids []string
		for slot := range raft.MaxMembers {
			if set>>slot&1 != 0 {
				ids = append(ids, fmt.Sprint(c.Members[slot].ID))
			}
		}
		return strings.Join(ids, "+")
	}
	text := "{" + list(c.Voters)
	if c.Outgoing != 0 {
		text += " and " + list(c.Outgoing)
	}
	if c.Learners != 0 {
		text += " / " + list(c.Learners)
	}
	return text + "}"
}
