package wal

import "github.com/driftless-raft/driftless/raft"

// The marker says whose store this is. It is durable before anything that a member
// does, and after the first segment's file, so that it tells a store that lost its
// log from one that never had any: the latter is nobody's and never votes.

const (
	markerMagic = 0x4d415744 // "DWAM"
	markerBytes = 32
)

// putMarker is the marker's content, twice, each in a block of its own.
func putMarker(i *raft.Identity) []byte {
	content := make([]byte, 0, markerBytes)
	content = little.AppendUint32(content, markerMagic)
	content = little.AppendUint32(content, 0)
	content = little.AppendUint32(content, formatVersion)
	content = putIdentity(content, i)
	content = little.AppendUint32(content, 0)
	little.PutUint32(content[4:], checksum(content[8:]))
	both := make([]byte, blockBytesMax+markerBytes)
	copy(both, content)
	copy(both[blockBytesMax:], content)
	return both
}

// parseMarker reads the marker from whichever copy is good.
func parseMarker(bytes []byte) (raft.Identity, bool) {
	for at := 0; at+markerBytes <= len(bytes); at += blockBytesMax {
		content := bytes[at : at+markerBytes]
		if little.Uint32(content) == markerMagic && little.Uint32(content[4:]) == checksum(content[8:]) &&
			little.Uint32(content[8:]) == formatVersion {
			r := reader{rest: content[12:]}
			return r.identity(), true
		}
	}
	return raft.Identity{}, false
}

// found writes the marker, once a batch waits for it and the first segment is there.
func (l *Log) found() {
	if l.founding || l.newest == l.launched || !l.at(l.launched+1).founds || l.segment == 0 && !l.next.finished() {
		return
	}
	l.founding = true
	l.mark()
}

// mark writes the marker to a temporary file and puts it in its place.
func (l *Log) mark() {
	file := File{TemporaryFile, l.newFile()}
	l.begin(&l.marking,
		Operation{Kind: Create, File: file},
		Operation{Kind: Write, File: file, Bytes: putMarker(&l.identity)},
		Operation{Kind: Sync, File: file},
		Operation{Kind: Rename, File: file, Target: File{Kind: MarkerFile}},
		Operation{Kind: SyncDirectory})
}
