package script

import "github.com/driftless-raft/driftless/raft"

// do carries out a command.
func (p *Player) do(words []string) {
	command, words := words[0], words[1:]
	switch command {
	case "cluster":
		p.cluster(words)
	case "join":
		p.join(p.id(word(words, 0)))
	case "elect":
		p.elect(words)
	case "flight", "deliver", "drop", "duplicate", "reorder":
		p.move(command, "", words)
	case "keep":
		p.move(command, word(words, 0), words[min(1, len(words)):])
	case "give":
		p.give(word(words, 0))
	case "pass":
		p.pass(p.duration(word(words, 0)))
	case "run", "mute":
		lost := p.ids(words[min(1, len(words)):])
		open := route{^lost, ^lost, anyKind}
		if command == "mute" {
			open.to = anybody
		}
		p.run(p.duration(word(words, 0)), open)
	case "status":
		for i := range p.servers[:p.count] {
			p.status(&p.servers[i])
		}
	case "log":
		for i := range p.servers[:p.count] {
			p.log(&p.servers[i])
		}
	case "reads":
		p.resolve()
	default:
		p.ask(command, words)
	}
}

func (p *Player) cluster(words []string) {
	count := p.number(word(words, 0))
	if p.problem != "" {
		return
	}
	if count == 0 || count > serversMax {
		p.fail("a cluster must have one to five servers", words[0])
		return
	}
	p.found(int(count))
	p.keptCount, p.readCount = 0, 0
}

// ask does what one server is asked for.
func (p *Player) ask(command string, words []string) {
	if len(words) == 0 {
		p.fail("there is no such command, or it needs a server", command)
		return
	}
	s := p.find(p.id(words[0]))
	if s == nil {
		p.fail("there is no such server", words[0])
		return
	}
	words = words[1:]
	switch command {
	case "start":
		if !s.down {
			p.fail("the server is up", "")
			return
		}
		s.start()
	case "slow":
		s.slow = true
	case "fast":
		s.slow = false
		s.persist()
	case "writes":
		p.writes(s)
	case "complete":
		p.complete(s, words)
	case "damage":
		if w := word(words, 0); !s.damage(raft.Index(p.number(w))) {
			p.fail("there is no command whose body could be lost, or one is lost already", w)
		}
	default:
		if s.down {
			p.fail("the server is down", command)
			return
		}
		p.askDriver(command, s, words)
	}
}

// askDriver does what only a server that is up can be asked for.
func (p *Player) askDriver(command string, s *server, words []string) {
	switch command {
	case "crash":
		s.crash()
	case "propose":
		p.propose(s, words)
	case "transfer":
		to := raft.Member{}
		if id := p.id(word(words, 0)); id != 0 {
			to = firstLife(id)
		}
		if p.problem == "" && !p.refused(s.driver.Transfer(to)) {
			p.text("ok").end()
		}
	case "change":
		p.change(s, words)
	case "compact":
		index := raft.Index(p.number(word(words, 0)))
		if p.problem == "" && !p.refused(s.compact(index)) {
			p.text("ok").end()
		}
	case "read":
		p.read(s)
	default:
		p.fail("there is no such command", command)
	}
}

// refused prints a refusal, if it is one.
func (p *Player) refused(refusal raft.Refusal) bool {
	if refusal.Code == raft.OK {
		return false
	}
	p.text("refused: ").text(refusal.Code.String()).end()
	return true
}

func (p *Player) propose(s *server, words []string) {
	if len(words) > carriedMax {
		p.fail("a proposal has at most 8 entries", "")
		return
	}
	entries := p.unpacked[:len(words)]
	for i, w := range words {
		c := &p.proposed[i]
		if len(w) > len(c) {
			p.fail("a command has at most 6 bytes", w)
			return
		}
		entries[i] = raft.Entry{Data: c[:copy(c[:], w)]}
	}
	index, term, refusal := s.driver.Propose(entries)
	s.settled()
	if !p.refused(refusal) {
		p.field("", uint64(index)).field("/", uint64(term)).end()
	}
}

// change asks for a configuration of voters and, after a slash, learners.
func (p *Player) change(s *server, words []string) {
	c := &p.configuration
	*c = raft.Configuration{}
	slot, half := 0, &c.Voters
	for _, w := range words {
		if w == "/" {
			half = &c.Learners
			continue
		}
		if slot == serversMax {
			p.fail("a configuration has at most five members", w)
			return
		}
		c.Members[slot] = firstLife(p.id(w))
		*half |= 1 << slot
		slot++
	}
	if p.problem != "" {
		return
	}
	index, refusal := s.driver.Change(c)
	s.settled()
	if !p.refused(refusal) {
		p.field("", uint64(index)).end()
	}
}

func (p *Player) read(s *server) {
	if p.readCount == readsMax {
		p.fail("there are too many reads", "")
		return
	}
	point, refusal := s.driver.Read(raft.Linearizable)
	if refusal.Code == raft.OK {
		p.reads[p.readCount] = reading{s, point}
		p.readCount++
	}
	if !p.refused(refusal) {
		p.field("read ", uint64(p.readCount)).end()
	}
}

func (p *Player) resolve() {
	outcomes := [...]string{raft.ReadPending: "pending", raft.ReadReady: "ready", raft.ReadLost: "lost"}
	for i := range p.reads[:p.readCount] {
		r := &p.reads[i]
		p.field("read ", uint64(i+1)).text(": ").text(outcomes[r.server.driver.Resolve(&r.point)]).end()
	}
}

// writes prints the numbers of the writes of a server that wait.
func (p *Player) writes(s *server) {
	separator := "["
	for i := range p.waiting[:p.waitingCount] {
		if w := &p.waiting[i]; w.owner == s && !w.done {
			p.field(separator, w.after.written)
			separator = " "
		}
	}
	if separator == "[" {
		p.text("[")
	}
	p.text("]").end()
}

// complete completes writes of a server in the order given, or all.
func (p *Player) complete(s *server, words []string) {
	for _, w := range words {
		number := p.number(w)
		if !s.waits(number) {
			p.field("", number).text(" does not wait").end()
			continue
		}
		s.complete(number)
		s.wake()
	}
	if len(words) == 0 {
		s.persist()
	}
}

// elect lets a server campaign; nothing else travels but its requests to the
// voters it reaches, and their answers. What it sends as a leader is in flight.
func (p *Player) elect(words []string) {
	id, all := p.id(word(words, 0)), p.ids(words)
	candidate := p.find(id)
	if candidate == nil || p.problem != "" {
		p.fail("there is no such server", word(words, 0))
		return
	}
	request, reply := route{only(id), all, requests}, route{all, only(id), replies}
	node := candidate.driver.Node()
	for range 1000 {
		p.pass(millisecond)
		for p.flight.count > 0 && node.Role() != raft.Leader {
			place := p.first()
			if m := &p.packets[place]; request.admits(&m.Message) || reply.admits(&m.Message) {
				p.handOver(m)
			}
			p.free(place)
		}
		if node.Role() == raft.Leader {
			p.freeAll(p.take(route{^only(id), anybody, anyKind}, 0))
			p.field("", uint64(id)).field(" leads in term ", uint64(node.Term())).end()
			return
		}
	}
	p.field("", uint64(id)).text(" is not elected").end()
}

// move does something to messages in flight.
func (p *Player) move(command, name string, words []string) {
	wanted, number := p.route(words), uint64(0)
	if len(words) > 3 {
		number = p.number(words[3])
	}
	if p.problem != "" {
		return
	}
	found := p.take(wanted, number)
	if len(found) == 0 {
		p.text("nothing").end()
		return
	}
	switch command {
	case "deliver":
		for _, place := range found {
			p.handTo(&p.packets[place])
			p.free(place)
		}
		return
	case "reorder":
		for i := range len(found) / 2 {
			last := len(found) - 1 - i
			found[i], found[last] = found[last], found[i]
		}
	}
	for _, place := range found {
		p.message(&p.packets[place].Message)
		p.end()
	}
	switch command {
	case "drop":
		p.freeAll(found)
		return
	case "keep":
		p.keep(name, &p.packets[found[0]])
		p.freeAll(found)
		return
	}
	for _, place := range found {
		p.flight.add(place)
	}
	if command == "duplicate" {
		for _, place := range found {
			if again := p.launch(); again != nil {
				*again = p.packets[place]
			}
		}
	}
}

// route is what the words FROM, TO and KIND ask for; those left out are any.
func (p *Player) route(words []string) route {
	wanted := route{anybody, anybody, anyKind}
	if from := word(words, 0); from != "" && from != "*" {
		wanted.from = only(p.id(from))
	}
	if to := word(words, 1); to != "" && to != "*" {
		wanted.to = only(p.id(to))
	}
	if name := word(words, 2); name != "" && name != "*" {
		wanted.kinds = 0
		for kind := range kindNames {
			if kindNames[kind] == name {
				wanted.kinds = 1 << kind
			}
		}
		if wanted.kinds == 0 {
			p.fail("there is no such kind of message", name)
		}
	}
	return wanted
}

// keep keeps a message under a name.
func (p *Player) keep(name string, m *packet) {
	at := p.keptCount
	for i := range p.kept[:p.keptCount] {
		if p.kept[i].name == name {
			at = i
		}
	}
	if at == keptMax {
		p.fail("too many messages are kept", name)
		return
	}
	p.kept[at] = keptPacket{name, *m}
	p.keptCount = max(p.keptCount, at+1)
}

// give delivers a message that is kept.
func (p *Player) give(name string) {
	for i := range p.kept[:p.keptCount] {
		if p.kept[i].name == name {
			p.handTo(&p.kept[i].packet)
			return
		}
	}
	p.fail("no message was kept under this name", name)
}

// handTo delivers a message and prints it, and the refusal if there is one.
func (p *Player) handTo(m *packet) {
	refusal := p.handOver(m)
	p.message(&m.Message)
	if refusal.Code != raft.OK {
		p.text(": refused: ").text(refusal.Code.String())
	}
	p.end()
}
