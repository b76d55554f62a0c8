//go:build unix

package ether_test

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/driftless-raft/driftless/embedded/ether"
)

// rig is a switch with two boards, which are sockets of the test's own.
func rig(t *testing.T) (*ether.Switch, [3]*net.UnixConn, string) {
	t.Helper()
	folder := t.TempDir()
	cable := filepath.Join(folder, "cable")
	paths := map[int]string{1: filepath.Join(folder, "1"), 2: filepath.Join(folder, "2")}
	s, err := ether.Listen(cable, paths)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // again, where the test has closed it
	var boards [3]*net.UnixConn
	for number, path := range paths {
		boards[number], err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = boards[number].Close() })
	}
	return s, boards, cable
}

func send(t *testing.T, from *net.UnixConn, cable string, to byte, text string) {
	t.Helper()
	frame := append([]byte{2, 0x44, 0x4c, 0, 0, to}, text...)
	if _, err := from.WriteToUnix(frame, &net.UnixAddr{Name: cable, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
}

// expect waits for a frame.
func expect(t *testing.T, at *net.UnixConn, text string) {
	t.Helper()
	buffer := make([]byte, 100)
	if err := at.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	length, err := at.Read(buffer)
	if err != nil {
		t.Fatalf("%q did not arrive: %v", text, err)
	}
	if got := string(buffer[6:length]); got != text {
		t.Errorf("%q arrived where %q was to", got, text)
	}
}

func TestAFrameGoesToTheBoardItIsFor(t *testing.T) {
	_, boards, cable := rig(t)
	send(t, boards[1], cable, 9, "to nobody")
	send(t, boards[1], cable, 2, "to the second")
	expect(t, boards[2], "to the second")
	send(t, boards[2], cable, 1, "to the first")
	expect(t, boards[1], "to the first")
}

func TestTheWeatherLosesDoublesAndDelaysFrames(t *testing.T) {
	s, boards, cable := rig(t)
	fates := [][]time.Duration{nil, {0, 0}, {30 * time.Millisecond}, {0}}
	s.Set(func(from, to int) []time.Duration {
		if from != 1 || to != 2 {
			t.Errorf("asked about a frame from %d to %d", from, to)
		}
		fate := fates[0]
		fates = fates[1:]
		return fate
	})
	for _, text := range []string{"lost", "doubled", "late", "last"} {
		send(t, boards[1], cable, 2, text)
	}
	for _, text := range []string{"doubled", "doubled", "last", "late"} {
		expect(t, boards[2], text)
	}
	if err := s.Close(); err != nil { // so that all is counted
		t.Error(err)
	}
	if forwarded, lost := s.Frames(); forwarded != 4 || lost != 1 {
		t.Errorf("%d frames were forwarded and %d lost, not 4 and 1", forwarded, lost)
	}
}

func TestABoardThatTakesNothingDoesNotStopTheOthers(t *testing.T) {
	s, boards, cable := rig(t)
	for range 1000 {
		send(t, boards[1], cable, 2, "to somebody who does not read")
	}
	send(t, boards[2], cable, 1, "still here")
	expect(t, boards[1], "still here")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, lost := s.Frames(); lost == 0 {
		t.Error("a socket took a thousand frames that nobody read")
	}
}
