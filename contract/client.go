package contract

import "github.com/driftless-raft/driftless/statemachine/session"

// patience is how long a client waits for one server before it asks another.
const patience = 2 * ElectionTimeout

// A client is one user of the cluster, with a session of its own. It has one
// command under way at a time, or gives up the one before.
type client struct {
	stage    *stage
	session  uint64
	sequence uint64
	near     int // the server to ask next
	last     int // the server asked last that nobody had named
}

// client makes a client and opens its session. Its cluster must have a majority.
func (s *stage) client() *client {
	c := &client{stage: s, near: 1, last: 1}
	var open [session.OpenBytes]byte
	session.PutOpen(open[:])
	for deadline := s.now + 60*ElectionTimeout; s.now < deadline; s.pass(1) {
		reply := s.ask(c.near, Request{Kind: Propose, Body: open[:]})
		if reply.Outcome == Done {
			_, c.session, _ = session.ParseResponse(reply.Body)
			return c
		}
		c.turn(reply)
	}
	s.fail("in 60 election timeouts nobody has opened a session")
	return nil
}

// clients makes several.
func (s *stage) clients(count int) []*client {
	list := make([]*client, count)
	for i := range list {
		list[i] = s.client()
	}
	return list
}

// begin makes the client's next command. It is sent by send.
func (c *client) begin(operation operation, register int, value, old uint64) *operationUnderWay {
	c.sequence++
	return &operationUnderWay{client: c, act: c.stage.history.invoke(act{command: command{
		name: name{c.session, c.sequence}, operation: operation, register: register, value: value, old: old,
	}})}
}

// An operationUnderWay is a command that may have been sent several times.
type operationUnderWay struct {
	client *client
	act    *act
	calls  []Call
}

// send sends the command, once more if it has been sent before.
func (o *operationUnderWay) send(server int) {
	o.act.sent, o.act.refused = true, false
	o.calls = append(o.calls, o.client.stage.cluster.Ask(server, Request{Kind: Propose, Body: o.act.command.encode()}))
}

// poll is what has come of the command: done if any of its calls is, refused if
// all are, unknown if it may have happened and nobody will say.
func (o *operationUnderWay) poll() Reply {
	if o.act.done {
		return Reply{Outcome: Done}
	}
	result, pending := Reply{Outcome: Refused}, false
	for _, call := range o.calls {
		switch reply := call.Reply(); reply.Outcome {
		case Done:
			result, ok := parseResponse(reply.Body)
			if !ok {
				o.client.stage.fail("%v was answered by % x", &o.act.command, reply.Body)
			}
			o.client.stage.history.finish(o.act, result)
			return reply
		case Pending:
			pending = true
		case Unknown:
			result = reply
		case Refused:
			if result.Outcome == Refused {
				result = reply
			}
		}
	}
	if pending {
		return Reply{}
	}
	o.act.refused = result.Outcome == Refused
	return result
}

// finish sends the command, again and again and to everybody in turn, until it is
// done.
func (o *operationUnderWay) finish() answer {
	c := o.client
	s := c.stage
	last := Reply{}
	for deadline := s.now + 60*ElectionTimeout; s.now < deadline; s.pass(1) {
		o.send(c.near)
		if last = o.wait(); last.Outcome == Done {
			return o.act.answer
		}
		c.turn(last)
	}
	s.fail("in 60 election timeouts nobody has acknowledged %v: %s", &o.act.command, last.Text)
	return answer{}
}

// wait waits until the command is done, or what was sent last has come to
// something else, or patience is at its end.
func (o *operationUnderWay) wait() Reply {
	for range patience {
		if reply := o.poll(); reply.Outcome == Done {
			return reply
		}
		if last := o.calls[len(o.calls)-1].Reply(); last.Outcome != Pending {
			return last
		}
		o.client.stage.pass(1)
	}
	return Reply{Outcome: Unknown, Text: "no answer"}
}

// turn chooses whom to ask next: whoever was named as the leader, but every other
// time the next in turn, for servers may name each other for ever.
func (c *client) turn(reply Reply) {
	if reply.Leader != 0 && c.near == c.last {
		c.near = reply.Leader
		return
	}
	c.last = c.last%c.stage.setup.Servers + 1
	c.near = c.last
}

// write sets a register.
func (c *client) write(register int, value uint64) { c.begin(write, register, value, 0).finish() }

// add adds to a register.
func (c *client) add(register int, value uint64) { c.begin(add, register, value, 0).finish() }

// read reads a register linearizably, from whoever serves it.
func (c *client) read(register int) uint64 {
	s := c.stage
	for deadline := s.now + 60*ElectionTimeout; s.now < deadline; s.pass(1) {
		r := c.beginRead(c.near, register, Linearizable)
		reply := r.wait()
		if reply.Outcome == Done {
			return r.act.answer.value
		}
		c.turn(reply)
	}
	s.fail("in 60 election timeouts nobody has served a read of register %d", register)
	return 0
}

// A readUnderWay is a read of one server.
type readUnderWay struct {
	client *client
	act    *act
	call   Call
}

// beginRead asks one server for a register.
func (c *client) beginRead(server, register int, mode ReadMode) *readUnderWay {
	s := c.stage
	a := s.history.invoke(act{read: true, mode: mode, command: command{name: name{session: c.session}, register: register}})
	call := s.cluster.Ask(server, Request{Kind: Read, Body: question(register), Mode: mode})
	return &readUnderWay{client: c, act: a, call: call}
}

// poll is what has come of the read.
func (r *readUnderWay) poll() Reply {
	reply := r.call.Reply()
	if reply.Outcome == Done && !r.act.done {
		result, ok := parseAnswer(reply.Body)
		if !ok {
			r.client.stage.fail("a read was answered by % x", reply.Body)
		}
		r.client.stage.history.finish(r.act, result)
	}
	return reply
}

// wait waits for an answer until patience is at its end.
func (r *readUnderWay) wait() Reply {
	for range patience {
		if reply := r.poll(); reply.Outcome != Pending {
			return reply
		}
		r.client.stage.pass(1)
	}
	return Reply{Outcome: Unknown, Text: "no answer"}
}

// expect reads a register and ends the scenario if it has another value.
func (c *client) expect(register int, want uint64) {
	if got := c.read(register); got != want {
		c.stage.fail("register %d holds %d, not %d", register, got, want)
	}
}
