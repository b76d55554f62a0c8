// Package linearizability judges what clients have seen of a cluster, in two ways.
//
// [Check] knows nothing of the cluster: it searches for an order of a history's
// operations that explains every response and agrees with real time, with Porcupine
// (Athalye's checker, after Wing, Gong and Lowe). Its input is a history of one
// register or one key, because linearizability is local: a history is linearizable if
// that of every object is (Herlihy and Wing), and the search is cheap only as long as
// few operations are concurrent. It gives up after [StepsMax] steps, or where more
// than [OperationsMax] operations come without a point at which the state is known,
// and then says [Undecided], which is not a pass.
//
// [Witness] looks into the cluster: it is told in which order commands were applied,
// so that each response is compared once, at a few nanoseconds an operation. It finds
// less (an order other than the log's might explain the history all the same: it
// would still be wrong), and sooner.
//
// A client that gives up does not know whether its command took effect. Its operation
// has an unknown output, and may or may not have taken effect while it was open:
// forever, unless something tells when it is over, such as the response to a later
// command of the same session.
package linearizability
