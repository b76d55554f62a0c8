package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"
)

// writeJSON writes a result as one line.
func writeJSON(out io.Writer, result any) {
	line, err := json.Marshal(result)
	if err != nil {
		panic(err) // results hold nothing that JSON can't
	}
	fmt.Fprintf(out, "%s\n", line)
}

// present writes a result, for programs or for people, and ends what a command writes.
func present(out *bufio.Writer, forPrograms bool, result interface{ writeText(io.Writer) }) error {
	if forPrograms {
		writeJSON(out, result)
	} else {
		result.writeText(out)
	}
	return flush(out)
}

// flush ends what a command writes. An error of a command's that is no exit means
// that its result could not be written, and parse says so.
func flush(out *bufio.Writer) error {
	if err := out.Flush(); err != nil && !errors.Is(err, syscall.EPIPE) { // a reader that has gone away wants no more
		return err
	}
	return nil
}
