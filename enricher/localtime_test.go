package main

import (
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestLocalTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, zone, local, hint, want string }{
		{"half-hour zone", "Asia/Kolkata", "2026-11-21 08:10:58", "", "2026-11-21T02:40:58Z"},
		{"summer", "Europe/Berlin", "2026-07-01 12:00:00", "", "2026-07-01T10:00:00Z"},
		{"autumn, first of the two hours", "Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:29:58Z", "2026-10-25T00:30:00Z"},
		{"autumn, second of the two hours", "Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T01:29:58Z", "2026-10-25T01:30:00Z"},
		{"autumn, nothing to tell by", "Europe/Berlin", "2026-10-25 02:30:00", "", "2026-10-25T00:30:00Z"},
		{"the morning of that day", "Europe/Berlin", "2026-10-25 01:59:59", "", "2026-10-24T23:59:59Z"},
		{"the afternoon of that day", "Europe/Berlin", "2026-10-25 14:00:00", "", "2026-10-25T13:00:00Z"},
		{"spring, an hour that does not exist", "Europe/Berlin", "2026-03-29 02:30:00", "", "2026-03-29T01:30:00Z"},
		{"spring, right after", "Europe/Berlin", "2026-03-29 03:00:00", "", "2026-03-29T01:00:00Z"},
		{"half-hour summer time", "Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04T15:15:00Z", "2026-04-04T15:15:00Z"},
		{"a fraction", "UTC", "2026-01-01 00:00:00.25", "", "2026-01-01T00:00:00.25Z"},
		{"zero date", "UTC", "0000-00-00 00:00:00", "", ""},
		{"no such day", "UTC", "2026-02-30 10:00:00", "", ""},
		{"beyond the store's years", "UTC", "9999-12-31 23:59:59", "", ""},
		{"a date alone", "UTC", "2026-01-01", "", ""},
		{"text", "UTC", "yesterday evening!!", "", ""},
		{"a broken fraction", "UTC", "2026-01-01 00:00:00.", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			hint := call.NoInstant
			if c.hint != "" {
				at, err := time.Parse(time.RFC3339, c.hint)
				if err != nil {
					t.Fatal(err)
				}
				hint = call.InstantOf(at)
			}
			at, offset, ok := newClock(zone).instant(c.local, hint)
			if ok != (c.want != "") {
				t.Fatalf("understood: %v", ok)
			}
			if !ok {
				return
			}
			if got := at.Time().Format("2006-01-02T15:04:05.999Z07:00"); got != c.want {
				t.Errorf("%s in %s is %s, want %s", c.local, c.zone, got, c.want)
			}
			if _, real := at.Time().In(zone).Zone(); int32(real) != offset && c.name != "spring, an hour that does not exist" {
				t.Errorf("offset %d, want %d", offset, real)
			}
		})
	}
}

// What was asked of a day before must not decide what its other hours are: rows come late, and not in the order of time.
func TestClockIsAskedInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day string }{
		{"Pacific/Auckland", "2026-04-05"},
		{"Pacific/Auckland", "2026-09-27"},
		{"Australia/Sydney", "2026-04-05"},
		{"Asia/Beirut", "2026-10-24"},
		{"Atlantic/Azores", "2026-10-25"},
		{"Europe/Berlin", "2026-10-25"},
		{"America/Los_Angeles", "2026-11-01"},
		{"America/Havana", "2026-11-01"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.ParseInLocation(time.DateOnly, c.day, zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, first := range []string{"00:30:00", "12:30:00", "23:30:00"} {
			k := newClock(zone)
			k.instant(c.day+" "+first, call.NoInstant)
			for at := day.Add(30 * time.Minute); at.Format(time.DateOnly) == c.day; at = at.Add(time.Hour) {
				local := at.Format(time.DateTime)
				if got, _, _ := k.instant(local, call.InstantOf(at)); got != call.InstantOf(at) {
					t.Errorf("%s in %s, asked after %s, is %s, want %s", local, c.zone, first, got.Time(), at.UTC())
				}
			}
		}
	}
}

func TestEpochOfUniqueid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]call.Instant{
		"1795228140.12": 1795228140000, "pbx2-1795228858.0": 1795228858000, "a-b-1795228858.77": 1795228858000,
		"": call.NoInstant, "abc": call.NoInstant, "12.5": call.NoInstant, "99999999999999999999.1": call.NoInstant, "1795228140": call.NoInstant,
	} {
		if got := epochOf(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
