package engine

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

const everyType = `CREATE TABLE every (
	u8 UInt8, u16 UInt16, u32 UInt32, u64 UInt64, i32 Int32, i64 Int64, f64 Float64, flag Bool,
	s String CODEC(ZSTD(1)), low LowCardinality(String), lown LowCardinality(Nullable(String)), ni Nullable(Int64),
	nt Nullable(DateTime64(3, 'UTC')), at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)), day Date,
	price Decimal(38, 10), kind Enum8('in' = 1, 'out' = 2), id UUID, pair Tuple(UInt32, String),
	tags Array(LowCardinality(String)), extra Map(LowCardinality(String), String),
	INDEX tx s TYPE text(tokenizer = ngrams(3)), INDEX bl u64 TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = ReplacingMergeTree ORDER BY (u32, at, u64)`

// columns are n rows of everyType, column by column.
type columns struct {
	u8    []uint8
	u16   []uint16
	u32   []uint32
	u64   []uint64
	i32   []int32
	i64   []int64
	f64   []float64
	flag  []bool
	s     []string
	low   []string
	lown  []*string
	ni    []*int64
	nt    []*time.Time
	at    []time.Time
	day   []time.Time
	price []decimal.Decimal
	kind  []string
	id    []uuid.UUID
	pair  [][]any
	tags  [][]string
	extra []map[string]string
}

func makeColumns(n int) columns {
	var c columns
	start := time.Date(2026, 3, 29, 0, 30, 0, 123e6, time.UTC)
	for i := range n {
		text, number, at := fmt.Sprint("agent", i%9), int64(i)-5, start.Add(time.Duration(i)*time.Millisecond)
		var lown *string
		var ni *int64
		var nt *time.Time
		if i%3 > 0 {
			lown, ni, nt = &text, &number, &at
		}
		c.u8, c.u16, c.u32, c.u64 = append(c.u8, uint8(i)), append(c.u16, uint16(i)), append(c.u32, uint32(i%7)), append(c.u64, uint64(i)<<20)
		c.i32, c.i64, c.f64 = append(c.i32, int32(-i)), append(c.i64, -int64(i)<<33), append(c.f64, float64(i)/3)
		c.flag, c.s, c.low = append(c.flag, i%2 == 1), append(c.s, fmt.Sprintf("+49 30 é\n\x00%07d", i)), append(c.low, text)
		c.lown, c.ni, c.nt, c.at, c.day = append(c.lown, lown), append(c.ni, ni), append(c.nt, nt), append(c.at, at), append(c.day, start.Truncate(24*time.Hour))
		c.price, c.kind = append(c.price, decimal.New(int64(i)*12345, -10)), append(c.kind, []string{"in", "out"}[i%2])
		c.id, c.pair = append(c.id, uuid.UUID{1, 2, byte(i), byte(i >> 8)}), append(c.pair, []any{uint32(i), text})
		c.tags = append(c.tags, []string{"a", text}[:i%3%2+1])
		c.extra = append(c.extra, map[string]string{"accountcode": text, "peer": "SIP/" + text})
	}
	return c
}

func (c *columns) slices() []any {
	return []any{c.u8, c.u16, c.u32, c.u64, c.i32, c.i64, c.f64, c.flag, c.s, c.low, c.lown, c.ni, c.nt, c.at, c.day, c.price, c.kind, c.id, c.pair, c.tags, c.extra}
}

func (c *columns) row(i int) []any {
	return []any{c.u8[i], c.u16[i], c.u32[i], c.u64[i], c.i32[i], c.i64[i], c.f64[i], c.flag[i], c.s[i], c.low[i], c.lown[i], c.ni[i], c.nt[i], c.at[i], c.day[i], c.price[i], c.kind[i], c.id[i], c.pair[i], c.tags[i], c.extra[i]}
}

// TestEveryType sends 100,000 rows of every column type through the driver, by columns and by rows, plain and
// compressed, and compares what comes back.
func TestEveryType(t *testing.T) {
	t.Parallel()
	c := makeColumns(100_000)
	for options, n := range map[string]int{"": 100_000, "compress=lz4": 5000, "compress=zstd": 3000, "compress=gzip": 2000} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, options)
			exec(t, conn, everyType)
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO every")
			if err != nil {
				t.Fatal(err)
			}
			// Half of the rows by columns, the rest row by row.
			for i, values := range c.slices() {
				if err := batch.Column(i).Append(reflect.ValueOf(values).Slice(0, n/2).Interface()); err != nil {
					t.Fatal(err)
				}
			}
			for i := n / 2; i < n; i++ {
				if err := batch.Append(c.row(i)...); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			if got := one[uint64](t, conn, "SELECT count() FROM every"); got != uint64(n) {
				t.Fatalf("%d rows, want %d", got, n)
			}
			if got := one[uint64](t, conn, "SELECT count() FROM system.parts WHERE database = currentDatabase() AND min_block_number = max_block_number"); got != 1 {
				t.Errorf("the block became %d parts, want 1", got)
			}
			compare(t, conn, &c, n)
			if got := one[uint64](t, conn, "SELECT count() FROM every FINAL WHERE s LIKE '%0000789%'"); got != 1 {
				t.Errorf("the text index finds %d rows, want 1", got)
			}
		})
	}
}

// compare reads every third row, which is slow work for the driver under the race detector.
func compare(t *testing.T, conn clickhouse.Conn, c *columns, n int) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT * FROM every WHERE bitShiftRight(u64, 20) % 3 = 0 ORDER BY u64")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	i := 0
	for ; rows.Next(); i += 3 {
		g := columns{make([]uint8, 1), make([]uint16, 1), make([]uint32, 1), make([]uint64, 1), make([]int32, 1), make([]int64, 1), make([]float64, 1), make([]bool, 1), make([]string, 1), make([]string, 1), make([]*string, 1), make([]*int64, 1), make([]*time.Time, 1), make([]time.Time, 1), make([]time.Time, 1), make([]decimal.Decimal, 1), make([]string, 1), make([]uuid.UUID, 1), make([][]any, 1), make([][]string, 1), make([]map[string]string, 1)}
		if err := rows.Scan(&g.u8[0], &g.u16[0], &g.u32[0], &g.u64[0], &g.i32[0], &g.i64[0], &g.f64[0], &g.flag[0], &g.s[0], &g.low[0], &g.lown[0], &g.ni[0], &g.nt[0], &g.at[0], &g.day[0], &g.price[0], &g.kind[0], &g.id[0], &g.pair[0], &g.tags[0], &g.extra[0]); err != nil {
			t.Fatal(err)
		}
		if got, want := shown(g.row(0)), shown(c.row(i)); got != want {
			t.Fatalf("row %d:\n got %s\nwant %s", i, got, want)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if i < n || i > n+2 {
		t.Fatalf("the last row is %d, want %d", i-3, n)
	}
}

// shown prints a row's values behind their pointers.
func shown(row []any) string {
	var parts []string
	for _, v := range row {
		switch v := v.(type) {
		case *string:
			if v != nil {
				parts = append(parts, *v)
				continue
			}
		case *int64:
			if v != nil {
				parts = append(parts, fmt.Sprint(*v))
				continue
			}
		case *time.Time:
			if v != nil {
				parts = append(parts, v.UTC().String())
				continue
			}
		case decimal.Decimal:
			parts = append(parts, v.String())
			continue
		}
		parts = append(parts, fmt.Sprint(v))
	}
	return strings.Join(slices.Clip(parts), "|")
}
