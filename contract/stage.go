package contract

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
)

// A stage is one performance of a scenario: the cluster, what was done to it, and
// what was seen of it. Its methods are the words that scenarios are written in.
// One that can't do what it says ends the scenario.
type stage struct {
	cluster   Cluster
	setup     Setup
	choices   *rand.Rand // the same for a scenario wherever it is performed
	now       Span
	servers   []*watched // by number, from 1
	record    record
	history   history
	terms     map[uint64]Member // who was seen to lead
	story     []string
	disturbed bool
}

// watched is what is known of one server.
type watched struct {
	up     bool
	paused bool
	held   bool // its disk
	life   int
	term   uint64 // since it was started
	led    uint64 // the highest that it was seen to lead in, which it can't forget
	commit uint64 // since it was started
	after  uint64 // up to where its applied entries were seen
}

// A failure ends a scenario; it is what is panicked with.
type failure struct{ text string }

// fail ends the scenario.
func (s *stage) fail(format string, arguments ...any) {
	panic(failure{fmt.Sprintf(format, arguments...)})
}

// must ends the scenario if the environment could not do something.
func (s *stage) must(err error) {
	if err != nil {
		s.fail("%v", err)
	}
}

// tell adds a line to the story, which is printed if the scenario fails.
func (s *stage) tell(format string, arguments ...any) {
	at := fmt.Sprintf("%6.2f  ", float64(s.now)/float64(ElectionTimeout))
	s.story = append(s.story, at+fmt.Sprintf(format, arguments...))
}

// newStage starts a cluster for a scenario.
func newStage(scenario *Scenario, r Runner) (*stage, error) {
	cluster, err := r.Start(scenario.Setup)
	if err != nil {
		return nil, err
	}
	name := fnv.New64a()
	fmt.Fprint(name, scenario.Name)
	s := &stage{
		cluster: cluster, setup: scenario.Setup, choices: rand.New(rand.NewPCG(name.Sum64(), 0)),
		servers: make([]*watched, scenario.Setup.Servers+1), record: newRecord(), terms: map[uint64]Member{},
	}
	for i := range s.servers {
		s.servers[i] = &watched{up: i > 0}
	}
	return s, nil
}

// all lists the servers.
func (s *stage) all() []int {
	list := make([]int, s.setup.Servers)
	for i := range list {
		list[i] = i + 1
	}
	return list
}

// others lists all servers but some.
func (s *stage) others(but ...int) []int {
	return slices.DeleteFunc(s.all(), func(server int) bool { return slices.Contains(but, server) })
}

// member is a server's present life.
func (s *stage) member(server int) Member {
	return Member{Server: server, Life: s.servers[server].life}
}

// members are the present lives of servers.
func (s *stage) members(servers ...int) []Member {
	list := make([]Member, len(servers))
	for i, server := range servers {
		list[i] = s.member(server)
	}
	return list
}

// pass lets time go by, and looks at everybody all the while.
func (s *stage) pass(length Span) {
	for range length {
		s.must(s.cluster.Pass(1))
		s.now++
		s.observe()
	}
}

// await lets time go by until a condition holds.
func (s *stage) await(what string, within Span, holds func() bool) {
	for waited := Span(0); !holds(); waited++ {
		if waited >= within {
			s.fail("after %d election timeouts it still does not hold that %s", within/ElectionTimeout, what)
		}
		s.pass(1)
	}
	s.tell("%s", what)
}

// never lets time go by, in which a condition must not hold at any moment.
func (s *stage) never(what string, during Span, holds func() bool) {
	for range during {
		if holds() {
			s.fail("it must not be that %s", what)
		}
		s.pass(1)
	}
	s.tell("it was never that %s", what)
}

// status is how a server sees itself, or false if it can't be asked.
func (s *stage) status(server int) (Status, bool) {
	status, err := s.cluster.Status(server)
	return status, err == nil
}

func (s *stage) crash(servers ...int) {
	s.observe() // or nobody might ever know what it had applied
	for _, server := range servers {
		s.must(s.cluster.Crash(server))
		w := s.servers[server]
		w.up, w.paused, w.held, w.term, w.commit, w.after = false, false, false, w.led, 0, 0
	}
	s.tell("crash %v", servers)
}

func (s *stage) restart(servers ...int) {
	for _, server := range servers {
		s.must(s.cluster.Restart(server))
		s.servers[server].up = true
	}
	s.tell("restart %v", servers)
}

// wipe crashes a server, if it runs, and takes its disk away.
func (s *stage) wipe(server int) {
	if s.servers[server].up {
		s.crash(server)
	}
	s.must(s.cluster.Wipe(server))
	s.servers[server].life++
	s.servers[server].term, s.servers[server].led = 0, 0
	s.tell("wipe %d", server)
}

func (s *stage) pause(server int) {
	s.must(s.cluster.Pause(server))
	s.servers[server].paused = true
	s.tell("pause %d", server)
}

func (s *stage) resume(server int) {
	s.must(s.cluster.Resume(server))
	s.servers[server].paused = false
	s.tell("resume %d", server)
}

func (s *stage) holdDisk(servers ...int) {
	for _, server := range servers {
		s.must(s.cluster.HoldDisk(server))
		s.servers[server].held = true
	}
	s.tell("hold the disks of %v", servers)
}

func (s *stage) releaseDisk(servers ...int) {
	for _, server := range servers {
		s.must(s.cluster.ReleaseDisk(server))
		s.servers[server].held = false
	}
	s.tell("release the disks of %v", servers)
}

func (s *stage) upgrade(server int) {
	s.observe()
	s.must(s.cluster.Upgrade(server))
	w := s.servers[server]
	w.term, w.commit, w.after = w.led, 0, 0
	s.tell("upgrade %d", server)
}

// cutOneWay loses what one server sends to others.
func (s *stage) cutOneWay(from, to int) {
	s.must(s.cluster.Cut(from, to))
	s.tell("cut %d->%d", from, to)
}

// partition lets servers of one group talk only to each other. Who is in none is
// alone.
func (s *stage) partition(groups ...[]int) {
	together := func(a, b int) bool {
		return slices.ContainsFunc(groups, func(g []int) bool { return slices.Contains(g, a) && slices.Contains(g, b) })
	}
	for _, from := range s.all() {
		for _, to := range s.all() {
			switch {
			case from == to:
			case together(from, to):
				s.must(s.cluster.Heal(from, to))
			default:
				s.must(s.cluster.Cut(from, to))
			}
		}
	}
	s.tell("partition %v", groups)
}

// isolate cuts servers off, each for itself, and leaves the others together.
func (s *stage) isolate(servers ...int) { s.partition(s.others(servers...)) }

// heal ends all cuts.
func (s *stage) heal() { s.partition(s.all()) }

func (s *stage) disturb(d Disturbance) {
	s.must(s.cluster.Disturb(d))
	s.disturbed = d != Disturbance{}
	s.tell("disturb the network: %+v", d)
}

// leader is the server that leads in the highest term among some, if there is
// one; 0 if not.
func (s *stage) leader(among ...int) int {
	leader, term := 0, uint64(0)
	for _, server := range among {
		if status, ok := s.status(server); ok && status.Term >= term {
			if status.Role == Leader {
				leader, term = server, status.Term
			} else if status.Term > term {
				leader, term = 0, status.Term
			}
		}
	}
	return leader
}

// awaitLeader waits for a leader among some servers whom most of them follow; or
// if none is named, for one whom most of its voters follow.
func (s *stage) awaitLeader(among ...int) int {
	everybody := len(among) == 0
	if everybody {
		among = s.all()
	}
	leader := 0
	s.await(fmt.Sprintf("one of %v leads", among), 20*ElectionTimeout, func() bool {
		if leader = s.leader(among...); leader == 0 {
			return false
		}
		followers := among
		if everybody {
			followers = s.voters(leader)
		}
		return 2*s.follows(leader, followers) > len(followers)
	})
	s.tell("%d leads", leader)
	return leader
}

// voters lists the servers that vote in a server's configuration.
func (s *stage) voters(server int) []int {
	status, _ := s.status(server)
	var list []int
	for _, m := range status.Voters {
		list = append(list, m.Server)
	}
	return list
}

// follows counts the servers among some that take a server for their leader.
func (s *stage) follows(leader int, among []int) int {
	count := 0
	for _, server := range among {
		if status, ok := s.status(server); ok && status.Leader == leader {
			count++
		}
	}
	return count
}

// term is the highest term of some servers.
func (s *stage) term(among ...int) uint64 {
	term := uint64(0)
	for _, server := range among {
		if status, ok := s.status(server); ok {
			term = max(term, status.Term)
		}
	}
	return term
}

// ask sends a request and waits for what comes of it, for at most four election
// timeouts.
func (s *stage) ask(server int, request Request) Reply {
	call := s.cluster.Ask(server, request)
	for range 4 * ElectionTimeout {
		if reply := call.Reply(); reply.Outcome != Pending {
			return reply
		}
		s.pass(1)
	}
	return Reply{Outcome: Unknown, Text: "no answer in four election timeouts"}
}

// insist asks whoever leads until the request is done.
func (s *stage) insist(what string, request Request) {
	last := Reply{}
	for deadline := s.now + 40*ElectionTimeout; s.now < deadline; s.pass(2) {
		if leader := s.leader(s.all()...); leader != 0 {
			if last = s.ask(leader, request); last.Outcome == Done {
				s.tell("%s", what)
				return
			}
		}
	}
	s.fail("in 40 election timeouts nobody would %s: %s", what, last.Text)
}

// change asks for other members and waits until that is done.
func (s *stage) change(voters, learners []Member) {
	what := fmt.Sprintf("change the members to %v and learners %v", voters, learners)
	s.insist(what, Request{Kind: Change, Voters: voters, Learners: learners})
	s.awaitMembers(voters, learners)
}

// awaitMembers waits until the leader's configuration is settled and is this one.
func (s *stage) awaitMembers(voters, learners []Member) {
	s.await(fmt.Sprintf("%v vote and %v learn", voters, learners), 40*ElectionTimeout, func() bool {
		status, ok := s.status(s.leader(s.all()...))
		return ok && status.Settled && same(status.Voters, voters) && same(status.Learners, learners)
	})
}

// same reports whether two lists have the same members.
func same(a, b []Member) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(m Member) bool { return !slices.Contains(b, m) })
}

// admit makes servers learners beside the voters there are, and then voters.
func (s *stage) admit(voters []Member, newcomers ...int) {
	s.change(voters, s.members(newcomers...))
	s.promote(append(slices.Clone(voters), s.members(newcomers...)...))
}

// promote asks for the voters until they have caught up.
func (s *stage) promote(voters []Member) { s.change(voters, nil) }

// compact has a server take a snapshot of all it has applied.
func (s *stage) compact(server int) {
	before, ok := s.status(server)
	if !ok {
		s.fail("server %d can't be asked for a snapshot", server)
	}
	s.await(fmt.Sprintf("%d has compacted its log up to %d", server, before.Applied), 20*ElectionTimeout, func() bool {
		now, _ := s.status(server)
		if now.First > before.Applied {
			return true
		}
		reply := s.ask(server, Request{Kind: Compact})
		return reply.Outcome == Refused && reply.Reason == NothingToDo
	})
}

// awaitApplied waits until servers have applied all that the leader has committed.
func (s *stage) awaitApplied(servers ...int) {
	s.await(fmt.Sprintf("%v have applied what is committed", servers), 60*ElectionTimeout, func() bool {
		commit := uint64(0)
		for _, server := range s.all() {
			if status, ok := s.status(server); ok {
				commit = max(commit, status.Commit)
			}
		}
		return commit > 0 && !slices.ContainsFunc(servers, func(server int) bool {
			status, ok := s.status(server)
			return !ok || status.Applied < commit
		})
	})
}

// some chooses count of the servers.
func (s *stage) some(count int, of []int) []int {
	list := slices.Clone(of)
	s.choices.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:count]
}

// report tells how everybody is, for a failure's report.
func (s *stage) report() string {
	var b strings.Builder
	for _, server := range s.all() {
		status, err := s.cluster.Status(server)
		if err != nil {
			fmt.Fprintf(&b, "server %d: %v\n", server, err)
			continue
		}
		fmt.Fprintf(&b, "server %d: %v of term %d, leader %d, log %d-%d, commit %d, applied %d, voters %v%v learners %v\n", server,
			status.Role, status.Term, status.Leader, status.First, status.Last, status.Commit, status.Applied,
			status.Voters, status.Outgoing, status.Learners)
	}
	return b.String()
}
