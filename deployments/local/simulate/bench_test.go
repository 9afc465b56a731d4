package simulate

import (
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

func BenchmarkHistory(b *testing.B) {
	to := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	hangups, err := History(Config{Seed: 1}, Span{Rows: b.N, From: to.AddDate(0, 0, -365), To: to})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	values := make([]call.Value, 0, len(Columns))
	rows := 0
	for h := range hangups {
		for i := range h.Rows {
			values = h.Rows[i].Values(values[:0], time.UTC)
			rows++
		}
	}
	if rows != b.N {
		b.Fatalf("%d rows, want %d", rows, b.N)
	}
}
