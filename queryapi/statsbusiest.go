package main

import (
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// weightOf a statistic is the length by which its busiest hour is found; empty: by the number of rows.
func weightOf(s *clickhouse.Statistic) string {
	if s.Name == "trunks" {
		return "occupied"
	}
	return ""
}

// busiestOf finds the busiest hour among buckets of an hour, so that the store need not count a second time: buckets end
// where an hour of the clocks does, and where clocks change.
func (x *statsAsk) busiestOf(found *report) map[clickhouse.Group]clickhouse.Hour {
	weight := made{x.statistic}.length(weightOf(x.statistic))
	hours := map[clickhouse.Group]clickhouse.Hour{}
	for g, tallies := range found.tallies {
		for i := range tallies {
			t := &tallies[i]
			if t.Bucket == clickhouse.Whole || t.Counts[0] == 0 {
				continue
			}
			h := clickhouse.Hour{Start: x.hourOf(x.buckets[t.Bucket].from), Rows: t.Counts[0]}
			if weight >= 0 {
				h.Seconds = t.Spreads[weight].Sum
			}
			best, has := hours[g]
			if !has || h.Seconds > best.Seconds || h.Seconds == best.Seconds && h.Rows > best.Rows {
				hours[g] = h
			}
		}
	}
	return hours
}

// hourOf an instant is when its hour began by the clocks of the zone, as they are at that instant.
func (x *statsAsk) hourOf(at call.Instant) call.Instant {
	t := at.Time().In(x.zone)
	into := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	return at - call.Instant(into.Milliseconds())
}
