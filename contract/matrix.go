package contract

import (
	"fmt"
	"strings"
)

const (
	holds         = "holds"
	fails         = "FAILS"
	notApplicable = "n/a: "
)

// Results are what became of every scenario on one realization: a column of the
// matrix.
type Results struct {
	Realization string
	Version     string
	outcomes    map[string]string // by the scenario's name
}

// String is the text form of the results, which ParseResults reads: the
// realization, its version, and a line for each scenario.
func (r Results) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "realization | %s\nversion | %s\n", r.Realization, r.Version)
	for _, sc := range Scenarios() {
		if outcome := r.outcomes[sc.Name]; outcome != "" {
			fmt.Fprintf(&b, "%s | %s\n", sc.Name, outcome)
		}
	}
	return b.String()
}

// ParseResults reads what String wrote. It returns an error that names the line
// if that is not so.
func ParseResults(text string) (Results, error) {
	r := Results{outcomes: map[string]string{}}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		key, value, found := strings.Cut(line, " | ")
		switch {
		case !found:
			return r, fmt.Errorf("contract: line %d of the results, %q, has no ' | '", i+1, line)
		case key == "realization":
			r.Realization = value
		case key == "version":
			r.Version = value
		default:
			r.outcomes[key] = value
		}
	}
	return r, nil
}

// Matrix shows the results of several realizations as a table in Markdown, with
// the reasons for what is not applicable below it.
func Matrix(columns ...Results) string {
	var b strings.Builder
	b.WriteString("| scenario |")
	for i := range columns {
		fmt.Fprintf(&b, " %s |", columns[i].Realization)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n| *version* |")
	for i := range columns {
		fmt.Fprintf(&b, " %s |", columns[i].Version)
	}
	b.WriteString("\n")
	var notes []string
	group := ""
	for _, sc := range Scenarios() {
		if sc.Group != group {
			group = sc.Group
			fmt.Fprintf(&b, "| **%s** |%s\n", group, strings.Repeat(" |", len(columns)))
		}
		fmt.Fprintf(&b, "| %s |", sc.Name)
		for i := range columns {
			b.WriteString(" " + columns[i].cell(sc.Name, &notes) + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for i, note := range notes {
		fmt.Fprintf(&b, "%d. %s\n", i+1, note)
	}
	return b.String()
}

// cell is a scenario's cell in the column; the reason for an n/a becomes a note.
func (r *Results) cell(name string, notes *[]string) string {
	reason, missing := strings.CutPrefix(r.outcomes[name], notApplicable)
	switch {
	case r.outcomes[name] == "":
		return "not run"
	case !missing:
		return r.outcomes[name]
	}
	note := r.Realization + ": " + reason
	for i, known := range *notes {
		if known == note {
			return fmt.Sprintf("n/a (%d)", i+1)
		}
	}
	*notes = append(*notes, note)
	return fmt.Sprintf("n/a (%d)", len(*notes))
}
