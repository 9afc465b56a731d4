package main

import (
	"path"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPatterns(t *testing.T) {
	t.Parallel()
	for p, names := range map[string]string{
		"tata":         "tata -Tata -tata2",
		"tata_*":       "tata_ tata_1 tata_a/b -tata",
		"*_gateway":    "_gateway tata_gateway -gateway",
		"a*b*c":        "abc aXbYc aabbcc -ab -abcd",
		"91806597800?": "918065978001 -91806597800 -9180659780012",
		"line[1-3]":    "line1 line3 -line4 -line",
		"line[^1-3]":   "line4 -line1 -line",
		"line[!1]":     "line2 -line1",
		"[a-cx]?":      "a1 x2 -d1",
		"*":            "a abc",
		"**a":          "a ba -b",
		`a\*b`:         `a*b -axb`,
		"é?":           "éà -é",
		"*é":           "é aé -e",
	} {
		parsed, err := parsePattern(p)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		for name := range strings.FieldsSeq(names) {
			name, not := strings.CutPrefix(name, "-")
			if parsed.match(name) == not {
				t.Errorf("%s matches %s: %v", p, name, !not)
			}
		}
	}
	for _, p := range []string{"[", "a[", "[]", "[^]", "[b-a]", `a\`, "[a-"} {
		if _, err := parsePattern(p); err == nil {
			t.Errorf("%s is taken for a pattern", p)
		}
	}
}

func TestPatternsOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b     string
		overlaps bool
	}{
		{"a*", "*b", true},
		{"a*", "b*", false},
		{"a?c", "ab?", true},
		{"a?c", "ab", false},
		{"*x*", "*y*", true},
		{"[a-c]*", "[c-e]*", true},
		{"[a-c]*", "[d-e]*", false},
		{"[^a-c]", "[a-d]", true},
		{"[^a-d]", "[b-c]", false},
		{"[^a]", "[^b]", true},
		{"[^a]", "a", false},
		{"line1", "line?", true},
		{"*", "", true},
		{"a*b", "a*c", false},
	} {
		a, err1 := parsePattern(c.a)
		b, err2 := parsePattern(c.b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if a.overlaps(b) != c.overlaps || b.overlaps(a) != c.overlaps {
			t.Errorf("%s and %s overlap: %v, and turned round %v; want %v", c.a, c.b, a.overlaps(b), b.overlaps(a), c.overlaps)
		}
	}
}

func TestPatternsCover(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b   string
		covers bool
	}{
		{"*", "tata_*", true},
		{"tata*", "tata_*", true},
		{"tata*", "tata", true},
		{"tata_*", "tata*", false},
		{"a?", "ab", true},
		{"a?", "a?", true},
		{"[a-b]", "[a-b]", true},
		{"a", "a", true},
		{"a", "*", false},
		{"a*", "*a", false},
	} {
		a, _ := parsePattern(c.a)
		b, _ := parsePattern(c.b)
		if a.covers(b) != c.covers {
			t.Errorf("%s covers %s: %v", c.a, c.b, !c.covers)
		}
	}
}

// What matches the same name overlaps, what covers matches, and the standard library agrees on names without a slash.
func FuzzPattern(f *testing.F) {
	f.Add("a*b?[c-d]", "*b[^x]", "aXbYc")
	f.Add("tata_*", "tata_gateway", "tata_gateway")
	f.Fuzz(func(t *testing.T, one, other, name string) {
		if len(one)+len(other)+len(name) > 500 || !utf8.ValidString(one+"\x00"+other+"\x00"+name) { // a rules file is UTF-8
			t.Skip()
		}
		p, err := parsePattern(one)
		if err != nil {
			return
		}
		if theirs, err := path.Match(one, name); err == nil && !strings.ContainsAny(one+name, "/[\\") && p.match(name) != theirs {
			t.Errorf("%q matches %q: %v, the standard library says %v", one, name, !theirs, theirs)
		}
		q, err := parsePattern(other)
		if err != nil {
			return
		}
		if p.match(name) && q.match(name) && !p.overlaps(q) {
			t.Errorf("%q and %q both match %q and do not overlap", one, other, name)
		}
		if p.covers(q) && q.match(name) && !p.match(name) {
			t.Errorf("%q covers %q and does not match %q", one, other, name)
		}
	})
}

func TestNameTable(t *testing.T) {
	t.Parallel()
	table := newNameTable[int]()
	for i, text := range []string{"*", "sales*", "sales_paris*", "*_paris", "sales_?aris_1", "sales_paris_1", "x*y*z"} {
		p, err := parsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		if e := table.add(text, p, i+1, spot{line: i + 1}); e != nil {
			t.Errorf("%s clashes with %s", text, e.text)
		}
		if e := table.add(text, p, 99, spot{line: 99}); e == nil || e.value != i+1 || e.at.line != i+1 {
			t.Errorf("%s twice: %+v", text, e)
		}
		if e := table.add(text, p, i+1, spot{line: 100}); e != nil {
			t.Errorf("%s twice with the same value: %+v", text, e)
		}
	}
	for name, want := range map[string]int{"": 1, "a": 1, "sales": 2, "sales_pari": 2, "sales_paris": 3, "sales_paris_2": 3, "sales_paris_1": 6, "sales_qaris_1": 5, "old_paris": 4, "x1y1z": 7, "x1y1": 1} {
		if got, ok := table.find(name); got != want || !ok {
			t.Errorf("%q is %d, %v; want %d", name, got, ok, want)
		}
	}
}
