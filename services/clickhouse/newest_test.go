package clickhouse_test

import (
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestRowsByID(t *testing.T) {
	t.Parallel()
	store := open(t)
	moved := leg(2, 1, "1795228246.1", 0)
	is := moved
	is.OrgID, is.Version = 2, moved.Version.Next()
	gone := leg(5, 1, "1795228246.1", 0)
	insert(t, store, "a", leg(1, 1, "1795228246.1", 0), moved, leg(3, 1, "1795228246.1", 0), leg(1<<40, 1, "1795228246.1", 0), gone)
	insert(t, store, "b", grave(moved, is.Version), is, grave(gone, gone.Version.Next()))
	for _, x := range []struct{ ask, want []uint64 }{
		{nil, []uint64{}},
		{[]uint64{2}, []uint64{2}},
		{[]uint64{1, 3, 4, 5}, []uint64{1, 3}},
		{[]uint64{3, 1 << 40, 7}, []uint64{3, 1 << 40}},
	} {
		rows, err := store.Rows(t.Context(), x.ask)
		var calls []call.Call
		for i := range rows {
			calls = append(calls, rows[i].Call)
			if rows[i].ID == 2 && rows[i].OrgID != 2 {
				t.Error("the moved row is where it was")
			}
		}
		if err != nil || !reflect.DeepEqual(ids(calls), x.want) {
			t.Errorf("%v: got %v, %v; want %v", x.ask, ids(calls), err, x.want)
		}
	}
}

func TestNewestConversations(t *testing.T) {
	t.Parallel()
	store := open(t)
	check := func(when string, want map[uint32]int64) {
		t.Helper()
		if got, err := store.NewestConversations(t.Context()); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: got %v, %v; want %v", when, got, err, want)
		}
	}
	check("empty", map[uint32]int64{})
	now := time.Now().Unix()
	at := func(source uint32, row uint64, began, calldate int64) call.Call {
		c := leg(call.ID(source, row), 1, fmt.Sprintf("pbx-%d.%d", began, row), 0)
		c.Calldate = call.Instant(calldate) * 1000
		return c
	}
	unlinked := at(3, 1, now-70, now-70)
	unlinked.Uniqueid, unlinked.Linkedid = fmt.Sprintf("%d.1", now-70), ""
	week := int64(7 * 86400)
	insert(t, store, "a", at(0, 1, now-500, now-500), at(0, 2, now-400, now-450), at(0, 3, now-week, now-week),
		at(2, 1, now-week, now-week), unlinked)
	want := map[uint32]int64{0: now - 400, 2: now - week + 86400, 3: now - 70}
	check("of three sources", want)
	insert(t, store, "b", at(0, 5, now-600, now+week))
	check("with a row in the future", want)
}

func TestUnjoined(t *testing.T) {
	t.Parallel()
	store := open(t)
	flagged, settled := leg(1, 1, "1795228246.1", 0), leg(2, 1, "1795228246.2", 0)
	flagged.Flags, settled.Flags = "calldate_invalid,"+call.FlagUnjoined, call.FlagUnjoined
	is := settled
	is.Flags, is.Version = "", settled.Version.Next()
	insert(t, store, "a", flagged, settled, leg(3, 1, "1795228246.3", 0))
	insert(t, store, "b", is)
	hour := time.Hour
	for _, x := range []struct {
		from, to time.Duration
		want     []uint64
	}{{-hour, hour, []uint64{1}}, {-2 * hour, -hour, []uint64{}}, {hour, 2 * hour, []uint64{}}} {
		rows, err := store.Unjoined(t.Context(), time.Now().Add(x.from), time.Now().Add(x.to))
		if err != nil || !reflect.DeepEqual(ids(rows), x.want) {
			t.Errorf("stored from %v to %v: got %v, %v; want %v", x.from, x.to, ids(rows), err, x.want)
		}
	}
}
