package main

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// pattern is a name with * (any text), ? (one character), [a-z] or [^a-z] (one of these, none of these) and \ in front of
// a character that is meant as it stands. Unlike a file name's, its * does not stop at a slash.
type pattern []symbol

type symbol struct {
	kind    symbolKind
	char    rune
	ranges  []rune // pairs: lowest, highest
	negated bool
}

type symbolKind uint8

const (
	literal symbolKind = iota
	oneOf
	anyOne
	anyText
)

// parsePattern reads a pattern; adjacent stars are one.
func parsePattern(text string) (pattern, error) {
	var p pattern
	for rest := []rune(text); len(rest) > 0; {
		c := rest[0]
		rest = rest[1:]
		switch c {
		case '*':
			if n := len(p); n == 0 || p[n-1].kind != anyText {
				p = append(p, symbol{kind: anyText})
			}
		case '?':
			p = append(p, symbol{kind: anyOne})
		case '[':
			s, left, err := parseClass(rest)
			if err != nil {
				return nil, err
			}
			p, rest = append(p, s), left
		case '\\':
			if len(rest) == 0 {
				return nil, errors.New(`a \ with nothing behind it`)
			}
			p, rest = append(p, symbol{char: rest[0]}), rest[1:]
		default:
			p = append(p, symbol{char: c})
		}
	}
	return p, nil
}

func parseClass(rest []rune) (symbol, []rune, error) {
	s := symbol{kind: oneOf}
	if len(rest) > 0 && (rest[0] == '^' || rest[0] == '!') {
		s.negated, rest = true, rest[1:]
	}
	for {
		if len(rest) == 0 {
			return s, nil, errors.New("a [ without its ]")
		}
		if rest[0] == ']' {
			if len(s.ranges) == 0 {
				return s, nil, errors.New("[] with nothing in it")
			}
			return s, rest[1:], nil
		}
		low := rest[0]
		rest = rest[1:]
		high := low
		if len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
			high, rest = rest[1], rest[2:]
		}
		if high < low {
			return s, nil, errors.New("a range in [] that runs backwards")
		}
		s.ranges = append(s.ranges, low, high)
	}
}

func (s *symbol) matches(c rune) bool {
	switch s.kind {
	case literal:
		return s.char == c
	case oneOf:
		for i := 0; i < len(s.ranges); i += 2 {
			if c >= s.ranges[i] && c <= s.ranges[i+1] {
				return !s.negated
			}
		}
		return s.negated
	}
	return true
}

// match goes back to the last star only, so that its cost is at most the product of the two lengths.
func (p pattern) match(name string) bool {
	i, at := 0, 0
	star, resume := -1, 0
	for at < len(name) {
		c, size := utf8.DecodeRuneInString(name[at:])
		switch {
		case i < len(p) && p[i].kind == anyText:
			star, resume = i, at
			i++
		case i < len(p) && p[i].matches(c):
			i++
			at += size
		case star >= 0:
			_, size = utf8.DecodeRuneInString(name[resume:])
			resume += size
			i, at = star+1, resume
		default:
			return false
		}
	}
	for i < len(p) && p[i].kind == anyText {
		i++
	}
	return i == len(p)
}

// head is the text in front of the first wildcard; all there is where the pattern is a plain name.
func (p pattern) head() (text string, exact bool) {
	var b strings.Builder
	for i := range p {
		if p[i].kind != literal {
			return b.String(), false
		}
		b.WriteRune(p[i].char)
	}
	return b.String(), true
}

// weight says how much a pattern fixes: of two that match a name, the heavier one decides.
func (p pattern) weight() int {
	n := 0
	for i := range p {
		switch p[i].kind {
		case literal:
			n += 2 * utf8.RuneLen(p[i].char)
		case oneOf, anyOne:
			n++
		}
	}
	return n
}

// overlaps tells whether some name matches both.
func (p pattern) overlaps(q pattern) bool {
	// below[j] says whether p[i+1:] and q[j:] have a name in common, row[j] the same of p[i:].
	below := make([]bool, len(q)+1)
	for i := len(p); i >= 0; i-- {
		row := make([]bool, len(q)+1)
		for j := len(q); j >= 0; j-- {
			switch {
			case i == len(p) && j == len(q):
				row[j] = true
			case i < len(p) && p[i].kind == anyText:
				row[j] = below[j] || j < len(q) && row[j+1]
			case j < len(q) && q[j].kind == anyText:
				row[j] = row[j+1] || i < len(p) && below[j]
			case i < len(p) && j < len(q):
				row[j] = below[j+1] && p[i].meets(&q[j])
			}
		}
		below = row
	}
	return below[0]
}

// meets tells whether one character fits both.
func (s *symbol) meets(o *symbol) bool {
	switch {
	case s.kind == anyOne || o.kind == anyOne:
		return true
	case s.kind == literal:
		return o.matches(s.char)
	case o.kind == literal:
		return s.matches(o.char)
	case s.negated && o.negated:
		return true // no list excludes everything
	}
	// The lowest character that fits both, if there is one, begins a range or follows one that is excluded.
	for _, t := range [...]*symbol{s, o} {
		for i := 0; i < len(t.ranges); i += 2 {
			c := t.ranges[i]
			if t.negated {
				c = t.ranges[i+1] + 1
			}
			if s.matches(c) && o.matches(c) {
				return true
			}
		}
	}
	return false
}

// covers tells that q matches nothing that p does not: sure where it says so, silent in cases that nobody writes.
func (p pattern) covers(q pattern) bool {
	if p.matchesAll() {
		return true
	}
	start, exact := q.head()
	if exact {
		return p.match(start)
	}
	if head, _ := p.head(); p.headOnly() {
		return strings.HasPrefix(start, head)
	}
	return p.equal(q)
}

// headOnly tells a beginning with a star behind it.
func (p pattern) headOnly() bool {
	i := slices.IndexFunc(p, func(s symbol) bool { return s.kind != literal })
	return i >= 0 && i == len(p)-1 && p[i].kind == anyText
}

func (p pattern) matchesAll() bool { return len(p) == 1 && p[0].kind == anyText }

func (p pattern) equal(q pattern) bool {
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		a, b := &p[i], &q[i]
		if a.kind != b.kind || a.char != b.char || a.negated != b.negated || string(a.ranges) != string(b.ranges) {
			return false
		}
	}
	return true
}
