package contract

import (
	"strings"
	"testing"
)

func TestWhatClientsWerePromisedIsHeldAgainstTheLog(t *testing.T) {
	given := command{name: name{session: 1, sequence: 1}, operation: add, register: 1, value: 1}
	happened := map[name]effect{given.name: {index: 7, answer: answer{value: 1}}}
	for _, c := range []struct {
		want    string
		act     act
		effects map[name]effect
	}{
		{"", act{command: given, sent: true, done: true, answer: answer{value: 1}}, happened},
		{"", act{command: given, sent: true}, nil},
		{"is in no log", act{command: given, sent: true, done: true, answer: answer{value: 1}}, nil},
		{"but came to", act{command: given, sent: true, done: true, answer: answer{value: 2}}, happened},
		{"was refused", act{command: given, sent: true, refused: true}, happened},
		{"was never sent", act{command: given}, happened},
	} {
		got := failureOf(func() { new(stage).verifyCommand(&c.act, c.effects) })
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%+v: the check says %q, want %q", c.act, got, c.want)
		}
	}
}

// failureOf is how a part of a scenario fails, or "".
func failureOf(do func()) (text string) {
	defer func() {
		if f, failed := recover().(failure); failed {
			text = f.text
		}
	}()
	do()
	return ""
}
