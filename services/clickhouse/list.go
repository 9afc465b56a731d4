package clickhouse

import (
	"context"
	"fmt"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// List calls of the scope, in their order; without one newest first (calldate, then id, both descending).
// What their conversations come to is not read, nor what serves writing and counting alone: neither is shown.
func (s *Store) List(ctx context.Context, scope Scope, q ListQuery) ([]call.Call, error) {
	b := s.beside(ctx, scope)
	defer b.wait()
	rows, err := s.page(ctx, scope, &q, list{about, q.in(callSorts), s.shownColumns})
	if err != nil {
		return nil, err
	}
	var calls []call.Call
	for i := range rows {
		calls = append(calls, rows[i].Call)
	}
	return calls, s.amend(ctx, b, calls)
}

// Count the calls of the scope that the filter leaves, exactly.
func (s *Store) Count(ctx context.Context, scope Scope, f *Filter) (uint64, error) {
	asked := about(scope, f)
	if f.Everything() {
		return s.countByMonth(ctx, "calls of "+join(scope.where(), omitted(f.Omitted)), asked, f.From, f.To)
	}
	return s.count(asked.carry(ctx), asked.where())
}

func (s *Store) count(ctx context.Context, where string) (uint64, error) {
	var n uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM calls FINAL WHERE "+where).Scan(&n); err != nil {
		return 0, s.explain("count calls", err)
	}
	return n, nil
}

// Size of the house: about how many rows it has, those that wait to be folded among them.
func (s *Store) Size(ctx context.Context) (uint64, error) {
	var n uint64
	if err := s.conn.QueryRow(ctx, "SELECT ifNull(max(total_rows), 0) FROM system.tables WHERE database = currentDatabase() AND name = 'calls'").Scan(&n); err != nil {
		return 0, s.explain("read the number of rows", err)
	}
	return n, nil
}

// omitted is the condition that hides what the PBX wants left out of lists, or shows just that.
func omitted(only bool) string {
	if only {
		return "omitted = 1"
	}
	return "omitted = 0"
}

// Get one call of the scope, read as in a list; ErrNotFound where there is none or the scope does not cover it.
func (s *Store) Get(ctx context.Context, scope Scope, id uint64) (call.Call, error) {
	b := s.beside(ctx, scope)
	defer b.wait()
	var calls []call.Call
	err := s.readColumns(ctx, s.shownColumns, fmt.Sprintf("WHERE %s AND id = %d LIMIT 1", scope.where(), id), func(h *Head) { calls = append(calls, h.Call) })
	if err != nil {
		return call.Call{}, err
	}
	if len(calls) == 0 {
		return call.Call{}, ErrNotFound
	}
	return calls[0], s.amend(ctx, b, calls)
}

// calls runs a select of whole calls; tail is everything behind the table and always ends in a LIMIT, without which FINAL
// reads every column of the organisation.
func (s *Store) calls(ctx context.Context, tail string) ([]call.Call, error) {
	var calls []call.Call
	err := s.read(ctx, tail, func(h *Head) { calls = append(calls, h.Call) })
	return calls, err
}

// read does the same one by one, and tells of heads whether the conversation is settled. The next one overwrites the last.
func (s *Store) read(ctx context.Context, tail string, each func(*Head)) error {
	return s.readColumns(ctx, s.columns, tail, each)
}

// readColumns does so of some columns; the others are left empty.
func (s *Store) readColumns(ctx context.Context, columns []*column, tail string, each func(*Head)) error {
	return s.scan(ctx, columns, "calls FINAL "+tail, func(r *record) error { each(&r.Head); return nil })
}

// scan runs a select of columns, one row after the other, until each has an error.
func (s *Store) scan(ctx context.Context, columns []*column, from string, each func(*record) error) error {
	reads := make([]string, len(columns), len(columns)+1)
	ofHeads := false
	for i, c := range columns {
		reads[i] = c.read
		ofHeads = ofHeads || c.name == "conv_legs"
	}
	if ofHeads {
		reads = append(reads, "conv_settled = 1")
	}
	rows, err := s.conn.Query(ctx, "SELECT "+strings.Join(reads, ", ")+" FROM "+from)
	if err != nil {
		return s.explain("read calls", err)
	}
	defer rows.Close()
	// One record serves all rows, so that the hundred addresses are taken once.
	var r record
	targets := make([]any, len(columns), len(columns)+1)
	for i, c := range columns {
		targets[i] = c.target(&r)
	}
	if ofHeads {
		targets = append(targets, &r.Settled)
	}
	for rows.Next() {
		r = record{}
		if err := rows.Scan(targets...); err != nil {
			return fmt.Errorf("read calls: %w", err)
		}
		if err := r.settle(); err != nil {
			return err
		}
		if err := each(&r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return s.explain("read calls", err)
	}
	return nil
}
