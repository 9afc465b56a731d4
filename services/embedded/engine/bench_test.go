package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// callsTable is of the width and with the indexes of a table of calls.
const callsTable = `CREATE TABLE %s (
	org_id UInt32, calldate DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)), id UInt64 CODEC(Delta(8), ZSTD(1)),
	%s, version UInt64, is_deleted UInt8,
	INDEX ix_id id TYPE bloom_filter(0.001) GRANULARITY 1, INDEX ix_link text1 TYPE bloom_filter(0.001) GRANULARITY 1,
	INDEX tx_src text2 TYPE text(tokenizer = ngrams(3)), INDEX tx_dst text3 TYPE text(tokenizer = ngrams(3))
) ENGINE = ReplacingMergeTree(version, is_deleted) PARTITION BY toYYYYMM(calldate) ORDER BY (org_id, calldate, id)
SETTINGS non_replicated_deduplication_window = 10000`

// wide is a block of rows with 40 columns: 12 texts, 12 words of few values, 11 numbers and the five of the key.
type wide struct {
	org, numbers []uint32
	at           []time.Time
	id           []uint64
	deleted      []uint8
	text         [12][]string
	word         [12][]string
}

func wideColumns() string {
	var c []string
	for i := range 12 {
		c = append(c, fmt.Sprintf("text%d String CODEC(ZSTD(1)), word%d LowCardinality(String)", i, i))
	}
	for i := range 11 {
		c = append(c, fmt.Sprintf("number%d UInt32 CODEC(T64, ZSTD(1))", i))
	}
	return strings.Join(c, ", ")
}

func makeWide(n int) *wide {
	w := &wide{}
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		w.org, w.numbers, w.deleted = append(w.org, uint32(i%20)), append(w.numbers, uint32(i*7919%600)), append(w.deleted, 0)
		w.at, w.id = append(w.at, start.Add(time.Duration(i)*time.Second)), append(w.id, uint64(i))
		for k := range 12 {
			w.text[k] = append(w.text[k], fmt.Sprintf("49%09d", (i*104729+k*31)%1_000_000_000))
			w.word[k] = append(w.word[k], fmt.Sprint("queue-", (i+k)%40))
		}
	}
	return w
}

func (w *wide) columns() []any {
	c := []any{w.org, w.at, w.id}
	for k := range 12 {
		c = append(c, w.text[k], w.word[k])
	}
	for range 11 {
		c = append(c, w.numbers)
	}
	return append(c, w.id, w.deleted)
}

// native is the block as clickhouse-go sends it.
func (w *wide) native(b *testing.B) []byte {
	b.Helper()
	org, numbers, id, deleted := proto.ColUInt32(w.org), proto.ColUInt32(w.numbers), proto.ColUInt64(w.id), proto.ColUInt8(w.deleted)
	at := new(proto.ColDateTime64).WithPrecision(3).WithLocation(time.UTC)
	for _, t := range w.at {
		at.Append(t)
	}
	input := proto.Input{{Name: "org_id", Data: org}, {Name: "calldate", Data: at}, {Name: "id", Data: id}}
	for k := range 12 {
		text, word := new(proto.ColStr), new(proto.ColStr).LowCardinality()
		text.AppendArr(w.text[k])
		word.AppendArr(w.word[k])
		input = append(input, proto.InputColumn{Name: fmt.Sprint("text", k), Data: text}, proto.InputColumn{Name: fmt.Sprint("word", k), Data: word})
	}
	for k := range 11 {
		input = append(input, proto.InputColumn{Name: fmt.Sprint("number", k), Data: numbers})
	}
	input = append(input, proto.InputColumn{Name: "version", Data: id}, proto.InputColumn{Name: "is_deleted", Data: deleted})
	var buf proto.Buffer
	if err := (proto.Block{Columns: len(input), Rows: len(w.org)}).EncodeRawBlock(&buf, 0, input); err != nil {
		b.Fatal(err)
	}
	return buf.Buf
}

func openBench(b *testing.B, options string) clickhouse.Conn {
	b.Helper()
	o, err := clickhouse.ParseDSN("http://default:" + escaped + "@" + address + "/default?" + options)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := clickhouse.Open(o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

func execBench(b *testing.B, conn clickhouse.Conn, sql string) {
	b.Helper()
	if err := conn.Exec(context.Background(), sql); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkInsert compares the ways a block of 40 columns takes into the engine.
func BenchmarkInsert(b *testing.B) {
	for _, n := range []int{20_000, 50_000} {
		w := makeWide(n)
		block := w.native(b)
		conn := openBench(b, "")
		for _, kind := range []string{"bare", "indexed"} {
			table := fmt.Sprint("bench_", kind, n)
			execBench(b, conn, "DROP TABLE IF EXISTS "+table)
			create := fmt.Sprintf(callsTable, table, wideColumns())
			if kind == "bare" {
				create = fmt.Sprintf("CREATE TABLE %s (org_id UInt32, calldate DateTime64(3, 'UTC'), id UInt64, %s, version UInt64, is_deleted UInt8) ENGINE = Null", table, wideColumns())
			}
			execBench(b, conn, create)
			report := func(b *testing.B) {
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			}
			b.Run(fmt.Sprint(kind, "/engine/", n), func(b *testing.B) {
				for b.Loop() {
					file, path, err := memory(bytes.NewReader(block))
					if err != nil {
						b.Fatal(err)
					}
					s := statement{sql: "INSERT INTO " + table + " FROM INFILE '" + path + "' FORMAT Native"}
					if _, err := shared.run(b.Context(), s, func([]byte) error { return nil }); err != nil {
						b.Fatal(err)
					}
					file.Close()
				}
				report(b)
			})
			b.Run(fmt.Sprint(kind, "/http/", n), func(b *testing.B) {
				for b.Loop() {
					r, _ := http.NewRequest("POST", "http://"+address+"/?query="+url.QueryEscape("INSERT INTO "+table+" FORMAT Native"), bytes.NewReader(block))
					r.SetBasicAuth("default", password)
					response, err := http.DefaultClient.Do(r)
					if err != nil || response.StatusCode != 200 {
						b.Fatal(err, response)
					}
					io.Copy(io.Discard, response.Body)
					response.Body.Close()
				}
				report(b)
			})
			for _, options := range []string{"", "compress=lz4"} {
				conn := openBench(b, options)
				b.Run(fmt.Sprint(kind, "/driver ", options, "/", n), func(b *testing.B) {
					for b.Loop() {
						batch, err := conn.PrepareBatch(b.Context(), "INSERT INTO "+table)
						if err != nil {
							b.Fatal(err)
						}
						for i, values := range w.columns() {
							if err := batch.Column(i).Append(values); err != nil {
								b.Fatal(err)
							}
						}
						if err := batch.Send(); err != nil {
							b.Fatal(err)
						}
					}
					report(b)
				})
			}
		}
	}
}

// BenchmarkInsertParallel sends blocks of 20,000 rows from as many clients as there are processors.
func BenchmarkInsertParallel(b *testing.B) {
	const n = 20_000
	w := makeWide(n)
	conn := openBench(b, "max_open_conns=8")
	execBench(b, conn, "DROP TABLE IF EXISTS bench_parallel")
	execBench(b, conn, fmt.Sprintf(callsTable, "bench_parallel", wideColumns()))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			batch, err := conn.PrepareBatch(b.Context(), "INSERT INTO bench_parallel")
			if err != nil {
				b.Error(err)
				return
			}
			for i, values := range w.columns() {
				if err := batch.Column(i).Append(values); err != nil {
					b.Error(err)
				}
			}
			if err := batch.Send(); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkSelect measures small queries through the layers.
func BenchmarkSelect(b *testing.B) {
	conn := openBench(b, "")
	execBench(b, conn, "DROP TABLE IF EXISTS bench_select")
	execBench(b, conn, fmt.Sprintf(callsTable, "bench_select", wideColumns()))
	execBench(b, conn, `INSERT INTO bench_select (org_id, calldate, id, text1, text2, version)
		SELECT number % 20, toDateTime64('2026-05-01 00:00:00', 3, 'UTC') + intDiv(number, 2), number, toString(number), toString(number), 1 FROM numbers(1000000)`)
	execBench(b, conn, "OPTIMIZE TABLE bench_select FINAL")
	for name, sql := range map[string]string{
		"1":  "SELECT 1",
		"50": "SELECT * FROM bench_select FINAL WHERE org_id = 3 ORDER BY calldate DESC, id DESC LIMIT 50",
	} {
		b.Run(name+"/engine", func(b *testing.B) {
			for b.Loop() {
				if _, err := shared.run(b.Context(), statement{sql: sql, format: "Native"}, func([]byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, settings := range []clickhouse.Settings{nil, {"max_execution_time": 5}} {
			b.Run(fmt.Sprint(name, "/driver settings ", len(settings)), func(b *testing.B) {
				ctx := clickhouse.Context(b.Context(), clickhouse.WithSettings(settings))
				for b.Loop() {
					rows, err := conn.Query(ctx, sql)
					if err != nil {
						b.Fatal(err)
					}
					for rows.Next() {
					}
					if rows.Err() != nil {
						b.Fatal(rows.Err())
					}
				}
			})
		}
	}
}
