package sim

import "github.com/driftless-raft/driftless/raft"

// operatorActs is the event of somebody operating the cluster: changing its
// members, handing leadership over, taking snapshots.
func (w *world) operatorActs() {
	o := &w.options
	w.agenda.push(event{at: w.now + w.tape.between(o.OperatorEvery/2, 2*o.OperatorEvery), kind: operatorEvent})
	leader := w.leader
	if leader == nil || !leader.up || leader.driver.Node().Role() != raft.Leader || leader.pausedUntil > w.now {
		return
	}
	if w.network.calm {
		if w.core == 0 {
			leader.repair()
		}
		return
	}
	total := o.Changes + o.Transfers + o.Compactions
	if w.faults.ghost {
		w.exorcise(leader)
	}
	if total == 0 {
		return
	}
	switch choice := uint32(w.tape.draw(uint64(total))); {
	case choice < o.Changes:
		if w.now >= w.faults.lull {
			leader.changeMembers()
		}
	case choice < o.Changes+o.Transfers:
		leader.handOver()
	default:
		if s := w.anyServer(); s.up && s.pausedUntil <= w.now {
			s.takeSnapshot()
		}
	}
}

// handOver transfers leadership to one of the members, now and then to nobody.
func (s *server) handOver() {
	w := s.world
	configuration, _ := s.driver.Node().Configuration()
	to := raft.Member{}
	if w.tape.draw(8) != 7 {
		members := configuration.Everybody()
		for skip := w.tape.draw(uint64(w.count)); skip > 0 && members&(members-1) != 0; skip-- {
			members &= members - 1
		}
		to = configuration.Members[slotOf(members)]
	}
	switch refusal := s.driver.Transfer(to); refusal.Code {
	case raft.OK:
		w.coverage[transfers]++
	case raft.NotLeader, raft.Transferring, raft.NotVoter, raft.HasStopped:
	default:
		w.ledger.fail("refusal", "server %d refused to hand over: %v", s.id, refusal.Code)
	}
	s.settle()
}

// handedOver is the moment when a server tells another to campaign. To give the
// transfer up then is too late, and nothing but a rule of the core (§6.4.1).
func (s *server) handedOver() {
	w := s.world
	w.tempt(leaderDeaf)
	if !w.network.calm && w.tape.chance(w.options.Abortions) {
		w.agenda.push(event{at: w.soon(), kind: abortEvent, server: s.slot, boot: s.boot})
	}
}

// giveUp gives up a transfer that was begun in one of the server's lives.
func (s *server) giveUp(boot uint32) {
	if s.boot != boot || s.pausedUntil > s.world.now || s.seen.role != raft.Leader {
		return
	}
	s.world.coverage[abortedTransfers]++
	s.driver.Transfer(raft.Member{})
	s.settle()
}

// A roster is a configuration as an operator thinks of it.
type roster struct {
	voters   [raft.MaxMembers]raft.Member
	learners [raft.MaxMembers]raft.Member
	v, l     int
}

// roster lists a configuration's members.
func listed(c *raft.Configuration) roster {
	var r roster
	for rest := c.Everybody(); rest != 0; rest &= rest - 1 {
		slot := slotOf(rest)
		if c.Voters>>slot&1 != 0 {
			r.addVoter(c.Members[slot])
		} else if c.Learners>>slot&1 != 0 {
			r.addLearner(c.Members[slot])
		}
	}
	return r
}

func (r *roster) addVoter(m raft.Member)   { r.voters[r.v] = m; r.v++ }
func (r *roster) addLearner(m raft.Member) { r.learners[r.l] = m; r.l++ }

func (r *roster) dropVoter(i int) raft.Member {
	m := r.voters[i]
	copy(r.voters[i:], r.voters[i+1:r.v])
	r.v--
	return m
}

func (r *roster) dropLearner(i int) raft.Member {
	m := r.learners[i]
	copy(r.learners[i:], r.learners[i+1:r.l])
	r.l--
	return m
}

// has reports whether a server is listed, in any of its lives.
func (r *roster) has(id raft.ID) bool {
	for i := range r.v {
		if r.voters[i].ID == id {
			return true
		}
	}
	for i := range r.l {
		if r.learners[i].ID == id {
			return true
		}
	}
	return false
}

// configuration is the request the roster makes.
func (r *roster) configuration() raft.Configuration {
	var c raft.Configuration
	for i := range r.v {
		c.Members[i] = r.voters[i]
		c.Voters |= 1 << i
	}
	for i := range r.l {
		c.Members[r.v+i] = r.learners[i]
		c.Learners |= 1 << (r.v + i)
	}
	return c
}

// changeMembers asks the leader for some change. While a member that lost its
// disk counts as a voter, or one misses the body of an entry, nobody removes others:
// that would be asking for trouble.
func (s *server) changeMembers() {
	w := s.world
	configuration, _ := s.driver.Node().Configuration()
	r := listed(configuration)
	fewest := 2 + int(w.tape.draw(2))
	removing := !w.ailing() && w.damaged() == 0
	switch w.tape.draw(8) {
	case 0, 1: // somebody new
		if other := w.anyServer(); !r.has(other.id) {
			r.addLearner(other.member)
		}
	case 2, 3: // learners become voters
		for r.l > 0 {
			r.addVoter(r.dropLearner(0))
		}
	case 4: // a voter leaves
		if removing && r.v > fewest {
			r.dropVoter(int(w.tape.draw(uint64(r.v))))
		}
	case 5: // several at once: learners take the place of voters, who become learners
		for count := r.l; removing && count > 0 && r.v > 0; count-- {
			r.addVoter(r.dropLearner(0))
			if w.tape.draw(2) == 1 {
				r.addLearner(r.dropVoter(0))
			} else {
				r.dropVoter(0)
			}
		}
	case 6: // the leader removes itself
		for i := range r.v {
			if removing && r.voters[i] == s.member && r.v > fewest {
				r.dropVoter(i)
				break
			}
		}
	case 7: // a learner leaves
		if r.l > 0 {
			r.dropLearner(int(w.tape.draw(uint64(r.l))))
		}
	}
	s.change(&r)
}

// change asks for a configuration.
func (s *server) change(r *roster) {
	configuration := r.configuration()
	_, refusal := s.driver.Change(&configuration)
	switch refusal.Code {
	case raft.OK:
		s.world.tempt(leaderDumb)
	case raft.NotLeader, raft.Transferring, raft.TermNotCommitted, raft.ChangePending, raft.BadConfiguration,
		raft.NotCaughtUp, raft.NoSlot, raft.NoRoom, raft.HasStopped:
		s.world.coverage[refusedChanges]++
	default:
		s.world.ledger.fail("refusal", "server %d refused a change: %v", s.id, refusal.Code)
	}
	s.settle()
}

// exorcise replaces a member that lost its disk by what its server is now, and
// notes when that is done and committed.
func (w *world) exorcise(leader *server) {
	configuration, index := leader.driver.Node().Configuration()
	r := listed(configuration)
	old := w.graves[len(w.graves)-1].member
	if configuration.Outgoing != 0 || index > leader.driver.Node().Commit() {
		return
	}
	for i := range r.v {
		if r.voters[i] == old {
			r.dropVoter(i)
			r.addLearner(w.find(old.ID).member)
			leader.change(&r)
			return
		}
	}
	for i := range r.l {
		if r.learners[i] == old {
			r.learners[i] = w.find(old.ID).member
			leader.change(&r)
			return
		}
	}
	w.faults.ghost = false
}

// repair brings a calm cluster to a membership that can stay: without members
// that lost their disks, and with at least three voters where there are learners.
func (s *server) repair() {
	w := s.world
	if w.faults.ghost {
		w.exorcise(s)
		return
	}
	configuration, index := s.driver.Node().Configuration()
	if configuration.Outgoing != 0 || index > s.driver.Node().Commit() {
		return
	}
	r := listed(configuration)
	if r.v >= 3 || r.l == 0 {
		return
	}
	r.addVoter(r.dropLearner(0))
	s.change(&r)
}
