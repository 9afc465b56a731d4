package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// SpanQuery asks for one page of all rows of a time, for work on the whole history.
type SpanQuery struct {
	Orgs     []uint32     // nil: all
	From, To call.Instant // of calldate, To excluded; 0 is open

	// The last row of the page before; BeforeID 0 asks for the first page.
	BeforeCalldate call.Instant
	BeforeID       uint64

	Limit int
}

func (q SpanQuery) where(low call.Instant) string {
	orgs, before := "", ""
	if q.Orgs != nil {
		orgs = Scope{q.Orgs}.where()
	}
	if q.BeforeID != 0 {
		// The first half says nothing new, but it is what keeps the server from reading what is newer.
		before = fmt.Sprintf("calldate <= %[1]s AND (calldate, id) < (%[1]s, %[2]d)", moment(q.BeforeCalldate), q.BeforeID)
	}
	return join(orgs, within(low, q.To), before)
}

// Organisations' rows lie apart in the table, so that a page of all of them reads the whole time it looks at.
var hours = slices.Insert(slices.Clone(days), 0, time.Hour)

// Span reads the living rows of a time, omitted ones too, newest first (calldate, then id, both descending). A page
// shorter than Limit is the last.
func (s *Store) Span(ctx context.Context, q SpanQuery) ([]call.Call, error) {
	end := q.To
	if q.BeforeID != 0 && (end == 0 || q.BeforeCalldate < end) {
		end = max(1, q.BeforeCalldate)
	}
	for _, low := range steps(q.From, end, call.InstantOf(time.Now()), hours) {
		calls, err := s.calls(ctx, fmt.Sprintf("WHERE %s ORDER BY calldate DESC, id DESC LIMIT %d", q.where(low), q.Limit))
		if err != nil || len(calls) == q.Limit || low == q.From {
			return calls, err
		}
	}
	return nil, nil
}

// DeleteSince removes every living row with a calldate of since or later and returns how many: each is left as a tombstone
// right above its version. A row comes back when it is inserted with a higher version than that.
func (s *Store) DeleteSince(ctx context.Context, since call.Instant) (uint64, error) {
	// The tombstones are told from others by their stored_at, since the server does not say how many it wrote.
	var at int64
	if err := s.conn.QueryRow(ctx, "SELECT toUnixTimestamp64Milli(now64(3))").Scan(&at); err != nil {
		return 0, s.explain("delete calls", err)
	}
	err := s.conn.Exec(exact(ctx), fmt.Sprintf(`INSERT INTO calls (org_id, calldate, id, version, is_deleted, source, stored_at)
		SELECT org_id, calldate, id, version + 1, 1, source, fromUnixTimestamp64Milli(%d) FROM calls FINAL WHERE calldate >= %s`,
		at, moment(since)))
	if err != nil {
		return 0, s.explain("delete calls", err)
	}
	var n uint64
	err = s.conn.QueryRow(ctx, fmt.Sprintf(`SELECT count() FROM calls WHERE is_deleted AND stored_at = fromUnixTimestamp64Milli(%d) AND calldate >= %s`,
		at, moment(since))).Scan(&n)
	if err != nil {
		return 0, s.explain("count deleted calls", err)
	}
	return n, nil
}
