package clickhouse_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// Every order, page by page by position, gives every row once, and the same by offset.
func TestPages(t *testing.T) {
	t.Parallel()
	store := open(t)
	r := rand.New(rand.NewPCG(7, 7))
	now := call.InstantOf(time.Now())
	var calls []call.Call
	for id := uint64(1); id <= 60; id++ {
		c := leg(id, uint32(1+id%3), fmt.Sprintf("%d.%d", epoch, id), 0)
		c.Extra = nil
		// Several at once, gaps wider than the windows, one of 1970 and one of the future.
		c.Calldate = now - call.Instant(r.IntN(4)*r.IntN(4)*86400_000*(1+r.IntN(30)))
		c.Duration, c.Billsec, c.WaitTime, c.RingTime, c.TalkTime = int64(r.IntN(4)), int64(r.IntN(3)), int64(r.IntN(3)-1), int64(r.IntN(3)-1), int64(r.IntN(3)-1)
		// What is NULL is less than what a clock that was set back made negative.
		c.Nulls = []string{"", "", "answer,duration", "billsec", "duration,billsec"}[r.IntN(5)]
		if c.IsNull("duration") {
			c.Duration = 0
		} else if r.IntN(5) == 0 {
			c.Duration = -1
		}
		if c.IsNull("billsec") {
			c.Billsec = 0
		}
		v := &c.Conversation
		v.WaitTime, v.RingTime, v.TalkTime, v.End = int64(r.IntN(3)-1), int64(r.IntN(3)-1), int64(r.IntN(3)-1), c.Calldate+call.Instant(r.IntN(5)*700)
		if r.IntN(5) == 0 {
			v.End = call.NoInstant
		}
		calls = append(calls, c)
	}
	calls[0].Calldate, calls[1].Calldate = 0, now+90*86400_000
	insert(t, store, "a", calls...)
	calls = slices.DeleteFunc(calls, func(c call.Call) bool { return c.OrgID == 3 })

	for _, by := range append(clickhouse.CallSorts, "") {
		for _, ascending := range []bool{false, true} {
			q := clickhouse.ListQuery{Sort: clickhouse.Sort{By: by, Ascending: ascending}, Limit: 7}
			want := inOrder(calls, ascending, q.Sort.Call)
			if first := calls[slices.IndexFunc(calls, func(c call.Call) bool { return c.ID == want[0] })]; ascending && (by == "duration" || by == "billsec") && !first.IsNull(by) {
				t.Errorf("calls by %s begin with one that has it: %d", by, first.Duration)
			}
			check(t, fmt.Sprintf("calls by %s, %v", by, ascending), want, func(after *clickhouse.Position, offset int) ([]uint64, *clickhouse.Position) {
				q.After, q.Offset = after, offset
				page, err := store.List(t.Context(), orgs(1, 2), q)
				if err != nil {
					t.Fatal(err)
				}
				var found []uint64
				for i := range page {
					found = append(found, page[i].ID)
					p := q.Sort.Call(&page[i])
					after = &p
				}
				return found, after
			})
		}
	}
	for _, by := range clickhouse.ConversationSorts {
		for _, ascending := range []bool{false, true} {
			q := clickhouse.ConversationQuery{Sort: clickhouse.Sort{By: by, Ascending: ascending}, Limit: 7}
			want := inOrder(calls, ascending, func(c *call.Call) clickhouse.Position { return q.Sort.Conversation(&clickhouse.Head{Call: *c}) })
			check(t, fmt.Sprintf("conversations by %s, %v", by, ascending), want, func(after *clickhouse.Position, offset int) ([]uint64, *clickhouse.Position) {
				q.After, q.Offset = after, offset
				page, err := store.Conversations(t.Context(), orgs(1, 2), q)
				if err != nil {
					t.Fatal(err)
				}
				for i := range page {
					p := q.Sort.Conversation(&page[i])
					after = &p
				}
				return headIDs(page), after
			})
		}
	}
}

// check walks through all pages both ways.
func check(t *testing.T, name string, want []uint64, page func(after *clickhouse.Position, offset int) ([]uint64, *clickhouse.Position)) {
	t.Helper()
	var got []uint64
	var after *clickhouse.Position
	for {
		var ids []uint64
		ids, after = page(after, 0)
		got = append(got, ids...)
		if len(ids) < 7 || len(got) > 2*len(want) {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s, by position: %v, want %v", name, got, want)
	}
	for _, offset := range []int{0, 3, 35, len(want) - 1, len(want), 300} {
		ids, _ := page(nil, offset)
		if cut := want[min(offset, len(want)):min(offset+7, len(want))]; !slices.Equal(ids, cut) && len(ids)+len(cut) > 0 {
			t.Errorf("%s, from %d: %v, want %v", name, offset, ids, cut)
		}
	}
}

func inOrder(calls []call.Call, ascending bool, position func(*call.Call) clickhouse.Position) (ids []uint64) {
	sorted := slices.Clone(calls)
	slices.SortFunc(sorted, func(a, b call.Call) int {
		p, q := position(&a), position(&b)
		way := cmp.Or(cmp.Compare(p.Value, q.Value), cmp.Compare(p.Calldate, q.Calldate), cmp.Compare(p.ID, q.ID))
		if !ascending {
			way = -way
		}
		return way
	})
	for _, c := range sorted {
		ids = append(ids, c.ID)
	}
	return ids
}

// While rows arrive and go, pages by position neither skip nor repeat those that stay.
func TestPagesWhileRowsArrive(t *testing.T) {
	t.Parallel()
	store := open(t)
	var calls []call.Call
	for id := uint64(1); id <= 40; id++ {
		calls = append(calls, leg(id, 1, fmt.Sprintf("%d.%d", epoch, id), int64(id/3)*3600))
	}
	insert(t, store, "a", calls...)
	q := clickhouse.ListQuery{Limit: 6}
	var got []uint64
	for n := 0; ; n++ {
		page, err := store.List(t.Context(), orgs(1), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page {
			if page[i].ID <= 40 {
				got = append(got, page[i].ID)
			}
			p := q.Sort.Call(&page[i])
			q.After = &p
		}
		if len(page) < q.Limit {
			break
		}
		// New rows before and behind, and the row that the page ended with goes.
		last := page[len(page)-1]
		insert(t, store, fmt.Sprint("b", n), leg(uint64(100+n), 1, "x", 999*3600), leg(uint64(200+n), 1, "x", -999*3600), grave(last, last.Version.Next()))
	}
	want := make([]uint64, 40)
	for i := range want {
		want[i] = uint64(40 - i)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
