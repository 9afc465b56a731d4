package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

func (f *fixed) Snapshot(ctx context.Context, _ clickhouse.Scope, _ *clickhouse.Filter, most int) (*clickhouse.Snapshot, error) {
	if f.before != nil {
		f.before(ctx)
	}
	if len(f.calls) > most {
		return nil, clickhouse.ErrTooMany
	}
	return &clickhouse.Snapshot{}, nil
}

func (f *fixed) Stream(_ context.Context, _ *clickhouse.Snapshot, each func(*call.Call) error) error {
	for i := range f.calls {
		if err := each(&f.calls[i]); err != nil {
			return err
		}
	}
	return f.err
}

// hostile texts, as a PBX may store them.
var hostile = []string{
	"", " ", "plain", "a,b;c", `say "hi"`, "two\nlines", "three\r\nlines", "cr\ralone", "tab\there", "trailing ", "'", "''", "'=quoted",
	"=1+1", "=cmd|' /C calc'!A0", "+1+1", "+919944421125", "+", "+12a", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "0123", "1e5",
	"007", "null", "true", "NULL", `\N`, `back\slash\n`, "Zoë 📞", "<b>&amp;</b>", "]]>", "_x000D_", "_x000d", "bell\x07 nul\x00 esc\x1b del\x7f",
	"\ufffe \uffff \ufeff", "bad \xff\xfe bytes \xc3", "\u2028 \u202e", strings.Repeat("x", 40), strings.Repeat("📞,\"\n", 8192), strings.Repeat("y", 65535),
}

// hostileCalls are calls of two organisations, with hostile texts in every place that takes one.
func hostileCalls() []call.Call {
	var calls []call.Call
	for i, text := range hostile {
		c := talked(uint64(i+1), 1+uint32(i%2), i/3)
		c.Clid, c.Src, c.Dst, c.Userfield, c.Lastdata, c.Channel = text, text, text, text, text, text
		c.Extra = append(slices.Clone(c.Extra[:2]), call.Pair{Name: "direction", Text: text})
		c.Disposition, c.Caller, c.Tags = text, text, []string{text, "b"}
		c.Billsec = -int64(i)
		for _, name := range []string{"clid", "src", "dst", "userfield", "lastdata", "channel", "disposition", "direction"} {
			if !strings.Contains(text, "\xff") {
				break
			}
			if c.Flags != "" {
				c.Flags += ","
			}
			c.Flags += call.FlagInvalidUTF8 + ":" + name
		}
		if i%5 == 0 {
			c.Nulls = "src,userfield,queue_name,queue_wait_time,answered_agent,billsec,direction"
			c.Extra, c.Tags, c.Answer, c.Confidence, c.Caller = nil, nil, call.NoInstant, 0, ""
		}
		calls = append(calls, c)
	}
	return calls
}

// paged is the list of all calls, page by page.
func pagedRecords(t *testing.T, s *site, token, query string) []json.RawMessage {
	t.Helper()
	var all []json.RawMessage
	for offset := 0; ; offset += 7 {
		var page struct {
			Data       []json.RawMessage
			Pagination struct {
				HasMore bool `json:"has_more"`
			}
		}
		answer := s.get(t, token, fmt.Sprintf("/api/v1/calls?limit=7&offset=%d%s", offset, query))
		if err := json.Unmarshal([]byte(answer.body), &page); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v", answer.Status, err)
		}
		all = append(all, page.Data...)
		if !page.Pagination.HasMore {
			return all
		}
	}
}

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

// Every format has the rows of the list, in its order, and nothing of another organisation.
func TestExportsAreTheList(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, hostileCalls()...), nil, nil)
	for name, token := range map[string]string{
		"one": tokenOf(t, "supervisor", 1), "other": tokenOf(t, "supervisor", 2), "both": tokenOf(t, "admin", 1, 2),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, query := range []string{"", "&direction=inbound&from=1", "&org_id=1&date_from=2026-04-12T12:10:00Z"} {
				records := pagedRecords(t, s, token, query)
				var want []row
				for _, record := range records {
					want = append(want, rowOf(t, record))
				}
				get := func(format, media string) string {
					t.Helper()
					got := s.get(t, token, "/api/v1/calls?format="+format+query)
					if got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), media) ||
						got.Trailer.Get("X-Rows") != strconv.Itoa(len(records)) ||
						!strings.HasPrefix(got.Header.Get("Content-Disposition"), `attachment; filename="calls-2`) {
						t.Fatalf("%s: %s, %v, %v", format, got.Status, got.Header, got.Trailer)
					}
					return got.body
				}
				var lines strings.Builder
				for _, record := range records {
					lines.Write(append(record, '\n'))
				}
				if got := get("ndjson", "application/x-ndjson"); got != lines.String() {
					t.Errorf("%s: NDJSON is not the list's records", query)
				}
				if len(want) == 0 {
					continue
				}
				checkCSV(t, get("csv&raw=true", "text/csv"), want, func(cell string) string { return cell })
				checkCSV(t, get("csv", "text/csv"), want, unquoted(t))
				checkParquet(t, get("parquet", "application/vnd.apache.parquet"), want)
				checkSheet(t, get("xlsx", "application/vnd.openxmlformats"), want)
			}
		})
	}
}

// Who sees no whole numbers in a list sees none in a file.
func TestExportsAreMasked(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, talked(1, 1, 1), missed(2, 1)), nil, func(c *config) { c.MaskNumbers = []string{"supervisor"} })
	token := tokenOf(t, "supervisor", 1)
	var want []row
	for _, record := range pagedRecords(t, s, token, "") {
		r := rowOf(t, record)
		if want = append(want, r); r["src"] != "9199444•••••" {
			t.Fatalf("src is %v", r["src"])
		}
	}
	file := func(format string) string { return s.get(t, token, "/api/v1/calls?format="+format).body }
	checkCSV(t, file("csv"), want, unquoted(t))
	checkParquet(t, file("parquet"), want)
	checkSheet(t, file("xlsx"), want)
	if lines := file("ndjson"); strings.Contains(lines, "919944421125") || strings.Count(lines, "9199444•••••") < 4 {
		t.Error(lines)
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "json", "*/*": "json", "application/json": "json", "text/csv": "csv", "TEXT/CSV": "csv", "text/*": "csv", "application/x-ndjson": "ndjson",
		"application/vnd.apache.parquet": "parquet", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
		"text/csv;q=0.5, application/json;q=0.4": "csv", "text/csv;q=0.4, application/json;q=0.5": "json", "text/csv, */*": "json", "text/csv, */*;q=0.1": "csv",
		"text/csv;q=0, */*": "json", "application/*;q=0.2, text/csv;q=0.3": "csv", "application/json;q=0, application/*": "ndjson", "application/json;q=0, */*": "csv",
		"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8": "json", "text/html": "", "application/pdf, image/*": "", "application/json;q=0": "",
		"text/csv;q=0": "", "application/problem+json, application/json": "json", "nonsense": "json", "text/csv;q=2, application/x-ndjson": "ndjson",
		"text/csv; charset=utf-8": "csv",
	} {
		got, err := accepted(header)
		name := "json"
		switch {
		case err != nil:
			name = ""
		case got != nil:
			name = got.name
		}
		if name != want {
			t.Errorf("Accept %q gives %q, want %q", header, name, want)
		}
	}
}

func TestExportByHeader(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, talked(1, 1, 1), talked(2, 2, 2)), nil, nil)
	token := tokenOf(t, "supervisor", 1)
	for media, want := range map[string]string{"text/csv": "text/csv; charset=utf-8; header=present", "application/x-ndjson": "application/x-ndjson", "application/json": "application/json"} {
		if got := s.get(t, token, "/api/v1/calls", "Accept", media); got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != want {
			t.Errorf("%s: %s, %v", media, got.Status, got.Header)
		}
	}
	s.get(t, token, "/api/v1/calls", "Accept", "text/html").wantProblem(t, notAcceptable)
	if got := s.get(t, token, "/api/v1/calls?format=json", "Accept", "text/csv").list(t).String(); got != "1 of 1, more false" {
		t.Errorf("the parameter does not go before the header: %s", got)
	}
	if got := s.get(t, token, "/api/v1/calls?format=csv&bom=true").body; !strings.HasPrefix(got, "\ufeffid,calldate,") {
		t.Errorf("no byte order mark: %.40q", got)
	}
	if got := s.get(t, token, "/api/v1/calls?format=csv&bom=false").body; !strings.HasPrefix(got, "id,calldate,") {
		t.Errorf("a byte order mark: %.40q", got)
	}
	head := s.request(t, http.MethodHead, "/api/v1/calls?format=xlsx", "Authorization", "Bearer "+token)
	if head.StatusCode != http.StatusOK || head.body != "" || !strings.HasSuffix(head.Header.Get("Content-Disposition"), `.xlsx"`) {
		t.Errorf("HEAD: %s, %v", head.Status, head.Header)
	}
	empty := s.get(t, tokenOf(t, "supervisor", 7), "/api/v1/calls?format=csv")
	if lines := strings.Count(empty.body, "\r\n"); lines != 1 || empty.Trailer.Get("X-Rows") != "0" {
		t.Errorf("an empty export has %d lines, X-Rows %q", lines, empty.Trailer.Get("X-Rows"))
	}
}

// NULL and an empty text can be told apart in CSV, and a number keeps its sign.
func TestCSVCells(t *testing.T) {
	t.Parallel()
	for record, want := range map[string]string{
		`{"id":1,"src":null,"dst":"","duration":-5}`:        `1,,,"",,-5,,`,
		`{"id":2,"src":"+33123","dst":"+1+1"}`:              `2,,+33123,"'+1+1",,,,`,
		`{"id":3,"src":"+919944•••••","dst":"-5"}`:          `3,,+919944•••••,"'-5",,,,`,
		`{"id":4,"src":"'=1","dst":"'a"}`:                   `4,,"''=1",'a,,,,`,
		`{"id":5,"src":"a\"b","tags":["x","y"]}`:            `5,,"a""b",,,,,`,
		`{"id":6,"duration":"abc","x":[1,{"a":"}"}],"b":1}`: `6,,,,,,,`,
	} {
		var out bytes.Buffer
		file, err := newCSV(&out, exportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := file.add([]byte(record)); err != nil {
			t.Errorf("%s: %v", record, err)
		}
		_, line, _ := strings.Cut(out.String(), "\r\n")
		if !strings.HasPrefix(line, want) {
			t.Errorf("%s gives %s, want %s…", record, line, want)
		}
		if strings.Contains(record, "abc") && !strings.HasSuffix(line, `,"{""duration"":""abc"",""x"":[1,{""a"":""}""}],""b"":1}"`+"\r\n") {
			t.Errorf("%s ends in %s", record, line)
		}
		if strings.Contains(record, "tags") && !strings.Contains(line, ",x;y,") {
			t.Errorf("%s gives %s", record, line)
		}
	}
	for _, broken := range []string{"", "{", "[]", `{"id"}`, `{"id":`, `{"id":1`, `{"id":"a}`, "null"} {
		file, _ := newCSV(io.Discard, exportOptions{})
		if err := file.add([]byte(broken)); err == nil {
			t.Errorf("%s is taken for a record", broken)
		}
	}
}

func TestExportParameters(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: []call.Call{talked(1, 1, 1)}}, nil, func(c *config) { c.ExportRows = 5 })
	token := tokenOf(t, "supervisor", 1)
	for query, parameter := range map[string]string{
		"format=pdf": "format", "format=CSV": "format", "format=": "format", "format=csv&limit=10": "limit", "format=ndjson&offset=0": "offset",
		"format=csv&cursor=x": "cursor", "format=csv&sort=id": "sort", "format=csv&order=asc": "order", "format=csv&total=exact": "total", "format=csv&bom=1": "bom", "format=csv&raw=yes": "raw", "format=xlsx&raw=true": "raw",
		"format=parquet&bom=false": "bom", "format=csv&ama=x": "ama",
	} {
		if p := s.get(t, token, "/api/v1/calls?"+query).wantProblem(t, parameterInvalid); p.Parameter != parameter {
			t.Errorf("%s: parameter %q: %s", query, p.Parameter, p.Detail)
		}
	}
	for query, want := range map[string]code{
		"format=csv&format=csv": parameterRepeated, "format=csv&token=x": parameterUnknown, "format=csv;raw": queryMalformed,
		"raw=true": parameterUnknown, "format=json&bom=true": parameterUnknown,
	} {
		s.get(t, token, "/api/v1/calls?"+query).wantProblem(t, want)
	}
	full := newSite(t, &fixed{calls: make([]call.Call, 6)}, nil, func(c *config) { c.ExportRows = 5 })
	got := full.get(t, token, "/api/v1/calls?format=csv")
	if p := got.wantProblem(t, exportTooLarge); !strings.Contains(p.Detail, "date_from") || got.Header.Get("Content-Disposition") != "" {
		t.Errorf("too large: %s, %v", p.Detail, got.Header)
	}
	sheet := newSite(t, &fixed{calls: make([]call.Call, mostSheetRows)}, nil, func(c *config) { c.ExportRows = 5_000_000 })
	if p := sheet.get(t, token, "/api/v1/calls?format=xlsx").wantProblem(t, exportTooLarge); !strings.Contains(p.Detail, "1048575 calls") || !strings.Contains(p.Detail, "format=csv") {
		t.Error(p.Detail)
	}
}

func TestExportRights(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, talked(1, 1, 1)), nil, nil)
	scoped := func(scope string) string { return sign(t, jwt.MapClaims{"role": "admin", "scope": scope}) }
	for _, f := range fileFormats {
		for token, allowed := range map[string]bool{
			tokenOf(t, "agent", 1): f.name == "csv", tokenOf(t, "supervisor", 1): true, tokenOf(t, "admin", 1): true,
			scoped("calls:read"): false, scoped("calls:read calls:export"): f.name == "csv", scoped("calls:read calls:export-bulk"): f.name != "csv",
			scoped("calls:export calls:export-bulk"): false,
		} {
			for _, got := range []reply{s.get(t, token, "/api/v1/calls?format="+f.name), s.get(t, token, "/api/v1/calls", "Accept", f.media)} {
				if !allowed {
					got.wantProblem(t, scopeInsufficient)
				} else if got.StatusCode != http.StatusOK {
					t.Errorf("%s: %s: %s", f.name, got.Status, got.body)
				}
			}
		}
	}
}

// Whoever exports is written down before, with what was asked for.
func TestExportIsAudited(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, talked(1, 1, 1)), nil, nil)
	s.get(t, tokenOf(t, "supervisor", 1), "/api/v1/calls?format=ndjson&ama=omit")
	log := s.get(t, tokenOf(t, "admin", 1), "/api/v1/audit?action=export")
	if !strings.Contains(strings.ReplaceAll(log.body, `\"`, `"`), `"ama":["omit"]`) {
		t.Errorf("%s: %s", log.Status, log.body)
	}
}
