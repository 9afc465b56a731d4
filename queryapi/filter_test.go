package main

import (
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// Each parameter: what it takes, the last that it takes, and what it refuses, in its own words.
func TestFilterParameters(t *testing.T) {
	t.Parallel()
	a, h := newSite(t, &fixed{}, nil, nil), &holder{scope: clickhouse.Scope{Orgs: []uint32{1, 2}}}
	yes, no := true, false
	second := func(v int64) *int64 { return &v }
	number := func(typed string) clickhouse.Number {
		n, err := clickhouse.ParseNumber(typed)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	long, list := strings.Repeat("é", 250), strings.Repeat("a,", 49)+"a"
	for _, test := range []struct {
		name    string
		takes   map[string]clickhouse.Filter
		refuses []string
	}{
		{"direction", map[string]clickhouse.Filter{
			"all": {}, "inbound": {Directions: []string{"inbound"}}, "transit,unknown": {Directions: []string{"transit", "unknown"}},
			"outbound,internal,inbound": {Directions: []string{"outbound", "internal", "inbound"}},
		}, []string{"", "Inbound", "in", "inbound,", "all,inbound", "inbound outbound", "inbound'"}},
		{"disposition", map[string]clickhouse.Filter{
			"ANSWERED": {Dispositions: []string{"ANSWERED"}}, "NO ANSWER,CONGESTION": {Dispositions: []string{"NO ANSWER", "CONGESTION"}},
			"CANCEL": {Dispositions: []string{"CANCEL"}}, "SOME NEW WORD": {Dispositions: []string{"SOME NEW WORD"}},
		}, []string{"", "answered", "NO_ANSWER", "ANSWERED,", " ANSWERED", "A", "16", strings.Repeat("A", 21), "A' OR '1'='1"}},
		{"from", map[string]clickhouse.Filter{"99194": {Caller: "99194"}, "+33 1.42-68 (53)": {Caller: "+331426853"}, "O'Hara x": {Caller: "O'Hara x"}, long: {Caller: long}, "-": {Caller: "-"}}, []string{"", long + "x", "\xff"}},
		{"to", map[string]clickhouse.Filter{"%": {Callee: "%"}, "1 2": {Callee: "12"}}, []string{"", long + "x", "a\xc3"}},
		{"search", map[string]clickhouse.Filter{"Zoë 📞": {Search: "Zoë 📞"}, "99 19": {Search: "9919"}, `\`: {Search: `\`}}, []string{"", long + "x", "\xff"}},
		{"outcome", map[string]clickhouse.Filter{"missed": {Outcomes: []string{"missed"}}, "no_answer,queue_timeout": {Outcomes: []string{"no_answer", "queue_timeout"}}}, []string{"", "lost", "MISSED", "missed,,busy"}},
		{"number", map[string]clickhouse.Filter{
			"+33 1 42 68 53 00": {Numbers: []clickhouse.Number{number("+33 1 42 68 53 00")}}, "_45": {Numbers: []clickhouse.Number{number("_45")}},
			"1001,4_": {Numbers: []clickhouse.Number{number("1001"), number("4_")}},
		}, []string{"", "_", "+", "anonymous", "1001,", "4_5", "1' OR '1", strings.Repeat("9", 33)}},
		{"extension", map[string]clickhouse.Filter{"1001": {Extensions: []string{"1001"}}, list: {Extensions: strings.Split(list, ",")}}, []string{"", ",", "1001,", list + ",a"}},
		{"agent", map[string]clickhouse.Filter{"SIP/1001,Anna": {Agents: []string{"SIP/1001", "Anna"}}}, []string{"", ",Anna"}},
		{"queue", map[string]clickhouse.Filter{"sales,support": {Queues: []string{"sales", "support"}}}, []string{"", "sales,,"}},
		{"trunk", map[string]clickhouse.Filter{"tata": {Trunks: []string{"tata"}}}, []string{"", ","}},
		{"did", map[string]clickhouse.Filter{"080 6597 8001": {DIDs: []clickhouse.Number{number("080 6597 8001")}}}, []string{"", "sales"}},
		{"tag", map[string]clickhouse.Filter{"paris": {Tags: [][]string{{"paris"}}}, "paris,Zürich": {Tags: [][]string{{"paris", "Zürich"}}}}, []string{"", "paris,", list + ",a"}},
		{"recorded", map[string]clickhouse.Filter{"true": {Recorded: &yes}, "false": {Recorded: &no}}, []string{"", "1", "yes", "TRUE"}},
		{"min_duration", map[string]clickhouse.Filter{"0": {Duration: clickhouse.Range{Least: second(0)}}, "2147483647": {Duration: clickhouse.Range{Least: second(2147483647)}}}, []string{"", "-1", "1.5", "+1", "2147483648", "99999999999999999999", "1m"}},
		{"max_duration", map[string]clickhouse.Filter{"0": {Duration: clickhouse.Range{Most: second(0)}}}, []string{"", "-1", "2147483648"}},
		{"min_talk", map[string]clickhouse.Filter{"30": {Talk: clickhouse.Range{Least: second(30)}}}, []string{"", "x"}},
		{"max_talk", map[string]clickhouse.Filter{"30": {Talk: clickhouse.Range{Most: second(30)}}}, []string{"", "x"}},
		{"min_wait", map[string]clickhouse.Filter{"30": {Wait: clickhouse.Range{Least: second(30)}}}, []string{"", "x"}},
		{"max_wait", map[string]clickhouse.Filter{"30": {Wait: clickhouse.Range{Most: second(30)}}}, []string{"", "x"}},
		{"hangup_cause", map[string]clickhouse.Filter{"16,17": {HangupCauses: []string{"16", "17"}}, "999": {HangupCauses: []string{"999"}}}, []string{"", "1000", "x", "16,", "+16"}},
		{"disconnected_by", map[string]clickhouse.Filter{"caller,unknown": {DisconnectedBy: []string{"caller", "unknown"}}}, []string{"", "nobody"}},
		{"conversation_id", map[string]clickhouse.Filter{"pbx:1.1": {Conversation: &clickhouse.Key{Source: "pbx", Linkedid: "1.1"}}, "a:b:c": {Conversation: &clickhouse.Key{Source: "a", Linkedid: "b:c"}}}, []string{"", "pbx", ":1.1", "pbx:"}},
		{"source", map[string]clickhouse.Filter{"pbx": {Sources: []string{"pbx"}}}, []string{"", ","}},
		{"leg_kind", map[string]clickhouse.Filter{"dial,tail": {LegKinds: []string{"dial", "tail"}}}, []string{"", "call"}},
		{"answered_type", map[string]clickhouse.Filter{"human,prompt": {AnsweredTypes: []string{"human", "prompt"}}}, []string{"", "null"}},
		{"ama", map[string]clickhouse.Filter{"omit": {Omitted: true}}, []string{"", "OMIT"}},
		{"recurse", map[string]clickhouse.Filter{"true": {}, "false": {}}, []string{"", "1"}},
		{"org_id", map[string]clickhouse.Filter{"1": {}, "0": {}, "4294967295": {}}, []string{"", "-1", "4294967296", "1,2", "x"}},
		{"tz", map[string]clickhouse.Filter{"Asia/Kolkata": {}}, []string{"", "Nowhere/Land"}},
		{"date_from", map[string]clickhouse.Filter{"1970-01-02": {From: 86400000}, "1970-01-01T00:00:01Z": {From: 1000}}, []string{"", "today", "1969-12-31", "2200-01-01"}},
		{"date_to", map[string]clickhouse.Filter{"1970-01-02": {To: 2 * 86400000}, "1970-01-01T00:00:01Z": {To: 1000}}, []string{"", "today", "2026-02-30"}},
	} {
		for text, want := range test.takes {
			values, err := parameters(url.Values{test.name: {text}}.Encode(), filterNames...)
			if err != nil {
				t.Fatal(err)
			}
			if _, got, err := a.filter(t.Context(), values, h); err != nil || !reflect.DeepEqual(got, want) {
				had, _ := json.Marshal(got)
				t.Errorf("%s=%s: %s, %v", test.name, text, had, err)
			}
		}
		for _, text := range test.refuses {
			_, _, err := a.filter(t.Context(), url.Values{test.name: {text}}, h)
			var r *refusal
			if !errors.As(err, &r) || r.code != parameterInvalid || r.parameter != test.name || len(r.detail) > 1000 || !strings.HasPrefix(r.detail, test.name+" ") {
				t.Errorf("%s=%q: %+v", test.name, text, err)
			}
		}
		// Given twice, all but tags are refused.
		for text := range test.takes {
			_, err := parameters(url.Values{test.name: {text, text}}.Encode(), filterNames...)
			if (err == nil) != (test.name == "tag") {
				t.Errorf("%s given twice: %v", test.name, err)
			}
		}
	}
	// What speaks against each other.
	for query, want := range map[string]string{
		"min_duration=5&max_duration=4":                   "max_duration is 4, want at least min_duration, 5",
		"min_talk=5&max_talk=4":                           "max_talk is 4, want at least min_talk, 5",
		"min_wait=5&max_wait=4":                           "max_wait is 4, want at least min_wait, 5",
		"date_from=2026-04-12&date_to=2026-04-11":         "date_to is 2026-04-11, which lies before date_from, 2026-04-12",
		"min_duration=5&max_duration=5&direction=inbound": "",
	} {
		values, _ := url.ParseQuery(query)
		if _, _, err := a.filter(t.Context(), values, h); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: %v", query, err)
		}
	}
	// One tag of each list.
	values, _ := url.ParseQuery("tag=a,b&tag=c")
	if _, f, err := a.filter(t.Context(), values, h); err != nil || !reflect.DeepEqual(f.Tags, [][]string{{"a", "b"}, {"c"}}) {
		t.Errorf("%v, %v", f.Tags, err)
	}
}

func TestFilterScope(t *testing.T) {
	t.Parallel()
	names := []clickhouse.Organisation{{ID: 2, Parent: 1}, {ID: 3, Parent: 2}, {ID: 4, Parent: 3}, {ID: 5}, {ID: 6, Parent: 5}}
	a, h := newSite(t, &fixed{names: names}, nil, nil), &holder{scope: clickhouse.Scope{Orgs: []uint32{0, 1, 2, 4, 5}}}
	for query, want := range map[string][]uint32{
		"":                       {0, 1, 2, 4, 5},
		"recurse=true":           {0, 1, 2, 4, 5}, // what it lists below them is in already
		"recurse=false":          {0, 1, 2, 4, 5},
		"org_id=1":               {1},
		"org_id=1&recurse=false": {1},
		"org_id=1&recurse=true":  {1, 2, 4},
		"org_id=5&recurse=true":  {5}, // 6 is not the token's
		"org_id=0&recurse=true":  {0},
		"org_id=3":               nil,
		"org_id=3&recurse=true":  nil, // nor is what is below it told to be
		"org_id=6&recurse=true":  nil,
		"org_id=99&recurse=true": nil,
	} {
		values, _ := url.ParseQuery(query)
		scope, _, err := a.filter(t.Context(), values, h)
		if err != nil || !reflect.DeepEqual(scope.Orgs, want) {
			t.Errorf("%s: %v, %v", query, scope.Orgs, err)
		}
	}
}
