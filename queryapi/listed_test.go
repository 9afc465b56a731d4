package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// variedCalls differ in all that can be asked for. Each is a conversation of its own, which comes to what the call does.
func variedCalls() (calls []call.Call) {
	pick := func(list []string, n uint64) string { return list[n%uint64(len(list))] }
	for id := uint64(1); id <= 48; id++ {
		c := missed(id, uint32(1+id%3))
		c.Calldate = call.InstantOf(time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC)) + call.Instant(id)*1_800_000
		c.Linkedid = fmt.Sprintf("1775995633.%d", id)
		c.Direction = call.Direction(pick(directions, id))
		c.Disposition = pick([]string{"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL"}, id)
		c.Outcome, c.LegKind = call.Outcome(pick(outcomes, id)), call.LegKind(pick(legKinds, id))
		c.AnsweredType, c.DisconnectedBy = call.AnsweredType(pick(append([]string{""}, answeredTypes...), id)), call.DisconnectedBy(pick(disconnectors, id))
		c.HangupCause = pick([]string{"16", "17", "", "21"}, id)
		c.Src, c.Caller = pick([]string{"919944421125", "0142685300", "1001", "1002"}, id), ""
		if c.Src == "0142685300" {
			c.Caller = "+33142685300"
		}
		c.Dst, c.Callee, c.Did = pick([]string{"918065978001", "1003", "%"}, id), "", pick([]string{"", "918065978001"}, id/3)
		c.Clid = pick([]string{`"Zoë" <1>`, `"O'Hara 100%" <2>`, ""}, id)
		c.CallerExtension, c.RangExtension, c.AnsweredBy = pick([]string{"", "1001"}, id), pick([]string{"1002", "", "1001"}, id), ""
		c.QueueName, c.Queue, c.AnsweredAgent, c.Agent = "", pick([]string{"sales", "support", ""}, id), "", pick([]string{"", "SIP/1001", "Anna"}, id)
		c.Trunk, c.Tags = pick([]string{"tata", "lyon", ""}, id), [][]string{nil, {"paris"}, {"paris", "vip"}, {"lyon"}}[id%4]
		c.Recordingfile, c.Billsec, c.Duration = pick([]string{"", "a.wav"}, id), int64(id%3), int64(id%7)
		c.WaitTime, c.TalkTime, c.RingTime = int64(id%5)-1, int64(id%6)-1, int64(id%4)-1
		c.Source = pick([]string{"pbx", "lyon"}, id/5)
		c.Amaflags = 3
		if id%16 == 0 {
			c.Amaflags = 1
		}
		v := &c.Conversation
		*v = call.NoConversation
		v.Legs, v.Complete, v.Outcome, v.AnsweredType, v.DisconnectedBy, v.Tags = 1, true, c.Outcome, c.AnsweredType, c.DisconnectedBy, c.Tags
		v.QueueName, v.WaitTime, v.TalkTime, v.RingTime, v.End = c.Queue, c.WaitTime, c.TalkTime, c.RingTime, c.Calldate+call.Instant(c.Duration)*1000
		calls = append(calls, c)
	}
	return calls
}

func takesPart(c *call.Call, extension string) bool {
	return c.CallerExtension == extension || c.RangExtension == extension || c.AnsweredBy == extension
}

// Every parameter, against the real store: on calls, on one's own calls and on conversations, alone and all combined by twos.
func TestEveryParameterOfLists(t *testing.T) {
	t.Parallel()
	calls := variedCalls()
	store := newStore(t, calls...)
	if err := store.SaveOrganisations(t.Context(), []clickhouse.Organisation{{ID: 1, Zone: "Europe/Paris"}, {ID: 2, Parent: 1}, {ID: 3, Parent: 2}}); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, store, nil, nil)
	token := sign(t, jwt.MapClaims{"orgs": []int{1, 2, 3}, "extension": "1001"})
	at := func(text string) call.Instant {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return call.InstantOf(when)
	}
	type asked struct {
		query string
		holds func(c *call.Call) bool
	}
	is := func(list ...string) func(string) bool { return func(s string) bool { return slices.Contains(list, s) } }
	all := []asked{
		{"direction=all", func(*call.Call) bool { return true }},
		{"direction=inbound,transit", func(c *call.Call) bool { return is("inbound", "transit")(string(c.Direction)) }},
		{"disposition=NO+ANSWER,CANCEL", func(c *call.Call) bool { return is("NO ANSWER", "CANCEL")(c.Disposition) }},
		{"from=99+44", func(c *call.Call) bool { return strings.Contains(c.Src, "9944") }},
		{"to=8001", func(c *call.Call) bool { return strings.Contains(c.Dst, "8001") }},
		{"to=%25", func(c *call.Call) bool { return c.Dst == "%" }},
		{"search=ZO%C3%8B", func(c *call.Call) bool { return strings.Contains(c.Clid, "Zoë") }},
		{"search=o%27hara+100%25", func(c *call.Call) bool { return strings.Contains(c.Clid, "O'Hara") }},
		{"outcome=missed,busy,unknown", func(c *call.Call) bool { return is("missed", "busy", "unknown")(string(c.Outcome)) }},
		{"number=%2B33+1+42-68-53-00", func(c *call.Call) bool { return c.Src == "0142685300" }},
		{"number=_03,99_", func(c *call.Call) bool { return c.Dst == "1003" }},
		{"number=1001", func(c *call.Call) bool { return c.Src == "1001" || takesPart(c, "1001") }},
		{"extension=1002", func(c *call.Call) bool { return takesPart(c, "1002") }},
		{"agent=1001,Bob", func(c *call.Call) bool { return c.Agent == "SIP/1001" }},
		{"queue=sales,support", func(c *call.Call) bool { return c.Queue != "" }},
		{"trunk=lyon", func(c *call.Call) bool { return c.Trunk == "lyon" }},
		{"did=080+6597+8001", func(c *call.Call) bool { return c.Did != "" }},
		{"tag=paris,lyon", func(c *call.Call) bool { return slices.ContainsFunc(c.Tags, is("paris", "lyon")) }},
		{"tag=paris&tag=vip", func(c *call.Call) bool { return len(c.Tags) == 2 }},
		{"recorded=true", (*call.Call).HasRecording},
		{"recorded=false", func(c *call.Call) bool { return !c.HasRecording() }},
		{"min_duration=2", func(c *call.Call) bool { return c.Duration >= 2 }},
		{"max_duration=0", func(c *call.Call) bool { return c.Duration == 0 }},
		{"min_talk=0", func(c *call.Call) bool { return c.TalkTime >= 0 }},
		{"max_talk=3", func(c *call.Call) bool { return c.TalkTime >= 0 && c.TalkTime <= 3 }},
		{"min_wait=1", func(c *call.Call) bool { return c.WaitTime >= 1 }},
		{"max_wait=2", func(c *call.Call) bool { return c.WaitTime >= 0 && c.WaitTime <= 2 }},
		{"hangup_cause=16,21", func(c *call.Call) bool { return is("16", "21")(c.HangupCause) }},
		{"disconnected_by=caller,system", func(c *call.Call) bool { return is("caller", "system")(string(c.DisconnectedBy)) }},
		{"conversation_id=lyon:1775995633.7", func(c *call.Call) bool { return c.ID == 7 }},
		{"source=lyon", func(c *call.Call) bool { return c.Source == "lyon" }},
		{"leg_kind=dial,queue", func(c *call.Call) bool { return is("dial", "queue")(string(c.LegKind)) }},
		{"answered_type=human,prompt", func(c *call.Call) bool { return is("human", "prompt")(string(c.AnsweredType)) }},
		{"org_id=2", func(c *call.Call) bool { return c.OrgID == 2 }},
		{"org_id=2&recurse=true", func(c *call.Call) bool { return c.OrgID >= 2 }},
		{"org_id=9", func(*call.Call) bool { return false }},
		{"ama=omit", func(c *call.Call) bool { return c.Amaflags == 1 }},
		{"date_from=2026-03-29", func(c *call.Call) bool { return c.Calldate >= at("2026-03-29T00:00:00Z") }},
		{"date_to=2026-03-29T00:00:00Z", func(c *call.Call) bool { return c.Calldate < at("2026-03-29T00:00:00Z") }},
		// The day on which clocks are put forward has 23 hours.
		{"date_from=2026-03-29&date_to=2026-03-29&tz=Europe/Paris", func(c *call.Call) bool {
			return c.Calldate >= at("2026-03-28T23:00:00Z") && c.Calldate < at("2026-03-29T22:00:00Z")
		}},
		{"date_from=2026-03-29&date_to=2026-03-29&org_id=1", func(c *call.Call) bool {
			return c.OrgID == 1 && c.Calldate >= at("2026-03-28T23:00:00Z") && c.Calldate < at("2026-03-29T22:00:00Z")
		}},
	}
	paths := map[string]func(*call.Call) bool{
		"/api/v1/calls":          func(*call.Call) bool { return true },
		"/api/v1/users/me/calls": func(c *call.Call) bool { return takesPart(c, "1001") },
		"/api/v1/conversations":  func(*call.Call) bool { return true },
	}
	hold := func(path, query string, tests ...func(*call.Call) bool) {
		t.Helper()
		var want []string
		for _, c := range slices.Backward(calls) {
			c := c
			if strings.Contains(query, "ama=omit") == (c.Amaflags == 1) && !slices.ContainsFunc(append(tests, paths[path]), func(holds func(*call.Call) bool) bool { return !holds(&c) }) {
				want = append(want, c.ConversationID())
			}
		}
		page := s.get(t, token, path+"?limit=200&"+query).page(t)
		var got []string
		for _, c := range page.Data {
			got = append(got, c.Conversation)
		}
		if !slices.Equal(got, want) || page.Pagination.Total != uint64(len(want)) {
			t.Errorf("%s?%s: %v, want %v", path, query, got, want)
		}
	}
	for _, a := range all {
		for path := range paths {
			hold(path, a.query, a.holds)
		}
	}
	for i, a := range all {
		b := all[(i*7+3)%len(all)]
		values, _ := url.ParseQuery(a.query)
		others, _ := url.ParseQuery(b.query)
		if slices.ContainsFunc([]string{"tag"}, others.Has) || slices.ContainsFunc(filterNames, func(name string) bool { return values.Has(name) && others.Has(name) }) || others.Has("org_id") && values.Has("date_from") || values.Has("org_id") && others.Has("date_from") {
			continue
		}
		for path := range paths {
			hold(path, a.query+"&"+b.query, a.holds, b.holds)
		}
	}
	// What is refused is refused on each, by its name.
	for _, query := range []string{
		"limit=0", "limit=201", "direction=up", "disposition=answered", "from=", "to=", "search=", "outcome=lost", "number=x", "extension=", "agent=", "queue=", "trunk=,", "did=x", "tag=", "recorded=1",
		"min_duration=-1", "max_duration=x", "min_talk=1.5", "max_talk=", "min_wait=2147483648", "max_wait=-0", "hangup_cause=1000", "disconnected_by=me", "conversation_id=pbx", "source=",
		"leg_kind=call", "answered_type=null", "org_id=x", "recurse=1", "ama=no", "tz=Mars", "date_from=2026-02-30", "date_to=x", "sort=dst", "order=up", "total=no", "offset=-1",
	} {
		name, _, _ := strings.Cut(query, "=")
		for path := range paths {
			if p := s.get(t, token, path+"?"+query).wantProblem(t, parameterInvalid); p.Parameter != name || !strings.HasPrefix(p.Detail, name+" is") {
				t.Errorf("%s?%s: %+v", path, query, p)
			}
			if name != "tag" {
				s.get(t, token, path+"?"+query+"&"+query).wantProblem(t, parameterRepeated)
			}
		}
	}
	for path := range paths {
		s.get(t, token, path+"?offset=10001").wantProblem(t, offsetTooDeep)
		s.get(t, token, path+"?cursor=x").wantProblem(t, cursorInvalid)
		for query, want := range map[string]int{"order=asc&limit=3": 3, "sort=duration&limit=200&total=exact": -1} {
			if page := s.get(t, token, path+"?"+query).page(t); want >= 0 && len(page.Data) != want || page.Pagination.Relation != "eq" || page.Pagination.Total == 0 {
				t.Errorf("%s?%s: %d, %+v", path, query, len(page.Data), page.Pagination)
			}
		}
	}
}
