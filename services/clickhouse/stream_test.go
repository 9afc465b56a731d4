package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// shifts are calls of three organisations, some at the same time, some at none (1970).
func shifts(n int) []call.Call {
	var calls []call.Call
	for i := range n {
		c := full(uint64(i+1), uint32(i%3)+1)
		c.Calldate = call.Instant(1_790_000_000_000 + int64(i/5)*1000)
		if i%50 == 0 {
			c.Calldate = 0
		}
		c.Version = call.NewVersion(1, uint64(i), 0)
		calls = append(calls, c)
	}
	return calls
}

// listed is the list, page by page, as it is shown.
func listed(t *testing.T, store *clickhouse.Store, scope clickhouse.Scope, f clickhouse.Filter) []string {
	t.Helper()
	var all []string
	for {
		calls, err := store.List(t.Context(), scope, clickhouse.ListQuery{Filter: f, Limit: 500, Offset: len(all)})
		if err != nil {
			t.Fatal(err)
		}
		for i := range calls {
			all = append(all, string(calls[i].AppendJSON(nil)))
		}
		if len(calls) < 500 {
			return all
		}
	}
}

// streamed is the same as a stream; while happens before its call number at.
func streamed(t *testing.T, store *clickhouse.Store, scope clickhouse.Scope, f clickhouse.Filter, at int, while func()) ([]string, error) {
	t.Helper()
	snapshot, err := store.Snapshot(t.Context(), scope, &f, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		while()
	}
	var all []string
	err = store.Stream(t.Context(), snapshot, func(c *call.Call) error {
		if len(all) == at {
			while()
		}
		all = append(all, string(c.AppendJSON(nil)))
		return nil
	})
	if err == nil && len(all) != snapshot.Rows() {
		t.Errorf("%d calls of %d", len(all), snapshot.Rows())
	}
	return all, err
}

func TestStreamIsTheList(t *testing.T) {
	t.Parallel()
	store := open(t)
	calls := shifts(3000)
	if err := store.Insert(t.Context(), calls, "a"); err != nil {
		t.Fatal(err)
	}
	again := slices.Clone(calls[:100]) // redelivered, which leaves them twice until they are merged
	if err := store.Insert(t.Context(), again, "b"); err != nil {
		t.Fatal(err)
	}
	some := calls[2000:2100]
	for i := range some {
		some[i].Version, some[i].Src = call.NewVersion(1, 5000, 0), "corrected"
	}
	if err := store.Insert(t.Context(), some, "c"); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]clickhouse.Filter{
		"all": {}, "of a time": {From: 1_790_000_100_000, To: 1_790_000_300_000}, "few": {Caller: "corrected"}, "none": {Caller: "nobody"}, "omitted": {Omitted: true},
	} {
		for _, scope := range []clickhouse.Scope{{Orgs: []uint32{1}}, {Orgs: []uint32{1, 3}}, {Orgs: []uint32{1, 2, 3, 4}}, {Orgs: []uint32{9}}, {}} {
			want := listed(t, store, scope, f)
			got, err := streamed(t, store, scope, f, 0, func() {})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s of %v: %d streamed, %v; %d listed", name, scope, len(got), err, len(want))
			}
		}
	}
	if _, err := store.Snapshot(t.Context(), clickhouse.Scope{Orgs: []uint32{1}}, &clickhouse.Filter{}, 999); !errors.Is(err, clickhouse.ErrTooMany) {
		t.Errorf("1000 calls where 999 may be: %v", err)
	}
	if n, err := store.Snapshot(t.Context(), clickhouse.Scope{Orgs: []uint32{1}}, &clickhouse.Filter{}, 1000); err != nil || n.Rows() != 1000 {
		t.Errorf("1000 calls where 1000 may be: %v", err)
	}
}

// changes of a store while it is streamed: calls that arrive, are corrected, move in time and between organisations, and
// are removed.
func changes(t *testing.T, store *clickhouse.Store, calls []call.Call) func() {
	return func() {
		t.Helper()
		var rows []call.Call
		for i := range calls {
			c := calls[i]
			c.Version = call.NewVersion(1, 9000, uint16(i%3))
			switch i % 4 {
			case 0:
				c.Src = "corrected"
				rows = append(rows, c)
			case 1, 2: // moved: to another time, or organisation
				gone := c
				gone.Removed = true
				c.Src = "moved"
				if i%4 == 1 {
					c.Calldate += 500_000
				} else {
					c.OrgID = c.OrgID%3 + 1
				}
				rows = append(rows, gone, c)
			default:
				fresh := c
				fresh.ID, fresh.Src = c.ID+100_000, "fresh"
				rows = append(rows, fresh)
			}
		}
		if err := store.Insert(context.WithoutCancel(t.Context()), rows, fmt.Sprintf("changes of %d", len(calls))); err != nil {
			t.Error(err)
		}
	}
}

// A stream is the list of the moment of its snapshot, whatever happens after it.
func TestStreamWhileCallsChange(t *testing.T) {
	t.Parallel()
	for _, at := range []int{-1, 0, 700, 1500} {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			store := open(t)
			store.KeepVersions(t)
			calls := shifts(2500)
			if err := store.Insert(t.Context(), calls, "a"); err != nil {
				t.Fatal(err)
			}
			scope := clickhouse.Scope{Orgs: []uint32{1, 2}}
			want := listed(t, store, scope, clickhouse.Filter{})
			got, err := streamed(t, store, scope, clickhouse.Filter{}, at, changes(t, store, calls))
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%d streamed, %v; %d listed before", len(got), err, len(want))
			}
			if after := listed(t, store, scope, clickhouse.Filter{}); slices.Equal(after, want) {
				t.Error("nothing has changed")
			}
		})
	}
}

// Once an old version is merged away the stream fails rather than give another one.
func TestStreamOfVersionsThatAreGone(t *testing.T) {
	t.Parallel()
	store := open(t)
	calls := shifts(2500)
	if err := store.Insert(t.Context(), calls, "a"); err != nil {
		t.Fatal(err)
	}
	scope := clickhouse.Scope{Orgs: []uint32{1, 2}}
	want := listed(t, store, scope, clickhouse.Filter{})
	got, err := streamed(t, store, scope, clickhouse.Filter{}, 100, func() {
		changes(t, store, calls)()
		store.Merge(t)
	})
	if !errors.Is(err, clickhouse.ErrChanged) || len(got) >= len(want) || !slices.Equal(got, want[:len(got)]) {
		t.Errorf("%d streamed, %v; want less than %d of before, and ErrChanged", len(got), err, len(want))
	}
	again, err := streamed(t, store, scope, clickhouse.Filter{}, 0, func() {})
	if err != nil || !slices.Equal(again, listed(t, store, scope, clickhouse.Filter{})) {
		t.Errorf("a new one: %d streamed, %v", len(again), err)
	}
}

// A stream ends when its reader does not want more, and leaves no query behind.
func TestStreamThatIsLeft(t *testing.T) {
	t.Parallel()
	store := open(t)
	if err := store.Insert(t.Context(), shifts(3000), "a"); err != nil {
		t.Fatal(err)
	}
	snapshot, err := store.Snapshot(t.Context(), clickhouse.Scope{Orgs: []uint32{1, 2, 3}}, &clickhouse.Filter{}, 5000)
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	n := 0
	err = store.Stream(t.Context(), snapshot, func(*call.Call) error {
		if n++; n == 600 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 600 {
		t.Errorf("%d calls, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	err = store.Stream(ctx, snapshot, func(*call.Call) error {
		if n++; n == 600 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n == snapshot.Rows() {
		t.Errorf("%d calls, %v", n, err)
	}
	// The server works for nobody any more.
	servertest.Eventually(t, time.Minute, func() bool {
		return store.Text(t, "SELECT toString(count()) FROM system.processes WHERE query LIKE '%FROM calls%' AND query NOT LIKE '%system.processes%'"+
			" AND current_database = currentDatabase()") == "0"
	}, "no query is left")
}
