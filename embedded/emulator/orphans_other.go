//go:build unix && !linux

package emulator

import "syscall"

// dieWithUs has a board lose its power when we are killed, where that can be had.
func dieWithUs() *syscall.SysProcAttr { return nil }
