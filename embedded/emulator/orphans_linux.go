package emulator

import "syscall"

// dieWithUs has a board lose its power when we are killed.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
