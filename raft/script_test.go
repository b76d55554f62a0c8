package raft_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/internal/script"
)

var update = flag.Bool("update", false, "rewrite what the scripts in internal/script/scripts expect")

const scripts = "../internal/script/scripts"

func TestTheScripts(t *testing.T) {
	player := new(script.Player)
	for _, file := range script.Files {
		t.Run(strings.TrimSuffix(file.Name, ".txt"), func(t *testing.T) {
			var printed strings.Builder
			played := player.Play(file.Text, func(piece string) { printed.WriteString(piece) })
			got, name := printed.String(), filepath.Join(scripts, file.Name)
			d, differs := script.FirstDifference(got, file.Text)
			switch {
			case differs && played && *update:
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			case differs:
				t.Errorf("%s:%d: after %q: got %q, want %q", name, d.Line, d.After, d.Got, d.Want)
			}
		})
	}
}

func TestEveryScriptIsPlayed(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(scripts, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	var listed []string
	for _, file := range script.Files {
		listed = append(listed, file.Name)
	}
	if !slices.Equal(names, listed) {
		t.Errorf("the scripts there are: %q\nthose in script.Files: %q", names, listed)
	}
}
