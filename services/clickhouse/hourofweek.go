package clickhouse

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// HourOfWeek leaves what began in one hour of the week, by the clocks of a zone.
type HourOfWeek struct {
	Hour int // 0 to 167, from Monday midnight
	Zone *time.Location
}

// MarshalJSON tells hours of two zones apart: of a zone JSON knows nothing by itself.
func (h *HourOfWeek) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Hour int
		Zone string
	}{h.Hour, h.Zone.String()})
}

// HoursOfWeek is how many there are.
const HoursOfWeek = 7 * 24

func (h *HourOfWeek) condition(from, to call.Instant) condition {
	sql := func(*question) string { return fmt.Sprintf("%s = %d", hourOfWeek(h.Zone, from, to), h.Hour) }
	return condition{sql: sql, head: sql, met: func(c *call.Call) bool { return HourOfWeekAt(c.Calldate, h.Zone) == h.Hour }}
}

// HourOfWeekAt is the hour of the week of an instant.
func HourOfWeekAt(at call.Instant, zone *time.Location) int {
	t := at.Time().In(zone)
	return (int(t.Weekday())+6)%7*24 + t.Hour()
}

// hourOfWeek is the same in SQL. The first day of 1970 was a Thursday; a week is added, since west of Greenwich it began
// the day before.
func hourOfWeek(zone *time.Location, from, to call.Instant) string {
	return fmt.Sprintf("(intDiv(%s + 604800, 3600) + 72) %% 168", localSeconds(zone, from, to))
}

// localSeconds are seconds since 1970 by the clocks of a zone. What clocks were changed by is told here and not by the
// server, whose time zone database may be of another year than ours.
func localSeconds(zone *time.Location, from, to call.Instant) string {
	const seconds = "intDiv(toUnixTimestamp64Milli(calldate), 1000)"
	changes, offsets := offsetsWithin(zone, from, to)
	if len(changes) == 1 {
		return fmt.Sprintf("(%s + %d)", seconds, offsets[0])
	}
	return fmt.Sprintf("(%s + transform(roundDown(%s, %s), %s, %s, toInt64(0)))", seconds, seconds, numbers(changes), numbers(changes), numbers(offsets))
}

// offsetsWithin a time: since when, in seconds since 1970, and by how many seconds clocks were ahead of UTC. An end that
// is 0 is open; the store keeps times up to 2199.
func offsetsWithin(zone *time.Location, from, to call.Instant) (changes, offsets []int64) {
	last := to.Time()
	if to == 0 {
		last = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	since := int64(0)
	for t := from.Time(); ; {
		_, offset := t.In(zone).Zone()
		if n := len(offsets); n == 0 || offsets[n-1] != int64(offset) {
			changes, offsets = append(changes, since), append(offsets, int64(offset))
		}
		_, end := t.In(zone).ZoneBounds()
		if end.IsZero() {
			return changes, offsets
		}
		if !end.After(t) { // so says Go on the last day of leap years that no table reaches (go1.26, 2040-12-31)
			end = t.Add(24 * time.Hour)
		}
		if !end.Before(last) {
			return changes, offsets
		}
		t, since = end, end.Unix()
	}
}

// numbers as an array of SQL.
func numbers(list []int64) string {
	var b strings.Builder
	b.WriteString("[toInt64(")
	for i, n := range list {
		if i == 0 {
			fmt.Fprintf(&b, "%d)", n)
			continue
		}
		fmt.Fprintf(&b, ", %d", n)
	}
	b.WriteByte(']')
	return b.String()
}
