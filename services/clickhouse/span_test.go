package clickhouse_test

import (
	"fmt"
	"reflect"
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

func TestDeleteSince(t *testing.T) {
	t.Parallel()
	store := open(t)
	var calls []call.Call
	for id := uint64(1); id <= 30; id++ {
		calls = append(calls, leg(id, uint32(id%3), "1795228246.1", int64(id)*86400))
	}
	insert(t, store, "a", calls...)
	moved := calls[29]
	moved.OrgID, moved.Version = 9, moved.Version.Next()
	insert(t, store, "b", grave(calls[29], moved.Version), moved)
	living := func() []uint64 {
		t.Helper()
		all, err := store.Span(t.Context(), clickhouse.SpanQuery{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		return ids(all)
	}
	for _, want := range []uint64{10, 0} {
		if n, err := store.DeleteSince(t.Context(), calls[20].Calldate); err != nil || n != want {
			t.Errorf("deleted %d, %v; want %d", n, err, want)
		}
	}
	if got := living(); len(got) != 20 || got[19] != 20 {
		t.Errorf("left are %v, want 1 to 20", got)
	}
	if legs, err := store.Legs(t.Context(), []clickhouse.Key{{Source: "pbx", Linkedid: "1795228246.1"}}); err != nil || slices.Contains(ids(legs), 30) {
		t.Errorf("legs %v, %v", ids(legs), err)
	}
	if stored, err := store.Lookup(t.Context(), []uint64{20, 21, 30}); err != nil || len(stored) != 1 {
		t.Errorf("lookup finds %v, %v; want call 20 only", stored, err)
	}
	insert(t, store, "c", calls[20], calls[21]) // a redelivery
	if got := living(); len(got) != 20 {
		t.Errorf("after a redelivery left are %v, want 1 to 20", got)
	}
	back := calls[20]
	back.Version += 2
	insert(t, store, "d", back)
	if got := living(); !reflect.DeepEqual(got[20:], []uint64{21}) {
		t.Errorf("after one came back left are %v, want 1 to 21", got)
	}
	if n, err := store.DeleteSince(t.Context(), calls[20].Calldate); err != nil || n != 1 {
		t.Errorf("deleted %d, %v; want 1", n, err)
	}
	store.Merge(t)
	if n, err := store.DeleteSince(t.Context(), 0); err != nil || n != 20 || len(living()) != 0 {
		t.Errorf("deleted %d, %v; want 20", n, err)
	}
}
