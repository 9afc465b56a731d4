package main

import (
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// Rows of one source after the other stand in testdata/times.txt.
func TestTimes(t *testing.T) {
	t.Parallel()
	u := newUnderstanding(&rules{})
	table := call.NewTable([]call.Column{{Name: "calldate"}, {Name: "answer"}, {Name: "end"}, {Name: "uniqueid"}})
	for _, row := range readTable(t, "times.txt", 30) {
		o := call.Origin{Source: row["source"], Zone: row["zone"], Table: table}
		clock, err := u.clock(o.Zone)
		if err != nil {
			t.Fatal(err)
		}
		var values []call.Value
		for i := range table.Columns {
			text := row[table.Columns[i].Name]
			values = append(values, call.Value{Text: text, Valid: text != ""})
		}
		var c call.Call
		u.row(&o, clock, &call.Row{ID: 1, Values: values}, 1, &c)
		for name, got := range map[string]string{
			"=calldate": utcText(c.Calldate), "=answer": utcText(c.Answer), "=end": utcText(c.End), "=flags": c.Flags,
		} {
			if want := row[name]; got != want {
				t.Errorf("%s (%s): %s is %q, want %q", row["line"], row["what"], name[1:], got, want)
			}
		}
		for i := range table.Columns { // whatever is read out of a time, the row can be shown as it came
			if got := c.Raw(i); got != values[i] {
				t.Errorf("%s (%s): %s is kept as %v, was %v", row["line"], row["what"], table.Columns[i].Name, got, values[i])
			}
		}
	}
}

func utcText(at call.Instant) string {
	if at == call.NoInstant {
		return ""
	}
	return at.Time().Format("2006-01-02 15:04:05")
}
