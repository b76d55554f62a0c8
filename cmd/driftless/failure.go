package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/driftless-raft/driftless/sim"
	"github.com/driftless-raft/driftless/trace"
)

// failureFlags say what is done about a seed that fails.
type failureFlags struct {
	Shrink     bool          `default:"true" negatable:"" help:"Leave out of the first failure what it does not need, and tell the rest as a story."`
	ShrinkTime time.Duration `default:"5s" placeholder:"TIME" help:"For at most so long (${default})."`
	Out        string        `default:"driftless-failures" placeholder:"DIR" help:"Where the failure's tapes and its regression test go (${default}); empty: nowhere."`
}

// A failure is what there is to say about the first seed that failed.
type failure struct {
	ShrunkSteps      int      `json:"shrunk_steps,omitempty"`
	Story            string   `json:"story,omitempty"`
	Files            []string `json:"files,omitempty"`
	Nondeterministic string   `json:"nondeterministic,omitempty"`

	problems []string
}

// explain runs a failed seed again, shrinks it and writes down what is left. When
// the context ends it makes do with what there is.
func (f *failureFlags) explain(c context.Context, failed *sim.Result) *failure {
	switch {
	case !f.Shrink:
		return &failure{}
	case failed.Failure.Rule == "nondeterminism":
		return &failure{Nondeterministic: failed.Failure.What}
	}
	shrunk, err := sim.Shrink(c, failed, f.ShrinkTime)
	if err != nil {
		return &failure{Nondeterministic: err.Error()}
	}
	told := &failure{ShrunkSteps: shrunk.Steps, Story: shrunk.Story}
	if f.Out != "" {
		told.save(f.Out, shrunk)
	}
	return told
}

// save writes the files of a failure. What can't be written is said, and hides
// nothing.
func (f *failure) save(directory string, s *sim.Shrunk) {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		f.problems = append(f.problems, err.Error())
		return
	}
	name := filepath.Join(directory, fmt.Sprintf("seed-%d", s.Seed))
	f.write(name+".tape", func(to io.Writer) error { return writeTape(to, s.Whole()) })
	if len(s.Actions) > 0 {
		f.write(name+"-short.tape", func(to io.Writer) error { return writeTape(to, s.Tape()) })
	}
	// Not a name that ends in .go: it is no part of whatever package is around it.
	f.write(name+"_test.go.txt", func(to io.Writer) error {
		_, err := io.WriteString(to, s.Regression())
		return err
	})
}

func writeTape(to io.Writer, t *trace.Tape) error {
	t.Tool = toolVersion()
	return t.Write(to)
}

// write writes a file as a whole or not at all.
func (f *failure) write(name string, write func(io.Writer) error) {
	if err := writeFile(name, write); err != nil {
		f.problems = append(f.problems, err.Error())
		return
	}
	f.Files = append(f.Files, name)
}

// writeFile writes a file under another name first, so that none is left half.
func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name + ".part")
	if err != nil {
		return err
	}
	err = write(file)
	if failure := file.Close(); err == nil {
		err = failure
	}
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("%s can't be written: %w", name, errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}

// writeText writes the failure for people.
func (f *failure) writeText(out io.Writer) {
	switch {
	case f.Nondeterministic != "":
		fmt.Fprintf(out, "\n%s.\nSomething decides that is not on the tape: that is a bug of its own.\n", f.Nondeterministic)
	case f.Story != "":
		fmt.Fprintf(out, "\nWhat happens, step by step, %d in all:\n\n%s", f.ShrunkSteps, f.Story)
	}
	if len(f.Files) > 0 {
		fmt.Fprintf(out, "\nWritten: %s\nSee every step:\n  driftless replay --verbose %s\n",
			strings.Join(f.Files, ", "), f.Files[min(1, len(f.Files)-2)])
	}
}

// warn says what could not be written.
func (f *failure) warn(to io.Writer) {
	for _, problem := range f.problems {
		fmt.Fprintf(to, "driftless sim: %s\n", problem)
	}
}
