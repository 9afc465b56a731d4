package main

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// Rows and what is understood of them stand in testdata/rows.txt, one aligned line each; a support engineer adds a line
// and needs no Go.
func TestRows(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := loadRules("")
	if err != nil {
		t.Fatal(err)
	}
	site, err := loadRules("testdata/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var header []string
	lines := bufio.NewScanner(file)
	tested := 0
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "│")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if header == nil {
			header = cells
			continue
		}
		if len(cells) != len(header) {
			t.Fatalf("line %d has %d cells, want %d", n, len(cells), len(header))
		}
		row := map[string]string{}
		for i, name := range header {
			row[name] = cells[i]
		}
		tested++
		rules := plain
		if row["rules"] == "site" {
			rules = site
		}
		c := understand(t, rules, row)
		for name, got := range map[string]string{
			"=direction": string(c.Direction), "=org": strings.TrimPrefix(string(rune('0'+c.OrgID)), ""), "=rang": c.RangExtension, "=answered_by": c.AnsweredBy,
			"=type": string(c.AnsweredType), "=ended_by": string(c.DisconnectedBy), "=trunk": c.Trunk, "=cause": c.HangupCause,
		} {
			want, asked := row[name]
			if want == "-" {
				want = ""
			}
			if asked && got != want {
				t.Errorf("line %d (%s): %s is %q, want %q", n, row["what"], name[1:], got, want)
			}
		}
	}
	if lines.Err() != nil || tested < 20 {
		t.Fatalf("%d rows tested, %v", tested, lines.Err())
	}
}

func understand(t *testing.T, r *rules, cells map[string]string) call.Call {
	t.Helper()
	names := []string{"id", "calldate", "duration", "billsec"}
	values := []call.Value{{Text: "1", Valid: true}, {Text: "2026-11-21 02:29:00", Valid: true}, {Text: "10", Valid: true}, {Text: "4", Valid: true}}
	for name, text := range cells {
		if !call.IsStandard(name) {
			continue
		}
		if text == "-" {
			text = ""
		}
		names, values = append(names, name), append(values, call.Value{Text: text, Valid: true})
	}
	columns := make([]call.Column, len(names))
	for i := range names {
		columns[i].Name = names[i]
	}
	u := newUnderstanding(r)
	clock, err := u.clock("UTC")
	if err != nil {
		t.Fatal(err)
	}
	var c call.Call
	o := call.Origin{Source: "pbx", Zone: "UTC", Kind: call.KindPage, Table: call.NewTable(columns)}
	u.call(&o, clock, &call.Row{ID: 1, Values: values}, 1, &c)
	return c
}

func TestChannelGrammar(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]channel{
		"PJSIP/1001-0000002a":              {"PJSIP", "1001", ""},
		"PJSIP/tata_gateway-0000002b":      {"PJSIP", "tata_gateway", ""},
		"PJSIP/my-trunk.example-0000002b":  {"PJSIP", "my-trunk.example", ""},
		"SIP/peer@host-00000001":           {"SIP", "peer@host", ""},
		"IAX2/peer-1234":                   {"IAX2", "peer", ""},
		"DAHDI/i1/0123-5":                  {"DAHDI", "i1", ""},
		"Dongle/dongle0-0100000005":        {"Dongle", "dongle0", ""},
		"Local/1001@from-queue-0000000c;1": {"Local", "1001", "from-queue"},
		"Local/FMGL-1001@ctx-0000000c;2":   {"Local", "1001", "ctx"},
		"PJSIP/tata_gateway-...":           {"PJSIP", "tata_gateway-...", ""},
	} {
		if got, ok := parseChannel(name); !ok || got != want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "PJSIP", "/x", "PJSIP/", "1001"} {
		if got, ok := parseChannel(name); ok {
			t.Errorf("%q was taken for the channel %+v", name, got)
		}
	}
}

func TestHangupForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]hangup{
		"hangupsource=PJSIP/1006-00000000|hangupcause=34":               {"PJSIP/1006-00000000", "34"},
		"hs=PJSIP/1-1,hc=16":                                            {"PJSIP/1-1", "16"},
		`{"hangupsource":"PJSIP/1-1","hangupcause":16}`:                 {"PJSIP/1-1", "16"},
		`{"hs":"a/b","hc":"17"}`:                                        {"a/b", "17"},
		"hangupsource=PJSIP/1-1|hangupcause=16;callee=tata_gateway":     {"PJSIP/1-1", "16"},
		";hangupsource=PJSIP/1-1|hangupcause=16":                        {"PJSIP/1-1", "16"},
		"hangupsource=|hangupcause=127":                                 {"", "127"},
		"hangupsource=A/1|hangupcause=1;hangupsource=B/2|hangupcause=2": {"A/1", "1"},
		"sales,paris": {}, "": {}, "{broken": {}, "hangupcause=999": {}, "hangupcause=x": {}, "hangupcause=-1": {}, "16": {},
	} {
		if got := parseHangup(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}
