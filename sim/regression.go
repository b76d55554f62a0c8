package sim

import (
	"fmt"
	"go/format"
	"reflect"
	"strings"

	"github.com/driftless-raft/driftless/trace"
)

// Regression is the source of a Go test that fails as long as the rule is broken,
// ready to be put into a file of its own anywhere in this module.
func (s *Shrunk) Regression() string {
	var b strings.Builder
	b.WriteString("package sim_test\n\nimport (\n\t\"testing\"\n\n\t\"github.com/driftless-raft/driftless/sim\"\n")
	if len(s.Actions) > 0 {
		b.WriteString("\t\"github.com/driftless-raft/driftless/trace\"\n")
	}
	b.WriteString(")\n\n")
	fmt.Fprintf(&b, "// Seed %d broke %s once:\n//\n", s.Seed, s.Failure.Rule)
	for line := range strings.Lines(s.Story) {
		b.WriteString(strings.TrimRight("//\t"+line, "\t \n") + "\n")
	}
	fmt.Fprintf(&b, "func Test%sHoldsWhereSeed%dBrokeIt(t *testing.T) {\n", camel(s.Failure.Rule), s.Seed)
	fmt.Fprintf(&b, "\toptions := sim.Options{\n%s\t}\n", s.Options.literal())
	if len(s.Actions) > 0 {
		b.WriteString("\tresult := sim.Perform(options, []trace.Action{\n")
		for i := range s.Actions {
			fmt.Fprintf(&b, "\t\t%s,\n", literal(&s.Actions[i]))
		}
		b.WriteString("\t})\n")
	} else {
		fmt.Fprintf(&b, "\tresult := sim.Run(%d, options)\n", s.Seed)
	}
	b.WriteString("\tif f := result.Failure; f != nil {\n\t\tt.Errorf(\"%s: %s\", f.Rule, f.What)\n\t}\n}\n")
	source, err := format.Source([]byte(b.String()))
	if err != nil {
		return b.String() // which the compiler will explain
	}
	return string(source)
}

// camel makes a rule's name a part of a Go name.
func camel(rule string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(rule, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// literal writes the options that are not zero as fields of a Go literal.
func (o *Options) literal() string {
	var b strings.Builder
	value := reflect.ValueOf(o).Elem()
	for i := range value.NumField() {
		field := value.Field(i)
		switch {
		case field.IsZero():
		case field.Type() == reflect.TypeFor[StoreKind]():
			fmt.Fprintf(&b, "\t\t%s: %d, // %v\n", value.Type().Field(i).Name, field.Uint(), field.Interface())
		default:
			fmt.Fprintf(&b, "\t\t%s: %v,\n", value.Type().Field(i).Name, field.Interface())
		}
	}
	return b.String()
}

// literal writes an action as a Go literal.
func literal(a *trace.Action) string {
	var fields []string
	value := reflect.ValueOf(a).Elem()
	for i := range value.NumField() {
		if field := value.Field(i); !field.IsZero() {
			fields = append(fields, fmt.Sprintf("%s: %#v", value.Type().Field(i).Name, plain(field)))
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// plain is a field as %#v writes numbers in decimal.
func plain(field reflect.Value) any {
	switch field.Kind() {
	case reflect.Uint8, reflect.Uint64:
		return int64(field.Uint())
	case reflect.Slice:
		return field.Convert(reflect.TypeFor[choices]()).Interface()
	default:
		return field.Interface()
	}
}

// choices are written in decimal, too.
type choices []uint64

// GoString implements [fmt.GoStringer].
func (c choices) GoString() string {
	return "[]uint64{" + strings.Trim(strings.ReplaceAll(fmt.Sprint([]uint64(c)), " ", ", "), "[]") + "}"
}
