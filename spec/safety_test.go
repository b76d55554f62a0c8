package spec

import (
	"math/rand/v2"
	"testing"
)

// A walk takes actions at random, in about the order that a cluster would, with
// any of them left out at any time, and remembers what must never be contradicted.
// What is not enabled does not happen.
type walk struct {
	State
	random  *rand.Rand
	lazy    bool // disks take their time
	leaders map[Term]Server
	commits []commit // in the order they were made
	longest place    // of them
	taken   map[string]int
	broken  string // the guarantee that does not hold
}

// A commit is a log that a leader committed, and the term in which it did.
type commit struct {
	log place
	in  Term
}

const walkers = 5

func begin(seed uint64, taken map[string]int) *walk {
	w := &walk{random: rand.New(rand.NewPCG(seed, 0)), leaders: map[Term]Server{}, taken: taken}
	w.lazy = w.below(2) == 0
	w.Init(Configuration{Voters: SetOf(1, 2, 3)})
	for i := Server(1); i <= walkers; i++ {
		w.Restart(i, 0)
	}
	return w
}

func (w *walk) below(n int) int { return w.random.IntN(n) }

// often is true seven times out of eight.
func (w *walk) often() bool { return w.below(8) != 0 }

func (w *walk) anyone() Server { return Server(1 + w.below(walkers)) }

// near is an index a little below another.
func (w *walk) near(most Index) Index { return most - min(most, Index(w.below(4))) }

// bold is near what should be the most, now and then near more.
func (w *walk) bold(most, more Index) Index {
	if w.often() {
		return w.near(most)
	}
	return w.near(more)
}

// did counts an action that was enabled.
func (w *walk) did(name string, refusal *Refusal) bool {
	if refusal == nil {
		w.taken[name]++
	}
	return refusal == nil
}

// act lets something happen.
func (w *walk) act() {
	i := w.anyone()
	switch choice := w.below(80); {
	case choice == 0:
		w.campaign(i)
	case choice == 1:
		w.Crash(i)
	case choice < 6:
		w.did("Restart", w.Restart(i, w.near(w.last(w.servers[i].commit))))
	case choice < 8:
		w.persist(i)
	default:
		for range walkers {
			if i = i%walkers + 1; w.servers[i].role == Leader {
				w.lead(i)
				return
			}
		}
		w.campaign(i)
	}
}

// campaign holds an election, or a part of it.
func (w *walk) campaign(i Server) {
	if w.often() && !w.did("Timeout", w.Timeout(i)) {
		return
	}
	w.persist(i)
	if rival := w.anyone(); rival != i && w.below(2) == 0 {
		w.did("Timeout", w.Timeout(rival))
		w.persist(rival)
		w.canvass(rival)
	}
	w.canvass(i)
}

// canvass has a candidate ask for votes, and lead if it gets enough.
func (w *walk) canvass(i Server) {
	v := &w.servers[i]
	for j := Server(1); j <= walkers; j++ {
		if w.often() {
			w.did("RequestVote", w.RequestVote(i, j, v.term, w.last(v.log), w.entries[v.log].term))
		}
		if w.often() {
			w.did("UpdateTerm", w.UpdateTerm(j, i, v.term))
		}
		if w.often() {
			w.did("HandleRequestVote", w.HandleRequestVote(j, i))
			w.persist(j)
		}
		w.did("GrantVote", w.GrantVote(j, i, v.term))
		if w.often() {
			w.did("HandleGrantedVote", w.HandleGrantedVote(i, j))
		}
		if !w.often() {
			w.did("StepDown", w.StepDown(w.anyone()))
		}
	}
	if w.did("BecomeLeader", w.BecomeLeader(i)) {
		if other := w.leaders[v.term]; other != Nobody {
			w.broken = "election safety: a term has two leaders"
		}
		w.leaders[v.term] = i
		for _, c := range w.commits {
			if c.in < v.term && !w.holds(v.log, c.log) {
				w.broken = "leader completeness: a leader lacks what was committed before its term"
			}
		}
	}
}

// lead does a leader's work.
func (w *walk) lead(i Server) {
	v := &w.servers[i]
	j := w.anyone()
	switch w.below(24) {
	case 0:
		w.did("ClientRequest", w.ClientRequest(i, v.term, w.random.Uint64()))
	case 1:
		w.did("ChangeConfiguration", w.change(i))
	case 2:
		index := w.bold(w.last(v.commit), w.last(v.log))
		w.did("SendSnapshot", w.SendSnapshot(i, j, v.term, index, w.termAt(v.log, index)))
		w.did("UpdateTerm", w.UpdateTerm(j, i, v.term))
		w.did("InstallSnapshot", w.InstallSnapshot(j, index, w.below(2) == 0))
	case 3:
		commit := w.bold(min(w.last(v.commit), v.match[j]), w.last(v.commit))
		w.did("Heartbeat", w.Heartbeat(i, j, v.term, commit))
		w.did("HandleHeartbeat", w.HandleHeartbeat(j, i, v.term, commit))
	default:
		w.replicate(i, j)
	}
	if w.did("AdvanceCommitIndex", w.AdvanceCommitIndex(i, w.near(w.last(v.log)))) {
		w.commits = append(w.commits, commit{v.commit, v.term})
		if !w.holds(v.commit, w.longest) && !w.holds(w.longest, v.commit) {
			w.broken = "state machine safety: two logs are committed"
		}
		if w.last(v.commit) > w.last(w.longest) {
			w.longest = v.commit
		}
	}
}

// replicate has a leader send something, and perhaps hear of it.
func (w *walk) replicate(i, j Server) {
	v, u := &w.servers[i], &w.servers[j]
	prev := w.near(min(w.last(v.log), w.last(w.common(v.log, u.log))+1))
	m := Append{Term: v.term, Prev: prev, PrevTerm: w.termAt(v.log, prev), Last: min(prev+Index(w.below(6)), w.last(v.log))}
	m.Commit = w.bold(w.last(v.commit), w.last(v.log))
	m.EntryTerm = w.termAt(v.log, m.Last)
	if w.often() {
		w.did("AppendEntries", w.AppendEntries(i, j, m))
	}
	w.did("UpdateTerm", w.UpdateTerm(j, i, m.Term))
	if w.often() {
		w.did("HandleAppendEntries", w.HandleAppendEntries(j, i, m, m.Last))
		w.did("InferCommit", w.InferCommit(j, w.configurations[w.newest(u).before].index))
	}
	index := w.near(w.last(u.log))
	w.did("Acknowledge", w.Acknowledge(j, index, w.below(2) == 0))
	w.persist(j)
	w.did("SendAcknowledgement", w.SendAcknowledgement(j, i, m.Term, index))
	if w.often() {
		w.did("HandleAcknowledgement", w.HandleAcknowledgement(i, j, index))
	}
	w.persist(i)
}

// persist makes some of a server's state durable, most often all.
func (w *walk) persist(i Server) {
	if v := &w.servers[i]; len(v.pending) > 0 && w.often() && !(w.lazy && w.below(2) == 0) {
		p := v.pending[len(v.pending)-1]
		if !w.often() {
			p = v.pending[w.below(len(v.pending))]
		}
		w.did("Persist", w.Persist(i, p.term, p.vote, w.last(p.log), w.entries[p.log].value))
	}
}

// change tries to leave a joint configuration, or to enter one.
func (w *walk) change(i Server) *Refusal {
	v := &w.servers[i]
	now := w.newest(v)
	next := Configuration{Voters: now.Voters, Learners: now.Learners}
	if now.Outgoing == 0 {
		next.Voters = Set(w.below(1<<walkers)) << 1
		next.Learners = SetOf(1, 2, 3, 4, 5) &^ next.Voters
		if next.Voters != now.Voters && w.often() {
			next.Outgoing = now.Voters
		}
	}
	return w.ChangeConfiguration(i, v.term, w.random.Uint64(), next)
}

// look checks what every server takes to be committed.
func (w *walk) look() {
	for i := Server(1); i <= walkers; i++ {
		v := &w.servers[i]
		if !w.holds(w.longest, v.commit) || v.role != Down && !w.holds(v.log, v.commit) {
			w.broken = "state machine safety: a server takes to be committed what is not, or what it has not"
		}
	}
}

func TestNoSequenceOfActionsBreaksAGuarantee(t *testing.T) {
	taken := map[string]int{}
	for seed := range uint64(800) {
		w := begin(seed, taken)
		for step := range 1500 {
			w.act()
			w.look()
			if w.broken != "" {
				t.Fatalf("seed %d, step %d: %s", seed, step, w.broken)
			}
		}
	}
	for _, name := range []string{
		"Timeout", "RequestVote", "HandleRequestVote", "GrantVote", "HandleGrantedVote", "BecomeLeader", "UpdateTerm",
		"StepDown", "ClientRequest", "AppendEntries", "HandleAppendEntries", "Acknowledge", "SendAcknowledgement",
		"HandleAcknowledgement", "AdvanceCommitIndex", "Heartbeat", "HandleHeartbeat", "ChangeConfiguration",
		"SendSnapshot", "InstallSnapshot", "Persist", "Restart", "InferCommit",
	} {
		if taken[name] < 400 {
			t.Errorf("%s was taken %d times: the walks prove little about it", name, taken[name])
		}
	}
	t.Log(taken)
}
