package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	f.checkOrders(t, u, full, apiText(t, calls))
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
