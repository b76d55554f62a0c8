//go:build unix

// Package emulator runs programs for boards on boards that QEMU emulates: an
// emcraft-sf2 with its flash, its serial line and its Ethernet.
package emulator

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// FlashBytes is the size of an emcraft-sf2's NOR flash.
const FlashBytes = 16 << 20

// EraseFlash makes a file the flash of a new board: all ones.
func EraseFlash(file string) error {
	if err := os.WriteFile(file, bytes.Repeat([]byte{0xff}, FlashBytes), 0o600); err != nil {
		return fmt.Errorf("a board has no flash: %w", err)
	}
	return nil
}

// Options say what board to switch on.
type Options struct {
	Program string // the firmware's file
	Flash   string // the flash's file; empty: the board has none
	// Socket is where the board takes frames, and Cable where it sends them to, both
	// paths of local datagram sockets. Empty: it is not wired.
	Socket, Cable string
	// Instructions has time go by with instructions instead of the host's clock, so
	// that every run is the same run.
	Instructions bool
}

// A Board is a board with power.
type Board struct {
	process *exec.Cmd
	keys    io.WriteCloser
	lines   chan string
	deaf    chan struct{} // closed when nobody listens any more
	ended   chan struct{}
}

// Start switches a board on.
func Start(o *Options) (*Board, error) {
	arguments := []string{"-machine", "emcraft-sf2", "-display", "none", "-monitor", "none", "-serial", "stdio", "-kernel", o.Program}
	if o.Flash != "" {
		arguments = append(arguments, "-drive", "if=mtd,format=raw,file="+o.Flash)
	}
	if o.Socket != "" {
		if err := os.Remove(o.Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		arguments = append(arguments, "-net", "nic,netdev=cable",
			"-netdev", "dgram,id=cable,local.type=unix,local.path="+o.Socket+",remote.type=unix,remote.path="+o.Cable)
	}
	if o.Instructions {
		arguments = append(arguments, "-icount", "shift=6,sleep=off")
	}
	b := &Board{
		process: exec.Command("qemu-system-arm", arguments...),
		lines:   make(chan string), deaf: make(chan struct{}), ended: make(chan struct{}),
	}
	b.process.SysProcAttr = dieWithUs()
	keys, err := b.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	screen, err := b.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.process.Start(); err != nil {
		return nil, fmt.Errorf("a board does not start: %w", err)
	}
	b.keys = keys
	go b.listen(screen)
	return b, nil
}

// listen passes on what the board says, until it is gone.
func (b *Board) listen(screen io.Reader) {
	defer close(b.ended)
	defer close(b.lines)
	for lines := bufio.NewScanner(screen); lines.Scan(); {
		select {
		case b.lines <- lines.Text():
		case <-b.deaf:
		}
	}
}

// Lines are what the board says. The channel is closed when it has no power any more,
// or has failed.
func (b *Board) Lines() <-chan string { return b.lines }

// Say types something.
func (b *Board) Say(text string) error {
	if _, err := io.WriteString(b.keys, text); err != nil {
		return fmt.Errorf("a board does not listen: %w", err)
	}
	return nil
}

// Cut takes the power away. What the board was about to say nobody hears; its flash is
// as it was.
func (b *Board) Cut() error {
	close(b.deaf)
	err := b.process.Process.Kill()
	<-b.ended
	_ = b.process.Wait() // it was killed: that is all it has to say
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("a board can't be switched off: %w", err)
	}
	return nil
}

// Pause stops the board, and Resume lets it go on from where it was. Its clock goes on.
func (b *Board) Pause() error { return b.process.Process.Signal(syscall.SIGSTOP) }

// Resume ends Pause.
func (b *Board) Resume() error { return b.process.Process.Signal(syscall.SIGCONT) }
