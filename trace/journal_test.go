package trace

import (
	"bytes"
	"errors"
	"testing"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/storage/memory"
)

// A recorded node is the only member of its cluster, whose steps go into a journal.
type recorded struct {
	driver  raft.Driver
	journal *Journal
	now     raft.Instant
	steps   int
	lie     int // the number of a step of which the journal tells something else
}

func (r *recorded) Now() raft.Instant                        { return r.now }
func (r *recorded) Jitter(limit raft.Duration) raft.Duration { return limit / 2 }
func (r *recorded) CountsSuspendedTime() bool                { return true }
func (r *recorded) Send(_ *raft.Message, _ *raft.Payload)    {}
func (r *recorded) Stepped(now raft.Instant, in *raft.Input, out *raft.Effects) {
	r.steps++
	told := *out
	if r.steps == r.lie {
		told.AppendLast++
	}
	r.journal.Stepped(r.driver.Node(), now, in, &told)
}

// journalOf is the journal of a node that campaigns, leads and takes proposals.
func journalOf(t *testing.T, beats, lie int) (*recorded, *bytes.Buffer) {
	t.Helper()
	var file bytes.Buffer
	r := &recorded{journal: NewJournal(&file, "test"), lie: lie}
	store := memory.NewQueue(1024, 65536)
	self := raft.Member{ID: 1, Incarnation: 7}
	founding := raft.Configuration{Voters: 1}
	founding.Members[0] = self
	if refusal := r.driver.Bootstrap(store, &raft.Identity{Cluster: 1, Self: self}, &founding); refusal.Code != raft.OK {
		t.Fatal(refusal)
	}
	settings := raft.Settings{
		ElectionTimeout: 1000, Heartbeat: 100, MaxMessageBytes: 64, MaxInflightBytes: 64, MaxUncommittedBytes: 64, ChunkBytes: 16, Reserve: 16,
	}
	if refusal := r.driver.Start(&settings, r, store, r); refusal.Code != raft.OK {
		t.Fatal(refusal)
	}
	r.driver.Observe(r)
	r.journal.Begin(r.driver.Node())
	for range beats {
		for _, number := range store.Pending() {
			store.Complete(number)
		}
		r.now = max(r.now+1, min(r.driver.Deadline(), r.now+10_000))
		r.driver.Wake()
		if r.steps%64 == 0 {
			r.driver.Propose([]raft.Entry{{Data: []byte("x")}}) // refused or not, it is an input
		}
	}
	return r, &file
}

func TestAJournalOfManySegmentsReplaysToTheSameNode(t *testing.T) {
	r, file := journalOf(t, 3*segmentInputs, 0)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	replayed, err := ReplayJournal(bytes.NewReader(file.Bytes()), nil)
	if err != nil || replayed.Inputs != uint64(r.steps) || replayed.Segments < 3 || replayed.Cut {
		t.Fatalf("%d of %d inputs in %d segments, %v", replayed.Inputs, r.steps, replayed.Segments, err)
	}
	if replayed.Node != *r.driver.Node() || replayed.Node.Commit() == 0 {
		t.Error("the node is another after the replay")
	}
}

func TestAReplayNamesTheInputOfWhichSomethingElseComes(t *testing.T) {
	r, file := journalOf(t, 2*segmentInputs, segmentInputs+100)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	var difference *DifferenceError
	_, err := ReplayJournal(bytes.NewReader(file.Bytes()), nil)
	if !errors.As(err, &difference) || difference.Input != segmentInputs+100 || difference.Segment != 2 {
		t.Errorf("%v", err)
	}
}

func TestAJournalWithoutItsEndIsReplayedAsFarAsItGoes(t *testing.T) {
	r, file := journalOf(t, 100, 0)
	if err := r.journal.Flush(); err != nil {
		t.Fatal(err)
	}
	replayed, err := ReplayJournal(bytes.NewReader(file.Bytes()), nil)
	if err != nil || !replayed.Cut || replayed.Inputs != uint64(r.steps) {
		t.Errorf("%d of %d inputs, %v", replayed.Inputs, r.steps, err)
	}
}

func TestAJournalWithAChangedByteIsRefused(t *testing.T) {
	r, file := journalOf(t, 50, 0)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range file.Bytes() {
		changed := bytes.Clone(file.Bytes())
		changed[i] ^= 0x10
		var broken *Error
		if _, err := ReplayJournal(bytes.NewReader(changed), nil); !errors.As(err, &broken) {
			t.Errorf("byte %d: %v", i, err)
		}
	}
}

func TestAReplayEndsWhereItIsTold(t *testing.T) {
	r, file := journalOf(t, 100, 0)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	replayed, err := ReplayJournal(file, func(p *Replayed, _ *raft.Input, _ *raft.Effects) bool { return p.Inputs < 30 })
	if err != nil || replayed.Inputs != 30 {
		t.Errorf("%d inputs, %v", replayed.Inputs, err)
	}
}
