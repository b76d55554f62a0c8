package laws

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The two commands that README.md promises to be all one needs.
const (
	mainCommand = "go run ./cmd/driftless sim"
	testCommand = "go test ./..."
)

// readmeViolations compares the first code block of the README with the two
// commands, and those with what CI runs according to .ci/stages.
func readmeViolations(readme, stages string) []string {
	var found []string
	shown := firstCodeBlock(readme)
	if want := []string{mainCommand, testCommand}; !slices.Equal(shown, want) {
		found = append(found, fmt.Sprintf("README.md: the first code block should hold exactly the commands %q, it holds %q", want, shown))
	}
	commands := stageCommands(stages)
	if commands["test"] != testCommand {
		found = append(found, fmt.Sprintf(".ci/stages: the stage test should run what the README says, %q; it runs %q", testCommand, commands["test"]))
	}
	if !strings.HasPrefix(commands["seeds"], mainCommand+" ") {
		found = append(found, fmt.Sprintf(".ci/stages: the stage seeds should run what the README says, %q with its seeds; it runs %q", mainCommand, commands["seeds"]))
	}
	return found
}

// firstCodeBlock returns the commands of the first fenced block of a page,
// without what is said about them behind a hash sign.
func firstCodeBlock(page string) []string {
	var commands []string
	inside := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "```") {
			if inside {
				break
			}
			inside = true
			continue
		}
		command, _, _ := strings.Cut(line, " # ")
		if command = strings.TrimSpace(command); inside && command != "" {
			commands = append(commands, command)
		}
	}
	return commands
}

// stageCommands maps the names of the stages to their commands.
func stageCommands(stages string) map[string]string {
	commands := map[string]string{}
	for line := range strings.Lines(stages) {
		if cells := strings.Split(line, "|"); len(cells) >= 3 && line[0] != '#' {
			commands[strings.TrimSpace(cells[0])] = strings.TrimSpace(cells[2])
		}
	}
	return commands
}

func TestTheReadmesCommandsAreTheOnesThatCIRuns(t *testing.T) {
	for _, violation := range readmeViolations(readFile(t, "README.md"), readFile(t, ".ci/stages")) {
		t.Error(violation)
	}
}

func TestAReadmeThatPromisesOtherCommandsIsFound(t *testing.T) {
	const (
		readme = "# Name\n\n```sh\ngo run ./cmd/driftless sim   # the main job\ngo test ./...\n```\n\n```sh\nmake more\n```\n"
		stages = "# name | group | command | seconds\ntest | always | go test ./... | 1\nseeds | always | go run ./cmd/driftless sim --seeds 1-2 | 1\n"
	)
	cases := []struct {
		name, readme, stages string
		want                 []string
	}{
		{"both right", readme, stages, nil},
		{"no code block", "# Name\n", stages, []string{"README.md"}},
		{"a third command", strings.Replace(readme, "go test", "make tools\ngo test", 1), stages, []string{"README.md"}},
		{"one command", strings.Replace(readme, "go test ./...\n", "", 1), stages, []string{"README.md"}},
		{"another test command", strings.Replace(readme, "./...", "-short ./...", 1), stages, []string{"README.md"}},
		{"CI tests otherwise", readme, strings.Replace(stages, "./...", "-short ./...", 1), []string{"the stage test"}},
		{"CI doesn't run the main job", readme, strings.Replace(stages, " sim ", " version ", 1), []string{"the stage seeds"}},
		{"CI doesn't test", readme, "# test | always | go test ./... | 1\n", []string{"the stage test", "the stage seeds"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			expectViolations(t, readmeViolations(c.readme, c.stages), c.want...)
		})
	}
}
