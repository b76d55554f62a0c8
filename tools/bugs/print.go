package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A printer tells of results, one after the other, and of all of them.
type printer struct {
	begin func()
	one   func(*result)
	end   func([]*result)
}

func (o *options) printer() printer {
	nothing := func() {}
	switch {
	case o.JSON:
		return printer{nothing, printJSON, func([]*result) {}}
	case o.Markdown:
		return printer{nothing, func(*result) {}, printMarkdown}
	}
	return printer{printHead, printLine, printSummary}
}

func printJSON(r *result) {
	line, err := json.Marshal(r)
	if err != nil {
		panic(err) // a result holds nothing that JSON can't
	}
	fmt.Printf("%s\n", line)
}

const lineFormat = "%-36s %-24s %7s %7s  %-22s %7s %7s\n"

func printHead() {
	fmt.Printf(lineFormat, "bug", "oracle", "seeds", "CPU s", "by its outcome", "seeds", "CPU s")
}

func printLine(r *result) {
	fmt.Printf(lineFormat, r.Name, r.verdict(), count(r.Seeds), seconds(r.CPUSeconds),
		r.outcomeVerdict(), count(r.OutcomeSeeds), seconds(r.OutcomeCPUSeconds))
}

// verdict is the oracle that noticed, or what else happened.
func (r *result) verdict() string {
	switch {
	case r.err != nil:
		return "ERROR"
	case r.bug.kind == preserving && !r.Caught:
		return "none, rightly"
	case !r.Caught:
		return "MISSED"
	case r.bug.kind == preserving || !r.AsExpected:
		return "UNEXPECTED " + r.Oracle
	}
	return r.Oracle
}

func (r *result) outcomeVerdict() string {
	switch {
	case r.OutcomeCPUSeconds == 0:
		return "-"
	case !r.OutcomeCaught:
		return "none"
	}
	return r.OutcomeOracle
}

func count(number uint64) string {
	if number == 0 {
		return "-"
	}
	return fmt.Sprint(number)
}

func seconds(s float64) string {
	if s == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", s)
}

// printSummary holds the results against what is asked of them.
func printSummary(results []*result) {
	fmt.Fprintf(os.Stdout, "\n%s\n", summary(results))
}

// summary says in sentences what the results come to.
func summary(results []*result) string {
	var bugs, caught, outcome, alarms, harmless int
	var spent []float64
	for _, r := range results {
		switch {
		case r.err != nil:
		case r.bug.kind == preserving:
			harmless++
			if r.Caught {
				alarms++
			}
		default:
			bugs++
			if r.AsExpected {
				caught++
				spent = append(spent, r.CPUSeconds)
			}
			if r.OutcomeCaught {
				outcome++
			}
		}
	}
	var sentences []string
	if bugs > 0 {
		sentences = append(sentences, fmt.Sprintf("%d of %d bugs are caught by an oracle of their set, %d (%d %%) by an outcome alone.",
			caught, bugs, outcome, 100*outcome/bugs))
	}
	if len(spent) > 0 {
		slices.Sort(spent)
		sentences = append(sentences, fmt.Sprintf("A bug takes %.2f CPU seconds (median), and %.1f at most.", spent[len(spent)/2], spent[len(spent)-1]))
	}
	if harmless > 0 {
		sentences = append(sentences, fmt.Sprintf("%d of %d diffs that break nothing raise an alarm.", alarms, harmless))
	}
	return strings.Join(sentences, " ")
}

// printMarkdown prints the matrix.
func printMarkdown(results []*result) {
	fmt.Printf("%s\n\n", summary(results))
	fmt.Println("| bug | kind | noticed by | seeds | CPU s | steps | by its outcome alone | seeds | CPU s |")
	fmt.Println("|---|---|---|--:|--:|--:|---|--:|--:|")
	for _, r := range results {
		if r.bug.kind == preserving {
			continue
		}
		fmt.Printf("| `%s` | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Name, r.Kind, r.verdict(), count(r.Seeds), seconds(r.CPUSeconds),
			count(uint64(r.ShrunkSteps)), r.outcomeVerdict(), count(r.OutcomeSeeds), seconds(r.OutcomeCPUSeconds))
	}
}
