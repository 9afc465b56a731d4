package main

import "strings"

// What stands where a number should be when there is none (reference: asterisk.md 5.12); a file adds to it. In lower case.
var standardWithheld = []string{
	"", "anonymous", "unknown", "<unknown>", "restricted", "unavailable", "private", "asterisk", "s", "0", "-",
}

func withheldWords(more []word) map[string]bool {
	words := map[string]bool{}
	for _, text := range append(texts(more), standardWithheld...) {
		words[strings.ToLower(strings.TrimSpace(text))] = true
	}
	return words
}

// isWithheldWord tells a text that stands for a number which was kept back or is not known; the empty text is one.
func (r *rules) isWithheldWord(text string) bool {
	text = strings.TrimSpace(text)
	var lower [64]byte
	for i := range len(text) {
		b := text[i]
		if b >= 0x80 || i == len(lower) {
			return r.withheld[strings.ToLower(text)] // rare enough to allocate
		}
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		lower[i] = b
	}
	return r.withheld[string(lower[:len(text)])]
}
