package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each file in testdata/bad holds one mistake, which its name says; its first line is the whole message.
func TestRulesNameTheirMistakes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want := fmt.Sprintf("RULES_FILE %s:\n%s", file, strings.TrimPrefix(first, "# "))
			if _, err := loadRules(file); err == nil || err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
	if _, err := loadRules("testdata/none.yaml"); err == nil || !strings.Contains(err.Error(), "read RULES_FILE: open testdata/none.yaml: no such file") {
		t.Errorf("missing file: %v", err)
	}
}

func TestAllMistakesAtOnceInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	_, err := parseRules([]byte(`withheld: {}
trunks: ["line["]
organisations:
  - name: a
    extensions: [x, "7-6"]
    nmae: b
  - id: 2
    channels: ["("]
    hours: {opne: []}
    parent: 9
contexts: {inbuond: [a]}
numbering: [{country: x}]
`))
	if err == nil {
		t.Fatal("no mistake")
	}
	var lines []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		where, _, _ := strings.Cut(line, ", column")
		lines = append(lines, strings.TrimPrefix(where, "line "))
	}
	if got, want := strings.Join(lines, " "), "1 2 4 5 5 6 8 9 9 10 11 12"; got != want {
		t.Errorf("mistakes in the lines %s, want %s:\n%v", got, want, err)
	}
}

// One mistake is told once: what follows from it is not.
func TestMistakesThatFollowAreNotTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"organisations: [{name: a, dids: ['1'], extensions: ['7']}, {id: 2, dids: ['1']}, {id: 3, extensions: ['7']}]":       1,
		"organisations: [{id: a, accountcodes: [x], channels: [y]}, {id: 2, accountcodes: [x], channels: [y]}]":              1,
		"organisations: [{id: 0, queues: [{queue: q}]}, {id: 2, queues: [{queue: q}]}]\nunassigned: {dids: ['1']}":           1,
		"organisations: [{id: 1, zone: x, hours: {open: ['mon 09:00-10:00']}}]":                                              1,
		"organisations: [{id: 1, parent: 9}, {id: 2, parent: 1}]":                                                            1,
		"organisations: [[a], {id: 1, extensions: [[1], {name: x}], queues: [1], hours: 1}]\nuserfield: {hangup: [[a], {}]}": 7,
		"numbering: [{source: '[', country: IN}, {source: '[', trunk: x, country: IN}, {source: a}, 7]":                      4,
	} {
		if _, err := parseRules([]byte(text)); err == nil || strings.Count(err.Error(), "\n")+1 != want {
			t.Errorf("%s: want %d mistakes, got\n%v", text, want, err)
		}
	}
}

// What was a rules file once is one today.
func TestOldFilesStayValid(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "# nothing\n", "---\n", "{}", "organisations:\n", "trunks: []\ncontexts:\n",
		"organisations: [{id: 1, accountcodes: [1, acme], dids: [918065978001], name: }]",
		"organisations: [{id: 1, extensions: [1001, 1001-1099, '1001']}, {id: 2, extensions: [1050-2000, 1001]}]",
		"organisations: [{id: 1, accountcodes: [a, a], trunks: ['t_*'], name: ''}]\ntrunks: ['t_*', 't_*']",
		"organisations: [&a {id: 1, dids: ['1']}, {<<: *a, id: 2, dids: ['2']}]",
	} {
		if _, err := parseRules([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
