package raft

// Fingerprint is a hash of the core's sources. Whatever runs the core shows it.
// It is written by `go test ./internal/laws -run Fingerprint -update`.
const Fingerprint = "5cf44aa2eb60adb9"
