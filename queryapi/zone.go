package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
	_ "time/tzdata" // an image has no zones of its own

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

const timeZone = "tz"

// zone is the one that days are meant in: what tz names, else that of the organisation where it is one only, else UTC.
func (a *api) zone(ctx context.Context, values url.Values, scope clickhouse.Scope) (*time.Location, error) {
	if values.Has(timeZone) {
		text := values.Get(timeZone)
		zone, err := location(text)
		if err != nil {
			return nil, &refusal{parameterInvalid, fmt.Sprintf("tz is %s, want a time zone such as Asia/Kolkata or UTC", quoted(text)), timeZone}
		}
		return zone, nil
	}
	if len(scope.Orgs) != 1 {
		return time.UTC, nil
	}
	list, err := a.organisations.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if o.ID == scope.Orgs[0] {
			if zone, err := location(o.Zone); err == nil {
				return zone, nil
			}
		}
	}
	return time.UTC, nil
}

// location of a name in the time zone database. Local is none there: it would be this machine's.
func location(name string) (*time.Location, error) {
	if name == "" || strings.EqualFold(name, "local") || len(name) > 64 {
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	return time.LoadLocation(name)
}

// midnight is when a day begins in a zone. Where clocks are put forward at midnight it begins at one, and where they are
// put back to midnight it begins the first time.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	const step = 15 * time.Minute                                               // every change of a zone is a multiple of it
	year, month, day = time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Date() // the 32nd of a month is a day, too
	same := func(t time.Time) bool {
		y, m, d := t.Date()
		return y == year && m == month && d == day
	}
	if !same(time.Date(year, month, day, 12, 0, 0, 0, zone)) {
		return midnight(year, month, day+1, zone) // islands have crossed the date line and left a day out
	}
	at := time.Date(year, month, day, 0, 0, 0, 0, zone)
	for !same(at) {
		at = at.Add(step)
	}
	for same(at.Add(-step)) {
		at = at.Add(-step)
	}
	return at
}
