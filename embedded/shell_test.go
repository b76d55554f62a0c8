package embedded_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/embedded"
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// A terminal is a shell of one board, and what it has said.
type terminal struct {
	*cluster
	shell embedded.Shell
	said  strings.Builder
}

// Write implements [embedded.Console].
func (t *terminal) Write(text []byte) { t.said.Write(text) }

// newTerminal has a shell speak for the only board of a cluster.
func newTerminal() *terminal {
	t := &terminal{cluster: newCluster(1, 1)}
	b := t.boards[0]
	b.client = &t.shell
	b.power()
	t.shell.Format(&b.node, t)
	return t
}

// types types a line, lets a second go by and returns what was said meanwhile.
func (t *terminal) types(line string) string {
	t.said.Reset()
	for _, b := range []byte(line + "\n") {
		t.shell.Type(b)
	}
	t.boards[0].poll()
	t.until(t.now + 1000*millisecond)
	return t.said.String()
}

func TestAShellDoesWhatIsTyped(t *testing.T) {
	var open, read [64]byte
	opened := fmt.Sprintf("%x", open[:session.PutOpen(open[:])])
	question := fmt.Sprintf("%x", read[:register.PutRead(read[:], 3)])
	status := "self=1/b role=leader term=1 leader=1 first=1 last=2 commit=2 applied=2 voters=1/b outgoing= learners= settled core=" + raft.Fingerprint
	term := newTerminal()
	if term.shell.Greet(); term.said.String() != "driftless core="+raft.Fingerprint+"\n" {
		t.Errorf("the shell greets with %q", term.said.String())
	}
	for _, test := range []struct{ line, want string }{
		{"#1 status", "#1 done self=0/0 role=stopped term=0 leader=0 first=0 last=0 commit=0 applied=0 voters= outgoing= learners= core=" + raft.Fingerprint + " the store is empty: bootstrap it or join a cluster"},
		{"#2 propose " + opened, "#2 refused the store is empty: bootstrap it or join a cluster"},
		{"#3 bootstrap 7 1/b 1/b", "#3 done"},
		{"#4 bootstrap 7 1/b 1/b", "#4 refused the store is not empty"},
		{"#5 join 7 1/c", "#5 refused the store is not empty"},
		{"#6 propose " + opened, "#6 done 010200000000000000"},
		{"#7 status", "#7 done " + status},
		{"status", "done " + status},
		{"  #4294967295   read   linearizable   " + question, "#4294967295 done 010000000000000000"},
		{"#8 read lease " + question, "#8 done 010000000000000000"},
		{"#9 read stale " + question, "#9 done 010000000000000000"},
		{"#10 transfer 2/1", "#10 refused not a voter, 1 leads"},
		{"#11 applied 0", "#11 applied 1 -\n#11 applied 2 " + opened + " 010200000000000000\n#11 done"},
		{"#12 compact", "#12 done"},
		{"#13 change 1/b +2/15", "#13 done"},
		{"#14 read often 00", "#14 ? #14 read often 00"},
		{"#15 propose 0", "#15 ? #15 propose 0"},
		{"#16 propose 0g", "#16 ? #16 propose 0g"},
		{"#17 change", "#17 ? #17 change"},
		{"#18 transfer 1", "#18 ? #18 transfer 1"},
		{"# status", "? a tag is # and a number"},
		{"#99999999999999999999 status", "? a tag is # and a number"},
		{"#4294967296 status", "? a tag is # and a number"},
		{"", ""},
		{"   ", ""},
		{strings.Repeat("x", embedded.LineBytes+1), "? the line is too long"},
		{"frobnicate", "? frobnicate"},
	} {
		if got := strings.TrimSuffix(term.types(test.line), "\n"); got != test.want {
			t.Errorf("%s\nis answered by\n%s\nnot\n%s", test.line, got, test.want)
		}
	}
}

func FuzzShell(f *testing.F) {
	f.Add("bootstrap 7 1/b 1/b\n#2 propose 00\n#3 read stale 00\nstatus\n")
	f.Add("join 7 1/b\nchange 1/b +2/c\ntransfer 1/b\ncompact\napplied 0\n")
	f.Fuzz(func(t *testing.T, typed string) {
		term := newTerminal()
		for _, b := range []byte(typed) {
			term.shell.Type(b)
		}
		term.boards[0].poll()
		term.until(1000 * millisecond)
		term.said.Reset()
		if said := term.types("\n#7 status"); !strings.Contains(said, "#7 done self=") {
			t.Fatalf("after %q, the shell says %q", typed, said)
		}
	})
}
