package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func TestParameters(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	at := time.Date(2026, 10, 25, 2, 30, 0, 500e6, time.UTC)
	text := "it's \\ a\ttab,\na line, a \x00 and {x:UInt8}; -- é"

	if got := one[string](t, conn, "SELECT concat(?, '|', toString(?))", text, 7); got != text+"|7" {
		t.Errorf("bound by the driver: %q", got)
	}
	if got := one[string](t, conn, "SELECT {s:String}", clickhouse.Named("s", text)); got != text {
		t.Errorf("bound by the engine: %q", got)
	}
	if got := one[string](t, conn, "SELECT {s:String}", clickhouse.Named("s", "")); got != "" {
		t.Errorf("an empty parameter: %q", got)
	}
	if got := one[*string](t, conn, "SELECT {s:Nullable(String)}", clickhouse.Named("s", nil)); got != nil {
		t.Errorf("a null parameter: %q", *got)
	}
	if got := one[time.Time](t, conn, "SELECT {at:DateTime64(3, 'UTC')}", clickhouse.DateNamed("at", at, clickhouse.MilliSeconds)); !got.Equal(at) {
		t.Errorf("a time: %s, want %s", got, at)
	}
	if got := one[uint64](t, conn, "SELECT arraySum({ids:Array(UInt64)})", clickhouse.Named("ids", []uint64{1, 2, 1 << 40})); got != 3+1<<40 {
		t.Errorf("an array: %d", got)
	}
	exec(t, conn, "CREATE TABLE t (a UInt32, s String) ENGINE = MergeTree ORDER BY a")
	exec(t, conn, "INSERT INTO t SELECT {a:UInt32}, {s:String}", clickhouse.Named("a", 5), clickhouse.Named("s", text))
	exec(t, conn, "INSERT INTO t VALUES (?, ?), (?, ?)", 6, text, 7, "x")
	if got := one[uint64](t, conn, "SELECT count() FROM t WHERE s = {s:String}", clickhouse.Named("s", text)); got != 2 {
		t.Errorf("%d rows hold the text, want 2", got)
	}
	if _, err := conn.Query(t.Context(), "SELECT {missing:UInt8}"); code(err) != 456 {
		t.Errorf("a parameter without a value: %v", err)
	}
}

// TestLongInsertText passes the 256 KiB at which the library cuts rows in a statement's text.
func TestLongInsertText(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	exec(t, conn, "CREATE TABLE t (a UInt32, s String) ENGINE = MergeTree ORDER BY a")
	var sql strings.Builder
	sql.WriteString("INSERT INTO t (a, s) SETTINGS max_insert_threads = 1 VALUES ")
	const n = 20_000
	for i := range n {
		fmt.Fprintf(&sql, "(%d, 'a (text; with '' quotes) %d'),", i, i)
	}
	exec(t, conn, strings.TrimSuffix(sql.String(), ","))
	exec(t, conn, "INSERT INTO t FORMAT JSONEachRow\n{\"a\":1000000,\"s\":\"json\"}\n{\"a\":1000001,\"s\":\"json\"}")
	if got := one[uint64](t, conn, "SELECT count() FROM t"); got != n+2 {
		t.Errorf("%d rows, want %d", got, n+2)
	}
	exec(t, conn, "INSERT INTO t FORMAT Native") // no rows, and nobody waits for the standard input
}

func code(err error) int32 {
	var e *clickhouse.Exception
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	exec(t, conn, "CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a")
	for sql, want := range map[string]int32{
		"SELECT * FROM nosuch":    60,
		"SELEKT 1":                62,
		"SELECT nosuch FROM t":    47,
		"SELECT nosuch(1)":        46,
		"SELECT toUInt8('x')":     6,
		"SELECT 1 + 'a'":          43,
		"SELECT 1; SELECT 2":      62,
		"DROP TABLE t; garbage (": 62,
		"CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a":                                  57,
		"SELECT throwIf(number = 3) FROM numbers(10)":                                              395,
		"SELECT 1 SETTINGS nosuch = 1":                                                             115,
		"INSERT INTO t VALUES (1)":                                                                 62,
		"INSERT INTO nosuch VALUES (1)":                                                            60,
		"SELECT 1 INTO OUTFILE '/tmp/engine-outfile'":                                              48,
		"INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV":                                       48,
		"SELECT sum(a.number) FROM numbers(1e7) a, numbers(1e7) b SETTINGS max_execution_time = 1": 159,
	} {
		err := conn.Exec(t.Context(), sql)
		if code(err) != want {
			t.Errorf("%s: %v, want code %d", sql, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "(") {
			t.Errorf("%s: %v has no name", sql, err)
		}
	}
	// Most of the rows are sent before this one fails.
	rows, err := conn.Query(t.Context(), "SELECT toString(number), throwIf(number = 1100000) FROM numbers(1200000)")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		n++
	}
	if code(rows.Err()) != 395 || n < 500_000 {
		t.Errorf("in the middle of the result: %v after %d rows, want code 395", rows.Err(), n)
	}
	if one[uint8](t, conn, "SELECT 1") != 1 {
		t.Error("the connection is not usable any more")
	}
}

// TestSettings checks that a setting holds for its query and for no other, with one connection's worth of luck
// excluded by asking more often than there are connections.
func TestSettings(t *testing.T) {
	t.Parallel()
	conn := connect(t, "max_threads=1", "max_result_rows=100000")
	with := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 7, "max_threads": 2, "async_insert": 0}))
	const ask = "SELECT toString(getSetting('max_block_size')) || ' ' || toString(getSetting('max_threads')) || ' ' || toString(getSetting('max_result_rows'))"
	for range 20 {
		if got := oneIn[string](with, t, conn, ask); got != "7 2 100000" {
			t.Fatalf("with settings: %s", got)
		}
		if got := one[string](t, conn, ask); got == "7 2 100000" || !strings.HasSuffix(got, " 1 100000") {
			t.Fatalf("after it: %s", got)
		}
		exec(t, conn, "SET max_block_size = 9")
		exec(t, conn, "USE system")
		if got := one[string](t, conn, "SELECT currentDatabase()"); got == "system" {
			t.Fatal("USE outlived its request")
		}
	}
	unknown := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"nosuch": 1, "max_threads": 3}))
	if err := conn.Exec(unknown, "SELECT 1"); code(err) != 115 {
		t.Errorf("an unknown setting: %v", err)
	}
	odd := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"log_comment": `it's \ 100 %`}))
	if got := oneIn[string](odd, t, conn, "SELECT getSetting('log_comment')"); got != `it's \ 100 %` {
		t.Errorf("an odd value: %s", got)
	}
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	a, b := connect(t), connect(t)
	for i, conn := range []clickhouse.Conn{a, b} {
		exec(t, conn, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
		exec(t, conn, "INSERT INTO t VALUES (?)", i+1)
	}
	for range 20 {
		if one[uint8](t, a, "SELECT a FROM t") != 1 || one[uint8](t, b, "SELECT a FROM t") != 2 {
			t.Fatal("a query ran in another's database")
		}
	}
	// A database that is made anew is the new one, also on connections that were in the old one.
	name := one[string](t, a, "SELECT currentDatabase()")
	for range 3 {
		exec(t, b, "DROP DATABASE "+name)
		exec(t, b, "CREATE DATABASE "+name)
		exec(t, a, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
		exec(t, a, "INSERT INTO t VALUES (5)")
		for range 20 {
			if one[uint8](t, a, "SELECT sum(a)::UInt8 FROM t") != 5 {
				t.Fatal("a query ran in a database that is no more")
			}
		}
	}
	nowhere := open(t, address, "nosuch")
	defer nowhere.Close()
	if err := nowhere.Ping(t.Context()); code(err) != 81 {
		t.Errorf("an unknown database: %v", err)
	}
}

// TestDeduplication: the same token twice is one insert, also for the materialized view; another token is not.
func TestDeduplication(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	exec(t, conn, "CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 1000")
	exec(t, conn, "CREATE TABLE sums (s UInt64) ENGINE = SummingMergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 1000")
	exec(t, conn, "CREATE MATERIALIZED VIEW mv TO sums AS SELECT sum(a) AS s FROM t")
	insert := func(token string) {
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
			"insert_deduplication_token": token, "async_insert": 0, "deduplicate_blocks_in_dependent_materialized_views": 1,
		}))
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO t (a)")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 1000 {
			if err := batch.Append(uint32(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			t.Fatal(err)
		}
	}
	insert("it's 1")
	insert("it's 1")
	if got := one[uint64](t, conn, "SELECT count() FROM t"); got != 1000 {
		t.Errorf("%d rows after the same token twice, want 1000", got)
	}
	insert("2")
	if got := one[uint64](t, conn, "SELECT count() FROM t"); got != 2000 {
		t.Errorf("%d rows after another token, want 2000", got)
	}
	if got := one[uint64](t, conn, "SELECT sum(s) FROM sums"); got != 2*999*1000/2 {
		t.Errorf("the view sums to %d", got)
	}
}
