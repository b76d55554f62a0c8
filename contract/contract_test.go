package contract_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/contract"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim"
)

// A liar is a correct cluster behind an interface that tells something else.
type liar struct {
	sim.Runner
	status  func(server int, s *contract.Status)
	applied func(server int, list []contract.Applied)
	reply   func(server int, request *contract.Request, r *contract.Reply)
}

func (l liar) Start(setup contract.Setup) (contract.Cluster, error) {
	c, err := l.Runner.Start(setup)
	return &lying{Cluster: c, liar: l}, err
}

type lying struct {
	contract.Cluster
	liar liar
}

func (l *lying) Status(server int) (contract.Status, error) {
	s, err := l.Cluster.Status(server)
	if err == nil && l.liar.status != nil {
		l.liar.status(server, &s)
	}
	return s, err
}

func (l *lying) Applied(server int, after uint64) ([]contract.Applied, error) {
	list, err := l.Cluster.Applied(server, after)
	list = append([]contract.Applied(nil), list...)
	if err == nil && l.liar.applied != nil {
		l.liar.applied(server, list)
	}
	return list, err
}

func (l *lying) Ask(server int, request contract.Request) contract.Call {
	return &lyingCall{Call: l.Cluster.Ask(server, request), liar: l.liar, server: server, request: request}
}

type lyingCall struct {
	contract.Call
	liar    liar
	server  int
	request contract.Request
}

func (k *lyingCall) Reply() contract.Reply {
	r := k.Call.Reply()
	if k.liar.reply != nil {
		k.liar.reply(k.server, &k.request, &r)
	}
	return r
}

// lies are told about a cluster of which all is well, with what must be noticed.
var lies = []struct {
	name, noticed string
	liar          liar
}{
	{"two leaders in a term", "both lead in term", liar{status: func(_ int, s *contract.Status) {
		s.Role = contract.Leader
	}}},
	{"a term that falls", "went back from term", liar{status: func(_ int, s *contract.Status) {
		if s.Applied > 4 {
			s.Term = 0
		}
	}}},
	{"a commit index that falls", "went back from commit index", liar{status: func(_ int, s *contract.Status) {
		if s.Commit > 4 {
			s.Commit, s.Applied = 1, 1
		}
	}}},
	{"applied and not committed", "knows only", liar{status: func(_ int, s *contract.Status) {
		s.Applied = s.Commit + 1
	}}},
	{"a server that has stopped", "refuses to go on", liar{status: func(server int, s *contract.Status) {
		if server == 2 {
			s.Role = contract.Stopped
		}
	}}},
	{"somebody else", "takes itself for", liar{status: func(_ int, s *contract.Status) {
		s.Member.Life++
	}}},
	{"another command applied on one server", "another server", liar{applied: func(server int, list []contract.Applied) {
		if server == 2 && len(list) > 0 && list[0].Command != nil {
			list[0].Command = list[0].Command[1:]
		}
	}}},
	{"an entry applied again", "applied entry 1 after", liar{applied: func(_ int, list []contract.Applied) {
		for i := range list {
			if list[i].Index == 5 {
				list[i].Index = 1
			}
		}
	}}},
	{"an entry that nobody reports", "nobody has reported", liar{applied: func(_ int, list []contract.Applied) {
		for i := range list {
			if list[i].Index >= 5 {
				list[i].Index++
			}
		}
	}}},
	{"a response that no machine gives", "must be", liar{applied: func(_ int, list []contract.Applied) {
		for i := range list {
			if list[i].Index == 4 {
				list[i].Response = []byte("something")
			}
		}
	}}},
	{"acknowledged and not committed", "was acknowledged", liar{reply: func(_ int, q *contract.Request, r *contract.Reply) {
		if r.Reason == contract.Superseded {
			machine := contract.NewMachine() // one that has nothing but this command
			session := raft.Index(q.Body[1]) // the index of the entry that opened it
			machine.Apply(session, []byte{1})
			r.Outcome, r.Body = contract.Done, append([]byte(nil), machine.Apply(session+1, q.Body)...)
		}
	}}},
	{"a read of an old value", "holds", liar{reply: func(_ int, q *contract.Request, r *contract.Reply) {
		if q.Kind == contract.Read && r.Outcome == contract.Done {
			r.Body = contract.NewMachine().Query(q.Body)
		}
	}}},
}

func TestTheCommonChecksNoticeWhatTheyAreThereFor(t *testing.T) {
	for _, lie := range lies {
		t.Run(lie.name, func(t *testing.T) {
			lie.liar.Runner = sim.Runner{Seed: 1}
			for _, sc := range contract.Scenarios() {
				if sc.Name != "what only a cut-off leader had gives way" && sc.Name != "commits what is proposed" {
					continue
				}
				var f *contract.ScenarioError
				if err := contract.Check(lie.liar, &sc); errors.As(err, &f) && strings.Contains(f.What, lie.noticed) {
					return
				} else if err != nil {
					t.Logf("%v", err)
				}
			}
			t.Errorf("it was to be noticed by the words %q", lie.noticed)
		})
	}
}

func TestEveryScenarioHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, sc := range contract.Scenarios() {
		if seen[sc.Name] || strings.Contains(sc.Name, "|") {
			t.Errorf("%q is the name of two, or holds a bar", sc.Name)
		}
		seen[sc.Name] = true
	}
	if len(seen) < 40 {
		t.Errorf("there are %d scenarios, of 40 that were promised", len(seen))
	}
}

// lame can do nothing that a realization may lack.
type lame struct{ sim.Runner }

func (lame) Lacks(contract.Capability) string { return "it is lame" }

func TestWhatARealizationLacksIsNotAsked(t *testing.T) {
	asked := 0
	for _, sc := range contract.Scenarios() {
		missing := sc.Missing(lame{})
		if (missing == "") != (len(sc.Needs) == 0) {
			t.Errorf("%s needs %v, and %q is missing", sc.Name, sc.Needs, missing)
		}
		if missing == "" {
			asked++
		}
	}
	if asked < 20 {
		t.Errorf("only %d scenarios need nothing special", asked)
	}
}
