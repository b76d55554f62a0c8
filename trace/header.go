package trace

import (
	"fmt"
	"strconv"
	"strings"
)

// A field is a line of a header: a name and a value, which lasts to the line's end.
type field struct{ name, value string }

// header writes the first block: lines of a name, a blank and a value.
func (w *blockWriter) header(fields ...field) {
	w.begin(headerBlock)
	for _, f := range fields {
		value := strings.ReplaceAll(f.value, "\n", " ")
		w.pending = append(w.pending, fmt.Sprintf("%s %s\n", f.name, value)...)
	}
	w.end()
}

// header reads the first block and hands each line to take, which returns false for
// a name that it does not know.
func (r *blockReader) header(version int, take func(field) (known bool, err error)) error {
	kind, err := r.next()
	if err != nil {
		return err
	}
	switch kind {
	case headerBlock:
	case 0:
		return r.problem(Truncated, "there is no header")
	default:
		return r.problem(Malformed, "it does not begin with a header")
	}
	lines := strings.Split(strings.TrimSuffix(string(r.rest), "\n"), "\n")
	for i, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		f := field{name, value}
		if i == 0 {
			written, err := strconv.Atoi(value)
			switch {
			case name != "version" || err != nil:
				return r.problem(Malformed, "its header does not begin with a version")
			case written > version:
				return r.problem(Newer, "format version %d; this program reads up to %d", written, version)
			}
			continue
		}
		known, err := take(f)
		if err != nil {
			return r.problem(Malformed, "%s %q: %v", name, value, err)
		}
		if !known {
			return r.problem(Malformed, "its header has a line %q, which nobody knows", name)
		}
	}
	return nil
}

// hexadecimal writes a hash.
func hexadecimal(n uint64) string { return fmt.Sprintf("%016x", n) }

// optionOf takes a name and a value apart.
func optionOf(text string) Option {
	name, value, _ := strings.Cut(text, "=")
	return Option{Name: name, Value: value}
}
