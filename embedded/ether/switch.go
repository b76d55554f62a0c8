//go:build unix

// Package ether wires emulated boards: a switch for Ethernet frames that come and go as
// datagrams of local sockets, which is how QEMU's `-netdev dgram` sends them. What
// happens to a frame on its way is for a [Weather] to say.
package ether

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// frameMax is the longest datagram that is taken: the longest frame and then some.
const frameMax = 2048

// Weather says after what delays copies of a frame arrive: none if it is lost. It is
// asked by one goroutine.
type Weather func(from, to int) []time.Duration

// Clear lets every frame through, at once.
func Clear(int, int) []time.Duration { return clearSky[:] }

var clearSky [1]time.Duration

// A Switch forwards frames between boards, by the last two bytes of their destination
// address: a board's number.
type Switch struct {
	socket  *net.UnixConn
	boards  map[string]int                // by the path of their sockets
	places  map[int]*syscall.SockaddrUnix // by their numbers
	weather atomic.Pointer[Weather]
	ended   chan struct{}
	late    sync.WaitGroup // frames on their way

	forwarded, lost atomic.Uint64
}

// Listen makes a switch whose own socket is at a path, for boards whose sockets will be
// at the given paths, by their numbers.
func Listen(path string, boards map[int]string) (*Switch, error) {
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("the switch has no socket: %w", err)
	}
	s := &Switch{socket: socket, boards: map[string]int{}, places: map[int]*syscall.SockaddrUnix{}, ended: make(chan struct{})}
	for number, at := range boards {
		s.boards[at] = number
		s.places[number] = &syscall.SockaddrUnix{Name: at}
	}
	s.Set(Clear)
	go s.forward()
	return s, nil
}

// Set changes the weather.
func (s *Switch) Set(w Weather) { s.weather.Store(&w) }

// Frames is how many copies of frames were handed over so far, and how many frames were
// lost: by the weather, or because the board is off or does not take them.
func (s *Switch) Frames() (forwarded, lost uint64) { return s.forwarded.Load(), s.lost.Load() }

// Close ends the switch. Frames on their way are lost.
func (s *Switch) Close() error {
	err := s.socket.Close()
	<-s.ended
	s.late.Wait()
	return err
}

// forward takes frames until the socket is closed.
func (s *Switch) forward() {
	defer close(s.ended)
	buffer := make([]byte, frameMax)
	for {
		length, from, err := s.socket.ReadFromUnix(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || length < 6 || from == nil {
			continue
		}
		sender, known := s.boards[from.Name]
		to := int(buffer[4])<<8 | int(buffer[5])
		place := s.places[to]
		if !known || place == nil {
			s.lost.Add(1)
			continue
		}
		delays := (*s.weather.Load())(sender, to)
		if len(delays) == 0 {
			s.lost.Add(1)
		}
		for _, delay := range delays {
			s.carry(place, buffer[:length], delay)
		}
	}
}

// carry hands a frame over, now or later.
func (s *Switch) carry(place *syscall.SockaddrUnix, frame []byte, delay time.Duration) {
	if delay == 0 {
		s.deliver(place, frame)
		return
	}
	later := append([]byte(nil), frame...)
	s.late.Add(1)
	time.AfterFunc(delay, func() {
		defer s.late.Done()
		s.deliver(place, later)
	})
}

// deliver sends a datagram without waiting: a board that is stopped, and takes none,
// must not stop the others.
func (s *Switch) deliver(place *syscall.SockaddrUnix, frame []byte) {
	raw, err := s.socket.SyscallConn()
	var refused error
	if err == nil {
		err = raw.Control(func(socket uintptr) {
			refused = syscall.Sendto(int(socket), frame, syscall.MSG_DONTWAIT, place)
		})
	}
	if err != nil || refused != nil {
		s.lost.Add(1)
		return
	}
	s.forwarded.Add(1)
}
