package script_test

import (
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/internal/script"
)

// play returns what a script prints, and whether it could be played.
func play(text string) (string, bool) {
	var printed strings.Builder
	played := new(script.Player).Play(text, func(piece string) { printed.WriteString(piece) })
	return printed.String(), played
}

func TestPlayingAllocatesNothing(t *testing.T) {
	player := new(script.Player)
	for _, file := range script.Files {
		if allocations := testing.AllocsPerRun(1, func() { player.Play(file.Text, func(string) {}) }); allocations != 0 {
			t.Errorf("%s: %v allocations, want none", file.Name, allocations)
		}
	}
}

func TestWhatAScriptExpectsDoesNotChangeWhatItPrints(t *testing.T) {
	for _, file := range script.Files {
		var commands strings.Builder
		for line := range strings.Lines(file.Text) {
			if line == "\n" || line[0] == '#' || line[0] == '>' {
				commands.WriteString(line)
			}
		}
		if got, _ := play(commands.String()); got != file.Text {
			t.Errorf("%s without what it expects prints something else:\n%s", file.Name, got)
		}
	}
}

func TestAScriptThatCannotBePlayedSaysWhyAndEnds(t *testing.T) {
	const three = "> cluster 3\n"
	for script, want := range map[string]string{
		"> sing":                                "there is no such command, or it needs a server: sing",
		three + "> sing 1":                      "there is no such command: sing",
		"> ":                                    "",
		">  ":                                   "there is no such command, or it needs a server",
		"> cluster":                             "a number must have one to six digits",
		"> cluster 0":                           "a cluster must have one to five servers: 0",
		"> cluster 6":                           "a cluster must have one to five servers: 6",
		"> cluster three":                       "this is not a number: three",
		"> pass 1000000":                        "a number must have one to six digits: 1000000",
		"> run x":                               "this is not a number: x",
		three + "> run 10 32":                   "an id must be at most 31: 32",
		"> elect 1":                             "there is no such server: 1",
		"> propose 1 a":                         "there is no such server: 1",
		three + "> join 3":                      "no server of this id can join",
		three + "> join 4\n> join 5\n> join 6":  "no server of this id can join",
		three + "> start 1":                     "the server is up",
		three + "> crash 1\n> propose 1 a":      "the server is down: propose",
		three + "> propose 1 too-long":          "a command has at most 6 bytes: too-long",
		three + "> propose 1 a b c d e f g h i": "a proposal has at most 8 entries",
		three + "> propose 1 a b c d e f g h i j k": "a command has too many words: k",
		three + "> change 1 1 2 3 4 5 6":            "a configuration has at most five members: 6",
		three + "> transfer 1 x":                    "this is not a number: x",
		three + "> compact 1":                       "a number must have one to six digits",
		three + "> damage 1 1":                      "there is no command whose body could be lost, or one is lost already: 1",
		three + "> give it":                         "no message was kept under this name: it",
		three + "> deliver 1 2 Letter":              "there is no such kind of message: Letter",
		"> cluster 5\n> elect 1 2 3\n> pass 99":     "too many messages are in flight",
		three + "> elect 1 2 3\n> run 20\n> slow 1\n> slow 2\n> slow 3\n" + strings.Repeat("> propose 1 a\n> deliver 1\n", 5): "too many writes wait",
		three + "> elect 1 2 3\n> run 20\n" + strings.Repeat("> propose 1 abcdef\n> run 20\n", 4):                             "a state machine is full",
		three + "> elect 1 2 3\n" + strings.Repeat("> read 1\n", 5):                                                           "there are too many reads",
		three + "> elect 1 2 3\n> keep a 1 2\n> run 20\n> pass 10\n> keep b\n> pass 10\n> keep c\n> pass 10\n> keep d":        "too many messages are kept: d",
	} {
		got, played := play(script + "\n> status\n")
		if want == "" {
			if !played {
				t.Errorf("%q: this is no command, but printed\n%s", script, got)
			}
			continue
		}
		if played || !strings.HasSuffix(got, "\ncannot go on: "+want+"\n") {
			t.Errorf("%q: should end with %q, printed\n%s", script, want, got)
		}
	}
}

func TestAPlayerIsAsNewForEveryScript(t *testing.T) {
	const text = "> cluster 3\n> elect 1 2 3\n> keep it 1 2\n> read 1\n> give it\n> status\n"
	player := new(script.Player)
	var first, second strings.Builder
	player.Play(text, func(piece string) { first.WriteString(piece) })
	player.Play("> cluster 2\n> sing 1\n", func(string) {})
	player.Play(text, func(piece string) { second.WriteString(piece) })
	if first.String() != second.String() {
		t.Errorf("played again it prints\n%s\nbefore it printed\n%s", second.String(), first.String())
	}
	if player.Play("> give it\n", func(string) {}) {
		t.Error("a message is kept from one script to the next")
	}
}

func TestTheFirstDifferenceIsNamedByLineAndCommand(t *testing.T) {
	const want = "# text\n\n> one\na\n> two\nb\n"
	for got, expected := range map[string]script.Difference{
		want:                                {},
		"# text\n\n> one\na\n> two\nc\n":    {Line: 6, After: "> two", Got: "c", Want: "b"},
		"# text\n\n> one\n> two\nb\n":       {Line: 4, After: "> one", Got: "> two", Want: "a"},
		"# text\n\n> one\na\n> two\n":       {Line: 6, After: "> two", Got: "the end", Want: "b"},
		"# text\n\n> one\na\n> two\nb\n\nc": {Line: 7, After: "> two", Got: "", Want: "the end"},
		"":                                  {Line: 1, Got: "the end", Want: "# text"},
	} {
		d, differs := script.FirstDifference(got, want)
		if d != expected || differs != (got != want) {
			t.Errorf("of %q: got %+v, want %+v", got, d, expected)
		}
	}
}
