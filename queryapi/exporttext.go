package main

import (
	"bytes"
	"io"
)

// lines is NDJSON: the very records of the list, one a line.
type lines struct {
	w    io.Writer
	line []byte
}

func newLines(w io.Writer, _ exportOptions) (encoder, error) { return &lines{w: w}, nil }

func (l *lines) add(record []byte) error {
	l.line = append(append(l.line[:0], record...), '\n')
	_, err := l.w.Write(l.line)
	return err
}

func (l *lines) end() error { return nil }

// commas is CSV as RFC 4180 has it, with a header; null is an empty cell and an empty text one of two quotes.
type commas struct {
	w    io.Writer
	raw  bool
	cut  cut
	line []byte
}

func newCSV(w io.Writer, o exportOptions) (encoder, error) {
	c := &commas{w: w, raw: o.raw}
	if o.bom {
		c.line = append(c.line, "\ufeff"...)
	}
	for _, column := range exportColumns {
		c.line = append(append(c.line, column.name...), ',')
	}
	_, err := w.Write(append(c.line, extraColumn+"\r\n"...))
	return c, err
}

func (c *commas) add(record []byte) error {
	if err := c.cut.record(record); err != nil {
		return err
	}
	c.line = c.line[:0]
	for i, v := range c.cut.cells {
		if i > 0 {
			c.line = append(c.line, ',')
		}
		c.cell(v)
	}
	c.line = append(c.line, '\r', '\n')
	_, err := c.w.Write(c.line)
	return err
}

func (c *commas) cell(v cell) {
	switch v.kind {
	case 0:
	case '"', '{':
		c.text(v.text)
	case '[':
		if text := joined(v); text != nil {
			c.text(text)
		}
	default: // a number or a truth
		c.line = append(c.line, v.text...)
	}
}

func (c *commas) text(text []byte) {
	harmless := c.raw || !formula(text)
	if harmless && len(text) > 0 && plainCell(text) {
		c.line = append(c.line, text...)
		return
	}
	c.line = append(c.line, '"')
	if !harmless {
		c.line = append(c.line, '\'')
	}
	for _, b := range text {
		if b == '"' {
			c.line = append(c.line, '"')
		}
		c.line = append(c.line, b)
	}
	c.line = append(c.line, '"')
}

func (c *commas) end() error { return nil }

// joined is a list in one cell; nil where it is empty.
func joined(list cell) []byte {
	var all []byte
	list.members(func(text []byte) {
		if all != nil {
			all = append(all, ';')
		}
		all = append(all, text...)
	})
	return all
}

// plainCell tells that a text needs no quotes.
func plainCell(text []byte) bool {
	for _, b := range text {
		if b == ',' || b == '"' || b < ' ' {
			return false
		}
	}
	return text[0] != ' ' && text[len(text)-1] != ' '
}

// formula tells whether a spreadsheet may take a text for one: it begins with one of the signs that OWASP lists ("CSV
// Injection"), perhaps behind blanks. A number with a plus in front is none, or every caller would bear a quote. A text
// that looks quoted already counts as one too, so that taking one quote off gives every text back.
func formula(text []byte) bool {
	rest := text
	for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\'') {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return false
	}
	switch rest[0] {
	case '=', '-', '@', '\t', '\r', '\n':
		return true
	case '+':
		number := bytes.TrimRight(rest[1:], bullet) // some of it may be hidden
		return len(rest) != len(text) || len(number) == 0 || len(number) > 20 || !digitsOnly(number)
	}
	for _, sign := range []string{"＝", "＋", "－", "＠"} { // full width: some programs take them for the narrow ones
		if len(rest) >= len(sign) && string(rest[:len(sign)]) == sign {
			return true
		}
	}
	return false
}

func digitsOnly(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
