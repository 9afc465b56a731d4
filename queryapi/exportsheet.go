package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// mostSheetRows of a sheet, its header among them, and mostCellText in UTF-16 units: Excel's limits.
	mostSheetRows = 1_048_576
	mostCellText  = 32_767
	// mostDigits of a number that Excel shows as it is; longer ones stand there as text.
	mostDigits = 15
)

// The parts of a workbook of one sheet (ECMA-376, part 1), but for the sheet itself. Texts stand in their cells: a table of
// shared strings would have to be whole before it could be sent.
var workbook = []struct{ name, content string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="calls" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// sheet is an XLSX file that is sent as it is made: the sheet is the last part of the archive.
type sheet struct {
	archive *zip.Writer
	rows    io.Writer
	cut     cut
	line    []byte
	names   []string // of the columns, as A, B, …
	row     int
}

func newSheet(w io.Writer, _ exportOptions) (encoder, error) {
	s := &sheet{archive: zip.NewWriter(w)}
	s.archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for _, part := range workbook {
		to, err := s.archive.Create(part.name)
		if err == nil {
			_, err = io.WriteString(to, xmlHead+part.content)
		}
		if err != nil {
			return nil, err
		}
	}
	var err error
	if s.rows, err = s.archive.Create("xl/worksheets/sheet1.xml"); err != nil {
		return nil, err
	}
	s.line = append(s.line, xmlHead+`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`...)
	header := make([]cell, len(exportColumns)+1)
	for i := range header {
		header[i] = cell{'"', []byte(extraColumn)}
		if i < len(exportColumns) {
			header[i].text = []byte(exportColumns[i].name)
		}
		s.names = append(s.names, columnName(i))
	}
	s.names = append(s.names, columnName(len(header)))
	s.write(header, []byte("shortened"))
	return s, s.flush()
}

func (s *sheet) add(record []byte) error {
	if err := s.cut.record(record); err != nil {
		return err
	}
	if s.row == mostSheetRows {
		return fmt.Errorf("a sheet has %d rows already", s.row)
	}
	s.line = s.line[:0]
	s.write(s.cut.cells, nil)
	return s.flush()
}

func (s *sheet) flush() error {
	_, err := s.rows.Write(s.line)
	return err
}

// write a row; last is the column behind the record's, which names the cells that Excel's limit shortened.
func (s *sheet) write(cells []cell, last []byte) {
	s.row++
	s.line = append(s.line, `<row r="`...)
	s.line = append(strconv.AppendInt(s.line, int64(s.row), 10), `">`...)
	for i, v := range cells {
		switch {
		case v.kind == 0:
		case v.kind == '0' && numberShown(v.text):
			s.open(i, "n")
			s.line = append(append(append(s.line, `"><v>`...), v.text...), `</v></c>`...)
		case v.kind == 't' || v.kind == 'f':
			s.open(i, "b")
			s.line = append(append(append(s.line, `"><v>`...), truths[v.kind]...), `</v></c>`...)
		default:
			text := v.text
			if v.kind == '[' {
				if text = joined(v); text == nil {
					continue
				}
			}
			if s.text(i, text) {
				if len(last) > 0 {
					last = append(last, ';')
				}
				name := extraColumn
				if i < len(exportColumns) {
					name = exportColumns[i].name
				}
				last = append(last, name...)
			}
		}
	}
	if len(last) > 0 {
		s.text(len(cells), last)
	}
	s.line = append(s.line, `</row>`...)
}

func (s *sheet) open(column int, kind string) {
	s.line = append(append(s.line, `<c r="`...), s.names[column]...)
	s.line = strconv.AppendInt(s.line, int64(s.row), 10)
	s.line = append(append(s.line, `" t="`...), kind...)
}

// text writes a cell of text, which no program takes for a formula, and tells whether it had to be shortened.
func (s *sheet) text(column int, text []byte) (short bool) {
	s.open(column, "inlineStr")
	s.line = append(s.line, `"><is><t xml:space="preserve">`...)
	if text, short = shortened(text); bytes.Contains(text, []byte("\xef\xbf")) {
		text = []byte(noncharacters.Replace(string(text)))
	}
	s.line = appendXML(s.line, text)
	if short {
		s.line = append(s.line, "…"...)
	}
	s.line = append(s.line, `</t></is></c>`...)
	return short
}

func (s *sheet) end() error {
	if _, err := io.WriteString(s.rows, `</sheetData></worksheet>`); err != nil {
		return err
	}
	return s.archive.Close()
}

// shortened cuts a text to what a cell holds, with room for the sign that says so.
func shortened(text []byte) ([]byte, bool) {
	if len(text) <= mostCellText {
		return text, false
	}
	units, fits := 0, 0
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if units++; r > 0xffff {
			units++
		}
		if at += size; units < mostCellText {
			fits = at
		}
	}
	if units <= mostCellText {
		return text, false
	}
	return text[:fits], true
}

// appendXML escapes a text for a cell. A control character is written as _x000B_, as Excel does, and a text that looks so
// has its underscore written that way (ECMA-376, part 1, 22.9.2.19).
func appendXML(dst, text []byte) []byte {
	for i, b := range text {
		switch {
		case b == '&':
			dst = append(dst, "&amp;"...)
		case b == '<':
			dst = append(dst, "&lt;"...)
		case b == '>':
			dst = append(dst, "&gt;"...)
		case b < ' ' && b != '\t' && b != '\n':
			dst = fmt.Appendf(dst, "_x%04X_", b)
		case b == '_' && looksEscaped(text[i:]):
			dst = append(dst, "_x005F_"...)
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// noncharacters are the two that XML cannot hold and UTF-8 can.
var noncharacters = strings.NewReplacer("\ufffe", "\ufffd", "\uffff", "\ufffd")

func looksEscaped(b []byte) bool {
	if len(b) < 7 || b[1] != 'x' || b[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return err == nil
}

// numberShown tells that Excel shows a number with all its digits.
func numberShown(text []byte) bool {
	digits := 0
	for _, b := range text {
		switch {
		case b >= '0' && b <= '9':
			digits++
		case b == 'e' || b == 'E':
			return false
		}
	}
	return digits <= mostDigits
}

func columnName(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return columnName(i/26-1) + string(rune('A'+i%26))
}

var truths = map[byte]string{'t': "1", 'f': "0"}
