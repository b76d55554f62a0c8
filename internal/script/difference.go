package script

// A Difference is where what a script prints parts from what it says.
type Difference struct {
	Line  int    // counted from 1
	After string // the last command before it
	Got   string
	Want  string
}

// FirstDifference compares what a script printed with its text, line by line, and
// returns false if they are equal. Of a text that ends early the next line is
// "the end".
func FirstDifference(got, want string) (Difference, bool) {
	after := ""
	for line := 1; got != "" || want != ""; line++ {
		g, w := "the end", "the end"
		if got != "" {
			g, got = cutLine(got)
		}
		if want != "" {
			w, want = cutLine(want)
		}
		if g != w {
			return Difference{line, after, g, w}, true
		}
		if len(g) > 0 && g[0] == '>' {
			after = g
		}
	}
	return Difference{}, false
}
