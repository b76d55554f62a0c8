package main

import "encoding/binary"

// commandBytes is the size of a command.
const commandBytes = 16

// compactEvery is how many entries a node of either side lets its log grow by
// before it takes a snapshot and cuts the log, so that memory stays bounded.
const compactEvery = 4096

// keep is how many entries stay in the log for a node that has been away for a
// little while.
const keep = 128

// machine is the state machine of every node on every side: as little work as
// lets the nodes' results be compared.
type machine struct {
	applied uint64 // commands
	sum     uint64
}

func (m *machine) apply(command []byte) {
	m.applied++
	m.sum = m.sum*31 + binary.LittleEndian.Uint64(command)
}

// state is the machine's content as bytes, in a buffer of the caller's.
func (m *machine) state(into *[commandBytes]byte) []byte {
	binary.LittleEndian.PutUint64(into[:], m.applied)
	binary.LittleEndian.PutUint64(into[8:], m.sum)
	return into[:]
}

// fill writes the next command of a sequence, no two of which are equal.
func fill(command []byte, number *uint64) {
	*number++
	binary.LittleEndian.PutUint64(command, *number)
}

// mustAgree panics unless all machines have applied as many commands as were
// proposed, and the same ones in the same order.
func mustAgree(side string, proposed uint64, machines ...machine) {
	for _, m := range machines {
		if m != machines[0] || m.applied != proposed {
			panic(side + ": the nodes have not all applied the same commands")
		}
	}
}
