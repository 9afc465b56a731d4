package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// readFixture reads a file of testdata/fixtures: a title, lines of "name: value", and tables divided by empty lines. The
// first table has the rows; each that begins with conversation says what is understood of one.
func readFixture(t testing.TB, file string) *fixture {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{file: file, zone: "UTC", date: "2026-11-21", columns: map[string]bool{}}
	var header []string
	for n, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		at := fmt.Sprintf("%s:%d", file, n+1)
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			header = nil
		case !strings.Contains(line, "│"):
			f.say(t, at, line)
		case header == nil:
			header = split(line)
			if header[0] == "conversation" {
				f.conversations = append(f.conversations, conversationTable(t, at, header))
				header = []string{"field", "value"}
			} else if len(f.rows) > 0 {
				t.Fatalf("%s: a second table of rows; the table of a conversation begins with the word conversation", at)
			}
		default:
			f.line(t, at, header, split(line))
		}
	}
	if f.title == "" || len(f.rows) == 0 || len(f.conversations) == 0 {
		t.Fatalf("%s: want a title, a table of rows and a table of a conversation", file)
	}
	for i := range f.conversations {
		if w := &f.conversations[i]; len(w.fields) == 0 || w.after >= len(f.rows) || w.head > len(f.rows) {
			t.Fatalf("%s: the table says nothing, or of rows that are not there", w.line)
		}
	}
	return f
}

// say takes a line in front of the tables.
func (f *fixture) say(t testing.TB, at, line string) {
	t.Helper()
	if f.title == "" {
		f.title = line
		return
	}
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch name {
	case "rules":
		f.rules = value
	case "zone":
		f.zone = value
	case "date":
		f.date = value
	default:
		if len(f.columns) > 0 {
			t.Fatalf("%s: %q is no line of a table", at, line)
		}
		f.title += " " + line
	}
}

func (f *fixture) line(t testing.TB, at string, header, values []string) {
	t.Helper()
	if len(values) != len(header) {
		t.Fatalf("%s: %d cells, want %d", at, len(values), len(header))
	}
	c := cells{"line": at}
	for i, name := range header {
		c[name] = values[i]
	}
	if n := len(f.conversations); n > 0 {
		w := &f.conversations[n-1]
		if slices.ContainsFunc(w.fields, func(o cells) bool { return o["field"] == c["field"] }) {
			t.Fatalf("%s: %s is given twice", at, c["field"])
		}
		w.fields = append(w.fields, c)
		return
	}
	for _, name := range header {
		f.columns[name] = true
	}
	for _, name := range []string{"calldate", "channel", "duration", "billsec", "disposition"} {
		if _, given := c[name]; !given {
			t.Fatalf("%s: the table of rows has no column %s", at, name)
		}
	}
	f.rows = append(f.rows, c)
}

// conversationTable reads the first line of a table, "conversation │ of row 4" or "conversation │ after row 3".
func conversationTable(t testing.TB, at string, header []string) conversationWanted {
	t.Helper()
	w := conversationWanted{line: at}
	if len(header) != 2 {
		t.Fatalf("%s: want conversation │ and nothing, of row 4, or after row 3", at)
	}
	for rest := header[1]; rest != ""; {
		words := strings.Fields(rest)
		if len(words) < 3 || words[1] != "row" {
			t.Fatalf("%s: %q, want of row 4, or after row 3", at, rest)
		}
		n, err := strconv.Atoi(words[2])
		switch {
		case err == nil && n > 0 && words[0] == "of":
			w.head = n
		case err == nil && n > 0 && words[0] == "after":
			w.after = n
		default:
			t.Fatalf("%s: %q, want of row 4, or after row 3", at, rest)
		}
		rest = strings.Join(words[3:], " ")
	}
	return w
}

func split(line string) []string {
	list := strings.Split(line, "│")
	for i := range list {
		list[i] = cell(list[i])
	}
	return list
}
