package main

import (
	"context"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

func (f *fixed) Stats(ctx context.Context, _ clickhouse.Scope, _ clickhouse.StatsQuery) ([]clickhouse.Tally, error) {
	if f.before != nil {
		f.before(ctx)
	}
	return nil, f.err
}

func (f *fixed) Rank(ctx context.Context, _ clickhouse.Scope, _ clickhouse.Ranking) ([]clickhouse.Group, error) {
	if f.before != nil {
		f.before(ctx)
	}
	return []clickhouse.Group{}, f.err
}

func (f *fixed) Repeats(context.Context, clickhouse.Scope, clickhouse.StatsQuery, string) (groups, repeated uint64, err error) {
	return 0, 0, f.err
}

func (f *fixed) Busiest(context.Context, clickhouse.Scope, clickhouse.StatsQuery, *time.Location, string) (map[clickhouse.Group]clickhouse.Hour, error) {
	return nil, f.err
}

func (f *fixed) Missed(ctx context.Context, _ clickhouse.Scope, _ *clickhouse.Filter, _ time.Duration) ([]clickhouse.Caller, error) {
	if f.before != nil {
		f.before(ctx)
	}
	return nil, f.err
}

// crowded is a far side with more to tell than an answer holds.
type crowded struct{ *fixed }

func (crowded) Stats(context.Context, clickhouse.Scope, clickhouse.StatsQuery) ([]clickhouse.Tally, error) {
	return nil, clickhouse.ErrTooManyTallies
}

func (crowded) Missed(context.Context, clickhouse.Scope, *clickhouse.Filter, time.Duration) ([]clickhouse.Caller, error) {
	return nil, clickhouse.ErrTooManyTallies
}
