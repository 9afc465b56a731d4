package main

import (
	"encoding/json"
	"strings"
)

// hangupReader goes through a userfield member by member: key=value or key:value, divided by | , ; & or by a space in
// front of a key, and JSON objects between semicolons.
type hangupReader struct {
	text   string
	party  [2]partyHangup
	at     int  // the party that members go to
	joined bool // a semicolon was passed
	header bool // a Reason header was begun, whose own semicolons join no parties
	reason bool // Q.850 was read: its cause=… follows
}

func (r *hangupReader) read() (a, b hangup) {
	for r.text = strings.TrimSpace(r.text); r.text != "" && r.at < len(r.party); r.text = strings.TrimLeft(r.text, " ") {
		if r.text[0] == '{' {
			r.object()
			continue
		}
		end := memberEnd(r.text)
		r.member(r.text[:end])
		if end < len(r.text) {
			r.joined = r.joined || r.text[end] == ';'
			end++
		}
		r.text = r.text[end:]
	}
	return r.party[0].hangup(), r.party[1].hangup()
}

func (r *hangupReader) member(text string) {
	i := assignment(text)
	key, value := otherKey, text
	if i >= 0 {
		key, value = keyOf(text[:i]), text[i+1:]
	}
	value = unquote(strings.TrimSpace(value))
	if key == reasonKey && !r.joined {
		r.header = true
	}
	switch {
	case r.reason && i >= 0 && strings.EqualFold(strings.TrimSpace(text[:i]), "cause"):
		r.party[r.at].cause, r.reason = value, false
	case strings.EqualFold(value, "Q.850") && (i < 0 || key != otherKey && key != sourceKey):
		r.put(causeKey, "")
		r.reason = r.at < len(r.party)
	case key == sourceKey || key == causeKey || key == shortCauseKey:
		r.reason = false
		r.put(key, value)
	}
}

// put gives a member to the party that it belongs to. The semicolon alone does not tell where party B's value begins,
// since sites write it between their own members as well: a member that comes again does, and a first one behind it.
func (r *hangupReader) put(key hangupKey, value string) {
	if r.at == 0 && r.joined && !r.header && r.party[0].empty() {
		r.at = 1
	}
	if !r.party[r.at].set(key, value) {
		if r.at++; r.at < len(r.party) {
			r.party[r.at].set(key, value)
		}
	}
}

// object reads a JSON object. One that breaks off says nothing.
func (r *hangupReader) object() {
	end := objectEnd(r.text)
	if end < 0 {
		_, r.text, r.joined = strings.Cut(r.text, ";")
		return
	}
	p := membersOf(r.text[:end])
	r.text = r.text[end:]
	if p.empty() {
		return
	}
	if !r.party[r.at].empty() || r.at == 0 && r.joined {
		r.at++
	}
	if r.at < len(r.party) {
		r.party[r.at] = p
	}
}

func membersOf(object string) (p partyHangup) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(object), &members) != nil {
		return p
	}
	for name, raw := range members {
		var value string
		if json.Unmarshal(raw, &value) != nil {
			if !isDigits(string(raw)) {
				continue // a list, a fraction
			}
			value = string(raw)
		}
		if !p.set(keyOf(name), value) {
			return partyHangup{} // hangupsource and hs, and nothing tells which is meant
		}
	}
	return p
}

// objectEnd is the place behind the brace that closes the one at the beginning, or -1.
func objectEnd(text string) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{':
			depth++
		case b == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// divides are the bytes that may end a member.
var divides = [256]bool{'|': true, '&': true, '^': true, '\t': true, '\n': true, '\r': true, ',': true, ';': true, ' ': true, '"': true}

// memberEnd is the place of the separator behind the first member, or the text's length.
func memberEnd(text string) int {
	for i := 0; i < len(text); i++ {
		if !divides[text[i]] {
			continue
		}
		switch text[i] {
		case '|', '&', '^', '\t', '\n', '\r':
			return i
		case ',', ';':
			if !isHalf(text, i) {
				return i
			}
		case ' ':
			if keyFollows(text[i:]) {
				return i
			}
		case '"':
			if before := strings.TrimRight(text[:i], " "); before != "" && (before[len(before)-1] == '=' || before[len(before)-1] == ':') {
				if closing := strings.IndexByte(text[i+1:], '"'); closing >= 0 {
					i += closing + 1
				}
			}
		}
	}
	return len(text)
}

// isHalf tells whether the semicolon at i belongs to the name of a Local channel, Local/1008@from-queue-00000009;1, which
// always has its half behind it.
func isHalf(text string, i int) bool {
	if i+1 >= len(text) || text[i+1] != '1' && text[i+1] != '2' || i+2 < len(text) && strings.IndexByte(" |,;&^\t\n\r\"'", text[i+2]) < 0 {
		return false
	}
	name := text[:i]
	local := strings.LastIndex(name, "Local/")
	id := name[strings.LastIndexByte(name, '-')+1:]
	return local >= 0 && len(id) >= 4 && len(id) <= 8 && isHex(id)
}

// keyFollows tells whether a space divides two members: hangupsource=… hangupcause=16.
func keyFollows(text string) bool {
	text = strings.TrimLeft(text, " ")
	i := assignment(text)
	return i > 0 && i <= len("hangup_source ") && keyOf(text[:i]) != otherKey
}

// assignment is the place of the = or : between a key and its value, or -1.
func assignment(text string) int {
	for i := range len(text) {
		if text[i] == '=' || text[i] == ':' {
			return i
		}
	}
	return -1
}

func unquote(text string) string {
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}
