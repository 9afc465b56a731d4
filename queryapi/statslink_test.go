package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
)

// numberLink is a link with the number beside it.
type numberLink struct {
	where, link string
	count       float64
}

// linksOf an answer, however deep.
func linksOf(m any, where string) (all []numberLink) {
	switch v := m.(type) {
	case []any:
		for i, e := range v {
			all = append(all, linksOf(e, fmt.Sprintf("%s[%d]", where, i))...)
		}
	case map[string]any:
		links, _ := v["links"].(map[string]any)
		for name, link := range links {
			count, _ := v[name].(float64)
			all = append(all, numberLink{where + "/" + name, link.(string), count})
		}
		for name, e := range v {
			if name != "links" {
				all = append(all, linksOf(e, where+"/"+name)...)
			}
		}
	}
	return all
}

// Every link of every statistic lists exactly what the number beside it counts.
func TestLinksListWhatIsCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, slices.Concat(friday(t, 1), friday(t, 2))...), nil, nil)
	totals := map[string]float64{}
	followed := map[string]bool{}
	for _, c := range []struct {
		orgs  []int
		paths []string
	}{
		{[]int{1}, []string{
			"calls?by=none", "calls?by=hour&direction=outbound", "calls?ama=omit&by=none", "queues?by=hour", "queues?by=hour_of_week&queue=sales",
			"queues?by=hour_of_week&hour_of_week=105", "calls?by=hour&hour_of_week=105",
			"queues?by=none&sl_threshold=21&short_abandon=6", "agents?by=none&min_talk=20", "trunks?by=day", "numbers?of=did",
			"numbers?of=caller&limit=3", "numbers?of=callee&by=day", "missed?limit=10", "missed?trunk=in2",
		}},
		{[]int{1, 2}, []string{"calls?by=none&outcome=answered", "queues?by=none", "agents?by=none&org_id=2", "missed?limit=10"}},
	} {
		orgs, token := c.orgs, tokenOf(t, "agent", c.orgs...)
		for _, path := range c.paths {
			list := linksOf(s.get(t, token, "/api/v1/stats/"+path+"&"+theFriday).answer(t), path)
			for _, l := range list {
				if strings.HasSuffix(l.where, "/unsettled") {
					continue // in a few seconds they are settled
				}
				key := fmt.Sprint(orgs, l.link)
				total, known := totals[key]
				if !known {
					answer := s.get(t, token, l.link+"&limit=1")
					if answer.StatusCode != http.StatusOK {
						t.Fatalf("%s: %s: %s %s", l.where, l.link, answer.Status, answer.body)
					}
					total = float64(*answer.list(t).Pagination.Total)
					totals[key] = total
				}
				if total != l.count || l.count == 0 {
					t.Errorf("%v %s is %g, its link lists %g: %s", orgs, l.where, l.count, total, l.link)
				}
				at, _ := url.Parse(l.link)
				followed[at.Query().Get("counted")] = true
			}
		}
	}
	for _, name := range []string{
		"calls.transferred_blind", "calls.withheld", "queues.short_abandon", "queues.answered_in_threshold", "queues.exit", "agents.picked_up",
		"agents.elsewhere", "trunks.incoming", "trunks.outgoing_failed", "numbers.missed_inbound", "missed.attempts", "missed.withheld",
	} {
		if !followed[name] {
			t.Errorf("no link of %s was followed", name)
		}
	}
	t.Logf("%d links followed", len(totals))
}

// Who sees no whole numbers gets no link that tells one.
func TestLinksOfMaskedNumbers(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, friday(t, 1)...), nil, func(c *config) { c.MaskNumbers = []string{"agent"} })
	for _, path := range []string{"numbers?of=caller", "numbers?of=callee&by=hour", "missed?limit=5"} {
		got := s.get(t, tokenOf(t, "agent", 1), "/api/v1/stats/"+path+"&"+theFriday)
		got.answer(t)
		for _, digits := range []string{"4930114", "4930115", "49305555"} {
			if strings.Contains(got.body, digits) {
				t.Errorf("%s tells %s: %.600s", path, digits, got.body)
			}
		}
	}
}

// Numbers of one organisation are nobody else's, whatever is asked for.
func TestStatisticsStayWithinTheScope(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, friday(t, 2)...), nil, nil)
	for _, name := range []string{"calls", "queues", "agents", "trunks", "numbers", "missed"} {
		for _, more := range []string{"", "&org_id=2&recurse=true", "&queue=sales&number=%2B4930114", "&ama=omit"} {
			got := s.get(t, tokenOf(t, "admin", 1), "/api/v1/stats/"+name+"?"+theFriday+more)
			m := got.answer(t)
			for _, l := range linksOf(m, name) {
				t.Errorf("%s%s counts %g of another organisation: %s", name, more, l.count, l.where)
			}
			if data, _ := m["data"].([]any); len(data) > 0 {
				t.Errorf("%s%s names groups of another organisation: %.300s", name, more, got.body)
			}
		}
	}
	for _, counted := range countable {
		for _, path := range []string{"calls", "conversations"} {
			got := s.get(t, tokenOf(t, "admin", 1), "/api/v1/"+path+"?counted="+counted+"&"+theFriday)
			if total := *got.list(t).Pagination.Total; total != 0 {
				t.Errorf("%s?counted=%s lists %d of another organisation", path, counted, total)
			}
		}
	}
	without := sign(t, jwt.MapClaims{"scope": "calls:read"})
	s.get(t, without, "/api/v1/stats/calls").wantProblem(t, scopeInsufficient)
}

// Rows that come again, move and vanish are counted once, where they are.
func TestStatisticsOfCorrections(t *testing.T) {
	t.Parallel()
	store := newStore(t, friday(t, 1)...)
	again := friday(t, 1)
	if err := store.Insert(t.Context(), again, "again"); err != nil { // redelivered in another block
		t.Fatal(err)
	}
	corrected, moved, gone := again[4], again[5], again[5]
	corrected.Version, corrected.Entry.Outcome = call.NewVersion(2, 1, 0), call.EntryAnswered
	moved.Version, moved.OrgID = call.NewVersion(2, 2, 0), 2
	gone = call.Blank(gone.ID)
	gone.OrgID, gone.Calldate, gone.Source, gone.Version, gone.Removed = 1, again[5].Calldate, "pbx", moved.Version, true
	if err := store.Insert(t.Context(), []call.Call{corrected, gone, moved}, "corrections"); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, store, nil, nil)
	for org, want := range map[int]string{1: "9 6 1", 2: "1 0 1"} {
		m := s.get(t, tokenOf(t, "agent", org), "/api/v1/stats/queues?by=none&"+theFriday).answer(t)
		if got := valueAt(m, "total/offered") + " " + valueAt(m, "total/answered") + " " + valueAt(m, "total/abandoned"); got != want {
			t.Errorf("organisation %d has %s offered, answered, abandoned, want %s", org, got, want)
		}
	}
}
