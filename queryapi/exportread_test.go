package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
)

// row is a record as a table has it: each column's value by its name, nil, string, json.Number, bool or []string.
type row map[string]any

// rowOf reads a record with the standard library, and puts what has no column into extra.
func rowOf(t *testing.T, record []byte) row {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(record))
	decoder.UseNumber()
	var all map[string]any
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	r := row{}
	for _, column := range exportColumns {
		v := all[column.name]
		if list, ok := v.([]any); ok {
			texts := []string{}
			for _, text := range list {
				texts = append(texts, text.(string))
			}
			v = texts
		}
		_, isText := v.(string)
		number, isNumber := v.(json.Number)
		_, err := number.Int64()
		if isText && (column.kind == integers || column.kind == reals) || isNumber && column.kind == integers && err != nil {
			v = nil // and it stays in extra
		} else {
			delete(all, column.name)
		}
		r[column.name] = v
	}
	r[extraColumn] = all
	return r
}

// sameExtra compares JSON objects; none is an empty one.
func sameExtra(got string, want any) bool {
	all := map[string]any{}
	if got != "" {
		decoder := json.NewDecoder(strings.NewReader(got))
		decoder.UseNumber()
		if decoder.Decode(&all) != nil || len(all) == 0 {
			return false
		}
	}
	return maps.EqualFunc(all, want.(map[string]any), func(a, b any) bool { return fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b) })
}

func (r row) names() []string {
	var names []string
	for _, c := range exportColumns {
		names = append(names, c.name)
	}
	return append(names, extraColumn)
}

// flat is a value as CSV and XLSX have it.
func flat(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(v, ";")
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	return v.(string)
}

func short(v any) string { return fmt.Sprintf("%.120q", fmt.Sprint(v)) }

func checkCSV(t *testing.T, body string, want []row, read func(string) string) {
	t.Helper()
	// encoding/csv makes one line end of two, also within quotes.
	plain := strings.NewReplacer("\r\n", "\n")
	all, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(all) != len(want)+1 {
		t.Fatalf("CSV of %d rows: %v", len(all), err)
	}
	if names := want[0].names(); !slices.Equal(all[0], names) {
		t.Errorf("header %q, want %q", all[0], names)
	}
	for i, cells := range all[1:] {
		for at, name := range want[i].names() {
			if name == extraColumn {
				if !sameExtra(cells[at], want[i][name]) {
					t.Errorf("row %d: extra is %s, want %s", i, short(cells[at]), short(want[i][name]))
				}
			} else if got, wanted := read(cells[at]), plain.Replace(flat(want[i][name])); got != wanted {
				t.Errorf("row %d: %s is %s, want %s", i, name, short(got), short(wanted))
			}
		}
	}
}

// unquoted takes the quote off that stands before what might be a formula.
func unquoted(t *testing.T) func(string) string {
	return func(cell string) string {
		if cell == "" || strings.ContainsRune("=-@\t\r\n＝＋－＠", []rune(cell)[0]) && !isNumber(cell) || cell[0] == '+' && strings.Trim(cell[1:], "0123456789•") != "" {
			if cell != "" {
				t.Errorf("cell %s may be taken for a formula", short(cell))
			}
		}
		if rest := strings.TrimLeft(cell, " '"); cell != "" && cell[0] == '\'' && rest != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(rest)[0]) {
			return cell[1:]
		}
		return cell
	}
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

func checkParquet(t *testing.T, body string, want []row) {
	t.Helper()
	file, err := parquet.OpenFile(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range file.Schema().Fields() {
		names = append(names, f.Name())
	}
	if !slices.Equal(names, want[0].names()) {
		t.Errorf("columns %q", names)
	}
	reader := parquet.NewGenericReader[any](file)
	defer reader.Close()
	got := make([]any, len(want)+1)
	if n, err := reader.Read(got); n != len(want) || !errors.Is(err, io.EOF) {
		t.Fatalf("%d rows, %v; want %d", n, err, len(want))
	}
	extras := lastColumn(t, file)
	for i, w := range want {
		r := got[i].(map[string]any)
		for at, name := range w.names() {
			v := r[name]
			switch {
			case name == extraColumn:
				if !sameExtra(extras[i], w[name]) {
					t.Errorf("row %d: extra is %s, want %s", i, short(v), short(w[name]))
				}
				continue
			case w[name] == nil:
				if v != nil {
					t.Errorf("row %d: %s is %s, want null", i, name, short(v))
				}
				continue
			}
			if list, ok := v.([]any); ok {
				texts := []string{}
				for _, text := range list {
					texts = append(texts, fmt.Sprint(text))
				}
				v = texts
			}
			wanted := fmt.Sprint(w[name])
			if at < len(exportColumns) && exportColumns[at].kind == times {
				moment, err := time.Parse(time.RFC3339, wanted)
				if err != nil {
					t.Fatal(err)
				}
				wanted = fmt.Sprint(moment.UnixMilli())
				if m, ok := v.(time.Time); ok {
					v = m.UnixMilli()
				}
			}
			if fmt.Sprint(v) != wanted {
				t.Errorf("row %d: %s is %s (%T), want %s", i, name, short(v), v, short(wanted))
			}
		}
	}
}

// lastColumn as it is stored: the reader of rows would make numbers of Go of its JSON.
func lastColumn(t *testing.T, file *parquet.File) []string {
	t.Helper()
	var all []string
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		some := make([]parquet.Row, 64)
		for {
			n, err := rows.ReadRows(some)
			for _, r := range some[:n] {
				if v := r[len(r)-1]; v.IsNull() {
					all = append(all, "")
				} else {
					all = append(all, string(v.ByteArray()))
				}
			}
			if err != nil {
				break
			}
		}
		rows.Close()
	}
	return all
}

func checkSheet(t *testing.T, body string, want []row) {
	t.Helper()
	book, err := excelize.OpenReader(strings.NewReader(body), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	all, err := book.GetRows("calls", excelize.Options{RawCellValue: true})
	if err != nil || len(all) != len(want)+1 {
		t.Fatalf("sheet of %d rows: %v", len(all), err)
	}
	names := append(want[0].names(), "shortened")
	if !slices.Equal(all[0], names) {
		t.Errorf("header %q, want %q", all[0], names)
	}
	for i, cells := range all[1:] {
		cells = append(cells, make([]string, len(names)-len(cells))...)
		for at, name := range want[i].names() {
			if name == extraColumn {
				if len(cells[at]) < 32000 && !sameExtra(cells[at], want[i][name]) {
					t.Errorf("row %d: extra is %s, want %s", i, short(cells[at]), short(want[i][name]))
				}
				continue
			}
			wanted := flat(want[i][name])
			// No program keeps a carriage return apart from a line end, and XML has no U+FFFE.
			wanted = strings.NewReplacer("\ufffe", "\ufffd", "\uffff", "\ufffd").Replace(wanted)
			if b, ok := want[i][name].(bool); ok {
				wanted = map[bool]string{true: "1", false: "0"}[b]
				if cells[at] == "TRUE" || cells[at] == "FALSE" {
					cells[at] = map[string]string{"TRUE": "1", "FALSE": "0"}[cells[at]]
				}
			}
			if len([]rune(wanted)) > 20000 {
				if !strings.Contains(cells[len(names)-1], name) || !strings.HasSuffix(cells[at], "…") || !strings.HasPrefix(wanted, strings.TrimSuffix(cells[at], "…")) {
					t.Errorf("row %d: %s of %d bytes is not shortened as it should: %d, %q", i, name, len(wanted), len(cells[at]), cells[len(names)-1])
				}
				continue
			}
			if cells[at] != wanted {
				t.Errorf("row %d: %s is %s, want %s", i, name, short(cells[at]), short(wanted))
			}
			if at == 2 && wanted != "" { // src, of which some look like numbers or formulas
				axis, _ := excelize.CoordinatesToCellName(at+1, i+2)
				if kind, err := book.GetCellType("calls", axis); err != nil || kind != excelize.CellTypeInlineString {
					t.Errorf("%s is of type %v, %v; want text", axis, kind, err)
				}
				if formula, err := book.GetCellFormula("calls", axis); err != nil || formula != "" {
					t.Errorf("%s has the formula %q, %v", axis, formula, err)
				}
			}
		}
	}
}
