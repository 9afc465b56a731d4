package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// ListQuery asks for one page of calls.
type ListQuery struct {
	Filter
	Sort
	After         *Position // the last row of the page before; nil: from the beginning
	Limit, Offset int
}

// ConversationQuery asks for one page of conversations; the filter is about them.
type ConversationQuery ListQuery

// window is a part of a time: from low to high, high excluded; 0 is open.
type window struct{ low, high call.Instant }

// windows to look for a page in, one after the other, each wider than the one before, until one has a whole page; the last
// one is the whole time. Where the order is not that of time there is no other.
func windows(q *ListQuery, by sorted, now, oldest call.Instant) []window {
	from, to, spans := q.From, q.To, days
	switch conditions := q.conditions(); {
	case slices.ContainsFunc(conditions, func(c condition) bool { return c.indexed }):
		spans = sought
	case len(conditions) > 0:
		spans = rare // who asks for something rare looks through each window in vain
	}
	if by.sql != "" {
		return []window{{from, to}}
	}
	if q.Ascending {
		if q.After != nil {
			from = max(from, q.After.Calldate)
		}
		return ascending(max(from, oldest), to, now, spans)
	}
	if q.After != nil && (to == 0 || q.After.Calldate < to) {
		to = max(1, q.After.Calldate+1)
	}
	var list []window
	for _, low := range steps(from, to, now, spans) {
		list = append(list, window{low, to})
	}
	return list
}

// Windows for a list that leaves most calls out: for any, and for one that an index finds, which reads a month as soon as a
// day.
var (
	rare   = []time.Duration{days[0], days[2]}
	sought = []time.Duration{days[2]}
)

func ascending(from, to, now call.Instant, spans []time.Duration) (list []window) {
	for _, span := range spans {
		high := from + call.Instant(span.Milliseconds())
		if to != 0 && high >= to || to == 0 && high > now {
			break
		}
		list = append(list, window{from, high})
	}
	return append(list, window{from, to})
}

// list is a kind of list.
type list struct {
	about   func(Scope, *Filter) *question
	by      sorted
	columns []*column // what is shown of its rows
}

// pageTries is how often a page is read anew because a row of it moved while it was read.
const pageTries = 3

// page reads the rows of a page, in its order.
func (s *Store) page(ctx context.Context, scope Scope, q *ListQuery, l list) (rows []Head, err error) {
	var oldest call.Instant
	if q.Ascending && l.by.sql == "" && q.From == 0 && q.After == nil {
		if oldest, err = s.oldest(ctx, scope); err != nil {
			return nil, err
		}
	}
	for i, w := range windows(q, l.by, call.InstantOf(time.Now()), oldest) {
		// Nearly all rows of the first window are on the page: reading them at once is faster than finding them first.
		if whole := i == 0 && l.by.sql == "" && q.Offset <= 200 && len(q.conditions()) == 0; whole {
			rows = nil
			asked, tail := q.ask(scope, l, w)
			err = s.readColumns(asked.carry(ctx), l.columns, tail, func(h *Head) { rows = append(rows, *h) })
		} else {
			rows, err = s.pageByPlaces(ctx, scope, q, l, w)
		}
		if err != nil || len(rows) == q.Limit {
			break
		}
	}
	return rows, err
}

// ask for a page within a window; tail is what stands behind the table.
func (q *ListQuery) ask(scope Scope, l list, w window) (asked *question, tail string) {
	filter := q.Filter
	filter.From, filter.To = w.low, w.high
	asked = l.about(scope, &filter)
	asked.and(l.by.behind(q.After, q.Ascending))
	return asked, fmt.Sprintf("WHERE %s ORDER BY %s LIMIT %d OFFSET %d", asked.where(), l.by.order(q.Ascending), q.Limit, q.Offset)
}

// pageByPlaces finds where the rows of a page live, from the few columns that it takes, then reads them there. Of rows
// that it passes over nothing else is read.
func (s *Store) pageByPlaces(ctx context.Context, scope Scope, q *ListQuery, l list, w window) (page []Head, err error) {
	for range pageTries {
		asked, tail := q.ask(scope, l, w)
		rows, err := s.conn.Query(asked.carry(ctx), "SELECT org_id, toUnixTimestamp64Milli(calldate), id FROM calls FINAL "+tail)
		if err != nil {
			return nil, s.explain("list calls", err)
		}
		places, err := s.scanPlaces(rows)
		if err != nil {
			return nil, err
		}
		found := make(map[place]*Head, len(places))
		err = s.atColumns(ctx, l.columns, slices.Clone(places), func(h *Head) {
			row := *h
			found[placeOf(&h.Call)] = &row
		})
		if err != nil {
			return nil, err
		}
		page = page[:0]
		for _, p := range places {
			if h := found[p]; h != nil {
				page = append(page, *h)
			}
		}
		if len(page) == len(places) {
			break
		}
	}
	return page, nil
}

// oldest calldate that the scope has, of any version.
func (s *Store) oldest(ctx context.Context, scope Scope) (call.Instant, error) {
	var at int64
	if err := s.conn.QueryRow(ctx, "SELECT toUnixTimestamp64Milli(min(calldate)) FROM calls WHERE "+scope.where()).Scan(&at); err != nil {
		return 0, s.explain("find the oldest call", err)
	}
	return call.Instant(at), nil
}
