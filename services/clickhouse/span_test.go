package clickhouse_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	store := open(t)
	var calls []call.Call
	for id := uint64(1); id <= 40; id++ {
		// Several at once, and gaps wider than the narrow windows.
		c := leg(id, uint32(id%4), fmt.Sprintf("%d.%d", epoch, id), int64(id/3)*int64(id)*5000)
		calls = append(calls, c)
	}
	noDate, noDate2 := leg(41, 1, "x", -epoch), leg(42, 2, "x", -epoch)
	calls = append(calls, omit(noDate), noDate2)
	insert(t, store, "a", calls...)
	moved := calls[10]
	moved.OrgID, moved.Version = 9, moved.Version.Next()
	insert(t, store, "b", grave(calls[10], moved.Version), grave(calls[20], calls[20].Version.Next()), moved)
	insert(t, store, "c", calls[10], calls[20])

	living := slices.Delete(slices.Clone(calls), 20, 21)
	living[10] = moved
	slices.SortFunc(living, func(a, b call.Call) int {
		if a.Calldate != b.Calldate {
			return int(b.Calldate - a.Calldate)
		}
		return int(b.ID) - int(a.ID)
	})
	second := func(s int64) call.Instant { return call.Instant(epoch+s) * 1000 }
	for name, q := range map[string]clickhouse.SpanQuery{
		"all":                       {},
		"some organisations":        {Orgs: []uint32{1, 9}},
		"no organisation":           {Orgs: []uint32{}},
		"a time":                    {From: second(100_000), To: second(2_000_000)},
		"since":                     {From: second(30_000)},
		"until":                     {To: second(30_000)},
		"until 1971":                {To: 365 * 86400_000},
		"a time with nothing in it": {From: second(1), To: second(2)},
	} {
		var want []uint64
		for _, c := range living {
			if (q.Orgs == nil || slices.Contains(q.Orgs, c.OrgID)) && c.Calldate >= q.From && (q.To == 0 || c.Calldate < q.To) {
				want = append(want, c.ID)
			}
		}
		for _, limit := range []int{4, 100} {
			q.Limit = limit
			var got []uint64
			for q.BeforeID, q.BeforeCalldate = 0, 0; ; {
				page, err := store.Span(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page {
					got = append(got, c.ID)
					q.BeforeCalldate, q.BeforeID = c.Calldate, c.ID
				}
				if len(page) < limit {
					break
				}
			}
			if n, err := store.CountSpan(t.Context(), q); err != nil || int(n) != len(want) {
				t.Errorf("%s: counted %d, %v; want %d", name, n, err, len(want))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %d a page: got %v, want %v", name, limit, got, want)
			}
		}
	}
}
