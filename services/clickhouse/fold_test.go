package clickhouse_test

import (
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// Several versions of a key in a block fold before it is stored, whatever their order, and with what is there when they
// are read.
func TestVersionsOfOneBlockFold(t *testing.T) {
	t.Parallel()
	store := open(t)
	ctx, scope := t.Context(), orgs(1)
	version := func(c call.Call, v call.Version, src string) call.Call {
		c.Version, c.Src = c.Version+v, src
		return c
	}
	another := full(9, 1) // a month of its own
	another.Calldate -= 100 * 24 * 3600 * 1000
	a, b, c := full(1, 1), full(2, 1), full(3, 1)
	back := version(c, 2, "came back")
	insert(t, store, "first",
		version(a, 2, "newest"), version(a, 1, "middle"), a, // the newest first
		b, grave(b, b.Version+1),
		grave(c, c.Version+1), c, back,
		another, version(another, 1, "newest of its month"),
	)
	if n := store.PhysicalRows(t); n != 4 {
		t.Errorf("%d physical rows, want 4", n)
	}
	want := []string{"came back", "newest", "newest of its month"}
	for _, when := range []string{"as they came", "beside another part", "merged"} {
		switch when {
		case "beside another part":
			insert(t, store, "second", version(a, 1, "middle"), b)
		case "merged":
			store.Merge(t)
		}
		calls, err := store.List(ctx, scope, clickhouse.ListQuery{Limit: 10})
		var got []string
		for i := range calls {
			got = append(got, calls[i].Src)
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s the list has %q, %v; want %q", when, got, err, want)
		}
		if n, err := store.Count(ctx, scope, &clickhouse.Filter{}); err != nil || n != 3 {
			t.Errorf("%s %d are counted, %v", when, n, err)
		}
		if n := store.Text(t, "SELECT toString(count()) FROM conversations"); n != "3" {
			t.Errorf("%s the view has %s", when, n)
		}
		stored, err := store.Lookup(ctx, []uint64{1, 2, 3, 9})
		if err != nil || len(stored) != 3 || len(stored[1]) != 1 || stored[1][0].Version != a.Version+2 || stored[3][0].Version != back.Version {
			t.Errorf("%s the lookup gives %v, %v", when, stored, err)
		}
	}
}
