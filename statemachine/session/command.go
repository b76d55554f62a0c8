package session

import "encoding/binary"

// A command's first byte says what it is:
//
//	1                                         open a session
//	2, session (8 bytes), sequence (8 bytes), the wrapped machine's command
//
// A response's first byte is a [Status]. Opened is followed by the session's id (8
// bytes), Done by the wrapped machine's response. Numbers are little endian.
const (
	openSession = 1
	inSession   = 2

	// HeaderBytes is how long a command is before the wrapped machine's begins.
	HeaderBytes = 17
	// OpenBytes is how long the command is that opens a session.
	OpenBytes = 1

	openedBytes = 9
)

// Status says what became of a command.
type Status uint8

// The statuses of responses.
const (
	// Opened: a session was opened; its id follows.
	Opened Status = iota + 1
	// Done: the command was carried out, now or when it was first applied; the
	// response follows.
	Done
	// TooLong: the command was carried out, but its response was longer than this
	// table keeps.
	TooLong
	// Overtaken: the session has gone on to a later command. Whether this one was
	// carried out before is no longer known; it was not now, and never will be.
	Overtaken
	// Ended: there is no such session, or no longer. Whether the command was carried
	// out before is not known; it was not now, and never will be.
	Ended
	// Malformed: these bytes are no command.
	Malformed
)

// String returns the status's name.
func (s Status) String() string {
	switch s {
	case Opened:
		return "opened"
	case Done:
		return "done"
	case TooLong:
		return "response too long"
	case Overtaken:
		return "overtaken"
	case Ended:
		return "session ended"
	case Malformed:
		return "malformed"
	}
	return "unknown status"
}

// PutOpen writes the command that opens a session and returns its length, OpenBytes.
func PutOpen(into []byte) int {
	into[0] = openSession
	return OpenBytes
}

// PutCommand writes the header of a session's command. The wrapped machine's command
// stands behind it, from HeaderBytes on. Sequence numbers begin at 1 and rise. It
// returns the length of the whole for a wrapped command of the given length.
func PutCommand(into []byte, session, sequence uint64, length int) int {
	into[0] = inSession
	binary.LittleEndian.PutUint64(into[1:], session)
	binary.LittleEndian.PutUint64(into[9:], sequence)
	return HeaderBytes + length
}

// ParseCommand returns a command's session and sequence and the wrapped machine's
// command; false for one that opens a session, or for no command at all.
func ParseCommand(command []byte) (session, sequence uint64, wrapped []byte, ok bool) {
	if len(command) < HeaderBytes || command[0] != inSession {
		return 0, 0, nil, false
	}
	return binary.LittleEndian.Uint64(command[1:]), binary.LittleEndian.Uint64(command[9:]), command[HeaderBytes:], true
}

// ParseResponse returns a response's status; for Opened also the session's id, for
// Done the wrapped machine's response.
func ParseResponse(response []byte) (status Status, session uint64, wrapped []byte) {
	if len(response) == 0 {
		return Malformed, 0, nil
	}
	switch status = Status(response[0]); {
	case status == Opened && len(response) == openedBytes:
		return Opened, binary.LittleEndian.Uint64(response[1:]), nil
	case status == Opened:
		return Malformed, 0, nil
	case status == Done:
		return Done, 0, response[1:]
	}
	return status, 0, nil
}
