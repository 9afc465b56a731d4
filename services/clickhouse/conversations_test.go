package clickhouse_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

func orgs(list ...uint32) clickhouse.Scope { return clickhouse.Scope{Orgs: list} }

func headIDs(heads []clickhouse.Head) []uint64 {
	found := []uint64{}
	for i := range heads {
		found = append(found, heads[i].ID)
	}
	return found
}

// follow makes a leg one that is not its conversation's head.
func follow(c call.Call) call.Call {
	c.Conversation = call.NoConversation
	return c
}

func omit(c call.Call) call.Call {
	c.Amaflags = 1
	return c
}

func TestConversations(t *testing.T) {
	t.Parallel()
	store := open(t)
	const day = 86400
	now := time.Now().Unix() - epoch // in seconds after epoch
	at := func(id uint64, org uint32, second int64) call.Call {
		return leg(id, org, fmt.Sprintf("%d.%d", epoch+second, id), second)
	}
	omittedByText := at(9, 1, now-40)
	omittedByText.Extra = []call.Pair{{Name: "amaflags", Text: "Omit"}}
	unheaded := at(4, 1, now-10)
	insert(t, store, "a",
		at(1, 1, now-100), follow(at(2, 1, now-99)), at(3, 2, now-50), unheaded, at(5, 1, now-3*day), at(6, 1, now-200*day),
		at(7, 1, now+3*day), omit(at(8, 1, now-30)), omittedByText, at(10, 1, now-900*day), at(11, 1, now-100), at(12, 3, now-1))
	later := follow(unheaded)
	later.Version = later.Version.Next()
	gone := at(11, 1, now-100)
	insert(t, store, "b", later, grave(gone, gone.Version.Next()))
	insert(t, store, "c", unheaded, gone)

	second := func(s int64) call.Instant { return call.Instant(epoch+s) * 1000 }
	for name, x := range map[string]struct {
		scope clickhouse.Scope
		q     clickhouse.ConversationQuery
		want  []uint64
		count int
	}{
		"all, newest first":   {orgs(1, 2), clickhouse.ConversationQuery{Limit: 50}, []uint64{7, 3, 1, 5, 6, 10}, 6},
		"one organisation":    {orgs(2), clickhouse.ConversationQuery{Limit: 50}, []uint64{3}, 1},
		"another":             {orgs(9), clickhouse.ConversationQuery{Limit: 50}, []uint64{}, 0},
		"nobody":              {orgs(), clickhouse.ConversationQuery{Limit: 50}, []uint64{}, 0},
		"a page":              {orgs(1), clickhouse.ConversationQuery{Limit: 2}, []uint64{7, 1}, 5},
		"the next page":       {orgs(1), clickhouse.ConversationQuery{Limit: 2, Offset: 2}, []uint64{5, 6}, 5},
		"behind the last":     {orgs(1), clickhouse.ConversationQuery{Limit: 2, Offset: 6}, []uint64{}, 5},
		"a time, its end out": {orgs(1), clickhouse.ConversationQuery{Limit: 50, Filter: clickhouse.Filter{From: second(now - 200*day), To: second(now - 100)}}, []uint64{5, 6}, 2},
		"open to the past":    {orgs(1), clickhouse.ConversationQuery{Limit: 50, Filter: clickhouse.Filter{To: second(now - 3*day)}}, []uint64{6, 10}, 2},
		"open to the future":  {orgs(1), clickhouse.ConversationQuery{Limit: 50, Filter: clickhouse.Filter{From: second(now - 99)}}, []uint64{7}, 1},
		"omitted ones only":   {orgs(1), clickhouse.ConversationQuery{Limit: 50, Filter: clickhouse.Filter{Omitted: true}}, []uint64{8, 9}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			heads, err := store.Conversations(t.Context(), x.scope, x.q)
			if err != nil || !reflect.DeepEqual(headIDs(heads), x.want) {
				t.Errorf("got %v, %v; want %v", headIDs(heads), err, x.want)
			}
			if n, err := store.CountConversations(t.Context(), x.scope, &x.q.Filter); err != nil || int(n) != x.count {
				t.Errorf("counted %d, %v; want %d", n, err, x.count)
			}
		})
	}
}

func TestOmittedRows(t *testing.T) {
	t.Parallel()
	store := open(t)
	insert(t, store, "a", full(1, 1), omit(full(2, 1)), full(3, 1))
	for omitted, want := range map[bool][]uint64{false: {1, 3}, true: {2}} {
		q := clickhouse.ListQuery{Limit: 10, Filter: clickhouse.Filter{Omitted: omitted}}
		list, err := store.List(t.Context(), orgs(1), q)
		if err != nil || !reflect.DeepEqual(ids(list), want) {
			t.Errorf("omitted %v: got %v, %v; want %v", omitted, ids(list), err, want)
		}
		if n, err := store.Count(t.Context(), orgs(1), &q.Filter); err != nil || int(n) != len(want) {
			t.Errorf("omitted %v: counted %d, %v; want %d", omitted, n, err, len(want))
		}
	}
	if _, err := store.Get(t.Context(), orgs(1), 2); err != nil {
		t.Errorf("an omitted row by its id: %v", err)
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	store := open(t)
	const a, b, split = "1795228246.1", "1795228250.5", "1795228260.9"
	joined := func(c call.Call, with string) call.Call {
		c.Joined = with
		return follow(c)
	}
	insert(t, store, "a",
		leg(4, 2, a, 0), follow(leg(3, 1, a, 5)), leg(2, 1, a, 2), joined(leg(5, 1, b, 3), a), joined(leg(6, 3, b, 4), a),
		omit(follow(leg(7, 1, a, 9))), leg(8, 1, split, 0), joined(leg(9, 1, split, 1), "1795228261.1"), leg(10, 1, "1795228261.1", 2))
	for name, x := range map[string]struct {
		scope       clickhouse.Scope
		key         string
		heads, legs []uint64
	}{
		"two organisations see both":        {orgs(1, 2), a, []uint64{4, 2}, []uint64{4, 2, 5, 3, 7}},
		"one sees its own":                  {orgs(1), a, []uint64{2}, []uint64{2, 5, 3, 7}},
		"the other's linkedid":              {orgs(1), b, []uint64{2}, []uint64{2, 5, 3, 7}},
		"the other organisation":            {orgs(2), a, []uint64{4}, []uint64{4}},
		"nothing of its own there":          {orgs(2), b, nil, nil},
		"legs without a head yet":           {orgs(3), b, []uint64{}, []uint64{6}},
		"and by the name it was joined to":  {orgs(3), a, []uint64{}, []uint64{6}},
		"no organisation":                   {orgs(), a, nil, nil},
		"unknown":                           {orgs(1, 2, 3), "1795228246.2", nil, nil},
		"empty":                             {orgs(1, 2, 3), "", nil, nil},
		"a leg that left is with the other": {orgs(1), "1795228261.1", []uint64{10}, []uint64{9, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			heads, legs, err := store.Conversation(t.Context(), x.scope, clickhouse.Key{Source: "pbx", Linkedid: x.key})
			if x.legs == nil {
				if !errors.Is(err, clickhouse.ErrNotFound) || heads != nil || legs != nil {
					t.Errorf("got %v, %v, %v; want ErrNotFound", headIDs(heads), ids(legs), err)
				}
				return
			}
			var order []uint64
			for i := range legs {
				order = append(order, legs[i].ID)
			}
			if err != nil || !reflect.DeepEqual(headIDs(heads), x.heads) || !slices.Equal(order, x.legs) {
				t.Errorf("got heads %v, legs %v, %v; want %v, %v", headIDs(heads), order, err, x.heads, x.legs)
			}
		})
	}
	if _, _, err := store.Conversation(t.Context(), orgs(1), clickhouse.Key{Source: "lyon", Linkedid: a}); !errors.Is(err, clickhouse.ErrNotFound) {
		t.Errorf("another source: %v, want ErrNotFound", err)
	}
}

func TestSettled(t *testing.T) {
	t.Parallel()
	store := open(t)
	open := leg(2, 1, "1795228246.2", 0)
	open.Conversation.Complete = false
	insert(t, store, "a", leg(1, 1, "1795228246.1", 0), open)
	settled := func(when string, want ...bool) {
		t.Helper()
		heads, err := store.Conversations(t.Context(), orgs(1), clickhouse.ConversationQuery{Limit: 2})
		if err != nil || len(heads) != 2 {
			t.Fatal(heads, err)
		}
		slices.SortFunc(heads, func(a, b clickhouse.Head) int { return int(a.ID) - int(b.ID) })
		if got := []bool{heads[0].Settled, heads[1].Settled}; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", when, got, want)
		}
	}
	settled("just stored", false, false)
	store.Age(t, time.Minute)
	settled("a minute later", true, false)
	store.Age(t, 15*time.Minute)
	settled("a quarter of an hour later", true, true)
	again := open
	again.Version += 100
	insert(t, store, "b", again)
	settled("a leg arrived", true, false)
}
