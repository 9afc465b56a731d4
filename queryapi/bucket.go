package main

import (
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// bucket is a part of the time that statistics are about: from one instant to another, which is not in it.
type bucket struct {
	from, to call.Instant
	label    string // by the clocks of the zone: 2026-10-25 02:00, 2026-10-25, 2026-W43, 2026-10
}

// bucketKind is a word of the parameter by, and the longest time that it is good for.
type bucketKind struct {
	name string
	most time.Duration
	// next is the beginning of the bucket behind the one that holds t; label names the one that begins with t.
	next  func(t time.Time) time.Time
	label func(t time.Time) string
}

const aDay = 24 * time.Hour

const (
	byNone = "none"
	byWeek = "hour_of_week"
)

var bucketKinds = []bucketKind{
	{"hour", 31*aDay + time.Hour, nextHour, func(t time.Time) string { return t.Format("2006-01-02 15:04") }},
	{"day", 366*aDay + time.Hour, func(t time.Time) time.Time { return dayAfter(t, 1) }, func(t time.Time) string { return t.Format(time.DateOnly) }},
	{"week", 3653*aDay + time.Hour, func(t time.Time) time.Time { return dayAfter(t, 7-(int(t.Weekday())+6)%7) }, func(t time.Time) string {
		year, week := t.ISOWeek()
		return fmt.Sprintf("%d-W%02d", year, week)
	}},
	{"month", 36_525 * aDay, func(t time.Time) time.Time {
		year, month, _ := t.Date()
		return midnight(year, month+1, 1, t.Location())
	}, func(t time.Time) string { return t.Format("2006-01") }},
}

func kindOf(name string) *bucketKind {
	for i := range bucketKinds {
		if bucketKinds[i].name == name {
			return &bucketKinds[i]
		}
	}
	return nil
}

// nextHour advances by real time and stops at every full hour of the clocks, and where these are put forward or back: so
// the hour that autumn repeats is there twice, and one that is half an hour long is told as that.
func nextHour(t time.Time) time.Time {
	next := t.Add(time.Hour - time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	if _, end := t.ZoneBounds(); !end.IsZero() && end.After(t) && end.Before(next) { // it is not after t on 2040-12-31, by a mistake of Go's
		next = end.In(t.Location())
	}
	return next
}

// dayAfter is the midnight so many days later, by the calendar: a day may have 23 hours, or 25.
func dayAfter(t time.Time, days int) time.Time {
	year, month, day := t.Date()
	return midnight(year, month, day+days, t.Location())
}

// cut a time into buckets. The first and the last are as long as the time leaves them.
func (k *bucketKind) cut(from, to call.Instant, zone *time.Location) []bucket {
	var all []bucket
	for t := from.Time().In(zone); call.InstantOf(t) < to; {
		next := k.next(t)
		all = append(all, bucket{call.InstantOf(t), min(to, call.InstantOf(next)), k.label(t)})
		t = next
	}
	return all
}

// weekday and hour of an hour of the week, Monday 00:00 being 0.
func hourLabel(hour int) string {
	return fmt.Sprintf("%s %02d:00", time.Weekday((hour/24+1)%7), hour%24)
}

// usual is the kind of bucket that a time of some length is cut into where nobody says. In autumn days have an hour more.
func usual(length time.Duration) string {
	switch {
	case length <= 2*aDay+time.Hour:
		return "hour"
	case length <= 92*aDay+time.Hour:
		return "day"
	case length <= 3*366*aDay:
		return "week"
	}
	return "month"
}

func cutsOf(buckets []bucket) []call.Instant {
	cuts := make([]call.Instant, len(buckets))
	for i, b := range buckets {
		cuts[i] = b.from
	}
	return cuts
}
