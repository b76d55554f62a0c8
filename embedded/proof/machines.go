package proof

import (
	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/statemachine"
	"github.com/driftless-raft/driftless/statemachine/register"
	"github.com/driftless-raft/driftless/statemachine/session"
)

// RunMachines drives the state machines of boards, whose size is not the core's, so
// it is a program of its own.
func RunMachines(write func(string)) {
	report(write, "machines", machinesTrace())
}

const sessionsMax = 8

// replicas are two machines that change places by snapshots.
var replicas [2]struct {
	registers register.Machine
	machine   session.Machine
	memory    session.Memory
	slots     [sessionsMax]session.Slot
	responses [sessionsMax * (1 + register.ResponseBytes)]byte
}

var (
	image    [1024]byte
	envelope [session.HeaderBytes + register.CommandBytes]byte
)

// machinesTrace opens more sessions than fit, sends commands in them, some of them
// twice, and moves the state from one replica to the other now and then.
func machinesTrace() digest {
	d, r, now := newDigest, random(3), 0
	for i := range replicas {
		p := &replicas[i]
		p.registers = register.Machine{}
		p.memory.Slots, p.memory.Responses = p.slots[:], p.responses[:]
		if !p.machine.Format(&p.memory, &p.registers) {
			d.add(0)
		}
	}
	for index := raft.Index(1); index <= 2000; index++ {
		m := &replicas[now].machine
		n := session.PutOpen(envelope[:])
		if r.next()%16 != 0 {
			n = putCommand(&r, uint64(index))
		}
		d.addBytes(m.Apply(index, envelope[:n]))
		d.addBytes(m.Query(envelope[:register.PutRead(envelope[:], uint8(r.next()%20))]))
		d.add(uint64(m.Sessions()))
		if r.next()%16 == 0 {
			now ^= 1
			move(&d, &r, m, &replicas[now].machine)
		}
	}
	return d
}

// putCommand writes some command of some session, and then notes how it is read.
func putCommand(r *random, index uint64) int {
	into, at := envelope[session.HeaderBytes:], uint8(r.next()%20)
	length := 0
	switch r.next() % 3 {
	case 0:
		length = register.PutWrite(into, at, r.next())
	case 1:
		length = register.PutAdd(into, at, r.next())
	case 2:
		length = register.PutCompareAndSwap(into, at, r.next()%2, r.next())
	}
	return session.PutCommand(envelope[:], index-r.next()%min(index, 64), r.next()%8, length)
}

// move saves one machine, spoils what was saved now and then, and loads the other.
func move(d *digest, r *random, from, to statemachine.Machine) {
	n := from.Save(image[:])
	d.addBytes(image[:n])
	d.add(uint64(from.SnapshotBytes()))
	spoilt := int(r.next() % uint64(n))
	image[spoilt]++
	damage := to.Load(image[:n])
	d.add(uint64(damage))
	d.add(uint64(len(damage.String())))
	image[spoilt]--
	d.add(uint64(to.Load(image[:n])))
}

// addBytes takes bytes into the hash, and what a client reads in them.
func (d *digest) addBytes(b []byte) {
	for _, one := range b {
		d.add(uint64(one))
	}
	status, id, wrapped := session.ParseResponse(b)
	outcome, value := register.ParseResponse(wrapped)
	_, _, _, whole := session.ParseCommand(envelope[:])
	if whole {
		d.add(1)
	}
	d.add(uint64(status))
	d.add(uint64(len(status.String())))
	d.add(id)
	d.add(uint64(outcome))
	d.add(uint64(len(outcome.String())))
	d.add(value)
}
