package clickhouse_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

const epoch = 1795228246

// leg of a conversation that began second seconds after epoch.
func leg(id uint64, org uint32, linkedid string, second int64) call.Call {
	c := full(id, org)
	c.Calldate, c.Linkedid, c.Uniqueid, c.Joined = call.Instant(epoch+second)*1000, linkedid, linkedid, ""
	return c
}

func ids(calls []call.Call) []uint64 {
	found := []uint64{}
	for i := range calls {
		found = append(found, calls[i].ID)
	}
	slices.Sort(found)
	return found
}

func insert(t testing.TB, store *clickhouse.Store, token string, calls ...call.Call) {
	t.Helper()
	if err := store.Insert(t.Context(), calls, token); err != nil {
		t.Fatal(err)
	}
}

func TestLegs(t *testing.T) {
	t.Parallel()
	store := open(t)
	const (
		a = "1795228246.1"
		b = "1795228250.5"
		c = "1795228260.9"
		d = "pbx-paris-1795228270.2"
		e = "1795228280.3" // rows without linkedid
		f = "no time at all"
	)
	joinedToA := leg(4, 1, b, 4)
	joinedToA.Joined = a
	joinedToB := leg(6, 1, c, 14)
	joinedToB.Joined = b
	unlinked := leg(9, 1, "", 34)
	unlinked.Uniqueid = e
	elsewhere := leg(10, 1, a, 0)
	elsewhere.Source = "lyon"
	timeless := leg(11, 3, f, -400*86400)
	insert(t, store, "a", leg(1, 1, a, 0), leg(2, 2, a, 1), leg(3, 0, a, 86400), joinedToA, leg(5, 1, b, 5), joinedToB,
		leg(7, 2, d, 24), leg(8, 1, "1795228246.11", 0), unlinked, elsewhere, timeless)
	for name, x := range map[string]struct {
		keys []clickhouse.Key
		want []uint64
	}{
		"none":                           {nil, []uint64{}},
		"nothing stored":                 {[]clickhouse.Key{{"pbx", "1795228246.77"}}, []uint64{}},
		"empty key is no conversation":   {[]clickhouse.Key{{"pbx", ""}}, []uint64{}},
		"with a system name":             {[]clickhouse.Key{{"pbx", d}}, []uint64{7}},
		"without linkedid":               {[]clickhouse.Key{{"pbx", e}}, []uint64{9}},
		"a linkedid that tells no time":  {[]clickhouse.Key{{"pbx", f}}, []uint64{11}},
		"another source":                 {[]clickhouse.Key{{"lyon", a}}, []uint64{10}},
		"joins are followed to the end":  {[]clickhouse.Key{{"pbx", a}}, []uint64{1, 2, 3, 4, 5, 6}},
		"and back":                       {[]clickhouse.Key{{"pbx", c}}, []uint64{1, 2, 3, 4, 5, 6}},
		"several, of two sources":        {[]clickhouse.Key{{"lyon", a}, {"pbx", d}, {"lyon", d}, {"pbx", d}}, []uint64{7, 10}},
		"a quote and a zero do no harm":  {[]clickhouse.Key{{"p'b\\x", "o'k\\\x00"}}, []uint64{}},
		"one without time lifts bounds":  {[]clickhouse.Key{{"pbx", d}, {"pbx", f}}, []uint64{7, 11}},
		"the key of one is no prefix":    {[]clickhouse.Key{{"pbx", "1795228246.11"}}, []uint64{8}},
		"unlinked ones match by nothing": {[]clickhouse.Key{{"pbx", "1795228280"}}, []uint64{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			legs, err := store.Legs(t.Context(), x.keys)
			if err != nil || !reflect.DeepEqual(ids(legs), x.want) {
				t.Errorf("got %v, %v; want %v", ids(legs), err, x.want)
			}
		})
	}
	legs, err := store.Legs(t.Context(), []clickhouse.Key{{"pbx", d}})
	want := leg(7, 2, d, 24)
	if err != nil || len(legs) != 1 {
		t.Fatal(legs, err)
	}
	legs[0].Table = want.Table
	if !reflect.DeepEqual(legs[0], want) {
		t.Errorf("got  %+v\nwant %+v", legs[0], want)
	}
}

// An old version of a row must never come back, by whatever way it is found.
func TestLegsOfNewestVersionsOnly(t *testing.T) {
	t.Parallel()
	store := open(t)
	const a, b, c = "1795228246.1", "1795228250.5", "1795228260.9"
	key := func(linkedid string) []clickhouse.Key { return []clickhouse.Key{{Source: "pbx", Linkedid: linkedid}} }
	next := func(c call.Call, change func(*call.Call)) call.Call {
		c.Version = c.Version.Next()
		change(&c)
		return c
	}
	kept, moved, removed, relinked, parted, corrected := leg(1, 1, a, 0), leg(2, 1, a, 1), leg(3, 1, a, 2), leg(4, 1, a, 3), leg(5, 1, b, 4), leg(6, 1, a, 5)
	parted.Joined = a
	insert(t, store, "first", kept, moved, removed, relinked, parted, corrected)
	movedTo := next(moved, func(c *call.Call) { c.OrgID, c.Calldate = 2, c.Calldate+3600_000 })
	insert(t, store, "second",
		grave(moved, movedTo.Version), movedTo,
		grave(removed, removed.Version.Next()),
		next(relinked, func(x *call.Call) { x.Linkedid = c }),
		next(parted, func(x *call.Call) { x.Joined = "" }),
		next(corrected, func(x *call.Call) { x.Userfield = "right" }),
	)
	// A redelivery of what is past.
	insert(t, store, "third", moved, removed, relinked, parted, corrected)
	check := func(when string) {
		t.Helper()
		for linkedid, want := range map[string][]uint64{a: {1, 2, 6}, b: {5}, c: {4}} {
			legs, err := store.Legs(t.Context(), key(linkedid))
			if err != nil || !reflect.DeepEqual(ids(legs), want) {
				t.Errorf("%s: %s has %v, %v; want %v", when, linkedid, ids(legs), err, want)
			}
			for _, l := range legs {
				if l.ID == 2 && (l.OrgID != 2 || l.Calldate != movedTo.Calldate) {
					t.Errorf("%s: the moved row is at its old key: %d, %d", when, l.OrgID, l.Calldate)
				}
				if l.ID == 6 && l.Userfield != "right" {
					t.Errorf("%s: the corrected row is as it was", when)
				}
			}
		}
	}
	check("unmerged")
	store.Merge(t)
	check("merged")
	insert(t, store, "fourth", moved, removed, relinked, parted, corrected)
	check("an old version after the merge")
	insert(t, store, "fifth", next(next(removed, func(*call.Call) {}), func(*call.Call) {}))
	if legs, err := store.Legs(t.Context(), key(a)); err != nil || !reflect.DeepEqual(ids(legs), []uint64{1, 2, 3, 6}) {
		t.Errorf("a row that came again under a higher version: got %v, %v", ids(legs), err)
	}
}

// A row that moved from the conversation asked for to one that is joined to it is met twice, and the first time does not count.
func TestLegsThatChangedTheirConversation(t *testing.T) {
	t.Parallel()
	store := open(t)
	const a, b = "1795228246.1", "1795228250.5"
	bridge, was := leg(1, 1, a, 0), leg(2, 1, a, 1)
	bridge.Joined = b
	is := was
	is.Linkedid, is.Version = b, was.Version.Next()
	insert(t, store, "a", bridge, was)
	insert(t, store, "b", is)
	legs, err := store.Legs(t.Context(), []clickhouse.Key{{Source: "pbx", Linkedid: a}})
	if err != nil || !reflect.DeepEqual(ids(legs), []uint64{1, 2}) {
		t.Errorf("got %v, %v; want 1 and 2", ids(legs), err)
	}
}

func TestLegsOfThousandsOfConversations(t *testing.T) {
	t.Parallel()
	store := open(t)
	var (
		calls []call.Call
		keys  []clickhouse.Key
		want  []uint64
	)
	for i := range uint64(12_000) {
		linkedid := fmt.Sprintf("a-pbx-with-a-rather-long-name-%d.%d", epoch+i/10, i)
		keys = append(keys, clickhouse.Key{Source: "pbx", Linkedid: linkedid})
		if i%2 == 0 {
			c := leg(i+1, uint32(i%7), linkedid, int64(i/10))
			calls, want = append(calls, c), append(want, c.ID)
		}
	}
	insert(t, store, "a", calls...)
	legs, err := store.Legs(t.Context(), keys)
	if err != nil || !slices.Equal(ids(legs), want) {
		t.Errorf("got %d legs, %v; want %d", len(legs), err, len(want))
	}
}

func TestCrossing(t *testing.T) {
	t.Parallel()
	store := open(t)
	channel := func(id uint64, second int64, channel, dstchannel string) call.Call {
		c := leg(id, uint32(id), fmt.Sprintf("%d.%d", epoch, id), second)
		c.Channel, c.Dstchannel = channel, dstchannel
		return c
	}
	was := channel(7, 5, "PJSIP/1001-1", "")
	is := was
	is.Channel, is.Version = "PJSIP/other-1", was.Version.Next()
	lyon := channel(8, 5, "PJSIP/1001-1", "")
	lyon.Source = "lyon"
	insert(t, store, "a", channel(1, 0, "PJSIP/1001-1", ""), channel(2, 10, "PJSIP/tata-9", "PJSIP/1001-1"), channel(3, 5, "PJSIP/1001-10", "x"),
		channel(4, -1, "PJSIP/1001-1", ""), channel(5, 11, "PJSIP/1001-1", ""), channel(9, 11, "", "PJSIP/1001-1"),
		channel(10, 10, "PJSIP/1001-1", "PJSIP/1001-1"), channel(6, 5, "", "it's"), was, lyon)
	insert(t, store, "b", is)
	from, to := call.Instant(epoch*1000), call.Instant((epoch+10)*1000)
	for _, x := range []struct {
		channels []string
		want     []uint64
	}{
		{[]string{"PJSIP/1001-1"}, []uint64{1, 2, 10}},
		{[]string{"PJSIP/1001-1", "it's", "PJSIP/1001-1"}, []uint64{1, 2, 6, 10}},
		{[]string{"", "x"}, []uint64{3}},
		{[]string{""}, []uint64{}},
		{nil, []uint64{}},
	} {
		rows, err := store.Crossing(t.Context(), "pbx", x.channels, from, to)
		if err != nil || !reflect.DeepEqual(ids(rows), x.want) {
			t.Errorf("%q: got %v, %v; want %v", x.channels, ids(rows), err, x.want)
		}
	}
}
