package clickhouse_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// A query that needs more than its caller may have is refused as such, and the store answers everybody else.
func TestLimits(t *testing.T) {
	t.Parallel()
	store := open(t)
	store.Fill(t, 50_000, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	scope := clickhouse.Scope{}
	for org := range uint32(60) {
		scope.Orgs = append(scope.Orgs, org)
	}
	ctx := t.Context()
	count := func(ctx context.Context) error {
		_, err := store.Count(ctx, scope, &clickhouse.Filter{Sources: []string{"pbx"}})
		return err
	}
	list := func(ctx context.Context) error {
		_, err := store.List(ctx, scope, clickhouse.ListQuery{Limit: 200, Offset: 10_000})
		return err
	}
	look := func(ctx context.Context) error {
		_, err := store.Lookup(ctx, []uint64{5, 500_000})
		return err
	}
	for name, ask := range map[string]func(context.Context) error{"count": count, "list": list, "lookup": look} {
		if err := ask(ctx); err != nil {
			t.Errorf("%s without limits: %v", name, err)
		}
		if err := ask(clickhouse.Within(ctx, clickhouse.Limits{Rows: 10_000_000, Memory: 1 << 30, Threads: 2, Priority: 1})); err != nil {
			t.Errorf("%s within its limits: %v", name, err)
		}
		if err := ask(clickhouse.Within(ctx, clickhouse.Limits{Rows: 100})); !errors.Is(err, clickhouse.ErrTooExpensive) || errors.Is(err, clickhouse.ErrAway) {
			t.Errorf("%s that reads too many rows: %v", name, err)
		}
	}
	if err := list(clickhouse.Within(ctx, clickhouse.Limits{Memory: 64 << 10})); !errors.Is(err, clickhouse.ErrTooExpensive) || errors.Is(err, clickhouse.ErrAway) {
		t.Errorf("a list that needs too much memory: %v", err)
	}
	bounded := clickhouse.Within(ctx, clickhouse.Limits{Rows: 123, Memory: 1 << 20, Threads: 3, Priority: 4})
	for name, want := range map[string]string{
		"max_rows_to_read": "123", "max_memory_usage": "1048576", "max_threads": "3", "priority": "4",
	} {
		if got, err := store.Setting(clickhouse.Searching(bounded), name); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", name, got, err, want)
		}
	}
}
