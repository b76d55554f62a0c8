// Package script plays scripts: laboratories of servers, with the real core and
// driver, whose every message and write is moved by lines of text. Beside each
// command stands what it prints, so that a hard interleaving can be read, and
// what is expected of it reviewed. [Files] are the scripts there are.
//
// A line that begins with "> " is a command, the lines that follow it are what it
// must print; "#" begins a comment. Wherever servers or kinds are asked for, "*"
// is any.
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
//	damage S INDEX             the body of a command on its disk is lost
//	transfer S TO              0 gives up
//	change S VOTERS... [/ LEARNERS...]
//	compact S INDEX            a snapshot of what is applied
//	read S                     a linearizable read
//	reads                      what became of the reads so far
//	status, log                of every server; the log with the configuration in use
//
// The same scripts are played on a server, on a microcontroller and as
// WebAssembly, and must print the same. Nothing here allocates, therefore, and
// everything has a fixed capacity, the same everywhere; what exceeds it ends the
// script with words. The capacities of the core are smaller on a board, and a
// script must not depend on them: a proposal or an Append has at most 8 entries,
// and at most 3 Appends to one server and 8 proposals are under way.
package script

import "github.com/driftless-raft/driftless/raft"

const (
	wordsMax = 12 // in a command
	keptMax  = 3  // messages kept by name
	readsMax = 4  // in a cluster
)

// A Player plays scripts, one at a time. Its zero value is ready. It has a fixed
// size of some 60 KB, so a program without a heap declares it as a variable.
type Player struct {
	laboratory
	printer
	words     [wordsMax]string
	kept      [keptMax]keptPacket
	keptCount int
	reads     [readsMax]reading
	readCount int
	proposed  [carriedMax][commandBytesMax]byte
}

type keptPacket struct {
	name   string
	packet packet
}

type reading struct {
	server *server
	point  raft.ReadPoint
}

// Play writes the script's text, piece by piece, with what the commands print in
// place of what was expected. A script that cannot be played ends early, with a
// line that says why; then Play returns false.
func (p *Player) Play(text string, write func(string)) bool {
	p.write = write
	p.found(0)
	p.keptCount, p.readCount = 0, 0
	for text != "" {
		var line string
		line, text = cutLine(text)
		if len(line) < 3 || line[:2] != "> " {
			if line == "" || line[0] == '#' {
				p.text(line).end()
			}
			continue
		}
		p.text(line).end()
		p.do(p.split(line[2:]))
		if p.problem != "" {
			p.text("cannot go on: ").text(p.problem)
			if p.about != "" {
				p.text(": ").text(p.about)
			}
			p.end()
			return false
		}
	}
	return true
}

// cutLine is the first line of a text, without its end, and the rest.
func cutLine(text string) (line, rest string) {
	for i := range len(text) {
		if text[i] == '\n' {
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// split returns the words of a line, of which there is at least one.
func (p *Player) split(line string) []string {
	count := 0
	p.words[0] = ""
	for begin, i := 0, 0; i <= len(line); i++ {
		if i < len(line) && line[i] != ' ' {
			continue
		}
		if begin < i {
			if count == wordsMax {
				p.fail("a command has too many words", line[begin:i])
				break
			}
			p.words[count] = line[begin:i]
			count++
		}
		begin = i + 1
	}
	return p.words[:max(count, 1)]
}

// word is one of several words, or none if there are fewer.
func word(words []string, at int) string {
	if at < len(words) {
		return words[at]
	}
	return ""
}

// number is the number that a word stands for.
func (p *Player) number(word string) uint64 {
	const digitsMax = 6 // a quarter of an hour in milliseconds, and no loop for ever
	n := uint64(0)
	for i := range len(word) {
		if word[i] < '0' || word[i] > '9' {
			p.fail("this is not a number", word)
			return 0
		}
		n = 10*n + uint64(word[i]-'0')
	}
	if word == "" || len(word) > digitsMax {
		p.fail("a number must have one to six digits", word)
		return 0
	}
	return n
}

// id is the id of a server, which may or may not be there; 0 is nobody.
func (p *Player) id(word string) raft.ID {
	n := p.number(word)
	if n > idMax {
		p.fail("an id must be at most 31", word)
		return 0
	}
	return raft.ID(n)
}

// ids is the set of the servers that words name.
func (p *Player) ids(words []string) ids {
	set := ids(0)
	for _, w := range words {
		set |= only(p.id(w))
	}
	return set
}

// duration is a number of milliseconds.
func (p *Player) duration(word string) raft.Duration {
	return raft.Duration(p.number(word)) * millisecond
}
