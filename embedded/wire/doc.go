// Package wire is how boards write the messages of Raft: each one, with its entries
// or its piece of a snapshot, in a frame of its own.
//
//	0  magic 0xd7          8  cluster                 32  numbers, each 1 to 10 bytes
//	1  version            16  from: id, incarnation       payload
//	2  length, 2 bytes    24  to: id, incarnation         CRC32C of all before, 4 bytes
//	4  kind
//	5  flags
//	6  which numbers follow, a bit each
//
// Everything is little endian. A number that is zero does not travel, and the others
// take as many bytes as they need, seven bits a byte, so that a heartbeat takes about
// 45 bytes. There is one way only to write a message: whatever is decoded would be
// encoded as the same bytes.
//
// Of an Append's entries, and of the one of a FetchReply, the index and the term are
// known from the message. Each begins with its kind and, in the same number, the
// length of its data, which follows; or with its configuration. A SnapshotChunk
// carries the description of the snapshot and then the bytes.
//
// A frame has at most 65,535 bytes. [Fit] says how large the messages of a cluster may
// be, so that every one fits in the frames of its network: 256 bytes on a radio or a
// serial line, 1,500 on Ethernet. Serial lines need to be told where a frame begins:
// see [Line].
//
// Nothing here allocates, and the package links without a heap.
package wire
