package laws

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requirements maps the modules that a go.mod asks for to their versions.
type requirements map[string]string

// directRequirements reads a go.mod: what it requires without `// indirect`,
// and the modules of the tools it pins, which the go command marks indirect.
// Modules of this repository are not dependencies.
func directRequirements(t *testing.T, goMod string) requirements {
	t.Helper()
	var module struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal(goCommand(t, "mod", "edit", "-json", goMod), &module); err != nil {
		t.Fatal(err)
	}
	direct := requirements{}
	for _, required := range module.Require {
		isTool := false
		for _, tool := range module.Tool {
			isTool = isTool || tool.Path == required.Path || strings.HasPrefix(tool.Path, required.Path+"/")
		}
		ours := required.Path == modulePath || strings.HasPrefix(required.Path, modulePath+"/")
		if !ours && (isTool || !required.Indirect) {
			direct[required.Path] = required.Version
		}
	}
	return direct
}

var (
	dependencyHeading = regexp.MustCompile("^## `(.+)`$")
	dependencyRow     = regexp.MustCompile("^\\| `([^`]+)` \\|(.+)\\|$")
)

// documentedRequirements reads docs/dependencies.md: a heading names a go.mod,
// and each row of the table below it one module.
func documentedRequirements(text string) (map[string]requirements, []string) {
	documented := map[string]requirements{}
	var found []string
	goMod := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if heading := dependencyHeading.FindStringSubmatch(line); heading != nil {
			goMod = heading[1]
			documented[goMod] = requirements{}
			continue
		}
		row := dependencyRow.FindStringSubmatch(line)
		if row == nil || goMod == "" {
			continue
		}
		cells := strings.Split(row[2], "|")
		if len(cells) != 4 || slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) == "" }) {
			found = append(found, fmt.Sprintf("%s: %s should say version, what for, why not our own and licence", goMod, row[1]))
		}
		documented[goMod][row[1]] = strings.TrimSpace(cells[0])
	}
	return documented, found
}

// dependencyViolations compares what is required with what is documented.
func dependencyViolations(required, documented map[string]requirements) []string {
	var found []string
	for _, goMod := range slices.Sorted(maps.Keys(documented)) {
		if _, exists := required[goMod]; !exists {
			found = append(found, fmt.Sprintf("%s has a table but doesn't exist", goMod))
		}
	}
	for _, goMod := range slices.Sorted(maps.Keys(required)) {
		if _, has := documented[goMod]; !has {
			found = append(found, goMod+" exists but has no table")
			continue
		}
		for _, module := range slices.Sorted(maps.Keys(required[goMod])) {
			version, has := documented[goMod][module]
			switch {
			case !has:
				found = append(found, fmt.Sprintf("%s requires %s, which has no row", goMod, module))
			case version != required[goMod][module]:
				found = append(found, fmt.Sprintf("%s requires %s %s, its row says %s", goMod, module, required[goMod][module], version))
			}
		}
		for _, module := range slices.Sorted(maps.Keys(documented[goMod])) {
			if _, has := required[goMod][module]; !has {
				found = append(found, fmt.Sprintf("%s doesn't require %s directly: strike its row", goMod, module))
			}
		}
	}
	return found
}

func TestEveryDependencyHasAReason(t *testing.T) {
	required := map[string]requirements{}
	walkFiles(t, func(name string, _ bool) {
		if path.Base(name) == "go.mod" {
			required[name] = directRequirements(t, name)
		}
	})
	documented, violations := documentedRequirements(readFile(t, "docs/dependencies.md"))
	for goMod, modules := range required {
		t.Logf("%s: %d direct", goMod, len(modules))
	}
	for _, violation := range append(violations, dependencyViolations(required, documented)...) {
		t.Error("docs/dependencies.md: " + violation)
	}
}

func TestADependencyWithoutAReasonIsFound(t *testing.T) {
	const text = "## `go.mod`\n\n| module | version | what for | why not our own | licence |\n|---|---|---|---|---|\n" +
		"| `example.org/a` | v1.0.0 | tests | hard | MIT |\n| `example.org/b` | v1.2.0 | tests | hard | MIT |\n" +
		"\n## `tools/go.mod`\n\n| `example.org/c` | v1.0.0 | tests | hard | MIT |\n"
	documented, violations := documentedRequirements(text)
	expectViolations(t, violations)
	complete := func() map[string]requirements {
		return map[string]requirements{
			"go.mod":       {"example.org/a": "v1.0.0", "example.org/b": "v1.2.0"},
			"tools/go.mod": {"example.org/c": "v1.0.0"},
		}
	}
	cases := []struct {
		name   string
		change func(map[string]requirements)
		want   []string
	}{
		{"all have one", func(map[string]requirements) {}, nil},
		{"a new one", func(r map[string]requirements) { r["go.mod"]["example.org/c"] = "v1.0.0" }, []string{"go.mod requires example.org/c"}},
		{"one that is gone", func(r map[string]requirements) { delete(r["go.mod"], "example.org/a") }, []string{"go.mod doesn't require example.org/a"}},
		{"another version", func(r map[string]requirements) { r["go.mod"]["example.org/b"] = "v2.0.0" }, []string{"example.org/b v2.0.0, its row says v1.2.0"}},
		{"a new module", func(r map[string]requirements) { r["bench/go.mod"] = nil }, []string{"bench/go.mod exists but has no table"}},
		{"a module that is gone", func(r map[string]requirements) { delete(r, "tools/go.mod") }, []string{"tools/go.mod has a table but doesn't exist"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			required := complete()
			c.change(required)
			expectViolations(t, dependencyViolations(required, documented), c.want...)
		})
	}
	_, violations = documentedRequirements(strings.ReplaceAll(text, "| hard | MIT |\n| `example.org/b`", "|  | MIT |\n| `example.org/b`"))
	expectViolations(t, violations, "example.org/a should say")
}
