package main

import (
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// Rows and what is understood of them stand in testdata/rows.txt, one aligned line each; a support engineer adds a line
// and needs no Go.
func TestRows(t *testing.T) {
	t.Parallel()
	plain, err := loadRules("")
	if err != nil {
		t.Fatal(err)
	}
	site, err := loadRules("testdata/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range readTable(t, "rows.txt", 20) {
		rules := plain
		if row["rules"] == "site" {
			rules = site
		}
		c := understand(t, rules, row)
		for name, got := range map[string]string{
			"=direction": string(c.Direction), "=org": strings.TrimPrefix(string(rune('0'+c.OrgID)), ""), "=rang": c.RangExtension, "=answered_by": c.AnsweredBy,
			"=type": string(c.AnsweredType), "=ended_by": string(c.DisconnectedBy), "=trunk": c.Trunk, "=cause": c.HangupCause,
		} {
			if want, asked := row[name]; asked && got != want {
				t.Errorf("%s (%s): %s is %q, want %q", row["line"], row["what"], name[1:], got, want)
			}
		}
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
	u.row(&o, clock, &call.Row{ID: 1, Values: values}, 1, &c)
	u.conversation([]*call.Call{&c})
	return c
}
