package main

import (
	"net/url"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

func TestMidnight(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, day, want string }{
		{"UTC", "2026-11-21", "2026-11-21T00:00:00Z"},
		{"Asia/Kolkata", "2026-11-21", "2026-11-20T18:30:00Z"},
		{"Asia/Kathmandu", "2026-11-21", "2026-11-20T18:15:00Z"},
		{"Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z"},
		{"Europe/Paris", "2026-03-30", "2026-03-29T22:00:00Z"},
		{"Europe/Paris", "2026-10-26", "2026-10-25T23:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // there is no midnight
		{"Asia/Beirut", "2023-03-26", "2023-03-25T22:00:00Z"},       // nor here
		{"America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"},    // midnight comes twice
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},      // this day was left out
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
		{"Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z"},
	} {
		zone, err := location(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, _ := time.Parse(time.DateOnly, test.day)
		if got := midnight(day.Year(), day.Month(), day.Day(), zone).UTC().Format(time.RFC3339); got != test.want {
			t.Errorf("%s begins in %s at %s, want %s", test.day, test.zone, got, test.want)
		}
	}
}

func TestZone(t *testing.T) {
	t.Parallel()
	names := []clickhouse.Organisation{{ID: 1, Zone: "Asia/Kolkata"}, {ID: 2, Zone: "Mars/Base"}, {ID: 3}, {ID: 5, Zone: "Local"}}
	a := newSite(t, &fixed{names: names}, nil, nil)
	for _, test := range []struct {
		tz, want string
		orgs     []uint32
	}{
		{orgs: []uint32{1}, want: "Asia/Kolkata"},
		{orgs: []uint32{1, 2}, want: "UTC"},
		{orgs: []uint32{2}, want: "UTC"},
		{orgs: []uint32{3}, want: "UTC"},
		{orgs: []uint32{4}, want: "UTC"},
		{orgs: []uint32{5}, want: "UTC"},
		{orgs: nil, want: "UTC"},
		{orgs: []uint32{1}, tz: "Europe/Paris", want: "Europe/Paris"},
		{orgs: []uint32{1, 2}, tz: "UTC", want: "UTC"},
		{orgs: []uint32{1}, tz: "Local", want: `tz is "Local", want a time zone such as Asia/Kolkata or UTC`},
		{orgs: []uint32{1}, tz: "../../etc/passwd", want: `tz is "../../etc/passwd", want a time zone such as Asia/Kolkata or UTC`},
		{orgs: []uint32{1}, tz: "/etc/localtime", want: `tz is "/etc/localtime", want a time zone such as Asia/Kolkata or UTC`},
		{orgs: []uint32{1}, tz: "+05:30", want: `tz is "+05:30", want a time zone such as Asia/Kolkata or UTC`},
	} {
		values := url.Values{}
		if test.tz != "" {
			values.Set("tz", test.tz)
		}
		zone, err := a.zone(t.Context(), values, clickhouse.Scope{Orgs: test.orgs})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = zone.String()
		}
		if got != test.want {
			t.Errorf("%v, %q: %s, want %s", test.orgs, test.tz, got, test.want)
		}
	}
}

func TestDescendants(t *testing.T) {
	t.Parallel()
	tree := []clickhouse.Organisation{{ID: 5, Parent: 4}, {ID: 2, Parent: 1}, {ID: 4, Parent: 2}, {ID: 1}, {ID: 3}, {ID: 7, Parent: 8}, {ID: 8, Parent: 7}}
	for top, want := range map[uint32]int{1: 4, 2: 3, 5: 1, 3: 1, 0: 1, 9: 1, 7: 2} {
		if got := descendants(tree, top); len(got) != want || !got[top] {
			t.Errorf("below %d: %v", top, got)
		}
	}
}
