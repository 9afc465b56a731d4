package main

import (
	"fmt"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// An hour of the week is another one in another zone: neither a total nor a cursor of one serves the other.
func TestHoursOfWeekOfTwoZones(t *testing.T) {
	t.Parallel()
	var calls []call.Call
	for id, when := range []string{
		"09:10:00Z", "09:11:00Z", "09:12:00Z", "09:13:00Z", "09:14:00Z", // Friday 09:xx in London
		"03:40:00Z", "03:41:00Z", "03:42:00Z", // and in Kolkata
	} {
		c := talked(uint64(id+1), 1, 0)
		c.Calldate = at(t, "2026-11-20T"+when)
		calls = append(calls, c)
	}
	// The house is a large one: a total is good for the next page.
	store := newStore(t, calls...)
	s := newSite(t, store, nil, nil)
	s.totals.small(t.Context())
	s.totals.size = smallHouse + 1
	token := tokenOf(t, "agent", 1)
	list := func(zone, more string) reply {
		return s.get(t, token, "/api/v1/calls?hour_of_week=105&limit=2&date_from=2026-11-20T00:00:00Z&date_to=2026-11-21T00:00:00Z&tz="+zone+more)
	}
	london := list("Europe/London", "&total=exact").page(t).Pagination
	if london.Total != 5 {
		t.Errorf("London has a total of %d, want 5", london.Total)
	}
	if got := list("Asia/Kolkata", "&total=exact").page(t).Pagination; got.Total != 3 {
		t.Errorf("Kolkata has a total of %d, want 3", got.Total)
	}
	list("Asia/Kolkata", "&cursor="+*london.Next).wantProblem(t, cursorInvalid)
	list("Europe/London", "&cursor="+*london.Next).page(t)
}

// The links of a group count by the clocks that its statistic counted by, not by those of its organisation.
func TestLinksOfAnHourOfTheWeek(t *testing.T) {
	t.Parallel()
	store := newStore(t, append(friday(t, 1), friday(t, 2)...)...)
	if err := store.SaveOrganisations(t.Context(), []clickhouse.Organisation{{ID: 1, Zone: "Europe/Berlin"}, {ID: 2, Zone: "Asia/Kolkata"}}); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, store, nil, nil)
	token := tokenOf(t, "agent", 1, 2)
	followed := 0
	for _, path := range []string{"queues?by=none&figures=offered", "missed?limit=20"} {
		answer := s.get(t, token, "/api/v1/stats/"+path+"&hour_of_week=105&date_from=2026-11-20T00:00:00Z&date_to=2026-11-21T00:00:00Z").answer(t)
		for _, l := range linksOf(answer, path) {
			if n := *s.get(t, token, l.link).list(t).Pagination.Total; float64(n) != l.count {
				t.Errorf("%s is %g, its link lists %d: %s", l.where, l.count, n, l.link)
			}
			followed++
		}
	}
	if followed < 5 {
		t.Error(fmt.Sprint("only ", followed, " links were followed"))
	}
}
