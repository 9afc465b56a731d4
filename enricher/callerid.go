package main

import (
	"strings"
	"unicode/utf8"
)

// callerName is the display name in clid, "Asha Menon" <1001>; empty where there is none. It is always UTF-8: what is not
// becomes U+FFFD, and the rest of a character that the column cut off goes.
func callerName(clid string) string {
	name, _ := splitCallerID(clid)
	if strings.IndexByte(name, '\\') >= 0 {
		name = unescapeName(unescapeName(name)) // Asterisk escapes what SIP had escaped already
	}
	if plainText(name) {
		return name
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(withoutCut(name), "\ufffd")))
}

// splitCallerID divides "name" <number>, name <number>, <number> or either alone. A clid that was too long for its column
// has lost the number and the closing quote; names may have < and > in them.
func splitCallerID(clid string) (name, number string) {
	clid = strings.TrimSpace(clid)
	name = clid
	if at := strings.LastIndexByte(clid, '<'); at >= 0 && strings.HasSuffix(clid, ">") && (at == 0 || clid[at-1] == ' ' || clid[at-1] == '"') {
		if before := strings.TrimRight(clid[:at], " "); !strings.HasPrefix(before, `"`) || len(before) > 1 && closes(before) {
			name, number = before, strings.TrimSpace(clid[at+1:len(clid)-1])
		}
	}
	if rest, quoted := strings.CutPrefix(name, `"`); quoted {
		if len(rest) > 0 && closes(name) {
			rest = rest[:len(rest)-1]
		}
		return strings.TrimSpace(rest), number
	}
	if number == "" && isNumberText(name) {
		return "", name
	}
	return strings.TrimSpace(name), number
}

// closes tells whether a text ends in a quote that no backslash takes away.
func closes(text string) bool {
	inner, ok := strings.CutSuffix(text, `"`)
	if !ok {
		return false
	}
	backslashes := len(inner) - len(strings.TrimRight(inner, `\`))
	return backslashes%2 == 0
}

func isNumberText(text string) bool {
	for i := range len(text) {
		if b := text[i]; (b < '0' || b > '9') && strings.IndexByte("+*#()-. ", b) < 0 {
			return false
		}
	}
	return true
}

// unescapeName undoes one \" or \\ after the other; a backslash in front of anything else is one.
func unescapeName(name string) string {
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+1 < len(name) && (name[i+1] == '\\' || name[i+1] == '"') {
			i++
		}
		b = append(b, name[i])
	}
	return string(b)
}

// withoutCut removes the beginning of a character whose end is missing.
func withoutCut(name string) string {
	for n := 1; n < utf8.UTFMax && n <= len(name); n++ {
		if b := name[len(name)-n]; utf8.RuneStart(b) {
			if b >= 0xC0 && !utf8.FullRuneInString(name[len(name)-n:]) {
				return name[:len(name)-n]
			}
			break
		}
	}
	return name
}

func plainText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// withheldNumber tells whether the caller kept the number back: a word stands in its place, in src and in clid, or it is
// missing from both. isWord knows the words (anonymous, unknown, …); a name that is one proves nothing beside a number.
func withheldNumber(src, clid string, isWord func(string) bool) bool {
	name, number := splitCallerID(clid)
	src, number = userPart(src), userPart(number)
	if isWord(src) && isWord(number) {
		return true
	}
	return name != "" && isWord(name) && !hasNumber(src, isWord) && !hasNumber(number, isWord)
}

func hasNumber(text string, isWord func(string) bool) bool {
	return strings.ContainsAny(text, "0123456789") && !isWord(text)
}

// userPart of an address: sip:anonymous@anonymous.invalid.
func userPart(text string) string {
	text = withoutScheme(strings.TrimSpace(text))
	text, _, _ = strings.Cut(text, "@")
	return text
}
