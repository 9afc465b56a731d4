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
