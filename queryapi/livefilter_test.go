package main

import (
	"net/url"
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// examples of every parameter that chooses among calls, each of which leaves some of heardOf. What is counted is asked for
// one by one.
var examples = map[string][]string{
	dateFrom:  {"date_from=2026-11-20"},
	dateTo:    {"date_to=1970-01-01", "date_to=2026-11-19"},
	timeZone:  {"date_from=2026-11-20&tz=Asia/Kolkata"},
	"org_id":  {"org_id=1"},
	"recurse": {"org_id=1&recurse=true"},
	ama:       {"ama=omit"},
	countedName: {
		"counted=calls.answered&direction=inbound", "counted=calls.transferred_blind",
	},
	groupName:        {"counted=queues.abandoned&group=sales", "counted=queues.offered&group=pbx", "counted=agents.missed&group=1001", "counted=trunks.outgoing&group=out1"},
	ofName:           {"counted=numbers.answered&of=did&group=100", "counted=numbers.inbound&of=caller&group=%2B4930114", "counted=numbers.outbound&of=callee"},
	levelName:        {"counted=queues.answered_in_threshold&sl_threshold=10", "counted=queues.abandoned_in_threshold&sl_threshold=40"},
	shortAbandonName: {"counted=queues.short_abandon&short_abandon=6"},
	hourOfWeekName:   {"hour_of_week=105&tz=Europe/Berlin"},
	"direction":      {"direction=inbound,unknown", "direction=outbound"},
	"disposition":    {"disposition=ANSWERED"},
	"from":           {"from=9199"},
	"to":             {"to=918"},
	"search":         {"search=zo%C3%AB", "search=Martin", "search=reception", "search=9944421125", "search=smith"},
	"outcome":        {"outcome=missed", "outcome=elsewhere,failed"},
	"number":         {"number=919944421125", "number=1001"},
	"extension":      {"extension=1001"},
	"agent":          {"agent=1009", "agent=1007"},
	"queue":          {"queue=sales", "queue=own"},
	"trunk":          {"trunk=in1,tata_gateway"},
	"did":            {"did=100"},
	"tag":            {"tag=paris", "tag=paris&tag=sales"},
	"recorded":       {"recorded=true", "recorded=false"},
	"min_duration":   {"min_duration=1"},
	"max_duration":   {"max_duration=5"},
	"min_talk":       {"min_talk=1"},
	"max_talk":       {"max_talk=20"},
	"min_wait":       {"min_wait=5"},
	"max_wait":       {"max_wait=9"},
	"hangup_cause":   {"hangup_cause=16"},
	"disconnected_by": {
		"disconnected_by=caller",
	},
	"conversation_id": {"conversation_id=pbx:777.7", "conversation_id=pbx:1775995633.41"},
	"source":          {"source=pbx"},
	"leg_kind":        {"leg_kind=dial"},
	"answered_type":   {"answered_type=human"},
}

// heardOf are calls that have what filters look at, and nearly all of them what others lack.
func heardOf(t *testing.T) []call.Call {
	t.Helper()
	calls := friday(t, 1)
	calls[0].Conversation.Detail = `{"source_name":"Smith","legs":[{"id":1001,"leg_kind":"queue"}],"participants":[{"extension":"1001","name":"Zoe Martin","rang":true,"answered":true}]}`
	calls[1].Conversation.Detail = `{"requested_name":"Reception","destination_name":"Back office"}`
	for i := range 6 {
		calls = append(calls, talked(uint64(i+1), 1, i))
	}
	filled, own, nameless, timeless := missed(20, 1), missed(21, 1), missed(22, 1), missed(23, 1)
	filled.Queue, filled.Agent, filled.QueueWait = "sales", "SIP/1009", 7
	own.Nulls, own.QueueName, own.Queue, own.AnsweredAgent, own.Agent = "answer,queue_wait_time", "own", "pbx", "SIP/1007", "SIP/1007"
	own.Entry, own.Called = call.Entry{Outcome: call.EntryAnswered, Wait: 3, Talk: 4}, call.CalledPhone
	nameless.Nulls, nameless.Duration, nameless.Disposition, nameless.Joined = nameless.Nulls+",duration,disposition", 0, "", "777.7"
	timeless.Calldate, timeless.Flags = 0, call.FlagCalldateInvalid
	return append(calls, filled, own, nameless, timeless)
}

// The live feed lets through what the list of the same filter has: for every parameter, and for every number that is counted.
// An event is all that the feed knows of a call.
func TestLiveFiltersAreTheLists(t *testing.T) {
	t.Parallel()
	calls := heardOf(t)
	store := newStore(t, calls...)
	s := newSite(t, store, nil, nil)
	live := make([]*call.Call, len(calls))
	for i := range calls {
		e := call.NewEvent(call.EventCorrected, &calls[i])
		x, err := happened(jetstream.Announced{Data: e.AppendJSON(nil)}, &repeats{})
		if err != nil {
			t.Fatal(err)
		}
		live[i] = x.call
	}
	scope := clickhouse.Scope{Orgs: []uint32{1}}
	holds := func(query string) (listed int) {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, f, err := s.filter(t.Context(), values, &holder{scope: scope, role: "admin"})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		list, err := store.List(t.Context(), scope, clickhouse.ListQuery{Filter: f, Limit: len(calls)})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for i, c := range live {
			inList := slices.ContainsFunc(list, func(o call.Call) bool { return o.ID == c.ID })
			if f.Matches(c) != inList || f.Matches(&calls[i]) != inList {
				t.Errorf("%s: call %d is in the list %t, in the live feed %t, and would be if it knew all %t", query, c.ID, inList, f.Matches(c), f.Matches(&calls[i]))
			}
		}
		return len(list)
	}
	for _, name := range filterNames {
		if len(examples[name]) == 0 {
			t.Errorf("nothing asks for %s", name)
		}
		for _, query := range examples[name] {
			if n := holds(query); n == 0 {
				t.Errorf("%s leaves nothing, which proves nothing", query)
			}
		}
	}
	some := 0
	for _, name := range countable {
		if name == "calls.unsettled" { // by the clock
			continue
		}
		if holds("counted="+name) > 0 {
			some++
		}
	}
	if some < len(countable)*3/4 {
		t.Errorf("only %d of %d numbers count anything", some, len(countable))
	}
	for name := range examples {
		if !slices.Contains(filterNames, name) {
			t.Errorf("%s is no parameter", name)
		}
	}
}
