package wire

import "github.com/driftless-raft/driftless/raft"

// The most that a message takes beside its data, where no number takes more than eight
// bytes: that is below 2⁵⁶, which a board's log and terms never reach. An Append has
// seven such numbers, a SnapshotChunk five and four in its description.
const (
	wideNumber        = 8
	wholeNumber       = 10 // of any value, such as a digest
	bytesNumber       = 5  // of 32 bits
	entryHead         = 3  // of an entry's data below 512 KiB
	configurationMost = 8 + memberBytes*raft.MaxMembers
	frameMost         = headBytes + checksumBytes + bytesNumber + configurationMost
	appendMost        = frameMost + 7*wideNumber + entryHead*raft.MaxBatch
	chunkMost         = frameMost + 9*wideNumber + wholeNumber
)

// Fit says what [raft.Settings] may be where a frame has at most so many bytes, so that
// every message fits: MaxMessageBytes and ChunkBytes. They are zero where the frame is
// too small for any.
func Fit(frameBytes uint32) (maxMessageBytes, chunkBytes uint32) {
	frameBytes = min(frameBytes, frameMax)
	if frameBytes <= max(appendMost, chunkMost) {
		return 0, 0
	}
	return frameBytes - appendMost, frameBytes - chunkMost
}
