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
	_, err := fmt.Fprintf(s.out, "driftless %s\ncore %s\n%s %s/%s\n", toolVersion(), raft.Fingerprint, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// toolVersion is the version of this program.
func toolVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "unreleased"
}
