package main

import (
	"net/url"
	"strconv"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// link is the address that lists what a count counts: the caller's own filter, the time, and what the count adds to it.
// hour is an hour of the week or -1.
func (x *statsAsk) link(count string, from, to call.Instant, hour int, group *clickhouse.Group) string {
	v := url.Values{}
	for name, texts := range x.chosen {
		v[name] = texts
	}
	v.Set(dateFrom, instantText(from))
	v.Set(dateTo, instantText(to))
	v.Set(countedName, x.statistic.Name+"."+count)
	if c := x.statistic.Count(count); c != nil && c.NeedsLevel() {
		v.Set(levelName, secondsText(x.thresholds.Level))
	} else if c != nil && c.NeedsShort() {
		v.Set(shortAbandonName, secondsText(x.thresholds.Short))
	}
	if x.of != "" {
		v.Set(ofName, x.of)
	}
	if hour >= 0 {
		v.Set(hourOfWeekName, strconv.Itoa(hour))
		v.Set(timeZone, x.zone.String())
	}
	if group != nil {
		v.Set(groupName, group.Name)
		v.Set("org_id", strconv.FormatUint(uint64(group.Org), 10))
		v.Del("recurse")
	}
	path := "/api/v1/calls?"
	if x.statistic.Heads {
		path = "/api/v1/conversations?"
	}
	return path + v.Encode()
}

// instantText is RFC 3339 in UTC, to the millisecond where there is one.
func instantText(at call.Instant) string {
	if at%1000 == 0 {
		return at.Time().Format("2006-01-02T15:04:05Z")
	}
	return at.Time().Format("2006-01-02T15:04:05.000Z")
}
