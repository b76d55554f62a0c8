package explore

import (
	"github.com/driftless-raft/driftless/raft"
)

// A kind is what an action does to the cluster.
type kind uint8

const (
	steps     kind = iota // a server makes a step by itself
	delivers              // the first packet of a link arrives
	strays                // a stray packet arrives
	loses                 // the first packet of a link is lost
	copies                // a copy of it goes astray
	overtakes             // it goes astray itself
)

// An action leads from one state of the cluster to the next.
type action struct {
	kind   kind
	call   call  // of steps
	delays bool  // the server's disk is slow from this step on
	lossy  bool  // of a restart: what is on its way to the server is lost
	server uint8 // that makes a step, from 0
	link   uint8 // the word of the link
	input  uint32
}

// pendingMax is how many writes a server may have pending and still go on.
const pendingMax = 6

// actions appends what can happen in a state.
func (u *universe) actions(s state, into []action) []action {
	used := spent(s.wide(u.spent))
	for server := range u.nodes {
		into = u.timers(s, server, used, into)
		into = u.operations(s, server, used, into)
		into = u.diskActions(s, server, used, into)
	}
	for at := u.nodes; at < u.strays; at++ {
		if s[at] == 0 {
			continue
		}
		first := u.queues.of(queue(s[at])).first
		into = u.arrivals(s, action{kind: delivers, link: uint8(at), input: first}, used, into)
		for _, fault := range [...]struct {
			resource
			kind
		}{{drops, loses}, {duplicates, copies}, {reorders, overtakes}} {
			if u.left(used, fault.resource) {
				into = append(into, action{kind: fault.kind, link: uint8(at), input: first})
			}
		}
	}
	for last, rest := uint32(0), queue(s[u.strays]); rest != 0; rest = u.queues.of(rest).rest {
		if first := u.queues.of(rest).first; first != last {
			last = first
			into = u.arrivals(s, action{kind: strays, link: uint8(u.strays), input: first}, used, into)
		}
	}
	return into
}

// left reports whether there is something left of a budget.
func (u *universe) left(used spent, r resource) bool { return used.of(r) < u.most[r] }

// add appends an action, and the same with a disk that is slow from then on.
func (u *universe) add(s state, a action, used spent, into []action) []action {
	into = append(into, a)
	if u.left(used, slow) && u.summary(s, int(a.server)).pending == 0 {
		a.delays = true
		into = append(into, a)
	}
	return into
}

// arrivals appends that a packet arrives.
func (u *universe) arrivals(s state, a action, used spent, into []action) []action {
	route := u.packets.routeOf(a.input)
	a.server, a.call = route.to, receive
	receiver := u.summary(s, int(route.to))
	if receiver.pending > pendingMax {
		return into
	}
	into = u.add(s, a, used, into)
	if route.judged && receiver.protects {
		a.call = receiveLate
		into = u.add(s, a, used, into)
	}
	return into
}

// timers appends the timers of a server that may fire.
func (u *universe) timers(s state, server int, used spent, into []action) []action {
	m := u.summary(s, server)
	a := action{kind: steps, server: uint8(server)}
	switch {
	case m.pending > pendingMax:
	case m.role == raft.Leader && u.left(used, heartbeats):
		for _, a.call = range [...]call{heartbeatDue, pauseEnds} {
			into = u.add(s, a, used, into)
		}
		if m.pending > 0 {
			a.call = diskHangs
			into = append(into, a)
		}
	case m.campaigns && u.left(used, elections):
		a.call = electionDue
		into = u.add(s, a, used, into)
	}
	return into
}

// operations appends what clients and operators may ask of a server.
func (u *universe) operations(s state, server int, used spent, into []action) []action {
	m := u.summary(s, server)
	a := action{kind: steps, server: uint8(server)}
	if m.pending > pendingMax {
		return into
	}
	if m.role == raft.Leader && u.left(used, proposals) {
		a.call, a.input = propose, uint32(used.of(proposals)+1)
		into = u.add(s, a, used, into)
	}
	if m.role == raft.Leader && u.left(used, changes) {
		a.call = change
		for a.input = 1; a.input < 1<<u.nodes; a.input++ {
			into = u.add(s, a, used, into)
		}
	}
	if u.left(used, snapshots) && u.chains.depth(m.applied) > uint32(m.snapshot) {
		a.call, a.input = compact, 0
		into = u.add(s, a, used, into)
	}
	return into
}

// diskActions appends that a pending write becomes durable, and crashes.
func (u *universe) diskActions(s state, server int, used spent, into []action) []action {
	pending := uint32(u.summary(s, server).pending)
	if pending > 0 {
		into = append(into, action{kind: steps, call: persist, server: uint8(server)})
	}
	if !u.left(used, crashes) {
		return into
	}
	for kept := range pending + 1 {
		a := action{kind: steps, call: restart, server: uint8(server), input: kept}
		into = append(into, a)
		if a.lossy = u.expects(s, server); a.lossy {
			into = append(into, a)
		}
	}
	return into
}

// expects reports whether something is on its way to a server.
func (u *universe) expects(s state, server int) bool {
	for from := range u.nodes {
		if from != server && s[u.link(from, server)] != 0 {
			return true
		}
	}
	return false
}

// apply writes the state that an action leads to into another. It returns the rule
// that is broken thereby, and false if nothing has come of the action that would
// not have come of another.
func (u *universe) apply(s state, a *action, into state) (failure string, happened bool) {
	copy(into, s)
	used := spent(s.wide(u.spent))
	switch a.kind {
	case loses, overtakes, delivers:
		into[a.link] = uint32(u.queues.of(queue(s[a.link])).rest)
	case strays:
		into[a.link] = uint32(u.queues.without(queue(s[a.link]), a.input))
	case copies, steps:
	}
	switch a.kind {
	case loses:
		into.setWide(u.spent, uint64(used.and(drops)))
		return "", true
	case copies, overtakes:
		into[u.strays] = uint32(u.queues.put(queue(s[u.strays]), a.input))
		fault := duplicates
		if a.kind == overtakes {
			fault = reorders
		}
		into.setWide(u.spent, uint64(used.and(fault)))
		return "", true
	case steps:
		used = u.charge(a, used, into)
	case delivers, strays:
	}
	if a.delays {
		used = used.and(slow)
	}
	into.setWide(u.spent, uint64(used))
	return u.makeStep(s, a, into)
}

// charge takes a step by itself from its budget, and from the links what a crash
// takes.
func (u *universe) charge(a *action, used spent, into state) spent {
	switch a.call {
	case electionDue:
		return used.and(elections)
	case heartbeatDue, pauseEnds, diskHangs:
		return used.and(heartbeats)
	case propose:
		return used.and(proposals)
	case change:
		return used.and(changes)
	case compact:
		return used.and(snapshots)
	case restart:
		for from := range u.nodes {
			if a.lossy && from != int(a.server) {
				into[u.link(from, int(a.server))] = 0
			}
		}
		return used.and(crashes)
	case receive, receiveLate, persist:
	}
	return used
}

// makeStep has the action's server make its step, puts what it sends on the links
// and checks what has come of it.
func (u *universe) makeStep(s state, a *action, into state) (string, bool) {
	server := int(a.server)
	o := u.step(s[server], inputOf(a.call, a.input, a.delays))
	if o.failure != 0 {
		return u.failures[o.failure-1], true
	}
	into[server] = o.next
	if a.delays && u.summary(into, server).pending == 0 {
		return "", false // it had nothing to write
	}
	for i := range int(o.count) {
		packet := *u.sent.at(int(o.first) + i)
		at := u.link(server, int(u.packets.routeOf(packet).to))
		into[at] = uint32(u.queues.push(queue(into[at]), packet))
	}
	return u.check(s, server, o, into), true
}
