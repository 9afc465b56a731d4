package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// scenario is what really happened on the phones: written by the scripts that played them, not by the PBX.
type scenario struct {
	SID         string   `json:"sid"`
	Name        string   `json:"scenario"`
	Start       float64  `json:"start"`
	Direction   string   `json:"direction"`
	Caller      string   `json:"caller"`
	Dialled     string   `json:"dialed"`
	Rang        string   `json:"rang"`
	AnsweredBy  string   `json:"answered_by"`
	HungUp      string   `json:"hung_up"`
	Disposition string   `json:"disposition"`
	Queue       string   `json:"queue"`
	Org         string   `json:"org"`
	Phones      []played `json:"ua_legs"`
	Rows        []uint64 `json:"cdr_ids"`
}

// played is one SIP leg; times are seconds from the scenario's start.
type played struct {
	Phone    string   `json:"phone"`
	Role     string   `json:"role"`
	Number   string   `json:"number"`
	Invite   float64  `json:"invite"`
	Ringing  *float64 `json:"ringing"`
	Answered *float64 `json:"answered"`
	Ended    float64  `json:"ended"`
	EndedBy  string   `json:"ended_by"`
	Status   string   `json:"status"`
}

var channelEnd = regexp.MustCompile(`^(PJSIP|Local)/([^@]+?)(@.*)?-[0-9a-f]{8}(;[12])?$`)

// endpointOf a channel, read for the truth by other means than the enricher's.
func endpointOf(name string) string {
	if m := channelEnd.FindStringSubmatch(name); m != nil {
		return m[2]
	}
	return ""
}

func readLines(t testing.TB, file string, each func([]byte)) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) > 0 {
			each(lines.Bytes())
		}
	}
}

// readRows makes rows of JSON lines; rename is asked for every text of a column.
func readRows(t testing.TB, u *understanding, rename namer) map[uint64]*call.Call {
	t.Helper()
	calls := map[uint64]*call.Call{}
	names := call.Standard()
	columns := make([]call.Column, len(names))
	for i := range names {
		columns[i].Name = names[i]
	}
	table := call.NewTable(columns)
	readLines(t, "testdata/asterisk/rows.jsonl", func(line []byte) {
		var row map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		id, _ := row["id"].(json.Number).Int64()
		values := make([]call.Value, len(names))
		for i, name := range names {
			if v := row[name]; v != nil {
				values[i] = call.Value{Text: rename(name, fmt.Sprint(v)), Valid: true}
			}
		}
		c := new(call.Call)
		o := originOf(uint64(id), table)
		clock, err := u.clock(o.Zone)
		if err != nil {
			t.Fatal(err)
		}
		u.row(&o, clock, &call.Row{ID: uint64(id), Values: values}, 1, c)
		calls[uint64(id)] = c
	})
	return calls
}

// originOf a row: the last ones were written by a second PBX, in India.
func originOf(id uint64, table *call.Table) call.Origin {
	o := call.Origin{Source: "pbx", Zone: "UTC", Kind: call.KindPage, Table: table}
	if id >= 293 {
		o.Source, o.Zone = "pbx2", "Asia/Kolkata"
	}
	return o
}

func understandAll(t testing.TB, u *understanding, calls map[uint64]*call.Call) {
	t.Helper()
	settle(t, u, slices.Collect(maps.Values(calls)))
}

// namer gives a name of the reference data another. column says where it stands.
type namer func(column, text string) string

func same(_, text string) string { return text }

// The trunks' endpoints; the scripts that played the phones call them by the first word.
var referenceTrunks = []string{"tata_gateway", "airtel_gateway", "dead_gateway"}

func (sc *scenario) rename(rename namer) {
	for _, text := range []*string{&sc.Caller, &sc.Dialled, &sc.Rang, &sc.AnsweredBy, &sc.HungUp, &sc.Queue} {
		*text = rename("", *text)
	}
	for i := range sc.Phones {
		p := &sc.Phones[i]
		for _, trunk := range referenceTrunks {
			if strings.HasPrefix(trunk, p.Phone+"_") {
				p.Phone = trunk
			}
		}
		p.Phone, p.Number = rename("", p.Phone), rename("", p.Number)
	}
}
