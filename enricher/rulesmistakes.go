package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// spot is a place in the rules file, both counted from 1. The zero spot is nowhere.
type spot struct{ line, column int }

func (s spot) after(o spot) bool {
	return s.line > o.line || s.line == o.line && s.column > o.column
}

// mistake is one thing that is wrong with a rules file.
type mistake struct {
	at   spot
	text string
}

func (m mistake) Error() string {
	if m.at.column == 0 {
		return fmt.Sprintf("line %d: %s", m.at.line, m.text)
	}
	return fmt.Sprintf("line %d, column %d: %s", m.at.line, m.at.column, m.text)
}

// mistakes collects everything that is wrong, so that a file is mended at one go.
type mistakes struct{ list []mistake }

func (m *mistakes) addf(at spot, format string, args ...any) {
	m.list = append(m.list, mistake{at, fmt.Sprintf(format, args...)})
}

// pattern of a word. One that is empty was complained of where it was read.
func (m *mistakes) pattern(w word) (pattern, bool) {
	if w.text == "" {
		return nil, false
	}
	p, err := parsePattern(w.text)
	if err != nil {
		m.addf(w.spot, "pattern %q is malformed (%v), want a name with * and ?", w.text, err)
	}
	return p, err == nil
}

// joined in the order of the file; nil where nothing is wrong.
func (m *mistakes) joined() error {
	slices.SortStableFunc(m.list, func(a, b mistake) int {
		if a.at.line != b.at.line {
			return a.at.line - b.at.line
		}
		return a.at.column - b.at.column
	})
	all := make([]error, len(m.list))
	for i := range m.list {
		all[i] = m.list[i]
	}
	return errors.Join(all...)
}

var (
	numberedLine  = regexp.MustCompile(`^line ([0-9]+): `)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced`)
	// The YAML reader counts lines from 0 in these messages and from 1 in the others; it leaves a first line out.
	numberedFrom0 = regexp.MustCompile(`^did not find expected (<|node content|'-'|key|',')|^found undefined tag handle|^found (duplicate|incompatible) `)
	// In these it gives the line where the block begins in which something is out of place.
	ofWholeBlock = regexp.MustCompile(`^did not find expected ('-'|key)`)
)

// notYAML says where a text stops being YAML.
func notYAML(text []byte, err error) mistake {
	said, line := yamlMessage(err)
	at := spot{line: max(line, 1)}
	if m := unknownAnchor.FindStringSubmatch(said); m != nil {
		at = spotOf(text, strings.Index(string(text), "*"+m[1]))
	} else if i := unreadable(text); i >= 0 && line == 0 {
		at, said = spotOf(text, i), fmt.Sprintf("the byte %#02x is not UTF-8 text", text[i])
	} else if ofWholeBlock.MatchString(said) {
		at.line = firstBroken(text, at.line)
		said = "this line is not indented as the lines above it are"
	}
	if lines := bytes.Split(text, []byte("\n")); at.line <= len(lines) {
		if l := lines[at.line-1]; bytes.IndexByte(l[:len(l)-len(bytes.TrimLeft(l, " \t"))], '\t') >= 0 {
			said = "this line is indented with a tab, want spaces"
		}
	}
	return mistake{at, "not YAML: " + said}
}

func yamlMessage(err error) (said string, line int) {
	said = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := numberedLine.FindStringSubmatch(said); m != nil {
		line, _ = strconv.Atoi(m[1])
		said = said[len(m[0]):]
		if numberedFrom0.MatchString(said) {
			line++
		}
	}
	return said, line
}

// firstBroken is the first line, from one on, with which the text is out of joint: without it what stands above is YAML.
func firstBroken(text []byte, from int) int {
	lines := bytes.SplitAfter(text, []byte("\n"))
	if from > len(lines) {
		return from
	}
	return from + sort.Search(len(lines)-from, func(n int) bool {
		err := yaml.Unmarshal(bytes.Join(lines[:from+n], nil), new(yaml.Node))
		if err == nil {
			return false
		}
		said, _ := yamlMessage(err)
		return ofWholeBlock.MatchString(said)
	})
}

// unreadable is where the first byte stands that no YAML text has, -1 where there is none.
func unreadable(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r > 0x7f && r < 0xa0 && r != 0x85 {
			return i
		}
		i += size
	}
	return -1
}

func spotOf(text []byte, i int) spot {
	if i < 0 {
		return spot{line: 1}
	}
	before := string(text[:i])
	return spot{line: 1 + strings.Count(before, "\n"), column: 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])}
}

// nearest of the words to one that is misspelt, "" where none is near.
func nearest(word string, words []string) string {
	best, found := 3, ""
	for _, w := range words {
		switch d := slips(strings.ToLower(word), w); {
		case d < best && d*3 <= len(w):
			best, found = d, w
		case len(word) > 2 && best == 3 && (strings.HasPrefix(w, strings.ToLower(word)) || strings.HasPrefix(strings.ToLower(word), w)):
			found = w
		}
	}
	return found
}

// slips between two words: letters too many, missing, wrong, or two swapped.
func slips(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
