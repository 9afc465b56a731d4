package clickhouse

import (
	"reflect"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestSteps(t *testing.T) {
	t.Parallel()
	const day = call.Instant(24 * 3600 * 1000)
	now := 20_000 * day
	for name, x := range map[string]struct {
		from, to call.Instant
		want     []call.Instant
	}{
		"open":                         {0, 0, []call.Instant{now - day, now - 7*day, now - 31*day, now - 366*day, 0}},
		"from the end of a time":       {0, 10_000 * day, []call.Instant{9_999 * day, 9_993 * day, 9_969 * day, 9_634 * day, 0}},
		"a month":                      {now - 30*day, now, []call.Instant{now - day, now - 7*day, now - 30*day}},
		"less than the first step":     {now - day/2, now, []call.Instant{now - day/2}},
		"exactly the first step":       {now - day, now, []call.Instant{now - day}},
		"nothing":                      {now, now - day, []call.Instant{now}},
		"near 1970, where 0 is no end": {0, 8 * day, []call.Instant{7 * day, 1 * day, 0}},
		"before 1970 is open at once":  {0, day / 2, []call.Instant{0}},
	} {
		if got := steps(x.from, x.to, now, days); !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: got %v, want %v", name, got, x.want)
		}
	}
	if hours[0] != time.Hour || hours[1] != days[0] || len(days) != 4 {
		t.Errorf("hours are %v, days %v", hours, days)
	}
}

// What an index finds is looked for in a month at once; what nothing narrows down, in a day, a week, a month and a year.
func TestWindows(t *testing.T) {
	t.Parallel()
	const day = call.Instant(24 * 3600 * 1000)
	now := 20_000 * day
	text := func(s string) []Number {
		n, err := ParseNumber(s)
		if err != nil {
			t.Fatal(err)
		}
		return []Number{n}
	}
	for name, x := range map[string]struct {
		q    ListQuery
		want []window
	}{
		"everything":      {ListQuery{}, []window{{now - day, 0}, {now - 7*day, 0}, {now - 31*day, 0}, {now - 366*day, 0}, {0, 0}}},
		"a filter":        {ListQuery{Filter: Filter{Trunks: []string{"a"}}}, []window{{now - day, 0}, {now - 31*day, 0}, {0, 0}}},
		"search":          {ListQuery{Filter: Filter{Search: "123", Trunks: []string{"a"}}}, []window{{now - 31*day, 0}, {0, 0}}},
		"two letters":     {ListQuery{Filter: Filter{Search: "12"}}, []window{{now - day, 0}, {now - 31*day, 0}, {0, 0}}},
		"from":            {ListQuery{Filter: Filter{Caller: "123", From: now - 31*day, To: now}}, []window{{now - 31*day, now}}},
		"number":          {ListQuery{Filter: Filter{Numbers: text("+919944421125"), From: now - 40*day}}, []window{{now - 31*day, 0}, {now - 40*day, 0}}},
		"short number":    {ListQuery{Filter: Filter{Numbers: text("12")}}, []window{{now - day, 0}, {now - 31*day, 0}, {0, 0}}},
		"oldest first":    {ListQuery{Filter: Filter{DIDs: text("04435556666")}, Sort: Sort{Ascending: true}}, []window{{5 * day, 36 * day}, {5 * day, 0}}},
		"behind a page":   {ListQuery{Filter: Filter{Callee: "123"}, After: &Position{Calldate: now - 9*day}}, []window{{now - 40*day + 1, now - 9*day + 1}, {0, now - 9*day + 1}}},
		"in other orders": {ListQuery{Filter: Filter{Callee: "123"}, Sort: Sort{By: "duration"}}, []window{{0, 0}}},
	} {
		if got := windows(&x.q, x.q.in(callSorts), now, 5*day); !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: got %v, want %v", name, got, x.want)
		}
	}
}
