package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Scope is what a query may see: exactly the organisations listed. An empty scope sees nothing.
type Scope struct{ Orgs []uint32 }

// where is the one place that turns a scope into a condition; every query of calls begins with it.
func (s Scope) where() string {
	if len(s.Orgs) == 0 {
		return "0"
	}
	var b strings.Builder
	b.WriteString("org_id IN (")
	for i, org := range s.Orgs {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, org)
	}
	b.WriteByte(')')
	return b.String()
}

// ListQuery asks for one page of calls, newest first.
type ListQuery struct{ Limit, Offset int }

// windows that a list without dates tries one after the other: the newest page of a busy organisation is in the last
// day, and FINAL over a day costs a tenth of FINAL over a year. 0 is unbounded.
var windows = []time.Duration{24 * time.Hour, 7 * 24 * time.Hour, 31 * 24 * time.Hour, 366 * 24 * time.Hour, 0}

// List calls of the scope, newest first (calldate, then id, both descending).
func (s *Store) List(ctx context.Context, scope Scope, q ListQuery) ([]call.Call, error) {
	now := time.Now().UTC()
	for _, window := range windows {
		where := scope.where()
		if window > 0 {
			where += fmt.Sprintf(" AND calldate >= fromUnixTimestamp64Milli(%d, 'UTC')", now.Add(-window).UnixMilli())
		}
		calls, err := s.calls(ctx, fmt.Sprintf("WHERE %s ORDER BY calldate DESC, id DESC LIMIT %d OFFSET %d", where, q.Limit, q.Offset))
		if err != nil || len(calls) == q.Limit || window == 0 {
			return calls, err
		}
	}
	return nil, nil
}

// Count the calls of the scope.
func (s *Store) Count(ctx context.Context, scope Scope, _ ListQuery) (uint64, error) {
	var n uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM calls FINAL WHERE "+scope.where()).Scan(&n); err != nil {
		return 0, s.explain("count calls", err)
	}
	return n, nil
}

// Get one call of the scope; ErrNotFound where there is none or the scope does not cover it.
func (s *Store) Get(ctx context.Context, scope Scope, id uint64) (call.Call, error) {
	calls, err := s.calls(ctx, fmt.Sprintf("WHERE %s AND id = %d LIMIT 1", scope.where(), id))
	if err != nil {
		return call.Call{}, err
	}
	if len(calls) == 0 {
		return call.Call{}, ErrNotFound
	}
	return calls[0], nil
}

// calls runs a select of whole calls; tail is everything behind the table and always ends in a LIMIT, without which FINAL
// reads every column of the organisation.
func (s *Store) calls(ctx context.Context, tail string) ([]call.Call, error) {
	reads := make([]string, len(s.columns))
	for i, c := range s.columns {
		reads[i] = c.read
	}
	rows, err := s.conn.Query(ctx, "SELECT "+strings.Join(reads, ", ")+" FROM calls FINAL "+tail)
	if err != nil {
		return nil, s.explain("read calls", err)
	}
	defer rows.Close()
	var calls []call.Call
	for rows.Next() {
		var r record
		targets := make([]any, len(s.columns))
		for i, c := range s.columns {
			targets[i] = c.target(&r)
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, fmt.Errorf("read calls: %w", err)
		}
		if err := r.settle(); err != nil {
			return nil, err
		}
		calls = append(calls, r.call)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("read calls", err)
	}
	return calls, nil
}
