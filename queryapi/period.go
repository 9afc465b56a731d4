package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

const (
	dateFrom = "date_from"
	dateTo   = "date_to"
)

// The store keeps times of this range; 1970 is where rows without a usable time stand.
var (
	firstDay = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDay  = time.Date(2199, 12, 31, 0, 0, 0, 0, time.UTC)
)

// period reads date_from and date_to: a day in a zone, which as the end is included whole, or an instant, which as the end
// is not. 0 is open.
func period(values url.Values, zone *time.Location) (from, to call.Instant, err error) {
	if values.Has(dateFrom) {
		if from, err = end(dateFrom, values.Get(dateFrom), 0, zone); err != nil {
			return 0, 0, err
		}
	}
	if values.Has(dateTo) {
		if to, err = end(dateTo, values.Get(dateTo), 1, zone); err != nil {
			return 0, 0, err
		}
		if to == 0 { // it would read as an open end
			return 0, 0, beyondTime(dateTo, values.Get(dateTo))
		}
		if to < from || to == from && len(values.Get(dateTo)) == len(time.DateOnly) { // a day has a length, so its end is later
			return 0, 0, &refusal{parameterInvalid, fmt.Sprintf("date_to is %s, which lies before date_from, %s",
				clipped(values.Get(dateTo)), clipped(values.Get(dateFrom))), dateTo}
		}
	}
	return from, to, nil
}

// end reads one end of a period; a day is moved on by whole days.
func end(name, text string, days int, zone *time.Location) (call.Instant, error) {
	at, err := time.Parse(time.DateOnly, text)
	if err == nil {
		if at.Before(firstDay) || at.After(lastDay) {
			return 0, beyondTime(name, text)
		}
		year, month, day := at.Date()
		// East of Greenwich 1970 begins before there are instants.
		return max(0, call.InstantOf(midnight(year, month, day+days, zone))), nil
	}
	// An unescaped plus sign of a zone arrives as a space, and a space has no other meaning here.
	at, err = time.Parse(time.RFC3339, strings.Replace(text, " ", "+", 1))
	if err != nil {
		return 0, &refusal{parameterInvalid, fmt.Sprintf("%s is %s, want a day such as 2026-11-21 or an instant such as 2026-11-21T08:30:00Z", name, quoted(text)), name}
	}
	if at.Before(firstDay) || at.After(lastDay.AddDate(0, 0, 1)) {
		return 0, beyondTime(name, text)
	}
	// Calls are kept to the millisecond: what lies within one begins with the next.
	return call.InstantOf(at.Add(time.Millisecond - 1)), nil
}

func beyondTime(name, text string) *refusal {
	return &refusal{parameterInvalid, fmt.Sprintf("%s is %s, want %s to %s", name, clipped(text),
		firstDay.Format(time.DateOnly), lastDay.Format(time.DateOnly)), name}
}
