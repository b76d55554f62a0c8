package explore

import (
	"fmt"

	"github.com/driftless-raft/driftless/raft"
)

// A trail is one history, told in words.
type trail struct {
	*universe
	at      state
	path    []string
	failure string
}

func newTrail(u *universe, first state) *trail {
	return &trail{universe: u, at: append(state(nil), first...)}
}

// follow takes the first action whose result is wanted, by what it leads to in
// canonical form or the rule it breaks.
func (t *trail) follow(wanted func(into state, failure string) bool) {
	into, canonical := make(state, t.width), make(state, t.width)
	for _, a := range t.actions(t.at, nil) {
		failure, happened := t.apply(t.at, &a, into)
		copy(canonical, into)
		if failure == "" {
			t.canonical(canonical)
		}
		if !happened || !wanted(canonical, failure) {
			continue
		}
		t.take(&a, into, failure)
		return
	}
	panic("explore: the way to a state that was met is not found again")
}

// take adds an action to the path.
func (t *trail) take(a *action, into state, failure string) {
	t.failure = failure
	line := t.tell(a)
	if server := int(a.server); failure == "" && t.at[server] != into[server] && a.makesStep() {
		line += " → " + t.describe(into, server)
	}
	t.path = append(t.path, line)
	copy(t.at, into)
}

// makesStep reports whether a server makes a step in the action.
func (a *action) makesStep() bool {
	switch a.kind {
	case steps, delivers, strays:
		return true
	case loses, copies, overtakes:
	}
	return false
}

// tell tells an action in words.
func (t *trail) tell(a *action) string {
	server := fmt.Sprintf("server %d", a.server+1)
	var text string
	switch a.kind {
	case steps:
		text = server + t.tellStep(a)
	default:
		p := t.packets.load(a.input)
		text = fmt.Sprintf("server %d's %s", p.message.From.ID, p.describe())
		text += [...]string{
			delivers: " reaches ", strays: " reaches, late or again, ", loses: " is lost on its way to ",
			copies: " is duplicated on its way to ", overtakes: " is delayed on its way to ",
		}[a.kind]
		text += fmt.Sprintf("server %d", p.message.To.ID)
	}
	if a.call == receiveLate {
		text += ", which protects no leader any more"
	}
	if a.delays {
		text += " (from now on its disk is slow)"
	}
	return text
}

func (t *trail) tellStep(a *action) string {
	switch a.call {
	case electionDue:
		return "'s election timer fires"
	case heartbeatDue:
		return "'s heartbeat timer fires"
	case pauseEnds:
		return " goes on after a pause of an election timeout"
	case diskHangs:
		return "'s heartbeat timer fires; its disk hangs"
	case propose:
		return fmt.Sprintf(" is given command %c", 'a'+rune(a.input)-1)
	case persist:
		return "'s oldest pending write becomes durable"
	case restart:
		text := " crashes and restarts"
		if a.input > 0 {
			text += fmt.Sprintf("; %d pending writes became durable", a.input)
		}
		if a.lossy {
			text += "; what was on its way to it is lost"
		}
		return text
	case change:
		return " is asked to make these the voters:" + names(raft.Slots(a.input))
	case compact:
		return " takes a snapshot"
	case receive, receiveLate:
	}
	return ""
}
