package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// Tenants: one's own, the whole subtree, another's, and who one is.
func TestTenants(t *testing.T) {
	t.Parallel()
	store := newStore(t, missed(1, 1), missed(2, 2), missed(3, 3), missed(4, 4))
	if err := store.SaveOrganisations(t.Context(), []clickhouse.Organisation{{ID: 1}, {ID: 2, Parent: 1}, {ID: 3, Parent: 1}, {ID: 4}}); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, store, nil, nil)
	master, users := tokenOf(t, "admin", 1, 2, 3), tokenOf(t, "admin", 2)
	for _, test := range []struct{ token, path, want string }{
		{master, "?org_id=1", "1 of 1, more false"},
		{master, "?org_id=1&recurse=true", "3 2 1 of 3, more false"},
		{users, "", "2 of 1, more false"},
		{users, "?recurse=true", "2 of 1, more false"},
		{users, "?org_id=2&recurse=true", "2 of 1, more false"},
		{users, "?org_id=1&recurse=true", "of 0, more false"},
	} {
		if got := s.get(t, test.token, "/api/v1/calls"+test.path).list(t).String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.path, got, test.want)
		}
	}
	if got := s.get(t, users, "/api/v1/calls/3"); got.StatusCode != http.StatusNotFound {
		t.Errorf("another's call: %s", got.Status)
	}
	s.get(t, users, "/api/v1/users/me/calls").wantProblem(t, extensionMissing)
	// Any part counts, also of who rang and did not answer; a filter narrows it and does not widen it.
	mine := sign(t, jwt.MapClaims{"orgs": []int{2}, "extension": "1001"})
	for path, want := range map[string]string{
		"": "2 of 1, more false", "?outcome=missed": "2 of 1, more false", "?extension=1002": "of 0, more false", "?org_id=3": "of 0, more false", "?number=1001": "2 of 1, more false",
	} {
		if got := s.get(t, mine, "/api/v1/users/me/calls"+path).list(t).String(); got != want {
			t.Errorf("own calls%s: %s, want %s", path, got, want)
		}
	}
	if got := s.get(t, sign(t, jwt.MapClaims{"orgs": []int{2}, "extension": "1' OR '1'='1"}), "/api/v1/users/me/calls").list(t).String(); got != "of 0, more false" {
		t.Errorf("nobody's calls: %s", got)
	}
	s.get(t, mine, "/api/v1/users/me/calls?format=csv").wantProblem(t, parameterUnknown)
}

// Numbers, typed any way, with wildcards.
func TestNumbers(t *testing.T) {
	t.Parallel()
	var calls []call.Call
	for i, number := range []string{"12345", "123", "45", "+33142685300"} {
		c := missed(uint64(i+1), 1)
		c.Src, c.Caller, c.Dst, c.Callee, c.Did, c.RangExtension, c.AnsweredBy = number, "", "s", "", "", "", ""
		calls = append(calls, c)
	}
	s := newSite(t, newStore(t, calls...), nil, nil)
	token := tokenOf(t, "agent", 1)
	for number, want := range map[string]string{
		"_45": "3 1 of 2, more false", "45": "3 of 1, more false", "_23_": "2 1 of 2, more false", "4_": "3 of 1, more false",
		"+33 1 42 68 53 00": "4 of 1, more false", "0033142685300": "4 of 1, more false", "0142685300": "4 of 1, more false", "+49 1 42 68 53 00": "of 0, more false",
	} {
		if got := s.get(t, token, "/api/v1/calls?number="+url.QueryEscape(number)).list(t).String(); got != want {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
	if got := s.get(t, token, "/api/v1/calls?number=+33142685300").list(t).String(); got != "4 of 1, more false" {
		t.Errorf("with a plus that was not escaped: %s", got)
	}
}

// Tags of several participants, half-open instants, what is not known last, and mistakes by their names.
func TestTagsTimesAndMistakes(t *testing.T) {
	t.Parallel()
	tagged := func(id uint64, tags ...string) call.Call {
		c := missed(id, 1)
		c.Tags, c.Calldate = tags, call.Instant(1775995633000+int64(id)*1000)
		c.TalkTime = int64(id) - 2
		return c
	}
	s := newSite(t, newStore(t, tagged(1, "quebec"), tagged(2, "quebec", "montreal"), tagged(3, "chicoutimi", "roberval")), nil, nil)
	token := tokenOf(t, "agent", 1)
	for query, want := range map[string]string{
		"tag=quebec":                  "2 1 of 2, more false",
		"tag=chicoutimi&tag=roberval": "3 of 1, more false", // of two participants together
		"tag=chicoutimi,montreal":     "3 2 of 2, more false",
		"tag=quebec&tag=roberval":     "of 0, more false",
		"date_from=2026-04-12T12:07:14Z&date_to=2026-04-12T12:07:15Z": "1 of 1, more false",
		"date_from=2026-04-12T12:07:15Z&date_to=2026-04-12T12:07:16Z": "2 of 1, more false",
		"sort=talk_time":           "3 2 1 of 3, more false", // what is not known comes last
		"sort=talk_time&order=asc": "1 2 3 of 3, more false",
		"limit=2&total=exact":      "3 2 of 3, more true",
	} {
		if got := s.get(t, token, "/api/v1/calls?"+query).list(t).String(); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for _, query := range []string{"date_from=yesterday", "date_to=2026-13-01", "limit=-1", "order=unknown", "sort=unknown", "offset=-1", "direction=unknown,sideways"} {
		name, _, _ := strings.Cut(query, "=")
		if p := s.get(t, token, "/api/v1/calls?"+query).wantProblem(t, parameterInvalid); p.Parameter != name {
			t.Errorf("%s: %+v", query, p)
		}
	}
}
