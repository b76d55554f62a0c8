// Package panics tells where a panic began.
package panics

import (
	"path/filepath"
	"strings"
)

// Origin is where the first panic on a stack began, as debug.Stack has written it: the
// functions with their files and lines, innermost first, at most so many, and none from
// the first on whose name begins with own, if that is not empty.
func Origin(stack string, most int, own string) string {
	lines := strings.Split(stack, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") {
			lines = lines[i+2:]
			break
		}
	}
	var calls []string
	for i := 0; i+1 < len(lines) && len(calls) < most; i += 2 {
		function := lines[i][strings.LastIndex(lines[i], "/")+1:]
		if own != "" && strings.HasPrefix(function, own) {
			break
		}
		if strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "panic(") {
			continue
		}
		function, _, _ = strings.Cut(function, "(0x")
		function, _, _ = strings.Cut(function, "({")
		function = strings.TrimSuffix(function, "(...)") // of one that was inlined
		place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " +")
		calls = append(calls, function+" "+filepath.Base(place))
	}
	return strings.Join(calls, " < ")
}
