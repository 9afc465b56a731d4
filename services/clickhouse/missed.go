package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Caller is somebody who was missed in the time of a filter, and what followed: of the instants those that decide how it
// stands with the caller, in order.
type Caller struct {
	Group                   // the number
	Attempts uint64         // calls that nobody took, within the time of the filter
	Missed   []call.Instant // the first and the last of these, and the first one since the caller had reached somebody last
	Back     []call.Instant // when we called first after the last miss, whether it was answered or not
	Reached  []call.Instant // when we called and were answered: last before the last miss, and first after it
	Through  []call.Instant // when the caller called and was answered, likewise
}

// Missed gives the callers who were missed in the filter's time, and what followed until window after it. What followed
// need not meet the filter: who was missed in one queue may have got through in another. Instants are in order.
func (s *Store) Missed(ctx context.Context, scope Scope, f *Filter, window time.Duration) ([]Caller, error) {
	statistic := StatisticOf("missed")
	asked := statistic.about(scope, f, Thresholds{})
	asked.and(byCaller.sql + " != ''")
	number := byCaller.sql

	later := Filter{From: f.From, To: f.To + call.Instant(window.Milliseconds()), Omitted: f.Omitted}
	after := aboutHeads(scope, &later)
	after.and(fmt.Sprintf("(direction = 'outbound' OR direction = 'inbound' AND %s)", answered.sql))
	after.and(fmt.Sprintf("(org_id, if(direction = 'outbound', %s, %s)) IN (SELECT org_id, number FROM missed)", byCallee.sql, number))
	after.bound = asked.bound // of its own it has none

	// All events of a number are looked at, at eight bytes each: which of them decide is known once the last miss is.
	// Then it is the latest event before that counts, and the first one after.
	latest := func(list string) string { return "arraySlice(arraySort(arrayFilter(x -> x < last, " + list + ")), -1)" }
	first := func(list string) string {
		return "arraySlice(arraySort(arrayFilter(x -> x > last, " + list + ")), 1, 1)"
	}
	around := func(list string) string { return "arrayConcat(" + latest(list) + ", " + first(list) + ")" }
	rows, err := s.conn.Query(after.carry(ctx), fmt.Sprintf(`
WITH missed AS (SELECT org_id, %[1]s AS number, toUnixTimestamp64Milli(calldate) AS at FROM calls FINAL WHERE %[2]s)
SELECT org_id, number, length(misses), arraySort(arrayDistinct([arrayMin(misses), arrayMin(arrayFilter(x -> x > before, misses)), last])),
	%[3]s, %[4]s, %[5]s
FROM (
	SELECT org_id, number, groupArrayIf(at, kind = 'missed') AS misses, groupArrayIf(at, kind = 'through') AS through,
		groupArrayIf(at, kind = 'back') AS unanswered, groupArrayIf(at, kind = 'reached') AS reached, arrayMax(misses) AS last,
		arrayMax(arrayPushFront(arrayFilter(x -> x < last, arrayConcat(reached, through)), 0)) AS before
	FROM (
		SELECT org_id, number, at, 'missed' AS kind FROM missed
		UNION ALL
		SELECT org_id, if(direction = 'outbound', %[6]s, %[1]s) AS number, toUnixTimestamp64Milli(calldate) AS at,
			multiIf(direction = 'inbound', 'through', %[7]s, 'reached', 'back') AS kind
		FROM calls FINAL WHERE %[8]s
	) GROUP BY org_id, number LIMIT %[9]d
)`,
		number, asked.where(), first("arrayConcat(unanswered, reached)"), around("reached"), around("through"), byCallee.sql,
		answered.sql, after.where(), mostTallies+1))
	if err != nil {
		return nil, s.explain("find missed callers", err)
	}
	defer rows.Close()
	var callers []Caller
	for rows.Next() {
		var c Caller
		lists := make([][]int64, 4)
		if err := rows.Scan(&c.Org, &c.Name, &c.Attempts, &lists[0], &lists[1], &lists[2], &lists[3]); err != nil {
			return nil, fmt.Errorf("find missed callers: %w", err)
		}
		c.Missed, c.Back, c.Reached, c.Through = instantsOf(lists[0]), instantsOf(lists[1]), instantsOf(lists[2]), instantsOf(lists[3])
		callers = append(callers, c)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("find missed callers", err)
	}
	if len(callers) > mostTallies {
		return nil, ErrTooManyTallies
	}
	return callers, nil
}

func instantsOf(list []int64) []call.Instant {
	all := make([]call.Instant, len(list))
	for i, at := range list {
		all[i] = call.Instant(at)
	}
	return all
}
