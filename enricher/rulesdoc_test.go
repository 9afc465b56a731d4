package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var exampleBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// documentedRules is the example file of docs/rules.md.
func documentedRules(t testing.TB) []byte {
	t.Helper()
	page, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	m := exampleBlock.FindSubmatch(page)
	if m == nil {
		t.Fatal("docs/rules.md has no example")
	}
	return m[1]
}

// The documented example can be loaded and has every key of the format in it; every further example can be loaded too.
func TestDocumentedRules(t *testing.T) {
	t.Parallel()
	var (
		d decoder
		f rulesFile
	)
	text := documentedRules(t)
	d.decodeRules(text, &f)
	if _, err := parseRules(text); err != nil {
		t.Errorf("the example of docs/rules.md is refused:\n%v", err)
	}
	keys := allKeys(reflect.TypeFor[rulesFile](), "")
	if len(keys) < 40 {
		t.Fatalf("%d keys, want the whole format", len(keys))
	}
	for _, key := range keys {
		// An extension is written alike wherever it stands.
		if !d.seen[key] && !strings.HasPrefix(key, "unassigned.extensions.") {
			t.Errorf("docs/rules.md lacks %s in its example", key)
		}
	}
	page, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := exampleBlock.FindAllSubmatch(page, -1)
	for i, m := range examples[1:] {
		if _, err := parseRules(m[1]); err != nil {
			t.Errorf("example %d is refused:\n%v", i+2, err)
		}
	}
	// The page tells the standard contexts and words.
	var standard []string
	for _, e := range standardContexts.entries {
		standard = append(standard, e.text)
	}
	for _, name := range slices.Concat(standard, standardWithheld[1:]) {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/rules.md does not tell %s", name)
		}
	}
}

// What the page says of mistakes is what is said.
func TestDocumentedMistakes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```text\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of text, want a bad file and what is said of it", len(blocks))
	}
	if _, err := parseRules(blocks[0][1]); err == nil || err.Error() != strings.TrimSpace(string(blocks[1][1])) {
		t.Errorf("said is\n%v\nthe page has\n%s", err, blocks[1][1])
	}
}
