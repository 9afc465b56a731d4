package main

import "strings"

// numbers makes E.164 and remembers what it made, since calls come from and go to the same numbers. It is not safe for
// concurrent use.
type numbers struct {
	rule  numbering // of the last question
	place uint32    // of that rule
	rules map[numbering]uint32
	made  map[numberText]string
	order []numberText // of made, a ring: the oldest goes first
	next  int
}

type numberText struct {
	rule uint32
	text string
}

// knownNumbers are some 1 MB: a day's callers of a call centre.
const knownNumbers = 8192

func newNumbers() *numbers {
	return &numbers{rules: map[numbering]uint32{{}: 0}, made: map[numberText]string{}}
}

// e164 is e164 of a text; empty where that is no number.
func (n *numbers) e164(text string, rule numbering) string {
	if isDigits(text) && len(text) <= longestService || text == "" {
		return ""
	}
	if rule != n.rule {
		place, known := n.rules[rule]
		if !known {
			place = uint32(len(n.rules))
			n.rules[rule] = place
		}
		n.rule, n.place = rule, place
	}
	key := numberText{n.place, text}
	if number, known := n.made[key]; known {
		return number
	}
	if len(text) > longestText {
		return ""
	}
	number, _ := e164(text, rule)
	key.text = strings.Clone(text) // the row's texts share one large piece of memory
	if len(n.order) < knownNumbers {
		n.order = append(n.order, key)
	} else {
		delete(n.made, n.order[n.next])
		n.order[n.next] = key
		n.next = (n.next + 1) % len(n.order)
	}
	n.made[key] = number
	return number
}

// longestText of a number: sip:…@host with parameters.
const longestText = 256
