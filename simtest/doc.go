// Package simtest tests a state machine of one's own under all of the simulator, from
// an ordinary go test.
//
//	func TestTheBank(t *testing.T) {
//		simtest.Run(t, simtest.Subject{
//			New:  func() statemachine.Machine { return bank.New(accounts, 100) },
//			Next: func(c *simtest.Client) simtest.Operation {
//				return simtest.Operation{Command: bank.Transfer(c.Draw(accounts), c.Draw(accounts), 1+c.Draw(50))}
//			},
//			Check: func(m statemachine.Machine) error {
//				if total := m.(*bank.Bank).Total(); total != accounts*100 {
//					return fmt.Errorf("the accounts hold %d, and held %d in the beginning", total, accounts*100)
//				}
//				return nil
//			},
//		})
//	}
//
// That runs the machine on the servers of 200 clusters of the real core, each with
// other faults: messages lost, held up and repeated, crashes, partitions, slow and
// failing disks, snapshots, changes of members. Clients have sessions, so that a
// command takes effect once however often it is proposed; some lose their answers,
// and some give up.
//
// What every machine is held to, without a word of the test, is what
// [statemachine.Machine] promises: on all servers the same log makes the same
// responses and the same saved bytes; a machine that was loaded goes on as the one that
// was saved; asking changes nothing; nothing of a command is kept that is not a copy;
// whatever the bytes, nothing panics. The test adds what this machine promises: Check
// of its state, Judge of each answer, History of a whole run, for which [Linearizable]
// makes a check from a sequential model.
//
// A seed names a run exactly. The environment variable DRIFTLESS_SEEDS says which to
// run: one ("17") or a range ("1-10000"). docs/testing-your-machine.md walks through
// an example, from nothing to a bug that was found.
package simtest
