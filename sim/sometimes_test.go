package sim

import (
	"context"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

func TestTheRareEventsAreManyAndHaveNames(t *testing.T) {
	var sum Summary
	if all := sum.Sometimes(); len(all) != int(rarities)+len(counted) || len(all) < 40 || len(sum.SometimesMissing()) != len(all) {
		t.Errorf("%d names of %d rare events, of which %d are missing where nothing happened",
			len(all), int(rarities)+len(counted), len(sum.SometimesMissing()))
	}
}

func TestASweepTellsInWhichSeedsARareEventOccurred(t *testing.T) {
	var sum Summary
	for seed, count := range map[uint64]uint64{7: 2, 8: 0, 9: 1} {
		r := Result{Seed: seed}
		r.met[splitVote] = count
		sum.met.add(&r)
	}
	met := sum.Sometimes()[rarityNames[splitVote]]
	if met.Count != 3 || met.Seeds != 2 || met.First != 7 && met.First != 9 {
		t.Errorf("%+v, want 3 in 2 seeds", met)
	}
}

func TestRareEventsOccurInAFewHundredSeeds(t *testing.T) {
	sum := Sweep(context.Background(), 1, 300, func(seed uint64) Options { return Expand(seed, 0) }, nil)
	rarer := map[string]bool{ // which take hundreds or thousands
		rarityNames[oldTermOverwritten]: true, rarityNames[leaderOutside]: true, rarityNames[leaseJump]: true,
		"lease broken by wrong clocks": true,
	}
	for _, name := range sum.SometimesMissing() {
		if !rarer[name] {
			t.Errorf("in 300 seeds there was no %s", name)
		}
	}
}

// occurrences are what must, and what must not, be taken for a rare event.
var occurrences = []struct {
	name   string
	rarity rarity
	meets  bool
	happen func(w *world, leader, follower *server)
}{
	{"two candidates with votes and no leader", splitVote, true, func(w *world, leader, follower *server) {
		term := leader.seen.term + 1
		w.ledger.ballots.add(term, leader.member, leader.life)
		w.ledger.ballots.add(term, follower.member, follower.life)
		campaigns(w, follower, term)
	}},
	{"one candidate with votes and no leader", splitVote, false, func(w *world, _, follower *server) {
		term := follower.seen.term + 1
		w.ledger.ballots.add(term, follower.member, follower.life)
		campaigns(w, follower, term)
	}},
	{"a vote refused to who lacks an entry", voteRefusedForLog, true, func(w *world, leader, follower *server) {
		answers(w, follower, leader, raft.Vote, true, follower.disk.written.last-1)
	}},
	{"a vote refused to who lacks nothing", voteRefusedForLog, false, func(w *world, leader, follower *server) {
		answers(w, follower, leader, raft.Vote, true, follower.disk.written.last)
	}},
	{"a pre-vote refused to who lacks nothing", preVoteSticky, true, func(w *world, leader, follower *server) {
		answers(w, follower, leader, raft.PreVote, true, follower.disk.written.last)
	}},
	{"a pre-vote granted", preVoteSticky, false, func(w *world, leader, follower *server) {
		answers(w, follower, leader, raft.PreVote, false, follower.disk.written.last)
	}},
	{"a hint behind two terms", backUpOverTerms, true, func(w *world, leader, follower *server) { backsUp(w, leader, follower, 2) }},
	{"a hint behind one term", backUpOverTerms, false, func(w *world, leader, follower *server) { backsUp(w, leader, follower, 1) }},
	{"a chunk that is sent again", snapshotResumed, true, func(_ *world, leader, follower *server) {
		for range 2 {
			leader.noticeSent(&raft.Message{Kind: raft.SnapshotChunk, Index: 9, Offset: 64}, follower.slot)
		}
	}},
	{"a chunk after another", snapshotResumed, false, func(_ *world, leader, follower *server) {
		for offset := range uint64(3) {
			leader.noticeSent(&raft.Message{Kind: raft.SnapshotChunk, Index: 9, Offset: offset}, follower.slot)
		}
	}},
	{"a proposal that does not go to a peer in full stream", windowFull, true, func(w *world, leader, follower *server) {
		leader.noticeSent(&raft.Message{Kind: raft.Append}, follower.slot)
		w.ledger.noticeProposal(leader, &raft.Effects{})
	}},
	{"a proposal that does not go to a peer that is probed", windowFull, false, func(w *world, leader, follower *server) {
		leader.traits.streams = 0
		leader.noticeSent(&raft.Message{Kind: raft.Append, Probe: true}, follower.slot)
		w.ledger.noticeProposal(leader, &raft.Effects{})
	}},
	{"an entry removed that a quorum has", oldTermOverwritten, true, func(w *world, _, follower *server) {
		w.ledger.noticeTruncation(follower, follower.disk.written.last)
	}},
	{"an entry removed that nobody else has", oldTermOverwritten, false, func(w *world, _, follower *server) {
		k := mark{term: follower.seen.term, hash: 1}
		follower.disk.written.put(k)
		follower.disk.durable.put(k)
		w.ledger.noticeTruncation(follower, follower.disk.written.last)
	}},
	{"a lease that was served by and is gone", leaseExpired, true, func(_ *world, leader, _ *server) {
		leader.traits.leased = leader.seen.term
		leader.noticeLease()
	}},
	{"a lease that was never served by", leaseExpired, false, func(_ *world, leader, _ *server) {
		leader.traits.leased = leader.seen.term - 1
		leader.noticeLease()
	}},
}

// campaigns has a server that campaigned in a term without success go on to the next.
func campaigns(w *world, s *server, term raft.Term) {
	s.seen.term = term
	in := raft.Input{Kind: raft.Receive, Message: raft.Message{Kind: raft.TimeoutNow, From: w.leads().member, Term: term}}
	in.Message.Cluster, in.Message.To = clusterNumber, s.member
	in.Room = s.disk.Room()
	var out raft.Effects
	s.driver.Node().Step(s.clock.Now(), &in, &out) // it campaigns at once
	w.ledger.noticeRole(s, &in)
}

// answers tells the detectors of an answer to somebody who would campaign.
func answers(w *world, s, candidate *server, kind raft.MessageKind, reject bool, last raft.Index) {
	m := raft.Message{Kind: kind, From: candidate.member, Term: s.seen.term + 1, Index: last, LogTerm: s.lastTerm()}
	out := raft.Effects{Count: 1}
	out.Messages[0].Reject = reject
	free := *s // one that has voted for nobody
	free.driver = raft.Driver{}
	w.ledger.noticeCanvass(&free, &m, &out)
}

// backsUp has a follower reject an Append and hint at a place so many terms before.
func backsUp(w *world, leader, follower *server, terms raft.Term) {
	hint := leader.disk.written.last
	for next := range terms {
		leader.disk.written.put(mark{term: leader.seen.term + 1 + next, hash: 1})
	}
	m := raft.Message{Kind: raft.AppendReply, From: follower.member, Term: leader.seen.term, Reject: true, Index: leader.disk.written.last, Last: hint}
	w.ledger.noticeRejection(leader, &m)
}

func TestARareEventIsToldFromWhatLooksLikeIt(t *testing.T) {
	for _, o := range occurrences {
		t.Run(o.name, func(t *testing.T) {
			w, leader, follower := steady(t)
			w.met = [rarities]uint64{}
			o.happen(w, leader, follower)
			if met := w.met[o.rarity] != 0; met != o.meets {
				t.Errorf("taken for %q: %v", rarityNames[o.rarity], met)
			}
		})
	}
}
