package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// fields of a record of the API as a table's cells have them.
func fields(t testing.TB, text []byte, date string) map[string]string {
	t.Helper()
	var record map[string]any
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if err := d.Decode(&record); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	cells := map[string]string{}
	for name, v := range record {
		cells[name] = cellOf(name, v, date)
	}
	return cells
}

func cellOf(name string, v any, date string) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		// A time of the fixture's own day is shown without it.
		if rest, ok := strings.CutPrefix(v, date+"T"); ok {
			return strings.TrimSuffix(rest, "Z")
		}
		return v
	case []any:
		between := ", "
		if name == "path" {
			between = " → "
		}
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = cellOf(name, v[i], date)
		}
		return strings.Join(texts, between)
	case map[string]any:
		var parts []string
		for _, key := range [...]string{"extension", "id", "leg_kind", "kind", "who", "file", "rang", "answered"} {
			switch part := v[key].(type) {
			case bool:
				if part {
					parts = append(parts, key)
				}
			case nil:
			default:
				parts = append(parts, fmt.Sprint(part))
			}
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(v)
}

// calls of the fixture's rows, read but not understood.
func (f *fixture) calls(t testing.TB, u *understanding, full bool) []*call.Call {
	t.Helper()
	var names []string
	for _, name := range call.Standard() {
		if f.columns[name] || full && (name == "answer" || name == "end") || isAlways(name) {
			names = append(names, name)
		}
	}
	for name := range f.columns {
		if !strings.HasPrefix(name, "=") && !call.IsStandard(name) && name != "line" && name != "source" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	columns := make([]call.Column, len(names))
	for i := range names {
		columns[i].Name = names[i]
	}
	table := call.NewTable(columns)
	clock, err := u.clock(f.zone)
	if err != nil {
		t.Fatalf("%s: %v", f.file, err)
	}
	var calls []*call.Call
	for i, row := range f.rows {
		values := make([]call.Value, len(names))
		for j, name := range names {
			values[j] = f.value(t, i, row, name)
		}
		o := call.Origin{Source: "pbx", Zone: f.zone, Kind: call.KindPage, Table: table}
		if row["source"] != "" {
			o.Source = row["source"]
		}
		c := new(call.Call)
		u.row(&o, clock, &call.Row{ID: uint64(i + 1), Values: values}, 1, c)
		calls = append(calls, c)
	}
	return calls
}

// Every table has these columns, and a fixture need not write them.
func isAlways(name string) bool {
	switch name {
	case "id", "calldate", "uniqueid", "linkedid", "sequence", "disposition", "duration", "billsec", "amaflags":
		return true
	}
	return false
}

// value of a column: what the table has, or what follows from the rest.
func (f *fixture) value(t testing.TB, i int, row cells, name string) call.Value {
	t.Helper()
	text, given := row[name]
	switch name {
	case "id":
		return call.Value{Text: fmt.Sprint(i + 1), Valid: true}
	case "calldate":
		text = f.day(text)
	case "answer", "end":
		if given {
			return call.Value{Text: f.day(text), Valid: text != ""}
		}
		start, err := time.Parse(time.DateTime, f.day(row["calldate"]))
		if err != nil {
			t.Fatalf("%s: %v", row["line"], err)
		}
		length, talk := int64(digits(row["duration"])), int64(digits(row["billsec"]))
		at := start.Add(time.Duration(length) * time.Second)
		if name == "answer" {
			if row["disposition"] != call.Answered && talk == 0 {
				return call.Value{}
			}
			at = at.Add(-time.Duration(talk) * time.Second)
		}
		return call.Value{Text: at.Format(time.DateTime), Valid: true}
	case "uniqueid":
		if !given {
			text = "1795255200.1"
		}
	case "linkedid":
		if !given {
			text = f.rows[0]["uniqueid"]
			if text == "" {
				text = "1795255200.1"
			}
		}
	case "sequence":
		if !given {
			text = fmt.Sprint(i)
		}
	case "amaflags":
		if !given {
			text = "3"
		}
	case "queue_name", "queue_wait_time", "answered_agent", "recordingfile":
		return call.Value{Text: text, Valid: text != ""}
	}
	return call.Value{Text: text, Valid: true}
}

// day completes a time that has none.
func (f *fixture) day(text string) string {
	if len(text) == len("15:04:05") {
		return f.date + " " + text
	}
	return text
}
