package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Caller is somebody who was missed in the time of a filter, and what followed.
type Caller struct {
	Group                   // the number
	Attempts uint64         // calls that nobody took, within the time of the filter
	Missed   []call.Instant // when they began
	Back     []call.Instant // when we called, whether it was answered or not
	Reached  []call.Instant // which of these were answered
	Through  []call.Instant // when the caller called and was answered
}

// mostEvents bounds what is remembered of one number.
const mostEvents = 1000

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

	times := func(kind string) string {
		return fmt.Sprintf("arraySort(groupArrayIf(%d)(at, kind = '%s'))", mostEvents, kind)
	}
	rows, err := s.conn.Query(after.carry(ctx), fmt.Sprintf(`
WITH missed AS (SELECT org_id, %[1]s AS number, toUnixTimestamp64Milli(calldate) AS at FROM calls FINAL WHERE %[2]s)
SELECT org_id, number, countIf(kind = 'missed'), %[3]s AS times, %[4]s, %[5]s, %[6]s FROM (
	SELECT org_id, number, at, 'missed' AS kind FROM missed
	UNION ALL
	SELECT org_id, if(direction = 'outbound', %[7]s, %[1]s) AS number, toUnixTimestamp64Milli(calldate) AS at,
		multiIf(direction = 'inbound', 'through', %[8]s, 'reached', 'back') AS kind
	FROM calls FINAL WHERE %[9]s
) GROUP BY org_id, number LIMIT %[10]d`,
		number, asked.where(), times("missed"), times("back' OR kind = 'reached"), times("reached"), times("through"), byCallee.sql,
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
