package sim

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// A Guest is somebody else's state machine with clients of its own, which take the
// place of those of the registers. Package simtest makes one of what a test says.
//
// Its methods are called by the run that it was given to, in one goroutine.
type Guest interface {
	// Begin is called first.
	Begin(*Host)
	// Machine makes the machine of a server that starts, in its first state and
	// within a table of sessions. Servers are numbered from 1.
	Machine(server int) statemachine.Machine
	// Next is what a client does next: a command or a question, to be asked until
	// Answered or Lost. Clients are numbered from 0.
	Next(client int) (body []byte, question bool)
	// Answered tells a client what came of that. Fresh is false for a read that
	// need not see all that was told before it began.
	Answered(client int, response []byte, fresh bool)
	// Lost says that a client waits no longer for its command, which may have
	// taken effect, or may still.
	Lost(client int)
	// Over says that what a client has lost can take effect no more.
	Over(client int)
	// End is called when the run is over, if no rule was broken.
	End()
}

// A Host is the run that a guest lives in.
type Host struct{ world *world }

// Draw is a choice below a bound, which must not be zero, from the run's tape. Zero
// should be the quiet choice.
func (h *Host) Draw(bound uint64) uint64 { return h.world.tape.draw(bound) }

// Now is the true time since the start, in nanoseconds.
func (h *Host) Now() uint64 { return h.world.now }

// Fail ends the run: a rule is broken. The first failure counts.
func (h *Host) Fail(rule, what string) { h.world.ledger.fail(rule, "%s", what) }

// RunGuest runs one seed with a guest. Options.Clients is the number of its clients,
// and Options.SnapshotBytes must be enough for its state.
func RunGuest(seed uint64, options Options, guest Guest) Result {
	var w world
	options.Histories, options.Scans = false, false // there are no registers, and stores are not what is tested
	w.reset(&options, randomTape(seed))
	w.guest = guest
	w.brought = guest.Machine
	guest.Begin(&Host{&w})
	return w.finish(seed, &options)
}

// guestLostEvery is how many answers guests' clients have at least between two commands
// that they give up, and one of these must be over before there is another: each
// doubles what a search for an explanation has to look at.
const guestLostEvery = 16

// sessionLength is how many operations a guest's client does in a session, on average,
// before it begins anew as if it had been started again. That gives the cluster
// something to commit even where clients do nothing but ask.
const sessionLength = 32

// guestActs has some of a guest's clients go on: one reads, or some propose together.
func (w *world) guestActs(s *server) {
	if w.quiet || w.now < w.faults.lull {
		return
	}
	w.proposers = w.proposers[:0]
	count, bytes := w.tape.between(1, uint64(w.options.BatchMax)), 0
	for range w.clients {
		if uint64(len(w.proposers)) == count {
			break
		}
		before := w.turn
		c := w.next(&w.turn)
		if c.doing != idle && c.retryAt > w.now {
			continue
		}
		w.guestGoesOn(c)
		bytes += len(c.command)
		if len(w.proposers) > 0 && (c.doing == reading || bytes > int(w.options.MaxMessageBytes)) {
			w.turn = before // the next time it is the first
			break
		}
		c.retryAt = w.now + w.patience()
		if c.doing == reading {
			w.guestReads(s, c)
			return
		}
		w.proposers = append(w.proposers, c)
	}
	if len(w.proposers) > 0 && s.up && s.pausedUntil <= w.now {
		s.guestProposes()
	}
}

// guestGoesOn has a client wait for its command a little longer, or begin something.
func (w *world) guestGoesOn(c *client) {
	if w.guestMayLose(c) && w.tape.chance(w.options.GiveUps) {
		w.coverage[givenUp]++
		w.guestLoses(c)
		c.doing = idle
	}
	if c.doing != idle {
		w.coverage[retries]++
		return
	}
	c.since, c.attempts = w.now, 0
	c.serial++
	if c.guestLost == 0 && w.tape.draw(sessionLength) == sessionLength-1 {
		c.session = 0
	}
	if c.session == 0 {
		c.doing = opening
		c.command = append(c.command[:0], make([]byte, session.OpenBytes)...)
		session.PutOpen(c.command)
		return
	}
	body, question := w.guest.Next(c.number)
	w.hash = mixBytes(w.hash, body)
	if question {
		c.doing = reading
		c.command = append(c.command[:0], body...)
		return
	}
	c.doing = commanding
	c.sequence++
	c.command = append(append(c.command[:0], make([]byte, session.HeaderBytes)...), body...)
	session.PutCommand(c.command, c.session, c.sequence, len(body))
}

// guestProposes proposes the commands of the proposers.
func (s *server) guestProposes() {
	w := s.world
	for i, c := range w.proposers {
		if w.tape.chance(w.options.LateRequests) && !w.network.calm {
			w.linger(c, c.command)
		}
		w.batch[i] = raft.Entry{Data: c.command}
	}
	s.submit()
}

// guestReads asks a server, or another, a client's question.
func (w *world) guestReads(s *server, c *client) {
	mode := [...]raft.ReadMode{raft.Linearizable, raft.Linearizable, raft.Lease, raft.Stale}[w.tape.draw(4)]
	if w.tape.draw(2) == 1 {
		s = w.anyServer()
	}
	if s.up && s.pausedUntil <= w.now {
		s.read(mode, c)
	}
}

// guestReader is a client that waits for the answer to a question, and may as well
// ask it somewhere else; or nil.
func (w *world) guestReader() *client {
	for range w.clients {
		if c := w.next(&w.readTurn); c.doing == reading {
			return c
		}
	}
	return nil
}

// guestServes answers a read.
func (s *server) guestServes(q *query) {
	if q.waits() {
		s.world.guestAnswered(q.client, s.book.machine.Query(q.client.command), s.world.fresh(q.point.Mode))
	}
}

// guestAnswered is an operation that came to its end.
func (w *world) guestAnswered(c *client, response []byte, fresh bool) {
	w.hash = mixBytes(w.hash, response)
	if c.doing == commanding {
		w.guestOver(c)
	}
	c.doing = idle
	w.guestAnswers++
	w.guest.Answered(c.number, response, fresh)
}

// guestMayLose reports whether a client may give up its command.
func (w *world) guestMayLose(c *client) bool {
	return c.doing == commanding && c.attempts > 0 && !w.network.calm && w.guestLost == 0 && w.guestAnswers >= guestLostEvery
}

// guestLoses is a command whose client waits for it no longer.
func (w *world) guestLoses(c *client) {
	w.guest.Lost(c.number)
	w.guestLost++
	c.guestLost++
	w.guestAnswers = 0
}

// guestEnded is a command whose session has ended. It takes no effect any more.
func (w *world) guestEnded(c *client) {
	w.guestLoses(c)
	w.guestOver(c)
	c.session, c.doing = 0, idle
}

// guestOver notes that what a client has lost can take effect no more.
func (w *world) guestOver(c *client) {
	if c.guestLost > 0 {
		w.guest.Over(c.number)
	}
	w.guestLost -= c.guestLost
	c.guestLost = 0
}
