package engine

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func TestParseSelect(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT 1":                                  "SELECT 1|-|",
		"SELECT 1; -- done":                         "SELECT 1|-|",
		"SELECT 1 format JSON":                      "SELECT 1 |JSON|",
		"SELECT 1 FORMAT Parquet ;":                 "SELECT 1 |Parquet| ",
		"SELECT 1 FORMAT CSV SETTINGS a = 1;":       "SELECT 1 |CSV| SETTINGS a = 1",
		"SELECT 1 SETTINGS a = 1 FORMAT CSV":        "SELECT 1 SETTINGS a = 1 |CSV|",
		"SELECT a format FROM t":                    "SELECT a format FROM t|-|",
		"SELECT 'x FORMAT CSV' AS format":           "SELECT 'x FORMAT CSV' AS format|-|",
		"SELECT * FROM (SELECT 1 FORMAT CSV)":       "SELECT * FROM (SELECT 1 FORMAT CSV)|-|",
		"SELECT format FROM t -- FORMAT CSV":        "SELECT format FROM t -- FORMAT CSV|-|",
		"SELECT format AS x FROM t FORMAT Vertical": "SELECT format AS x FROM t |Vertical|",
	} {
		s := parseSelect(sql, "-")
		if got := s.query + "|" + s.format + "|" + s.rest; got != want {
			t.Errorf("%q:\n got %q\nwant %q", sql, got, want)
		}
	}
}

// TestFormats reads a result of many pieces in formats with a head and a foot, and sends it back in.
func TestFormats(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	exec(t, conn, "CREATE TABLE t (number UInt64, s String, n Nullable(UInt64)) ENGINE = MergeTree ORDER BY number")
	for _, format := range []string{"Native", "Parquet", "Arrow", "CSVWithNames", "TSVWithNamesAndTypes", "CSV", "JSONEachRow", "JSON", "RowBinaryWithNamesAndTypes"} {
		exec(t, conn, "TRUNCATE TABLE t")
		out, err := conn.QueryFormat(t.Context(), format, "SELECT number, toString(number) AS s, if(number % 3 = 0, NULL, number) AS n FROM numbers({n:UInt64}) -- all", clickhouse.Named("n", 100_000))
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if err := conn.InsertFormat(t.Context(), format, "INSERT INTO t (number, s, n)", out); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		out.Close()
		if got := one[string](t, conn, "SELECT concat(toString(count()), ' ', toString(sum(number)), ' ', toString(uniqExact(s)), ' ', toString(countIf(n IS NULL))) FROM t"); got != "100000 4999950000 100000 33334" {
			t.Errorf("%s: %s", format, got)
		}
	}
	for format, want := range map[string]string{"CSVWithNames": "\"a\"\n", "CSV": "", "JSONCompactEachRow": ""} {
		out, err := conn.QueryFormat(t.Context(), format, "SELECT 1 AS a WHERE 0")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(out); err != nil || string(got) != want {
			t.Errorf("an empty result in %s: %q %v", format, got, err)
		}
		out.Close()
	}
	for _, format := range []string{"Parquet", "JSON", "CSV"} {
		out, err := conn.QueryFormat(t.Context(), format, "SELECT number, toString(sipHash64(number)), throwIf(number = 590000) FROM numbers(600000)")
		if err == nil {
			_, err = io.Copy(io.Discard, out)
			out.Close()
		}
		if code(err) != 395 {
			t.Errorf("%s that fails in the middle: %v", format, err)
		}
	}
	if _, err := conn.QueryFormat(t.Context(), "NoSuch", "SELECT 1"); code(err) != 73 {
		t.Errorf("an unknown format: %v", err)
	}
	// More often than there are connections, readers go away.
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		out, err := conn.QueryFormat(ctx, "CSVWithNames", "SELECT number, toString(sipHash64(number)) FROM numbers(20000000003)")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, out, 3<<20); err != nil {
			t.Error(err)
		}
		cancel()
		out.Close()
	}
	idle(t, conn, "20000000003")
}

// TestFailedQueryHoldsNothing: the library would keep a failed query in system.processes, memory and all, until the
// same connection has its next.
func TestFailedQueryHoldsNothing(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	for range 3 {
		err := conn.Exec(t.Context(), "SELECT groupArray(number) AS gone FROM numbers(100000000) SETTINGS max_memory_usage = 50000000")
		if code(err) != 241 || !strings.Contains(err.Error(), "MEMORY_LIMIT_EXCEEDED") {
			t.Errorf("too much memory: %v", err)
		}
	}
	if n := one[uint64](t, conn, "SELECT count() FROM system.processes WHERE position(query, 'AS gone') > 0 AND position(query, 'processes') = 0"); n != 0 {
		t.Errorf("%d failed queries are still listed", n)
	}
}
