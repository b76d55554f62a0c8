package raft

// Fingerprint is a hash of the core's sources. Whatever runs the core shows it.
// It is written by `go test ./internal/laws -run Fingerprint -update`.
const Fingerprint = "4fea409e36fa47b4"
