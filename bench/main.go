// Command bench runs the same work on Driftless and on other Raft
// implementations, in turns in one process, and prints both times.
//
//	go run . core            a table
//	go run . core --json     a JSON object a line
//
// The work of core is done in memory. A commit is over when every node has
// applied the command; both sides keep the bytes, and compact every 4096 entries.
// Ours and go.etcd.io/raft/v3 run in one thread, which also collects the garbage,
// and in virtual time, with the same heartbeat (100 ms) and election timeout
// (1 s), PreVote and CheckQuorum.
// Messages are passed in memory, never serialized: theirs by pointer, ours
// copied, as the contract of raft.Transport asks. The store is storage/memory's
// Blocks on our side and MemoryStorage on theirs. github.com/hashicorp/raft needs
// goroutines and real time; its commit is over when the leader has applied.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"text/tabwriter"
	"time"
)

const usage = "usage: bench core [--json] [--only pattern] [--rounds n] [--slice duration]"

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "core" {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet("core", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print a JSON object a line")
	only := flags.String("only", "", "run only what matches this regular `expression`")
	rounds := flags.Int("rounds", 31, "how often the two sides take turns")
	slice := flags.Duration("slice", 20*time.Millisecond, "how long a turn is, about")
	if err := flags.Parse(args[1:]); err != nil {
		return errors.New(usage)
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("--only is not a regular expression: %w", err)
	}
	if flags.NArg() > 0 || *rounds < 1 || *slice <= 0 {
		return errors.New(usage)
	}
	report, finish := tableReport(out)
	if *asJSON {
		report, finish = jsonReport(out)
	}
	for _, c := range coreComparisons() {
		if !pattern.MatchString(c.name) {
			continue
		}
		r := compare(&c, *rounds, *slice)
		r.Theirs += versionOf(r.Theirs)
		if err := report(&r); err != nil {
			return err
		}
	}
	return finish()
}

// versionOf is the version of a module in this program, after a space.
func versionOf(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return " " + dependency.Version
		}
	}
	return ""
}

func jsonReport(out io.Writer) (func(*result) error, func() error) {
	encoder := json.NewEncoder(out)
	return func(r *result) error { return encoder.Encode(r) }, func() error { return nil }
}

func tableReport(out io.Writer) (func(*result) error, func() error) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tours ns\ttheirs ns\tratio\t1/ratio\tours allocs\ttheirs allocs\t  theirs")
	report := func(r *result) error {
		_, err := fmt.Fprintf(table, "%s\t%.0f\t%.0f\t%.3f\t%.1f\t%.2f\t%.2f\t  %s\n",
			r.Name, r.OursNS, r.TheirsNS, r.Ratio, 1/r.Ratio, r.OursAllocs, r.TheirsAllocs, r.Theirs)
		return err
	}
	return report, table.Flush
}
