package clickhouse_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// Months that nobody wrote to are counted once, and a total is exact whatever is written, moved, removed or merged.
func TestTotalsByMonth(t *testing.T) {
	t.Parallel()
	store := open(t)
	scope := clickhouse.Scope{Orgs: []uint32{1, 2}}
	in := func(month time.Month, day int) call.Instant {
		return call.InstantOf(time.Date(2026, month, day, 12, 0, 0, 0, time.UTC))
	}
	at := func(id uint64, org uint32, when call.Instant) call.Call {
		c := leg(id, org, fmt.Sprintf("%d.%d", when/1000, id), 0)
		c.Calldate, c.Conversation.Legs = when, 1
		return c
	}
	count := func(ctxLimit uint64, from, to call.Instant) (uint64, error) {
		ctx := t.Context()
		if ctxLimit > 0 {
			ctx = clickhouse.Within(ctx, clickhouse.Limits{Rows: ctxLimit})
		}
		return store.Count(ctx, scope, &clickhouse.Filter{From: from, To: to})
	}
	check := func(when string, want uint64, spans ...uint64) {
		t.Helper()
		for range 2 { // the second time from what the first found
			if got, err := count(0, 0, 0); err != nil || got != want {
				t.Errorf("%s: %d calls, %v; want %d", when, got, err, want)
			}
			heads, err := store.CountConversations(t.Context(), scope, &clickhouse.Filter{})
			if err != nil || heads != want {
				t.Errorf("%s: %d conversations, %v; want %d", when, heads, err, want)
			}
		}
		for i, want := range spans {
			// From the tenth of January, of February and of March to the end of the fifteenth of March.
			if got, err := count(0, in(time.Month(1+i), 10), in(time.March, 15)); err != nil || got != want {
				t.Errorf("%s: %d calls from month %d, %v; want %d", when, got, 1+i, err, want)
			}
		}
	}
	check("nothing", 0)
	var january []call.Call
	for i := range uint64(40) {
		january = append(january, at(1+i, 1, in(time.January, 1+int(i%20))))
	}
	february, march := at(100, 2, in(time.February, 20)), at(101, 1, in(time.March, 10))
	insert(t, store, "a", append(january, february, march, at(102, 3, in(time.March, 11)))...)
	check("three months", 42, 24, 2, 1)
	check("from the tenth", 42, 24, 2, 1)

	again := january[0]
	again.Version = again.Version.Next()
	insert(t, store, "b", again)
	check("a correction", 42, 24)
	insert(t, store, "c", grave(march, march.Version.Next()))
	check("a row that is gone", 41, 23, 1, 0)
	moved := february
	moved.Version, moved.Calldate = moved.Version.Next(), in(time.March, 12)
	insert(t, store, "d", grave(february, moved.Version), moved)
	check("a row that moved", 41, 23, 1, 1)
	store.Merge(t)
	check("merged", 41, 23, 1, 1)

	// January alone has 40 rows: whoever may read 20 gets the total while it is as it was, and not once it changed.
	insert(t, store, "e", at(200, 1, in(time.March, 13)))
	if got, err := count(20, 0, 0); err != nil || got != 42 {
		t.Errorf("a new row in March: %d, %v; want 42 from March alone", got, err)
	}
	insert(t, store, "f", at(201, 1, in(time.January, 13)))
	if got, err := count(20, 0, 0); err == nil {
		t.Errorf("a new row in January: %d of rows that were not read", got)
	}
	check("written to again", 43, 25, 2, 2)
}
