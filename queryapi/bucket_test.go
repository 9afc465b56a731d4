package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

func in(t *testing.T, zone string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func at(t *testing.T, text string) call.Instant {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return call.InstantOf(moment)
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, zone, by, from, to string
		want                     string // beginnings with their offsets, and how many minutes where that is not the usual
		count                    int
	}{
		{"a spring day has 23 hours", "Europe/Berlin", "hour", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", "00:00+01:00 01:00+01:00 03:00+02:00 04:00+02:00", 23},
		{"an autumn day has 25, one of them twice", "Europe/Berlin", "hour", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", "00:00+02:00 01:00+02:00 02:00+02:00 02:00+01:00 03:00+01:00", 25},
		{"half an hour off", "Asia/Kolkata", "hour", "2026-11-21T00:00:00+05:30", "2026-11-22T00:00:00+05:30", "00:00+05:30 01:00+05:30", 24},
		{"quarters", "Asia/Kathmandu", "hour", "2026-11-21T00:00:00+05:45", "2026-11-21T02:30:00+05:45", "00:00+05:45 01:00+05:45 02:00+05:45/30", 3},
		{"half an hour forward", "Australia/Lord_Howe", "hour", "2026-10-04T00:00:00+10:30", "2026-10-05T00:00:00+11:00", "00:00+10:30 01:00+10:30 02:30+11:00/30 03:00+11:00", 24},
		{"half an hour back", "Australia/Lord_Howe", "hour", "2026-04-05T00:00:00+11:00", "2026-04-06T00:00:00+10:30", "00:00+11:00 01:00+11:00 01:30+10:30/30 02:00+10:30", 25},
		{"it begins within an hour", "Europe/Berlin", "hour", "2026-11-21T08:30:00+01:00", "2026-11-21T10:00:00+01:00", "08:30+01:00/30 09:00+01:00", 2},
		{"a day that Go has no bounds for", "Europe/Berlin", "hour", "2040-12-31T00:00:00+01:00", "2041-01-01T00:00:00+01:00", "00:00+01:00 01:00+01:00 02:00+01:00", 24},
		{"clocks put forward at midnight", "Asia/Beirut", "hour", "2026-03-28T23:00:00+02:00", "2026-03-29T03:00:00+03:00", "23:00+02:00 01:00+03:00 02:00+03:00", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			buckets := kindOf(c.by).cut(at(t, c.from), at(t, c.to), in(t, c.zone))
			var got []string
			for i, b := range buckets {
				if i > 0 && buckets[i-1].to != b.from || b.to <= b.from {
					t.Errorf("bucket %d is %+v behind %+v", i, b, buckets[max(0, i-1)])
				}
				text := b.from.Time().In(in(t, c.zone)).Format("15:04Z07:00")
				if minutes := (b.to - b.from) / 60_000; minutes != 60 {
					text += fmt.Sprintf("/%d", minutes)
				}
				got = append(got, text)
			}
			if len(got) != c.count || !strings.HasPrefix(strings.Join(got, " "), c.want) {
				t.Errorf("%d hours %v, want %d that begin %s", len(got), got, c.count, c.want)
			}
			if first, last := buckets[0], buckets[len(buckets)-1]; first.from != at(t, c.from) || last.to != at(t, c.to) {
				t.Errorf("from %d to %d, want %s to %s", first.from, last.to, c.from, c.to)
			}
		})
	}
}

func TestBucketsOfTheCalendar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, by, from, to, want string }{
		{"Europe/Berlin", "day", "2026-03-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00", "2026-03-28/24h 2026-03-29/23h 2026-03-30/24h"},
		{"Europe/Berlin", "day", "2026-10-24T00:00:00+02:00", "2026-10-27T00:00:00+01:00", "2026-10-24/24h 2026-10-25/25h 2026-10-26/24h"},
		{"Australia/Lord_Howe", "day", "2026-04-04T00:00:00+11:00", "2026-04-06T00:00:00+10:30", "2026-04-04/24h 2026-04-05/24.5h"},
		{"Asia/Beirut", "day", "2026-03-28T00:00:00+02:00", "2026-03-30T00:00:00+03:00", "2026-03-28/24h 2026-03-29/23h"},
		{"Europe/Berlin", "week", "2026-10-21T00:00:00+02:00", "2026-11-03T00:00:00+01:00", "2026-W43/121h 2026-W44/168h 2026-W45/24h"},
		{"Europe/Berlin", "month", "2026-02-15T00:00:00+01:00", "2026-05-01T00:00:00+02:00", "2026-02/336h 2026-03/743h 2026-04/720h"},
		{"UTC", "week", "2027-01-01T00:00:00Z", "2027-01-05T00:00:00Z", "2026-W53/72h 2027-W01/24h"},
	} {
		var got []string
		for _, b := range kindOf(c.by).cut(at(t, c.from), at(t, c.to), in(t, c.zone)) {
			got = append(got, fmt.Sprintf("%s/%gh", b.label, float64(b.to-b.from)/3_600_000))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s by %s: %v, want %s", c.zone, c.by, got, c.want)
		}
	}
	for hour, want := range map[int]string{0: "Monday 00:00", 33: "Tuesday 09:00", 167: "Sunday 23:00"} {
		if got := hourLabel(hour); got != want {
			t.Errorf("hour %d of the week is %s, want %s", hour, got, want)
		}
	}
	for length, want := range map[time.Duration]string{aDay: "hour", 25 * time.Hour: "hour", 7 * aDay: "day", 92*aDay + time.Hour: "day", 93 * aDay: "week", 366 * aDay: "week", 2000 * aDay: "month"} {
		if got := usual(length); got != want {
			t.Errorf("%s is cut by %s, want %s", length, got, want)
		}
	}
}
