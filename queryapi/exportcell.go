package main

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"
)

// kind of the values of a field.
type kind uint8

const (
	texts kind = iota
	times      // as text
	integers
	reals
	flags
	lists // of texts
)

// exportColumns are the fields of a call that every call has, in the record's order; what else a record holds, the site's
// own columns, goes into the last column, extra, as one JSON object.
var exportColumns = []struct {
	name string
	kind kind
}{
	{"id", integers},
	{"calldate", times},
	{"src", texts},
	{"dst", texts},
	{"disposition", texts},
	{"duration", integers},
	{"billsec", integers},
	{"direction", texts},
	{"rang_extension", texts},
	{"answered_by", texts},
	{"answered_type", texts},
	{"wait_time", integers},
	{"disconnected_by", texts},
	{"hangup_cause", texts},
	{"hangup_reason", texts},
	{"hangup_source", texts},
	{"queue_name", texts},
	{"queue_wait_time", integers},
	{"answered_agent", texts},
	{"recording_url", texts},
	{"org_id", integers},
	{"source", texts},
	{"row_id", integers},
	{"conversation_id", texts},
	{"trunk", texts},
	{"did", texts},
	{"outcome", texts},
	{"leg_kind", texts},
	{"ring_time", integers},
	{"talk_time", integers},
	{"ivr_time", integers},
	{"caller_extension", texts},
	{"caller", texts},
	{"callee", texts},
	{"withheld", flags},
	{"tags", lists},
	{"disconnected_confidence", reals},
	{"recording_state", texts},
	{"calldate_local", texts},
	{"answer", times},
	{"answer_local", texts},
	{"end", times},
	{"end_local", texts},
	{"flags", lists},
	{"filled", lists},
	{"clid", texts},
	{"dcontext", texts},
	{"channel", texts},
	{"dstchannel", texts},
	{"lastapp", texts},
	{"lastdata", texts},
	{"amaflags", integers},
	{"accountcode", texts},
	{"uniqueid", texts},
	{"userfield", texts},
	{"linkedid", texts},
	{"peeraccount", texts},
	{"sequence", integers},
	{"recordingfile", texts},
}

// extraColumn is the name of the last column.
const extraColumn = "extra"

// cell is one value of a record. Its bytes are the record's or the sheet's own, until the next record is cut.
type cell struct {
	kind byte   // 0 for null, else the first byte of the JSON value: " 0 t f [ {
	text []byte // a string without its quotes and escapes; anything else as it stands
}

// cut takes a record apart into the cells of the columns and, last, those that no column has. What is shown of a call is
// decided where the record is made; a cell shows the same.
type cut struct {
	cells []cell
	texts []byte // decoded strings
	extra []byte
}

var errRecord = errors.New("a record is not a flat JSON object")

// record cuts one. The strings of ours have the plain escapes alone (call.AppendJSON), and all others are read too.
func (c *cut) record(b []byte) error {
	if c.cells == nil {
		c.cells = make([]cell, len(exportColumns)+1)
	}
	clear(c.cells)
	c.texts, c.extra = c.texts[:0], append(c.extra[:0], '{')
	if len(b) < 2 || b[0] != '{' || b[len(b)-1] != '}' {
		return errRecord
	}
	expected := 0
	for at := 1; at < len(b)-1; {
		if b[at] == ',' {
			at++
		}
		from := at
		at = valueEnd(b, at)
		if at < 0 || at == len(b) || b[from] != '"' || b[at] != ':' {
			return errRecord
		}
		name := b[from+1 : at-1]
		value := at + 1
		if at = valueEnd(b, value); at < 0 || at == value || at == len(b) {
			return errRecord
		}
		i := columnAt(name, expected)
		if i < 0 || !fits(exportColumns[i].kind, b[value:at]) {
			if len(c.extra) > 1 {
				c.extra = append(c.extra, ',')
			}
			c.extra = append(c.extra, b[from:at]...)
			continue
		}
		expected = i + 1
		c.cells[i] = c.cell(b[value:at])
	}
	if len(c.extra) > 1 {
		c.extra = append(c.extra, '}')
		c.cells[len(exportColumns)] = cell{'{', c.extra}
	}
	return nil
}

// columnAt finds a column, which is nearly always the one behind the last.
func columnAt(name []byte, expected int) int {
	for n := range exportColumns {
		i := (expected + n) % len(exportColumns)
		if exportColumns[i].name == string(name) {
			return i
		}
	}
	return -1
}

// fits tells whether a column can hold a value. One that it cannot, such as "abc" or 1e99 as a duration, goes into extra, so
// that the column keeps its type.
func fits(k kind, value []byte) bool {
	first := value[0]
	if first == 'n' {
		return true
	}
	switch k {
	case integers:
		digits := bytes.TrimPrefix(value, []byte("-"))
		return len(digits) <= 18 && digitsOnly(digits)
	case reals:
		return first == '-' || first >= '0' && first <= '9'
	case flags:
		return first == 't' || first == 'f'
	case lists:
		return first == '['
	}
	return first == '"'
}

// cell of a JSON value.
func (c *cut) cell(value []byte) cell {
	switch value[0] {
	case 'n':
		return cell{}
	case '"':
		from := len(c.texts)
		c.texts = appendUnquoted(c.texts, value)
		return cell{'"', c.texts[from:]}
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return cell{'0', value}
	}
	return cell{value[0], value}
}

// members gives the strings of a list.
func (c cell) members(each func(text []byte)) {
	for at := 1; at < len(c.text)-1; {
		if c.text[at] == ',' {
			at++
		}
		end := valueEnd(c.text, at)
		if end < 0 {
			return
		}
		each(appendUnquoted(nil, c.text[at:end]))
		at = end
	}
}

// valueEnd is where the JSON value that begins at from ends; below 0 where it does not.
func valueEnd(b []byte, from int) int {
	depth := 0
	for at := from; at < len(b); at++ {
		switch b[at] {
		case '"':
			end := stringEnd(b, at)
			if depth == 0 {
				return end
			}
			at = end - 1
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return at
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ':':
			if depth == 0 {
				return at
			}
		}
	}
	return -1
}

// appendUnquoted appends what a JSON string says.
func appendUnquoted(dst, quoted []byte) []byte {
	b := quoted[1 : len(quoted)-1]
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)
		switch b[i+1] {
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			if len(b) >= i+6 { // ours are control characters alone: never a pair
				v, _ := strconv.ParseUint(string(b[i+2:i+6]), 16, 32)
				dst = utf8.AppendRune(dst, rune(v))
				b = b[i+6:]
				continue
			}
		default:
			dst = append(dst, b[i+1])
		}
		b = b[i+2:]
	}
}
