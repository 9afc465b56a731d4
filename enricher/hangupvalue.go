package main

import (
	"strconv"
	"strings"
)

// sourceOf keeps what can be a hang-up source, a channel name or dialplan/…, and nothing else: userfield of other uses has
// slashes too (n/a, and/or).
func sourceOf(text string) string {
	text = strings.TrimSpace(text)
	if strings.IndexByte(text, '%') >= 0 {
		text = unescape(text)
	}
	tech, resource, ok := strings.Cut(text, "/")
	if !ok || len(tech) < 3 || !isTechnology(tech) || resource == "" {
		return ""
	}
	for i := range len(resource) {
		if b := resource[i]; b <= ' ' || b >= 0x7f || b == '"' || b == '\'' || b == '{' || b == '}' || b == '=' {
			return ""
		}
	}
	return text
}

// unescape undoes the URL encoding that handlers use to keep separators out of names.
func unescape(text string) string {
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b = append(b, text[i])
			continue
		}
		if i+2 >= len(text) || !isHex(text[i+1:i+3]) {
			return text // no encoding, then
		}
		n, _ := strconv.ParseUint(text[i+1:i+3], 16, 8)
		b = append(b, byte(n))
		i += 2
	}
	return string(b)
}

// cause keeps a Q.850 cause, 0 to 127: 16, 016, "16 (Normal Clearing)", Q.850;cause=16;text="…". A number that something
// else follows is not one for sure.
func cause(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 5 && strings.EqualFold(text[:5], "Q.850") && (text[5] == ' ' || text[5] == ';') {
		text, _ = strings.CutPrefix(strings.TrimLeft(text[5:], " ;"), "cause=")
		text, _, _ = strings.Cut(text, ";")
		text = strings.TrimSpace(text)
	}
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	number, rest := text[:n], text[n:]
	if rest != "" && (!strings.ContainsRune(" (-:", rune(rest[0])) || strings.ContainsAny(rest, "0123456789./")) {
		return ""
	}
	for len(number) > 1 && number[0] == '0' {
		number = number[1:]
	}
	if number == "" || len(number) > 3 || digits(number) > 127 {
		return ""
	}
	return number
}
