package sim

import (
	"slices"

	"github.com/driftless-raft/driftless/raft"
)

// A rarity is an interleaving that a long sweep must have met: a rule about it that
// was never put to the test proves nothing.
type rarity uint8

const (
	splitVote rarity = iota
	voteRefusedForLog
	voteRefusedForAnother
	voteRepeated
	voteForced
	voteWithheld
	preVoteSticky
	preVoteRefusedForLog
	outsiderAsks
	candidateYields
	leaderDeposed
	leaderWithoutQuorum
	leaderBesideAnother
	leaderOfJoint
	leaderOutside
	leaderByTransfer
	leaderLostBeforeNoOp
	oldTermCommitted
	oldTermOverwritten
	configurationRolledBack
	backUpOverTerms
	appendWithoutRoom
	appendKeepsTail
	appendLate
	windowFull
	storeFull
	backpressure
	snapshotOvertaken
	snapshotReplaced
	snapshotPinned
	snapshotResumed
	snapshotToJoiner
	jointLeave
	jointLeaveByAnother
	leaderRemovesItself
	learnerPromoted
	voterDemoted
	severalVoters
	wipedReadmitted
	changeTooEarly
	transferRefuses
	transferLate
	leaseExpired
	leaseHandedOver
	leaseJump
	readAfterChange
	readByFollower
	readRefused
	readStale
	duplicateAfterChange
	earlierIncarnation
	crashWithWrites
	crashBeforeMessage
	rarities
)

// rarityNames are in the order of the constants.
var rarityNames = [rarities]string{
	"split vote", "vote refused for a shorter log", "vote refused, given to another", "vote given twice to the same",
	"vote forced by a transfer", "vote withheld, a leader is alive",
	"pre-vote refused, a leader is alive", "pre-vote refused for a shorter log", "outsider asks for a vote",
	"candidate yields to a leader of its term", "leader deposed by a higher term", "leader gives up without a quorum",
	"leader elected beside another", "leader of a joint configuration",
	"leader outside its configuration", "leader by a transfer", "leader lost before its first commit",
	"old term committed indirectly", "old term overwritten after a quorum had it", "configuration rolled back",
	"back-up over several terms", "append refused for want of room", "late append keeps what follows",
	"late append of what is committed", "in-flight window full", "store full to the last entry", "backpressure refuses",
	"snapshot overtaken by entries", "snapshot replaced while it is sent", "snapshot refused, one is being sent",
	"snapshot chunk lost and resumed", "joiner caught up by a snapshot",
	"joint leave", "joint leave by another leader", "leader removes itself", "learner promoted", "voter demoted",
	"several voters changed at once", "wiped server readmitted", "change refused, not caught up", "proposal refused in a transfer",
	"call to campaign comes late", "lease expires while serving", "lease given away by a transfer", "clock jumps while a lease is held",
	"read confirmed after a leader change", "read by a follower", "read refused", "stale read behind",
	"duplicate suppressed after a leader change", "message for an earlier incarnation",
	"crash with writes pending", "crash between write and message",
}

// counted are rarities that [Coverage] counts already.
var counted = [...]struct {
	name string
	kind int
}{
	{"truncation after a conflict", truncations},
	{"snapshot installed", installs},
	{"snapshot adopted, log kept", adoptions},
	{"body repaired by a fetch", repairs},
	{"restart before a vote", restartsOnVote},
	{"session evicted", endedSessions},
	{"duplicate suppressed", repeatedCommands},
	{"overtaken command", overtakenCommands},
	{"proposal superseded", superseded},
	{"fate no longer known", unknownFates},
	{"log full to its reserve", fullLogs},
	{"read lost", lostReads},
	{"read of a deposed leader", deposedReads},
	{"lease broken by wrong clocks", brokenLeases},
	{"transfer given up", abortedTransfers},
	{"message driven out of a full link", evictions},
	{"disk failure stops a node", diskFailures},
	{"torn tail cut", tornBatches},
	{"header mended from its copy", mendedHeaders},
	{"store refused at a restart", refusedStores},
	{"sync failed", failedSyncs},
	{"disk full in the middle of a write", operationsWithoutSpace},
	{"snapshot given up for want of space", snapshotsGivenUp},
	{"write gone astray", misdirectedWrites},
	{"sector read wrong once", staleReads},
	{"core goes on without those outside", frozenCores},
}

// A Meeting is how often a sweep has met one of the rarities.
type Meeting struct {
	Count uint64
	Seeds uint64 // in which it occurred
	First uint64 // of these; which counts if Seeds is not 0
}

func (m *Meeting) add(seed, count uint64) {
	if count == 0 {
		return
	}
	if m.Seeds == 0 {
		m.First = seed
	}
	m.Count += count
	m.Seeds++
}

// meetings are those of all rarities: first of those with detectors, then of those
// that are counted anyway.
type meetings [int(rarities) + len(counted)]Meeting

func (m *meetings) add(r *Result) {
	for i, count := range r.met {
		m[i].add(r.Seed, count)
	}
	for i := range counted {
		m[int(rarities)+i].add(r.Seed, r.Coverage[counted[i].kind])
	}
}

// Sometimes is how often a sweep has met each of the rare events that a long one
// must meet, by their names.
func (s *Summary) Sometimes() map[string]Meeting {
	all := make(map[string]Meeting, len(s.met))
	for i, name := range rarityNames {
		all[name] = s.met[i]
	}
	for i := range counted {
		all[counted[i].name] = s.met[int(rarities)+i]
	}
	return all
}

// SometimesMissing are the rare events that a sweep has not met.
func (s *Summary) SometimesMissing() []string {
	missing := []string{}
	for name, met := range s.Sometimes() {
		if met.Seeds == 0 {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}

// traits are what the detectors remember of a server's life.
type traits struct {
	leased  raft.Term // the last in which it served a read by lease
	handed  raft.Term // the last in which it told another to campaign
	forced  raft.Term // the last in which it campaigned because it was told to
	streams uint16    // servers that it sends entries to without waiting for answers
	ships   uint16    // servers that it sends a snapshot
	wrote   uint64    // the event in which it wrote last
	chunks  [serversMax]shipped
}

// shipped is the last chunk that was sent to a server.
type shipped struct {
	index  raft.Index
	offset uint64
}

// meet counts a rarity.
func (w *world) meet(r rarity) { w.met[r]++ }

// notice looks for rarities in a step. What is known of the node is still from
// before the step.
func (l *ledger) notice(s *server, in *raft.Input, out *raft.Effects) {
	w, n, before := l.world, s.driver.Node(), &s.seen
	if in.Room.Entries == 0 {
		w.meet(storeFull)
	}
	if out.Truncate != 0 && before.configured >= out.Truncate {
		w.meet(configurationRolledBack)
	}
	if before.role != n.Role() {
		l.noticeRole(s, in)
	}
	switch in.Kind {
	case raft.Receive:
		l.noticeMessage(s, in, out)
	case raft.Propose:
		l.looks[atRequest]++
		l.noticeProposal(s, out)
	case raft.Change, raft.Transfer, raft.Read:
		l.looks[atRequest]++
		if in.Kind == raft.Change && out.Refusal.Code == raft.NotCaughtUp {
			w.meet(changeTooEarly)
		}
	case raft.Compact:
		l.looks[atRequest]++
		l.noticeSnapshot(s, out)
	case raft.Tick, raft.Failed, raft.Persisted, raft.Sent, raft.Checked:
	}
}

// noticeRole looks at a step in which a node takes another role.
func (l *ledger) noticeRole(s *server, in *raft.Input) {
	w, n, before := l.world, s.driver.Node(), &s.seen
	switch {
	case n.Role() == raft.Candidate:
		s.traits.forced = 0
		if in.Kind == raft.Receive && in.Message.Kind == raft.TimeoutNow {
			s.traits.forced = n.Term()
		}
		if l.split(before.term) {
			w.meet(splitVote)
		}
	case before.role == raft.Leader && n.Term() > before.term:
		w.meet(leaderDeposed)
	case before.role == raft.Leader && in.Kind == raft.Tick:
		w.meet(leaderWithoutQuorum)
	case before.role == raft.Candidate && n.Role() == raft.Follower && n.Term() == before.term && n.Leader() != raft.Member{}:
		w.meet(candidateYields)
	}
}

// split reports whether the votes of a term went to several and made no leader.
func (l *ledger) split(term raft.Term) bool {
	if uint64(term) >= uint64(len(l.ballots.byTerm)) || uint64(term) < uint64(len(l.leaders)) && l.leaders[term] != (raft.Member{}) {
		return false
	}
	first := l.ballots.byTerm[term]
	return first != 0 && l.ballots.candidates[first-1].next != 0
}

// noticeMessage looks at a message that a node has received.
func (l *ledger) noticeMessage(s *server, in *raft.Input, out *raft.Effects) {
	w, m, before := l.world, &in.Message, &s.seen
	if out.Refusal.Code == raft.WrongMember {
		w.meet(earlierIncarnation)
		return
	}
	switch m.Kind {
	case raft.Append:
		l.noticeAppend(s, m, out)
	case raft.AppendReply:
		if m.Reject {
			l.noticeRejection(s, m)
		}
	case raft.PreVote, raft.Vote:
		l.noticeCanvass(s, m, out)
	case raft.SnapshotChunk:
		if m.Index <= before.commit && m.Term == before.term {
			w.meet(snapshotOvertaken)
		}
	case raft.TimeoutNow:
		if m.Term < before.term {
			w.meet(transferLate)
		}
	case raft.PreVoteReply, raft.VoteReply, raft.Heartbeat, raft.HeartbeatReply, raft.SnapshotReply,
		raft.ReadIndex, raft.ReadIndexReply, raft.Fetch, raft.FetchReply:
	}
}

// noticeAppend looks at entries that have come.
func (l *ledger) noticeAppend(s *server, m *raft.Message, out *raft.Effects) {
	w, n, before := l.world, s.driver.Node(), &s.seen
	switch {
	case m.Last == m.Index || m.Term < before.term:
	case m.Last <= before.commit:
		w.meet(appendLate)
	case out.Count > 0 && out.Messages[0].Full:
		w.meet(appendWithoutRoom)
	case out.Count > 0 && !out.Messages[0].Reject && out.Truncate == 0 && m.Last < n.Last():
		w.meet(appendKeepsTail)
	}
}

// noticeRejection looks at how far back a follower's hint takes its leader.
func (l *ledger) noticeRejection(s *server, m *raft.Message) {
	log := &s.disk.written
	if s.seen.role != raft.Leader || m.Term != s.seen.term || !log.holds(m.Index) || !log.holds(m.Last) || m.Last >= m.Index {
		return
	}
	if low, next, high := log.at(m.Last).term, log.at(m.Last+1).term, log.at(m.Index).term; low < next && next < high {
		l.world.meet(backUpOverTerms)
	}
}

// noticeCanvass looks at how a node answers a candidate.
func (l *ledger) noticeCanvass(s *server, m *raft.Message, out *raft.Effects) {
	w, n, before, log := l.world, s.driver.Node(), &s.seen, &s.disk.written
	if before.configuration.Find(m.From) == 0 && before.configuration.Everybody() != 0 {
		w.meet(outsiderAsks)
	}
	mine := log.at(log.last).term
	good := m.LogTerm > mine || m.LogTerm == mine && m.Index >= log.last
	switch {
	case out.Count == 0:
		if m.Kind == raft.Vote && m.Term > before.term && n.Term() == before.term {
			w.meet(voteWithheld)
		}
	case m.Kind == raft.PreVote && m.Term > before.term && out.Messages[0].Reject && good:
		w.meet(preVoteSticky)
	case m.Kind == raft.PreVote && m.Term > before.term && out.Messages[0].Reject:
		w.meet(preVoteRefusedForLog)
	case m.Kind == raft.PreVote || m.Term < before.term:
	case out.Messages[0].Reject && n.Vote() != (raft.Member{}):
		w.meet(voteRefusedForAnother)
	case out.Messages[0].Reject && !good:
		w.meet(voteRefusedForLog)
	case out.Messages[0].Reject:
	case before.term == m.Term && before.vote == m.From:
		w.meet(voteRepeated)
	case m.Force:
		w.meet(voteForced)
	}
}

// noticeProposal looks at what became of a proposal, and at whom it was not sent.
func (l *ledger) noticeProposal(s *server, out *raft.Effects) {
	w := l.world
	switch out.Refusal.Code {
	case raft.TooMuchUncommitted:
		w.meet(backpressure)
	case raft.Transferring:
		w.meet(transferRefuses)
	case raft.OK:
		sent := uint16(0)
		for i := range out.Messages[:out.Count] {
			sent |= 1 << (out.Messages[i].To.ID - 1)
		}
		if s.traits.streams&^sent != 0 {
			w.meet(windowFull)
		}
	default:
	}
}

// noticeSnapshot looks at a snapshot that was taken while others are being sent.
func (l *ledger) noticeSnapshot(s *server, out *raft.Effects) {
	switch {
	case out.Refusal.Code == raft.SnapshotPinned:
		l.world.meet(snapshotPinned)
	case out.Refusal.Code == raft.OK && s.seen.role == raft.Leader && s.traits.ships != 0:
		l.world.meet(snapshotReplaced)
	}
}

// noticeSent looks at a message on its way to a server.
func (s *server) noticeSent(m *raft.Message, to uint8) {
	switch bit := uint16(1) << to; m.Kind {
	case raft.Append:
		s.traits.ships &^= bit
		s.traits.streams |= bit
		if m.Probe {
			s.traits.streams &^= bit
		}
	case raft.SnapshotChunk:
		s.traits.streams &^= bit
		s.traits.ships |= bit
		last := shipped{m.Index, m.Offset}
		if m.Offset > 0 && s.traits.chunks[to] == last {
			s.world.meet(snapshotResumed)
		}
		s.traits.chunks[to] = last
	case raft.TimeoutNow:
		s.traits.handed = m.Term
	default:
	}
}

// noticeElection looks at a new leader.
func (l *ledger) noticeElection(s *server, term raft.Term) {
	w := l.world
	s.traits.streams, s.traits.ships = 0, 0
	if s.seen.configuration.Outgoing != 0 {
		w.meet(leaderOfJoint)
	} else if !s.votes() {
		w.meet(leaderOutside)
	}
	if s.traits.forced == term {
		w.meet(leaderByTransfer)
	}
	for _, other := range w.servers[:w.count] {
		if other != s && other.up && other.seen.role == raft.Leader {
			w.meet(leaderBesideAnother)
			return
		}
	}
}

// noticeChange looks at a leader's new configuration.
func (l *ledger) noticeChange(s *server, old, next *raft.Configuration) {
	w := l.world
	if old.Outgoing != 0 {
		w.meet(jointLeave)
		if log := &s.disk.written; log.holds(s.seen.configured) && log.at(s.seen.configured).term != s.driver.Node().Term() {
			w.meet(jointLeaveByAnother)
		}
		return
	}
	if self := old.Find(s.member); old.Voters&self != 0 && next.Voters&self == 0 {
		w.meet(leaderRemovesItself)
	}
	if old.Learners&next.Voters != 0 {
		w.meet(learnerPromoted)
	}
	if old.Voters&next.Learners != 0 {
		w.meet(voterDemoted)
	}
	if changed := old.Voters ^ next.Voters; changed&(changed-1) != 0 {
		w.meet(severalVoters)
	}
	for added := next.Everybody() &^ old.Everybody(); added != 0; added &= added - 1 {
		if other := w.find(next.Members[slotOf(added)].ID); other != nil && int(other.life) >= w.count {
			w.meet(wipedReadmitted)
		}
	}
}

// noticeTruncation looks for what was on the disks of a quorum and yet not
// committed: an old term's entry, that only an entry of the leader's own term
// would have made safe (§3.6.2, Figure 3.7).
func (l *ledger) noticeTruncation(s *server, index raft.Index) {
	log := &s.disk.written
	if !log.holds(index) {
		return
	}
	k := log.at(index)
	if l.world.quorum(&s.seen.configuration, func(durable *mirror, _ uint8) bool {
		return durable.holds(index) && durable.at(index).hash == k.hash
	}) {
		l.world.meet(oldTermOverwritten)
	}
}

// noticeLease looks at a leader that holds no lease any more.
func (s *server) noticeLease() {
	if s.seen.role != raft.Leader {
		return
	}
	switch {
	case s.traits.handed == s.seen.term:
		s.world.meet(leaseHandedOver)
	case s.traits.leased == s.seen.term:
		s.world.meet(leaseExpired)
	}
}

// noticeRead looks at a read that is served.
func (l *ledger) noticeRead(s *server, q *query) {
	w := l.world
	switch {
	case q.point.Mode == raft.Stale && s.machine.index < l.acked:
		w.meet(readStale)
	case q.point.Mode != raft.Linearizable:
	case q.point.Asked:
		w.meet(readByFollower)
	case q.floor > 0 && q.floor <= l.tip() && l.committed[q.floor].in < q.point.Term:
		w.meet(readAfterChange)
	}
}

// noticeDuplicate looks at a command that was not carried out again.
func (w *world) noticeDuplicate(e *raft.Entry, session, sequence uint64) {
	for i := range w.clients {
		if c := &w.clients[i]; c.session == session && c.sequence == sequence && c.proposed != 0 && c.proposed != e.Term {
			w.meet(duplicateAfterChange)
		}
	}
}

// noticeCrash looks at a server that goes down, before it does.
func (s *server) noticeCrash() {
	w := s.world
	if len(s.disk.pending.waiting()) > 0 {
		w.meet(crashWithWrites)
	}
	if s.seen.role == raft.Leader && w.leads() != s {
		w.meet(leaderLostBeforeNoOp)
	}
}
