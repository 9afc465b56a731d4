package main

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// asking is a request with a query string.
func asking(query string) *http.Request {
	return &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/api/v1/calls", RawQuery: query}}
}

func TestPageParameters(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 400)
	a, h := newSite(t, &fixed{}, nil, nil), &holder{scope: clickhouse.Scope{Orgs: []uint32{1}}}
	known := listed(slices.Concat(filterNames, pageNames, []string{formatName}))
	for _, test := range []struct {
		query     string
		want      clickhouse.ListQuery
		code      code
		parameter string
		detail    string
	}{
		{query: "", want: clickhouse.ListQuery{Limit: 50}},
		{query: "limit=1", want: clickhouse.ListQuery{Limit: 1}},
		{query: "limit=200&offset=10000", want: clickhouse.ListQuery{Limit: 200, Offset: 10000}},
		{query: "offset=007&limit=05", want: clickhouse.ListQuery{Limit: 5, Offset: 7}},
		{query: "ama=omit&limit=3", want: clickhouse.ListQuery{Filter: clickhouse.Filter{Omitted: true}, Limit: 3}},
		{query: "ama=OMIT", code: parameterInvalid, parameter: "ama", detail: `ama is "OMIT", want omit`},
		{query: "ama=", code: parameterInvalid, parameter: "ama", detail: `ama is "", want omit`},
		{query: "ama=all", code: parameterInvalid, parameter: "ama", detail: `ama is "all", want omit`},
		{query: "limit=0", code: parameterInvalid, parameter: "limit", detail: "limit is 0, want 1 to 200"},
		{query: "limit=201", code: parameterInvalid, parameter: "limit", detail: "limit is 201, want 1 to 200"},
		{query: "limit=-1", code: parameterInvalid, parameter: "limit", detail: `limit is "-1", want a whole number from 1 to 200`},
		{query: "limit=%2B5", code: parameterInvalid, parameter: "limit", detail: `limit is "+5", want a whole number from 1 to 200`},
		{query: "limit=", code: parameterInvalid, parameter: "limit", detail: `limit is "", want a whole number from 1 to 200`},
		{query: "limit=1e2", code: parameterInvalid, parameter: "limit", detail: `limit is "1e2", want a whole number from 1 to 200`},
		{query: "limit=٣", code: parameterInvalid, parameter: "limit", detail: `limit is "٣", want a whole number from 1 to 200`},
		{query: "limit=50.0", code: parameterInvalid, parameter: "limit", detail: `limit is "50.0", want a whole number from 1 to 200`},
		{query: "limit=" + long, code: parameterInvalid, parameter: "limit", detail: "limit is " + long[:40] + "…, want 1 to 200"},
		{query: "offset=-5", code: parameterInvalid, parameter: "offset", detail: `offset is "-5", want a whole number from 0 to 10000`},
		{query: "offset=10001", code: offsetTooDeep, parameter: "offset", detail: "offset is 10001, want 0 to 10000; read further with cursor, which each page gives as next_cursor"},
		{query: "offset=" + long, code: offsetTooDeep, parameter: "offset"},
		{query: "limit=1&limit=2", code: parameterRepeated, parameter: "limit", detail: "limit is given 2 times, want it once"},
		{query: "Limit=1", code: parameterUnknown, parameter: "Limit", detail: `"Limit" is not a parameter here, want ` + known},
		{query: "limit=1&Direction=inbound", code: parameterUnknown, parameter: "Direction", detail: `"Direction" is not a parameter here, want ` + known},
		{query: "token=x", code: parameterUnknown, parameter: "token"},
		{query: long + "=1", code: parameterUnknown, parameter: long[:40] + "…"},
		{query: "limit=1;offset=2", code: queryMalformed},
		{query: "limit=%zz", code: queryMalformed},
	} {
		p, err := a.page(asking(test.query), h, listOfCalls, nil)
		got := p.ListQuery
		var r *refusal
		switch {
		case test.code == "":
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("%q: %+v, %v; want %+v", test.query, got, err, test.want)
			}
		case !errors.As(err, &r) || r.code != test.code || r.parameter != test.parameter:
			t.Errorf("%q: %+v, want %s of %q", test.query, err, test.code, test.parameter)
		case test.detail != "" && r.detail != test.detail:
			t.Errorf("%q: detail\n%s, want\n%s", test.query, r.detail, test.detail)
		}
	}
}
