package clickhouse_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

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
