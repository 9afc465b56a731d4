package main

import (
	"bytes"
	"encoding/json"
	"strings"
)

// mask appends a JSON document with the numbers in its values hidden. All else stays as it is written, so that a record is
// the same bytes but for them. It works on what was written rather than on the call, so that no field that is shown one day
// can be forgotten.
func mask(dst, record []byte) []byte {
	m := masker{in: record, dst: dst}
	for m.at < len(m.in) {
		m.next()
	}
	return m.dst
}

// masker walks through a document. name is that of the member that is being read, outer those around it.
type masker struct {
	in    []byte
	at    int
	dst   []byte
	name  []byte
	outer [][]byte
}

func (m *masker) next() {
	from := m.at
	switch c := m.in[m.at]; {
	case c == '{' || c == '[':
		m.outer = append(m.outer, m.name)
		m.at++
	case (c == '}' || c == ']') && len(m.outer) > 0:
		last := len(m.outer) - 1
		m.name, m.outer = m.outer[last], m.outer[:last]
		m.at++
	case c == '"':
		m.at = stringEnd(m.in, from)
		if m.isName() {
			m.name = bytes.Trim(m.in[from:m.at], `"`)
			break
		}
		m.text(m.in[from:m.at])
		return
	case c == '-' || c >= '0' && c <= '9':
		for m.at < len(m.in) && strings.IndexByte("+-.eE0123456789", m.in[m.at]) >= 0 {
			m.at++
		}
		if !spared[string(m.name)] {
			m.dst = maskNumber(m.dst, m.in[from:m.at])
			return
		}
	default:
		m.at++
	}
	m.dst = append(m.dst, m.in[from:m.at]...)
}

// isName tells whether a colon follows.
func (m *masker) isName() bool {
	rest := bytes.TrimLeft(m.in[m.at:], " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

// text appends a value. Bytes that no text can show, in base64, are numbers all the same: they are left out.
func (m *masker) text(quoted []byte) {
	if len(m.outer) > 1 && string(m.outer[len(m.outer)-1]) == "invalid_utf8" {
		m.dst = append(m.dst, "null"...)
		return
	}
	digits, plain := 0, true
	for _, c := range quoted {
		if c >= '0' && c <= '9' {
			digits++
		}
		plain = plain && c < 0x80 && c != '\\'
	}
	if spared[string(m.name)] || plain && digits < leastNumber {
		m.dst = append(m.dst, quoted...)
		return
	}
	var text string
	if json.Unmarshal(quoted, &text) != nil { // no JSON of ours: nothing of it is shown
		m.dst = append(m.dst, "null"...)
		return
	}
	if hidden := maskText(string(m.name), text); hidden != text {
		m.dst = jsonText(m.dst, hidden)
		return
	}
	m.dst = append(m.dst, quoted...)
}

// stringEnd finds the end of the string that begins at from.
func stringEnd(in []byte, from int) int {
	for at := from + 1; at < len(in); at++ {
		switch in[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(in)
}
