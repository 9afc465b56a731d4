package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TestMerges: small parts are merged in the background.
func TestMerges(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	exec(t, conn, "CREATE TABLE t (a UInt32) ENGINE = ReplacingMergeTree ORDER BY a")
	const parts = 40
	for range parts {
		exec(t, conn, "INSERT INTO t SELECT number FROM numbers(100)")
	}
	for end := time.Now().Add(30 * time.Second); ; {
		n := one[uint64](t, conn, "SELECT count() FROM system.parts WHERE database = currentDatabase() AND active")
		if n < parts/2 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d parts are left of %d", n, parts)
		}
	}
}

// TestConcurrency runs inserts and selects side by side, more of them than there are connections.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	conn := connect(t, "max_open_conns=20")
	exec(t, conn, "CREATE TABLE t (w UInt32, a UInt64) ENGINE = MergeTree ORDER BY (w, a)")
	var wg sync.WaitGroup
	for w := range uint32(12) {
		wg.Go(func() {
			for round := range 5 {
				batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO t (w, a)")
				if err != nil {
					t.Error(err)
					return
				}
				for i := range 500 {
					if err := batch.Append(w, uint64(round*500+i)); err != nil {
						t.Error(err)
					}
				}
				if err := batch.Send(); err != nil {
					t.Error(err)
				}
				var n uint64
				if err := conn.QueryRow(t.Context(), "SELECT count() FROM t WHERE w = {w:UInt32}", clickhouse.Named("w", w)).Scan(&n); err != nil || n != uint64(round+1)*500 {
					t.Errorf("worker %d sees %d rows in round %d: %v", w, n, round, err)
				}
			}
		})
	}
	wg.Wait()
	if got := one[uint64](t, conn, "SELECT count() FROM t"); got != 12*2500 {
		t.Errorf("%d rows, want %d", got, 12*2500)
	}
}

// TestBigResult reads far more than the endpoint holds back, and leaves another result unread.
func TestBigResult(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"", "compress=lz4"} {
		conn := connect(t, options)
		rows, err := conn.Query(t.Context(), "SELECT number, concat('row ', toString(number)) FROM numbers(1000000)")
		if err != nil {
			t.Fatal(err)
		}
		var n, number uint64
		var text string
		for ; rows.Next(); n++ {
			if n%1000 == 0 {
				if err := rows.Scan(&number, &text); err != nil || number != n || text != fmt.Sprint("row ", n) {
					t.Fatalf("row %d is %d %q: %v", n, number, text, err)
				}
			}
		}
		if err := rows.Err(); err != nil || n != 1_000_000 {
			t.Fatalf("%d rows: %v", n, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if rows, err = conn.Query(ctx, "SELECT number FROM numbers(1000000000000)"); err != nil {
			t.Fatal(err)
		}
		rows.Next()
		cancel()
		idle(t, conn, "numbers(1000000000000)")
	}
}

// idle waits until no query with the text runs in the engine.
func idle(t *testing.T, conn clickhouse.Conn, text string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		if one[uint64](t, conn, "SELECT count() FROM system.processes WHERE position(query, {t:String}) > 0 AND position(query, 'system.processes') = 0", clickhouse.Named("t", text)) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s still runs", text)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	conn := connect(t, "max_open_conns=20")
	exec(t, conn, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
	for _, sql := range []string{
		"SELECT sum(sipHash64(number)) FROM numbers(20000000001)",
		"INSERT INTO t SELECT number FROM numbers(20000000002)",
		"SELECT sleepEachRow(1) FROM numbers(20) SETTINGS function_sleep_max_microseconds_per_block = 60000000, max_block_size = 1",
	} {
		// Repeated more often than there are connections: none is lost by it.
		for i := range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+20*i)*time.Millisecond)
			began := time.Now()
			err := conn.Exec(clickhouse.Context(ctx, clickhouse.WithQueryID(fmt.Sprint("cancel-", i))), sql)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
				t.Errorf("%s: %v after %s", sql, err, time.Since(began))
			}
		}
		idle(t, conn, sql)
	}
	if one[uint8](t, conn, "SELECT 1") != 1 {
		t.Error("the engine is not usable any more")
	}
}
