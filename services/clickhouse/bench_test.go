package clickhouse_test

import (
	"fmt"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// BenchmarkInsert stores blocks of 20,000 calls shaped like a call centre's.
func BenchmarkInsert(b *testing.B) {
	store := open(b)
	const rows = 20_000
	calls := make([]call.Call, rows)
	for i := range b.N {
		for j := range calls {
			id := uint64(i*rows + j)
			c := full(id, uint32(id%2+1))
			c.Uniqueid = fmt.Sprintf("1795228%03d.%d", id/1000%1000, id)
			c.Linkedid, c.Userfield, c.Extra = c.Uniqueid, "hangupsource=PJSIP/1001|hangupcause=16", nil
			c.Src = fmt.Sprintf("9199%08d", id*7919%100_000_000)
			c.RawHash = id * 0x9e3779b97f4a7c15
			c.Caller, c.Joined, c.Tags = "+"+c.Src, "", c.Tags[:id%2]
			if id%3 == 0 {
				c.Conversation = call.NoConversation
			} else if id%3 == 1 {
				c.Conversation.Detail = ""
			}
			calls[j] = c
		}
		b.StartTimer()
		if err := store.Insert(b.Context(), calls, fmt.Sprint(i)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}
