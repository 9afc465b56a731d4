package main

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// link is the address that lists what a count counts: the caller's own filter, what the count adds to it, and the time.
// hour is an hour of the week or -1.
func (x *statsAsk) link(count string, from, to call.Instant, hour int, group *clickhouse.Group) string {
	return x.linkOf(count, group) + x.linkTime(from, to, hour)
}

// whenNames are the parameters that linkTime gives a link; choose has taken the days away.
var whenNames = []string{hourOfWeekName, timeZone}

// linkOf is the part of a link that is the same for all buckets of a group.
func (x *statsAsk) linkOf(count string, group *clickhouse.Group) string {
	v := url.Values{}
	for name, texts := range x.chosen {
		if !slices.Contains(whenNames, name) {
			v[name] = texts
		}
	}
	v.Set(countedName, x.statistic.Name+"."+count)
	if c := x.statistic.Count(count); c != nil && c.NeedsLevel() {
		v.Set(levelName, secondsText(x.thresholds.Level))
	} else if c != nil && c.NeedsShort() {
		v.Set(shortAbandonName, secondsText(x.thresholds.Short))
	}
	if x.of != "" {
		v.Set(ofName, x.of)
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

// linkTime is the part of a link that is the same for all groups of a bucket.
func (x *statsAsk) linkTime(from, to call.Instant, hour int) string {
	v := url.Values{dateFrom: {instantText(from)}, dateTo: {instantText(to)}}
	for _, name := range whenNames {
		if texts, has := x.chosen[name]; has {
			v[name] = texts
		}
	}
	if hour >= 0 { // within the hour that the caller chose, if any
		v.Set(hourOfWeekName, strconv.Itoa(hour))
	}
	if v.Has(hourOfWeekName) { // by the clocks that counted: a group's organisation may have a zone of its own
		v.Set(timeZone, x.zone.String())
	}
	return "&" + v.Encode()
}

// instantText is RFC 3339 in UTC, to the millisecond where there is one.
func instantText(at call.Instant) string {
	if at%1000 == 0 {
		return at.Time().Format("2006-01-02T15:04:05Z")
	}
	return at.Time().Format("2006-01-02T15:04:05.000Z")
}
