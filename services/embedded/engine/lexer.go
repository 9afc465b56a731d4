package engine

import "strings"

// token is a piece of SQL outside of comments: a word, a quoted thing, or one other character.
type token struct {
	from, to int
	depth    int  // of brackets around it
	word     bool // unquoted: a keyword, a name or a number
}

// lexer walks over the tokens of a statement. It knows just enough of ClickHouse's SQL never to look for a keyword
// inside a string, a quoted name, a heredoc or a comment.
type lexer struct {
	sql   string
	at    int
	depth int
}

func (l *lexer) next() (token, bool) {
	l.skipBlank()
	if l.at >= len(l.sql) {
		return token{}, false
	}
	from, depth := l.at, l.depth
	switch c := l.sql[l.at]; {
	case isWord(c):
		for l.at < len(l.sql) && isWord(l.sql[l.at]) {
			l.at++
		}
		return token{from, l.at, depth, true}, true
	case c == '\'' || c == '"' || c == '`':
		l.skipQuoted(c)
	case c == '$' && l.skipHeredoc():
	case c == '(' || c == '[' || c == '{':
		l.at++
		l.depth++
	case c == ')' || c == ']' || c == '}':
		l.at++
		l.depth--
		depth = l.depth
	default:
		l.at++
	}
	return token{from, l.at, depth, false}, true
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

func (l *lexer) skipBlank() {
	for l.at < len(l.sql) {
		rest := l.sql[l.at:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v\x00", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "#!") || strings.HasPrefix(rest, "# "):
			l.skipPast("\n", 2)
		case strings.HasPrefix(rest, "/*"):
			l.skipPast("*/", 2)
		default:
			return
		}
	}
}

// skipPast goes behind the next occurrence of end, or to the end of the text.
func (l *lexer) skipPast(end string, opening int) {
	i := strings.Index(l.sql[l.at+opening:], end)
	if i < 0 {
		l.at = len(l.sql)
		return
	}
	l.at += opening + i + len(end)
}

// skipQuoted goes behind a quoted string or name. A doubled quote inside reads as two strings side by side, which
// comes to the same here.
func (l *lexer) skipQuoted(quote byte) {
	for l.at++; l.at < len(l.sql); l.at++ {
		switch l.sql[l.at] {
		case '\\':
			l.at++
		case quote:
			l.at++
			return
		}
	}
	l.at = len(l.sql)
}

func (l *lexer) skipHeredoc() bool {
	tag := l.at + 1
	for tag < len(l.sql) && isWord(l.sql[tag]) {
		tag++
	}
	if tag >= len(l.sql) || l.sql[tag] != '$' {
		return false
	}
	mark := l.sql[l.at : tag+1]
	if !strings.Contains(l.sql[tag+1:], mark) {
		return false
	}
	l.skipPast(mark, len(mark))
	return true
}

func (l *lexer) is(t token, words ...string) bool {
	if !t.word {
		return false
	}
	for _, word := range words {
		if strings.EqualFold(l.sql[t.from:t.to], word) {
			return true
		}
	}
	return false
}
