package sim

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim/linearizability"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
	"github.com/driftless-raft/driftless/trace"
)

// A client does one operation after the other on the registers, within a session. It
// asks one server after the other until it has an answer, or gives up.
type client struct {
	number   int
	session  uint64 // 0: it has none
	sequence uint64 // of its last command
	serial   uint64 // counts its operations, so that an answer to an earlier one is known
	doing    activity
	since    uint64    // when it began
	retryAt  uint64    // when it asks again
	attempts int       // how many of its proposals a leader took
	proposed raft.Term // in which the first was
	floor    uint64    // what the witness had seen told when it began
	where    uint8     // the register
	input    linearizability.RegisterInput
	invoked  int64
	lost     []lostCommand // of this session, given up and perhaps not over

	command   []byte // a guest's: what is asked, header included
	guestLost int    // and how many before it were given up and are perhaps not over
}

// activity is what a client is doing.
type activity uint8

const (
	idle activity = iota
	opening
	commanding
	reading
)

// A lostCommand is an operation in a register's history that was given up.
type lostCommand struct {
	where uint8
	at    int
}

// clientActs is the event of the clients' next operations: some of them propose
// commands together, or one reads.
func (w *world) clientActs() {
	o := &w.options
	w.agenda.push(event{at: w.now + w.tape.between(o.ClientEvery/2, 2*o.ClientEvery), kind: clientEvent})
	s := w.leader
	if s == nil || w.tape.draw(8) == 7 {
		s = w.anyServer()
	}
	if w.guest != nil {
		w.guestActs(s)
		return
	}
	if w.tape.chance(o.Reads) {
		mode := [...]raft.ReadMode{raft.Linearizable, raft.Linearizable, raft.Lease, raft.Stale}[w.tape.draw(4)]
		if w.tape.draw(2) == 1 {
			s = w.anyServer()
		}
		if s.up && s.pausedUntil <= w.now && w.reaches(s) {
			s.read(mode, w.nextReader())
		}
		return
	}
	if s.up && s.pausedUntil <= w.now && w.reaches(s) && !w.quiet && w.now >= w.faults.lull {
		s.propose()
	}
}

// next is the client whose turn it is to propose, or to read: each comes round.
func (w *world) next(turn *int) *client {
	*turn = (*turn + 1) % len(w.clients)
	return &w.clients[*turn]
}

// nextReader is an idle client, or nil if all wait for answers. One that has waited
// too long for a read does not any longer.
func (w *world) nextReader() *client {
	if w.guest != nil {
		return w.guestReader()
	}
	for range w.clients {
		c := w.next(&w.readTurn)
		if c.doing == reading && c.retryAt <= w.now {
			w.history.close(c.where)
			c.doing = idle
		}
		if c.doing == idle {
			return c
		}
	}
	return nil
}

// nextCommand has a client write its next command, and returns its length: a new one,
// or the last one again if it has waited long enough. It returns 0 if there is
// nothing to do.
func (w *world) nextCommand(c *client, into []byte) int {
	if c.doing != idle && c.retryAt > w.now {
		return 0
	}
	switch c.doing {
	case reading:
		w.history.close(c.where)
		c.doing = idle
	case commanding:
		if w.tape.chance(w.options.GiveUps) && !w.network.calm && w.history.lost < lostMax-len(w.clients) {
			w.giveUp(c)
		} else {
			w.coverage[retries]++
		}
	case idle, opening:
	}
	if c.doing == idle && !w.beginCommand(c) {
		return 0
	}
	c.retryAt = w.now + w.patience()
	if c.doing == opening {
		return session.PutOpen(into)
	}
	return c.put(into)
}

// patience is how long clients wait for an answer.
func (w *world) patience() uint64 {
	if w.network.calm {
		return w.options.ElectionTimeout / 4
	}
	return w.options.Patience
}

// beginCommand has an idle client begin an operation. It returns false if the registers it
// would like are too busy.
func (w *world) beginCommand(c *client) bool {
	c.since, c.attempts, c.proposed = w.now, 0, 0
	c.serial++
	if c.session == 0 {
		c.doing = opening
		return true
	}
	where, found := w.history.choose(w.chooseRegister())
	if !found {
		return false
	}
	w.counter++
	c.doing, c.where = commanding, where
	c.sequence++
	c.input = linearizability.RegisterInput{Kind: linearizability.Write, Value: w.counter}
	switch w.tape.draw(4) {
	case 1:
		if w.history.blind[where] < blindMax {
			c.input.Kind, c.input.Value = linearizability.Add, 1+w.tape.draw(8)
		}
	case 2, 3:
		c.input.Kind, c.input.Expected = linearizability.CompareAndSwap, w.history.last[where]
	}
	w.invoke(c)
	return true
}

// invoke notes that a client begins an operation.
func (w *world) invoke(c *client) {
	w.history.open(c.where)
	c.invoked = w.history.stamp()
	if w.trace != nil {
		w.traceClient(trace.Invoke, c, c.asks())
	}
	c.floor = w.witness.Told()
}

// chooseRegister is uniform, or prefers some.
func (w *world) chooseRegister() uint8 {
	choice := w.tape.draw(register.Registers)
	if w.options.HotRegisters > 0 && w.tape.draw(4) != 0 {
		choice %= uint64(w.options.HotRegisters)
	}
	return uint8(choice)
}

// put writes a client's command.
func (c *client) put(into []byte) int {
	command, length := into[session.HeaderBytes:], 0
	switch c.input.Kind {
	case linearizability.Write:
		length = register.PutWrite(command, c.where, c.input.Value)
	case linearizability.Add:
		length = register.PutAdd(command, c.where, c.input.Value)
	case linearizability.CompareAndSwap:
		length = register.PutCompareAndSwap(command, c.where, c.input.Expected, c.input.Value)
	case linearizability.Read:
	}
	return session.PutCommand(into, c.session, c.sequence, length)
}

// giveUp has a client wait no longer for its command. Whether that takes effect it
// will not know; that it no longer can, it knows when its next one was answered.
func (w *world) giveUp(c *client) {
	w.coverage[givenUp]++
	c.doing = idle
	if c.attempts == 0 {
		w.history.close(c.where) // nobody has taken it
		return
	}
	w.history.lost++
	c.lost = append(c.lost, lostCommand{c.where, w.history.lose(c)})
}

// lostMax is how many operations may be open: with no more commands given up than
// that leaves, every client finds a register for its next one.
const lostMax = openMax * register.Registers

// answered is what a client does with the response to its last proposal. It returns
// whether the client heard and was waiting for it.
func (w *world) answered(c *client, serial uint64, response []byte) bool {
	if c.serial != serial || c.doing == idle || c.doing == reading {
		return false // late: it has given up, or has another answer
	}
	if w.tape.chance(w.options.LostResponses) && !w.network.calm {
		w.coverage[lostResponses]++
		return false
	}
	w.ledger.looks[atAnswer]++
	status, id, wrapped := session.ParseResponse(response)
	switch {
	case status == session.Opened && c.doing == opening:
		c.session, c.sequence, c.doing = id, 0, idle
		w.coverage[openedSessions]++
	case status == session.Done && c.doing == commanding:
		w.completed(c, wrapped)
	case status == session.Ended && c.doing == commanding:
		w.ended(c)
	default:
		w.ledger.fail("session", "client %d was answered %v to command %d of session %d", c.number, status, c.sequence, c.session)
	}
	return true
}

// completed is a command that was carried out. Those before it in its session are over.
func (w *world) completed(c *client, response []byte) {
	if w.guest != nil {
		w.guestAnswered(c, response, true)
		return
	}
	outcome, value := register.ParseResponse(response)
	out := linearizability.RegisterOutput{Failed: outcome == register.Mismatch, Value: value}
	if outcome == register.Malformed {
		w.ledger.fail("session", "client %d was told that its command is malformed", c.number)
	}
	if w.options.Histories {
		w.doubt(w.witness.Answered(c.floor, c.session, c.sequence, out))
	}
	w.over(c)
	if w.trace != nil {
		w.traceClient(trace.Answer, c, c.learns(out))
	}
	w.history.complete(c, out)
	c.doing = idle
}

// ended is a command whose session has ended: it takes no effect any more, and has
// taken none if it was proposed but once.
func (w *world) ended(c *client) {
	w.coverage[endedSessions]++
	if w.guest != nil {
		w.guestEnded(c)
		return
	}
	w.over(c)
	if c.attempts > 1 {
		w.history.over(c.where, w.history.lose(c))
	} else {
		w.history.close(c.where)
	}
	c.session, c.doing = 0, idle
}

// over notes that what a client has given up in its session can take effect no more.
func (w *world) over(c *client) {
	for _, l := range c.lost {
		w.history.over(l.where, l.at)
	}
	w.history.lost -= len(c.lost)
	c.lost = c.lost[:0]
}
