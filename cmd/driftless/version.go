package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/driftless-raft/driftless/raft"
)

type versionCommand struct{}

// Run prints what this program is.
func (versionCommand) Run(s streams) error {
	version := "unreleased"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		version = info.Main.Version
	}
	_, err := fmt.Fprintf(s.out, "driftless %s\ncore %s\n%s %s/%s\n", version, raft.Fingerprint, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
