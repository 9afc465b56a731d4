package clickhouse

import (
	"strings"
	"unicode"
)

// shortest text that the index over search_text knows.
const shortest = 3

// textPattern is for search_text LIKE …: it matches every call one of whose texts holds piece, whatever the case of its
// letters, and some others, so the exact condition stands beside it. It is empty where the index would be of no help.
//
// What may be written differently in search_text stands for anything: what JSON escapes, and letters whose small form
// depends on the reader (Go, RE2 and the server disagree about ſ, ς and İ).
func textPattern(piece string) string {
	var b strings.Builder
	b.WriteByte('%')
	// The letters of a piece in ASCII have no form beyond it.
	lower := lowerUnicode
	if strings.IndexFunc(piece, func(r rune) bool { return r > unicode.MaxASCII }) < 0 {
		lower = lowerLetter
	}
	run, longest, anything := 0, 0, true
	for _, r := range piece {
		small, certain := lower(r)
		if !certain {
			if !anything {
				b.WriteByte('%')
			}
			run, anything = 0, true
			continue
		}
		if small == '%' || small == '_' {
			b.WriteByte('\\')
		}
		b.WriteRune(small)
		run, anything = run+1, false
		longest = max(longest, run)
	}
	if longest < shortest {
		return ""
	}
	if !anything {
		b.WriteByte('%')
	}
	return b.String()
}

// lowerLetter gives the small form of a letter; certain is false where a text may have it in another.
func lowerLetter(r rune) (small rune, certain bool) {
	escaped := r < ' ' || r == '"' || r == '\\' || r == 0x7f
	return unicode.ToLower(r), !escaped
}

func lowerUnicode(r rune) (small rune, certain bool) {
	const dottedI = 'İ' // its small form is two letters
	if r == dottedI || r == unicode.ReplacementChar {
		return 0, false
	}
	small, certain = lowerLetter(r)
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		certain = certain && unicode.ToLower(other) == small
	}
	return small, certain
}
