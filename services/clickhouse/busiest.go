package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Hour is an hour by the clocks of a zone, and what began in it.
type Hour struct {
	Start   call.Instant
	Rows    uint64
	Seconds int64 // that those rows lasted together
}

// Busiest gives for each group the hour in which most rows began or, where weight names a length, those that lasted longest
// together; under the zero Group that of all groups. Of equal hours the earlier one is it.
func (s *Store) Busiest(ctx context.Context, scope Scope, q StatsQuery, zone *time.Location, weight string) (map[Group]Hour, error) {
	asked := q.about(scope, &q.Filter, q.Thresholds)
	name := "''"
	if group, grouped := q.groups[q.Of]; grouped {
		name = group.sql
		asked.and(group.sql + " != ''")
	}
	seconds := "toInt64(0)"
	if i := slices.IndexFunc(q.Lengths, func(l Length) bool { return l.Name == weight }); i >= 0 {
		seconds = fmt.Sprintf("toInt64(sumIf(%s, %s))", q.Lengths[i].expression, q.Lengths[i].condition(q.Thresholds))
	}
	// The offset belongs to the hour: the one that clocks repeat in autumn is two.
	local := localSeconds(zone, q.From, q.To)
	rows, err := s.conn.Query(asked.carry(long(ctx)), fmt.Sprintf(`WITH %s AS local SELECT concat(toString(org_id), ':', %s) AS grp,
		toInt64(intDiv(local, 3600) * 3600 - local + intDiv(toUnixTimestamp64Milli(calldate), 1000)) AS hour, count(), %s
		FROM calls FINAL WHERE %s GROUP BY grp, hour`, local, name, seconds, asked.where()))
	if err != nil {
		return nil, s.explain("find the busiest hour", err)
	}
	defer rows.Close()
	hours := map[Group]map[call.Instant]Hour{{}: {}}
	for rows.Next() {
		var key string
		var h Hour
		if err := rows.Scan(&key, (*int64)(&h.Start), &h.Rows, &h.Seconds); err != nil {
			return nil, fmt.Errorf("find the busiest hour: %w", err)
		}
		h.Start *= 1000
		own := *groupOf(key)
		if hours[own] == nil {
			hours[own] = map[call.Instant]Hour{}
		}
		add(hours[own], h)
		if own != (Group{}) { // which organisation 0 has where there are no groups
			add(hours[Group{}], h)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("find the busiest hour", err)
	}
	best := map[Group]Hour{}
	for g, list := range hours {
		if h, ok := busiest(list, weight != ""); ok {
			best[g] = h
		}
	}
	return best, nil
}

func add(to map[call.Instant]Hour, h Hour) {
	sum := to[h.Start]
	to[h.Start] = Hour{h.Start, sum.Rows + h.Rows, sum.Seconds + h.Seconds}
}

func busiest(hours map[call.Instant]Hour, bySeconds bool) (best Hour, ok bool) {
	more := func(a, b Hour) bool {
		switch {
		case bySeconds && a.Seconds != b.Seconds:
			return a.Seconds > b.Seconds
		case a.Rows != b.Rows:
			return a.Rows > b.Rows
		}
		return a.Start < b.Start
	}
	for _, h := range hours {
		if !ok || more(h, best) {
			best, ok = h, true
		}
	}
	return best, ok
}

// groupOf a key, organisation:name.
func groupOf(key string) *Group {
	org, name, _ := strings.Cut(key, ":")
	return &Group{organisation(org), name}
}
