package clickhouse

import (
	"context"
	"errors"
	"fmt"
)

// Ranking asks for the groups of a statistic that have most of a count.
type Ranking struct {
	StatsQuery
	By     string // name of a count
	Least  bool   // those that have least of it
	Groups int    // at most so many
}

// Rank gives the groups, the first first; groups that have as much as each other by organisation and name.
func (s *Store) Rank(ctx context.Context, scope Scope, q Ranking) ([]Group, error) {
	group, grouped := q.groups[q.Of]
	by := q.Count(q.By)
	if !grouped || by == nil {
		return nil, errors.New("no such ranking")
	}
	asked := q.about(scope, &q.Filter, q.Thresholds)
	asked.and(group.sql + " != ''")
	order := "DESC"
	if q.Least {
		order = "ASC"
	}
	rows, err := s.conn.Query(asked.carry(ctx), fmt.Sprintf("SELECT org_id, %s AS name FROM calls FINAL WHERE %s GROUP BY org_id, name ORDER BY countIf(%s) %s, org_id, name LIMIT %d",
		group.sql, asked.where(), by.of.in(q.Thresholds), order, q.Groups))
	if err != nil {
		return nil, s.explain("rank groups", err)
	}
	defer rows.Close()
	groups := []Group{}
	for rows.Next() {
		var g Group
		if err := rows.Scan(&g.Org, &g.Name); err != nil {
			return nil, fmt.Errorf("rank groups: %w", err)
		}
		groups = append(groups, g)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("rank groups", err)
	}
	return groups, nil
}

// Repeats tells how many groups have any rows of a count, and how many have two or more.
func (s *Store) Repeats(ctx context.Context, scope Scope, q StatsQuery, count string) (groups, repeated uint64, err error) {
	group, grouped := q.groups[q.Of]
	by := q.Count(count)
	if !grouped || by == nil {
		return 0, 0, errors.New("no such count")
	}
	asked := q.about(scope, &q.Filter, q.Thresholds)
	asked.and(group.sql + " != ''")
	err = s.conn.QueryRow(asked.carry(ctx), fmt.Sprintf("SELECT countIf(n > 0), countIf(n > 1) FROM (SELECT countIf(%s) AS n FROM calls FINAL WHERE %s GROUP BY org_id, %s)",
		by.of.in(q.Thresholds), asked.where(), group.sql)).Scan(&groups, &repeated)
	if err != nil {
		return 0, 0, s.explain("count repeats", err)
	}
	return groups, repeated, nil
}
