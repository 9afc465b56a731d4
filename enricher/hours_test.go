package main

import (
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	t.Parallel()
	r := site(t, `
organisations:
  - id: 1
    zone: Europe/Paris
    hours: {open: ["mon-fri 09:00-12:00,14:00-18:00", "sat 22:00-06:00"], closed: ["2026-12-25", "05-01"]}
  - id: 2
    zone: Europe/Paris
    hours: {zone: Asia/Kolkata, open: ["fri-mon 00:00-24:00"], tag: closed}
  - id: 3
`)
	for _, c := range []struct {
		org      uint32
		at, want string
	}{
		{1, "2026-11-23T09:00:00+01:00", ""}, // a Monday
		{1, "2026-11-23T08:59:59+01:00", "after_hours"},
		{1, "2026-11-23T11:59:59+01:00", ""},
		{1, "2026-11-23T12:00:00+01:00", "after_hours"},
		{1, "2026-11-23T17:59:59+01:00", ""},
		{1, "2026-11-23T18:00:00+01:00", "after_hours"},
		{1, "2026-07-06T09:00:00+02:00", ""}, // the same in summer
		{1, "2026-07-06T08:59:59+02:00", "after_hours"},
		{1, "2026-11-28T22:00:00+01:00", ""},            // Saturday night
		{1, "2026-11-29T05:59:59+01:00", ""},            // and Sunday morning
		{1, "2026-11-28T05:59:59+01:00", "after_hours"}, // but not Saturday morning
		{1, "2026-11-29T06:00:00+01:00", "after_hours"},
		{1, "2026-12-25T10:00:00+01:00", "after_hours"},
		{1, "2025-12-25T10:00:00+01:00", ""},            // another year
		{1, "2026-05-01T10:00:00+02:00", "after_hours"}, // every year
		{1, "2028-05-01T10:00:00+02:00", "after_hours"},
		{2, "2026-11-27T00:00:00+05:30", ""},
		{2, "2026-11-26T23:59:59+05:30", "closed"}, // a Thursday
		{2, "2026-11-30T23:59:59+05:30", ""},
		{2, "2026-12-01T00:00:00+05:30", "closed"},
		{3, "2026-12-01T00:00:00Z", ""},
		{0, "2026-12-01T00:00:00Z", ""},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.afterHours(c.org, at.UTC()); got != c.want {
			t.Errorf("organisation %d at %s: %q, want %q", c.org, c.at, got, c.want)
		}
	}
}
