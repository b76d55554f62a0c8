// Command driftless is the command line for everything: for now, the simulator,
// what replays its recordings, and the explorer.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1   // a rule was broken
	exitUsage       = 2   // the command line makes no sense
	exitOutput      = 3   // the result could not be written
	exitInterrupted = 130 // by Ctrl-C
)

// commands is the command line.
type commands struct {
	Sim     simCommand     `cmd:"" help:"Run clusters of the real core in an adversarial simulator."`
	Replay  replayCommand  `cmd:"" help:"Run a recorded failure again, and stop anywhere."`
	Explore exploreCommand `cmd:"" help:"Walk all states a small cluster of the real core can reach."`
	Version versionCommand `cmd:"" help:"Print the version and the core's fingerprint."`
}

// streams are where a command writes: data to out, all else to err.
type streams struct {
	out io.Writer
	err *os.File
}

// An exit is an error that stands for an exit code: whatever there is to say has
// been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() { os.Exit(run(os.Args[1:], streams{out: os.Stdout, err: os.Stderr})) }

// run parses and runs a command line and returns the exit code.
func run(arguments []string, s streams) int {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("driftless"),
		kong.Description("A Raft that doesn't drift."),
		kong.Writers(s.out, s.err),
		kong.Bind(s),
		kong.Exit(func(code int) { panic(exit(code)) }),
	)
	if err != nil {
		panic(err) // the command line above is malformed
	}
	return parse(parser, arguments, s)
}

// parse runs the command, and turns kong's own exits (--help) into codes.
func parse(parser *kong.Kong, arguments []string, s streams) (code int) {
	defer func() {
		if e, ok := recover().(exit); ok {
			code = int(e)
		}
	}()
	context, err := parser.Parse(arguments)
	var syntax *kong.ParseError
	var e exit
	switch {
	case errors.As(err, &syntax):
		fmt.Fprintf(s.err, "driftless: %v\nRun `%s --help` to see what there is.\n", err, told(syntax))
		return exitUsage
	case err == nil:
		err = context.Run()
	}
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return int(e)
	}
	fmt.Fprintf(s.err, "driftless: the result could not be written: %v\n", err)
	return exitOutput
}

// told is how far a command line that makes no sense could be understood.
func told(syntax *kong.ParseError) string {
	if command := syntax.Context.Selected(); command != nil {
		return command.FullPath()
	}
	return syntax.Context.Model.Name
}
