package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A patch is a unified diff of some files.
type patch []filePatch

// A filePatch changes one file. A file that is added has no old name, one that is
// removed no new one.
type filePatch struct {
	from, to string
	hunks    []hunk
}

// A hunk replaces some lines, of which the first was this when the diff was made.
type hunk struct {
	first    int
	old, new []string
}

var hunkHead = regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@`)

// parsePatch reads a unified diff.
func parsePatch(lines []string) (patch, error) {
	var p patch
	for i := 0; i < len(lines); {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "--- ") && i+1 < len(lines) && strings.HasPrefix(lines[i+1], "+++ "):
			p = append(p, filePatch{from: fileName(line[4:], "a/"), to: fileName(lines[i+1][4:], "b/")})
			i += 2
		case hunkHead.MatchString(line):
			if len(p) == 0 {
				return nil, fmt.Errorf("line %q comes before the name of a file", line)
			}
			h, length, err := parseHunk(lines[i:])
			if err != nil {
				return nil, err
			}
			f := &p[len(p)-1]
			f.hunks = append(f.hunks, h)
			i += length
		default:
			i++ // what git says beside the diff
		}
	}
	if len(p) == 0 {
		return nil, errors.New("there is no unified diff in it")
	}
	return p, nil
}

// fileName is the name in a line of a diff, without a date and a prefix; "" for
// none.
func fileName(text, prefix string) string {
	name, _, _ := strings.Cut(text, "\t")
	name = strings.TrimSpace(name)
	if name == "/dev/null" {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(name, "./"), prefix)
}

// parseHunk reads a hunk and returns how many lines it takes. The counts in its
// head are believed, so that a line that looks like a head is none.
func parseHunk(lines []string) (hunk, int, error) {
	head := hunkHead.FindStringSubmatch(lines[0])
	number := func(text string) int {
		if text == "" {
			return 1
		}
		n, _ := strconv.Atoi(text)
		return n
	}
	h := hunk{first: number(head[1])}
	before, after := number(head[2]), number(head[4])
	at := 1
	for ; at < len(lines) && (len(h.old) < before || len(h.new) < after); at++ {
		line := lines[at]
		switch {
		case line == "": // an editor has taken the space of an empty line
			h.old, h.new = append(h.old, ""), append(h.new, "")
		case line[0] == ' ':
			h.old, h.new = append(h.old, line[1:]), append(h.new, line[1:])
		case line[0] == '-':
			h.old = append(h.old, line[1:])
		case line[0] == '+':
			h.new = append(h.new, line[1:])
		case line[0] == '\\': // no newline at the end of the file
		default:
			return h, 0, fmt.Errorf("%q is no line of a hunk", line)
		}
	}
	if len(h.old) != before || len(h.new) != after {
		return h, 0, fmt.Errorf("the hunk %q has %d and %d lines", lines[0], len(h.old), len(h.new))
	}
	return h, at, nil
}

// apply returns the files that the patch makes of those below a root, by their
// names; nil for one that is removed.
func (p patch) apply(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for i := range p {
		f := &p[i]
		name := f.to
		if name == "" {
			name = f.from
		}
		if name == "" || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%q is no file of the repository", name)
		}
		if strings.HasSuffix(name, "_test.go") {
			return nil, fmt.Errorf("%s is a test: a diff changes what is tested", name)
		}
		text, err := f.apply(root, files)
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	return files, nil
}

// apply is what becomes of one file, which may have been changed already.
func (f *filePatch) apply(root string, changed map[string][]byte) ([]byte, error) {
	var lines []string
	if f.from != "" {
		text, twice := changed[f.from]
		if !twice {
			var err error
			if text, err = os.ReadFile(filepath.Join(root, f.from)); err != nil {
				return nil, fmt.Errorf("it changes a file that is not there: %w", err)
			}
		}
		lines = strings.Split(string(text), "\n")
	}
	shift, from := 0, 0
	for _, h := range f.hunks {
		at, found := place(lines, &h, from, h.first-1+shift)
		if !found {
			return nil, fmt.Errorf("it no longer applies to %s, near line %d", f.from, h.first)
		}
		lines = slices.Replace(lines, at, at+len(h.old), h.new...)
		shift += len(h.new) - len(h.old) + at - (h.first - 1 + shift)
		from = at + len(h.new)
	}
	if f.to == "" {
		return nil, nil
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// place finds where a hunk's old lines stand, at or after a line, nearest to where
// they are said to be.
func place(lines []string, h *hunk, from, guess int) (int, bool) {
	if len(h.old) == 0 { // lines are added where nothing stands around them
		return min(max(guess+1, from, 0), len(lines)), true
	}
	best, found := 0, false
	for at := from; at+len(h.old) <= len(lines); at++ {
		if slices.Equal(lines[at:at+len(h.old)], h.old) && (!found || distance(at, guess) < distance(best, guess)) {
			best, found = at, true
		}
	}
	return best, found
}

func distance(a, b int) int { return max(a-b, b-a) }
