package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/driftless-raft/driftless/raft"
	"github.com/driftless-raft/driftless/sim"
	"github.com/driftless-raft/driftless/trace"
)

// replayCommand is `driftless replay`.
type replayCommand struct {
	File    string `arg:"" placeholder:"FILE" help:"A tape, a journal or a trace."`
	Until   string `placeholder:"WHEN" help:"End there and show all servers: a time such as 1.5s, or the number of an event."`
	Trace   string `placeholder:"FILE" help:"Write all that happens into a trace, for a viewer."`
	Journal string `placeholder:"DIR" help:"Write each server's journal into this directory."`
	AnyCore bool   `help:"Go on although the file was recorded with another core."`
	JSON    bool   `help:"Print one JSON object instead of a summary."`
	Verbose bool   `short:"v" help:"Print a line for all that happens."`

	time  uint64
	event uint64
}

// Help is what `driftless replay --help` says beside the flags.
func (replayCommand) Help() string {
	return `A tape is run again, and its hash compared; a journal's inputs are given to the core
again, and what comes of them compared; a trace is shown.

Exit codes: 0 it came out as recorded and no rule was broken, 1 a rule was broken or
something else came out, 2 bad usage or a file that can't be read, 3 the result could
not be written.`
}

// Validate is called by kong.
func (c *replayCommand) Validate() error {
	if c.Until == "" {
		return nil
	}
	if event, err := strconv.ParseUint(c.Until, 10, 64); err == nil && event > 0 {
		c.event = event
		return nil
	}
	length, err := time.ParseDuration(c.Until)
	if err != nil || length <= 0 {
		return fmt.Errorf("--until is %q, but must be a time such as 1.5s, or the number of an event", c.Until)
	}
	c.time = uint64(length)
	return nil
}

// replayed is the result as it is printed for programs.
type replayed struct {
	Format   string     `json:"format"`
	Core     string     `json:"core"` // of the recording
	Events   uint64     `json:"events"`
	Hash     string     `json:"hash,omitempty"`
	Recorded string     `json:"recorded_hash,omitempty"`
	Equal    bool       `json:"equal"` // it came out as recorded, as far as it was replayed
	Halted   bool       `json:"halted,omitempty"`
	Rule     string     `json:"rule,omitempty"`
	What     string     `json:"what,omitempty"`
	Seconds  float64    `json:"simulated_seconds,omitempty"`
	Servers  []observed `json:"servers,omitempty"`
	Files    []string   `json:"files,omitempty"`
}

// An observed server is one as it was at the end.
type observed struct {
	Server raft.ID      `json:"server"`
	Up     bool         `json:"up"`
	State  *trace.State `json:"state,omitempty"`
}

// Run replays a file.
func (c *replayCommand) Run(s streams) error {
	file, err := os.Open(c.File)
	if err != nil {
		return c.refuse(s, err)
	}
	defer func() { _ = file.Close() }() // which was only read
	in := bufio.NewReader(file)
	format, err := trace.Recognize(in)
	if err != nil {
		return c.refuse(s, err)
	}
	out := bufio.NewWriter(s.out)
	r := &replayed{Format: string(format)}
	switch format {
	case trace.TapeFormat:
		err = c.tape(in, out, r)
	case trace.JournalFormat:
		err = c.journal(in, out, r)
	case trace.TraceFormat:
		err = c.lines(in, out, r)
	}
	var unwritten *unwrittenError
	switch {
	case errors.As(err, &unwritten):
		return unwritten.cause
	case err != nil:
		return errors.Join(flush(out), c.refuse(s, err))
	}
	if err := present(out, c.JSON, r); err != nil {
		return err
	}
	if !r.Equal || r.Rule != "" {
		return exit(exitFailed)
	}
	return nil
}

// refuse says why a file can't be replayed.
func (c *replayCommand) refuse(s streams, err error) error {
	fmt.Fprintf(s.err, "driftless replay: %s: %v\n", c.File, err)
	return exit(exitUsage)
}

// An unwrittenError is a result that could not be written.
type unwrittenError struct{ cause error }

// Error implements error.
func (e *unwrittenError) Error() string { return e.cause.Error() }

// knows refuses a file of another core, unless it was asked for.
func (c *replayCommand) knows(core string) error {
	if core == raft.Fingerprint || c.AnyCore {
		return nil
	}
	return fmt.Errorf("it was recorded with core %s, and this is %s: what comes out may differ. Build the version that recorded it, or add --any-core", core, raft.Fingerprint)
}

// tape runs a tape again.
func (c *replayCommand) tape(in io.Reader, out io.Writer, r *replayed) error {
	t, err := trace.ReadTape(in)
	if err != nil {
		return err
	}
	if err := c.knows(t.Core); err != nil {
		return err
	}
	var keep keeper
	defer keep.abandon()
	p := sim.Playback{UntilTime: c.time, UntilEvent: c.event, Journal: c.journals(&keep), Tell: c.tell(t, out, &keep)}
	if keep.err != nil {
		return &unwrittenError{keep.err}
	}
	result, err := sim.Replay(t, p)
	if err != nil {
		return err
	}
	if err := keep.close(); err != nil {
		return &unwrittenError{err}
	}
	r.Core, r.Events, r.Halted, r.Files = t.Core, result.Events, result.Halted, keep.names
	r.Hash, r.Recorded = fmt.Sprintf("%016x", result.Hash), fmt.Sprintf("%016x", t.Hash)
	r.Equal = result.Halted || result.Hash == t.Hash
	r.Seconds = float64(result.Simulated) / 1e9
	if f := result.Failure; f != nil {
		r.Rule, r.What, r.Seconds = f.Rule, f.What, float64(f.At)/1e9
	}
	for _, s := range result.Servers {
		o := observed{Server: s.ID, Up: s.Up}
		if s.Up {
			o.State = &s.State
		}
		r.Servers = append(r.Servers, o)
	}
	return nil
}

// tell is who is told what happens.
func (c *replayCommand) tell(t *trace.Tape, out io.Writer, keep *keeper) func(*trace.Event) {
	var lines *trace.Lines
	if c.Trace != "" {
		file := keep.create(c.Trace)
		if file == nil {
			return nil
		}
		lines = trace.NewLines(file, sim.Heading(t, toolVersion()))
		keep.closers = append(keep.closers, lines.Close)
	}
	verbose := c.Verbose && !c.JSON
	if lines == nil && !verbose {
		return nil
	}
	return func(e *trace.Event) {
		if lines != nil {
			lines.Tell(e)
		}
		if verbose {
			fmt.Fprintln(out, e)
		}
	}
}

// journals gives each server a journal.
func (c *replayCommand) journals(keep *keeper) func(raft.ID) *trace.Journal {
	if c.Journal == "" {
		return nil
	}
	if err := os.MkdirAll(c.Journal, 0o755); err != nil {
		keep.err = err
		return nil
	}
	return func(server raft.ID) *trace.Journal {
		file := keep.create(filepath.Join(c.Journal, fmt.Sprintf("server-%d.journal", server)))
		if file == nil {
			return nil
		}
		j := trace.NewJournal(file, toolVersion())
		keep.closers = append(keep.closers, j.Close)
		return j
	}
}

// journal replays a journal.
func (c *replayCommand) journal(in io.Reader, out io.Writer, r *replayed) error {
	known := error(nil)
	p, err := trace.ReplayJournal(in, func(p *trace.Replayed, input *raft.Input, effects *raft.Effects) bool {
		if known = c.knows(p.Core); known != nil {
			return false
		}
		if c.Verbose && !c.JSON {
			fmt.Fprintf(out, "%8d  %14.6f ms  %s\n", p.Inputs, float64(p.At)/1e6, sim.Describe(&p.Node, input, effects))
		}
		return c.event == 0 || p.Inputs < c.event
	})
	var difference *trace.DifferenceError
	switch {
	case known != nil:
		return known
	case errors.As(err, &difference):
		r.What = difference.Error()
	case err != nil:
		return err
	}
	r.Core, r.Events, r.Equal = p.Core, p.Inputs, difference == nil
	state := sim.StateOf(&p.Node)
	r.Servers = []observed{{Server: p.Node.Self().ID, Up: true, State: &state}}
	return nil
}

// lines shows a trace.
func (c *replayCommand) lines(in io.Reader, out io.Writer, r *replayed) error {
	h, err := trace.ReadLines(in, func(e *trace.Event) bool {
		if c.time > 0 && e.At > c.time || c.event > 0 && e.Step > c.event {
			r.Halted = true
			return false
		}
		r.Events = e.Step
		r.Seconds = float64(e.At) / 1e9
		if e.Kind == trace.Verdict {
			r.Rule, r.What = e.Rule, e.Text
		}
		if !c.JSON {
			fmt.Fprintln(out, e)
		}
		return true
	})
	r.Core, r.Equal = h.Core, true
	return err
}

// writeText writes the result for people.
func (r *replayed) writeText(out io.Writer) {
	verdict := "as recorded"
	switch {
	case r.Halted:
		verdict = "ended there"
	case r.Format == string(trace.TapeFormat) && !r.Equal:
		verdict = fmt.Sprintf("NOT as recorded: the hash is %s, and was %s", r.Hash, r.Recorded)
	case !r.Equal:
		verdict = "NOT as recorded: " + r.What
	}
	fmt.Fprintf(out, "%s of core %s, %d events: %s\n", r.Format, r.Core, r.Events, verdict)
	for _, s := range r.Servers {
		if s.Up {
			fmt.Fprintf(out, "  server %d  %v\n", s.Server, s.State)
		} else {
			fmt.Fprintf(out, "  server %d  down\n", s.Server)
		}
	}
	if r.Rule != "" {
		fmt.Fprintf(out, "\nIt breaks %s at %.6f s:\n  %s\n", r.Rule, r.Seconds, r.What)
	}
	for _, name := range r.Files {
		fmt.Fprintf(out, "\nWritten: %s\n", name)
	}
}

// A keeper keeps the files that a command writes. The first error stays.
type keeper struct {
	files   []*os.File
	closers []func() error // before the files
	names   []string
	err     error
}

// create creates a file; nil if it can't.
func (k *keeper) create(name string) *os.File {
	file, err := os.Create(name)
	if err != nil {
		if k.err == nil {
			k.err = err
		}
		return nil
	}
	k.files, k.names = append(k.files, file), append(k.names, name)
	return file
}

// close writes out all there is.
func (k *keeper) close() error {
	for _, end := range k.closers {
		if err := end(); k.err == nil {
			k.err = err
		}
	}
	for _, file := range k.files {
		if err := file.Close(); k.err == nil {
			k.err = err
		}
	}
	k.files = nil
	return k.err
}

// abandon closes what close has not.
func (k *keeper) abandon() {
	for _, file := range k.files {
		_ = file.Close() // what went wrong before is the error
	}
}
