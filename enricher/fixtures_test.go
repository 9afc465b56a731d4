package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Calls as they happened on the phones stand in testdata/fixtures, a file each: the rows that Asterisk writes of them, and
// beside and below these what is to be understood. README.md there tells how to add one; it takes no Go.
func TestFixtures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/fixtures/*.txt")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			f := readFixture(t, file)
			f.check(t, false)
			if !f.columns["answer"] && !f.columns["end"] && !t.Failed() {
				f.check(t, true)
			}
		})
	}
}

// fixture is one file.
type fixture struct {
	file, title, rules, zone, date string
	columns                        map[string]bool // of the table of rows
	rows                           []cells
	conversations                  []conversationWanted
}

// cells of one line, by the names of their columns.
type cells map[string]string

// conversationWanted is a table of a conversation: what is wanted of it once the first rows, or all, are there.
type conversationWanted struct {
	line   string
	head   int // the row that is its oldest leg; 0 where there is one conversation only
	after  int // only so many rows have come yet; 0 for all
	fields []cells
}

// check what is understood of the rows all at once, then in other orders and piece after piece. full adds the columns
// answer and end, which not every site's table has: they tell nothing that the lengths do not.
func (f *fixture) check(t *testing.T, full bool) {
	t.Helper()
	r, err := loadRules(f.rulesFile())
	if err != nil {
		t.Fatal(err)
	}
	u := newUnderstanding(r)
	calls := f.calls(t, u, full)
	settle(t, u, calls)
	if wrong := f.compare(t, calls, full); len(wrong) > 0 {
		f.explain(t, u, calls, wrong)
		return
	}
	want := apiText(t, calls)
	random := rand.New(rand.NewPCG(1, uint64(len(calls)))) //nolint:gosec // orders, not secrets
	for range 6 {
		mixed := f.calls(t, u, full)
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		settle(t, u, mixed)
		alike(t, "in another order", want, apiText(t, mixed))
		for known := random.IntN(len(mixed)); known < len(mixed); known += 1 + random.IntN(len(mixed)) {
			settle(t, u, mixed[:known])
		}
		settle(t, u, mixed)
		alike(t, "piece after piece", want, apiText(t, mixed))
	}
	for i := range f.conversations {
		if w := &f.conversations[i]; w.after > 0 {
			some := f.calls(t, u, full)[:w.after]
			settle(t, u, some)
			f.compareConversation(t, w, some)
		}
	}
}

func (f *fixture) rulesFile() string {
	if f.rules == "" {
		return ""
	}
	return "testdata/fixtures/" + f.rules
}

// settle understands rows as the enricher does with those of a batch and of the store.
func settle(t testing.TB, u *understanding, calls []*call.Call) {
	t.Helper()
	g := newGroups(len(calls))
	for _, c := range calls {
		g.add(g.at(ownKey(c)), c, nil, nil)
	}
	for _, c := range calls {
		if c.Joined != "" {
			g.unite(conversationOf(c), ownKey(c))
		}
	}
	understandGroups(t, u, g, calls)
}

// apiText is what the API would show of rows and conversations, by id.
func apiText(t testing.TB, calls []*call.Call) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, c := range calls {
		all[fmt.Sprintf("row %d", c.ID)] = string(c.AppendJSON(nil))
		if c.Conversation.Legs > 0 {
			text, err := c.AppendConversationJSON(nil, true, nil)
			if err != nil {
				t.Fatal(err)
			}
			all[fmt.Sprintf("conversation of row %d", c.ID)] = string(text)
		}
	}
	return all
}

func alike(t *testing.T, how string, want, got map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s there are %d rows and conversations, want %d", how, len(got), len(want))
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s %s is\n%s\nand was\n%s", how, name, got[name], text)
		}
	}
}

// compare what is understood with what is wanted.
func (f *fixture) compare(t *testing.T, calls []*call.Call, full bool) (wrong []string) {
	t.Helper()
	for i, row := range f.rows {
		got := fields(t, calls[i].AppendJSON(nil), f.date)
		for name, want := range row {
			field, asked := strings.CutPrefix(name, "=")
			if !asked {
				continue
			}
			text, known := got[field]
			if !known {
				t.Fatalf("%s: a row has no field %q", f.file, field)
			}
			if text != want {
				t.Errorf("%s: row %d: %s is %q, want %q (answer and end added: %v)", row["line"], i+1, field, text, want, full)
				wrong = append(wrong, field)
			}
		}
	}
	heads := 0
	for _, c := range calls {
		if c.Conversation.Legs > 0 {
			heads++
		}
	}
	wanted := 0
	for i := range f.conversations {
		if w := &f.conversations[i]; w.after == 0 {
			wanted++
			wrong = append(wrong, f.compareConversation(t, w, calls)...)
		}
	}
	if heads != wanted {
		t.Errorf("%s: the rows are %d conversations, want %d", f.file, heads, wanted)
		wrong = append(wrong, "legs")
	}
	return wrong
}

func (f *fixture) compareConversation(t *testing.T, w *conversationWanted, calls []*call.Call) (wrong []string) {
	t.Helper()
	var head *call.Call
	for i, c := range calls {
		if c.Conversation.Legs > 0 && (w.head == 0 || w.head == i+1) {
			head = c
		}
	}
	if head == nil {
		t.Errorf("%s: row %d is not the oldest leg of a conversation", w.line, w.head)
		return []string{"legs"}
	}
	text, err := head.AppendConversationJSON(nil, w.after == 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := fields(t, text, f.date)
	got["complete"] = fmt.Sprint(head.Conversation.Complete)
	for _, c := range w.fields {
		field, want := strings.TrimPrefix(c["field"], "="), c["value"]
		text, known := got[field]
		if !known {
			t.Fatalf("%s: a conversation has no field %q", c["line"], field)
		}
		if text != want {
			t.Errorf("%s: %s is %q, want %q", c["line"], field, text, want)
			wrong = append(wrong, field)
		}
	}
	return wrong
}

// explain says which rules decided what is wrong, and what that builds on.
func (f *fixture) explain(t *testing.T, u *understanding, calls []*call.Call, wrong []string) {
	t.Helper()
	g := newGroups(len(calls))
	for _, c := range calls {
		g.add(g.at(conversationOf(c)), c, nil, nil)
	}
	var b strings.Builder
	for _, one := range g.list {
		tr := &trace{}
		u.explain(g.callsOf(one), tr)
		for _, d := range tr.decisions {
			if field := strings.TrimPrefix(d.Field, wholePrefix); !slices.Contains(wrong, field) && field != "leg_kind" {
				continue
			}
			fmt.Fprintf(&b, "\n  row %d %s = %v: %s", d.leg.ID, d.Field, d.Value, d.Rule)
		}
	}
	t.Logf("%s\n%s%s", f.file, f.title, b.String())
}

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
