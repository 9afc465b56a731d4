package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

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
