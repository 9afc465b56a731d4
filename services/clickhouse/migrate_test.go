package clickhouse_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// Enrichers start together, and on tables that are full and written to.
func TestMigrateAgain(t *testing.T) {
	t.Parallel()
	w := servertest.ClickHouse(t)
	var starting sync.WaitGroup
	for i := range 4 {
		starting.Go(func() {
			store, err := clickhouse.Open(clickhouse.Config{DSN: w.DSN}, "test")
			if err != nil {
				t.Error(err)
				return
			}
			defer store.Close()
			for n := range 3 {
				if err := store.Migrate(t.Context()); err != nil {
					t.Errorf("start %d: %v", n, err)
				}
				c := leg(uint64(i*10+n+1), 1, "1795228246.1", 0)
				if err := store.Insert(t.Context(), []call.Call{c}, fmt.Sprint(c.ID)); err != nil {
					t.Errorf("insert after start %d: %v", n, err)
				}
			}
		})
	}
	starting.Wait()
	store, err := clickhouse.Open(clickhouse.Config{DSN: w.DSN}, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if n, err := store.CountSpan(t.Context(), clickhouse.SpanQuery{}); err != nil || n != 12 {
		t.Errorf("%d rows, %v; want 12", n, err)
	}
	if n := store.Text(t, "SELECT toString(count()) FROM system.mutations WHERE database = currentDatabase()"); n != "0" {
		t.Errorf("a start began %s mutations: it rewrites the table", n)
	}
}
