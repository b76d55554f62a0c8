package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// seedRange is a range of seeds: "A-B", or "A" for one.
type seedRange struct{ first, last uint64 }

// Decode implements [kong.MapperValue].
func (r *seedRange) Decode(c *kong.DecodeContext) error {
	if !c.Scan.Peek().IsValue() {
		return errors.New("a range of seeds is missing: write two whole numbers, as in 1-2000")
	}
	text := c.Scan.Pop().String()
	from, to, ranged := strings.Cut(text, "-")
	if !ranged {
		to = from
	}
	first, err := strconv.ParseUint(from, 10, 64)
	last, err2 := strconv.ParseUint(to, 10, 64)
	switch {
	case err != nil || err2 != nil:
		return fmt.Errorf("%q is not a range of seeds: write two whole numbers, as in 1-2000", text)
	case last < first:
		return fmt.Errorf("%q is not a range of seeds: it ends before it begins", text)
	case last == math.MaxUint64:
		return fmt.Errorf("%q goes too far: the last seed may be %d", text, uint64(math.MaxUint64-1))
	}
	r.first, r.last = first, last
	return nil
}

// count is the number of seeds.
func (r *seedRange) count() uint64 { return r.last - r.first + 1 }
