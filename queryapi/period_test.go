package main

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

func TestPeriodParameters(t *testing.T) {
	t.Parallel()
	at := func(text string) call.Instant {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return call.InstantOf(when)
	}
	a, h := newSite(t, &fixed{}, nil, nil), &holder{scope: clickhouse.Scope{Orgs: []uint32{1}}}
	const want = ", want a day such as 2026-11-21 or an instant such as 2026-11-21T08:30:00Z"
	for _, test := range []struct {
		query     string
		from, to  call.Instant
		parameter string // to blame
		detail    string
	}{
		{query: ""},
		{query: "date_from=2026-04-12", from: at("2026-04-12T00:00:00Z")},
		{query: "date_to=2026-04-12", to: at("2026-04-13T00:00:00Z")},
		{query: "date_to=2026-12-31", to: at("2027-01-01T00:00:00Z")},
		{query: "date_to=2028-02-29", to: at("2028-03-01T00:00:00Z")},
		{query: "date_from=2026-04-12&date_to=2026-04-12", from: at("2026-04-12T00:00:00Z"), to: at("2026-04-13T00:00:00Z")},
		{query: "date_from=2026-04-12T08:30:00Z", from: at("2026-04-12T08:30:00Z")},
		{query: "date_to=2026-04-12T08:30:00Z", to: at("2026-04-12T08:30:00Z")},
		{query: "date_from=2026-04-12T08:30:00%2B05:30", from: at("2026-04-12T03:00:00Z")},
		{query: "date_from=2026-04-12T08:30:00+05:30", from: at("2026-04-12T03:00:00Z")},
		{query: "date_from=2026-04-12T08:30:00-03:00", from: at("2026-04-12T11:30:00Z")},
		{query: "date_from=2026-04-12T08:30:00.25Z", from: at("2026-04-12T08:30:00Z") + 250},
		{query: "date_from=2026-04-12T08:30:00.0001Z", from: at("2026-04-12T08:30:00Z") + 1},
		{query: "date_from=2026-04-12T08:30:00Z&date_to=2026-04-12T08:30:00Z", from: at("2026-04-12T08:30:00Z"), to: at("2026-04-12T08:30:00Z")},
		{query: "date_from=1970-01-01"},
		{query: "date_to=1970-01-01", to: at("1970-01-02T00:00:00Z")},
		{query: "date_to=2199-12-31", to: at("2200-01-01T00:00:00Z")},
		{query: "date_to=1970-01-01T00:00:00Z", parameter: "date_to", detail: "date_to is 1970-01-01T00:00:00Z, want 1970-01-01 to 2199-12-31"},
		{query: "date_from=1969-12-31", parameter: "date_from", detail: "date_from is 1969-12-31, want 1970-01-01 to 2199-12-31"},
		{query: "date_to=9999-01-01", parameter: "date_to", detail: "date_to is 9999-01-01, want 1970-01-01 to 2199-12-31"},
		{query: "date_from=2026-04-13&date_to=2026-04-12T23:00:00Z", parameter: "date_to", detail: "date_to is 2026-04-12T23:00:00Z, which lies before date_from, 2026-04-13"},
		{query: "date_from=2026-04-13&date_to=2026-04-11", parameter: "date_to", detail: "date_to is 2026-04-11, which lies before date_from, 2026-04-13"},
		{query: "date_from=", parameter: "date_from", detail: `date_from is ""` + want},
		{query: "date_from=yesterday", parameter: "date_from", detail: `date_from is "yesterday"` + want},
		{query: "date_from=2026-02-30", parameter: "date_from", detail: `date_from is "2026-02-30"` + want},
		{query: "date_from=12.04.2026", parameter: "date_from", detail: `date_from is "12.04.2026"` + want},
		{query: "date_to=2026-4-2", parameter: "date_to", detail: `date_to is "2026-4-2"` + want},
		{query: "date_to=2026-04-12T08:30:00", parameter: "date_to", detail: `date_to is "2026-04-12T08:30:00"` + want},
		{query: "date_to=2026-04-12 08:30:00", parameter: "date_to", detail: `date_to is "2026-04-12 08:30:00"` + want},
		{query: "date_to=1795228246", parameter: "date_to", detail: `date_to is "1795228246"` + want},
		{query: "date_to=2026-04-12&date_to=2026-04-13", parameter: "date_to", detail: "date_to is given 2 times, want it once"},
	} {
		p, err := a.page(asking(test.query), h, listOfConversations, nil)
		q := clickhouse.ConversationQuery(p.ListQuery)
		var r *refusal
		switch {
		case test.parameter == "":
			if want := (clickhouse.ConversationQuery{Limit: 50, Filter: clickhouse.Filter{From: test.from, To: test.to}}); err != nil || !reflect.DeepEqual(q, want) {
				t.Errorf("%q: %+v, %v; want %+v", test.query, q, err, want)
			}
		case !errors.As(err, &r) || r.parameter != test.parameter || r.detail != test.detail:
			t.Errorf("%q: %+v, want %s", test.query, err, test.detail)
		}
	}
}

func TestConversationPageParameters(t *testing.T) {
	t.Parallel()
	a, h := newSite(t, &fixed{}, nil, nil), &holder{scope: clickhouse.Scope{Orgs: []uint32{1}}}
	for _, test := range []struct {
		query  string
		want   clickhouse.ConversationQuery
		detail string
	}{
		{query: "limit=200&offset=10000&ama=omit", want: clickhouse.ConversationQuery{Filter: clickhouse.Filter{Omitted: true}, Limit: 200, Offset: 10000}},
		{query: "limit=0", detail: "limit is 0, want 1 to 200"},
		{query: "offset=10001", detail: "offset is 10001, want 0 to 10000; read further with cursor, which each page gives as next_cursor"},
		{query: "ama=no", detail: `ama is "no", want omit`},
	} {
		p, err := a.page(asking(test.query), h, listOfConversations, nil)
		q := clickhouse.ConversationQuery(p.ListQuery)
		if test.detail == "" {
			if err != nil || !reflect.DeepEqual(q, test.want) {
				t.Errorf("%q: %+v, %v", test.query, q, err)
			}
		} else if err == nil || err.Error() != test.detail {
			t.Errorf("%q: %v, want %s", test.query, err, test.detail)
		}
	}
}
