package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// history is the store of understood calls. Every question carries the scope that the answer must stay within.
type history interface {
	List(ctx context.Context, scope clickhouse.Scope, q clickhouse.ListQuery) ([]call.Call, error)
	Count(ctx context.Context, scope clickhouse.Scope, q clickhouse.ListQuery) (uint64, error)
	Get(ctx context.Context, scope clickhouse.Scope, id uint64) (call.Call, error)
}

// errSlow ends a query that takes longer than QUERY_TIMEOUT.
var errSlow = errors.New("the query took longer than QUERY_TIMEOUT")

// ask puts one question to the history within QUERY_TIMEOUT.
func (a *api) ask(r *http.Request, question func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(r.Context(), a.queryTimeout, errSlow)
	defer cancel()
	err := question(ctx)
	switch {
	case err == nil, errors.Is(err, clickhouse.ErrNotFound):
		a.historyTrouble.Over(a.log, "call history answers again")
		return err
	case r.Context().Err() != nil:
		return r.Context().Err() // the caller left: no trouble of the history
	case errors.Is(context.Cause(ctx), errSlow):
		err = fmt.Errorf("%w: %w", errSlow, err)
	}
	if code := refusalOf(err).code; code == historyUnavailable || code == queryTimeout {
		a.historyTrouble.Report(a.log, "call history does not answer", err)
	}
	return err
}

// list answers GET /api/v1/calls.
func (a *api) list(w http.ResponseWriter, r *http.Request) error {
	scope, err := a.admit(r, readCalls, false)
	if err != nil {
		return err
	}
	q, err := page(r.URL.RawQuery)
	if err != nil {
		return err
	}
	var calls []call.Call
	var total uint64
	err = a.ask(r, func(ctx context.Context) (err error) {
		// One call more than asked for tells whether there is another page, whatever arrives between the two queries.
		more := q
		more.Limit++
		if calls, err = a.history.List(ctx, scope, more); err != nil {
			return err
		}
		total, err = a.total(ctx, scope, q, len(calls))
		return err
	})
	if err != nil {
		return err
	}
	hasMore := len(calls) > q.Limit
	writeCalls(w, calls[:min(len(calls), q.Limit)], pagination{total, q.Limit, q.Offset, hasMore})
	return nil
}

// total of a list, when up to limit+1 calls were found behind the offset. The last page tells it without another query.
func (a *api) total(ctx context.Context, scope clickhouse.Scope, q clickhouse.ListQuery, found int) (uint64, error) {
	seen := uint64(q.Offset + found)
	if found <= q.Limit && (found > 0 || q.Offset == 0) {
		return seen, nil
	}
	n, err := a.history.Count(ctx, scope, q)
	if found > 0 {
		n = max(n, seen) // calls that vanished since the list was read are still in it
	}
	return n, err
}

type pagination struct {
	total         uint64
	limit, offset int
	hasMore       bool
}

// writeCalls writes the envelope of the Call Logs API. A page may hold 200 rows of half a megabyte each, so what is ready
// is sent before the rest is written.
func writeCalls(w http.ResponseWriter, calls []call.Call, p pagination) {
	const piece = 64 << 10
	w.Header().Set("Content-Type", "application/json")
	body := append(make([]byte, 0, piece), `{"data":[`...)
	for i := range calls {
		if i > 0 {
			body = append(body, ',')
		}
		body = calls[i].AppendJSON(body)
		if len(body) >= piece {
			if _, err := w.Write(body); err != nil {
				return // the caller left
			}
			body = body[:0]
		}
	}
	body = append(body, `],"pagination":{"total":`...)
	body = strconv.AppendUint(body, p.total, 10)
	body = append(body, `,"limit":`...)
	body = strconv.AppendInt(body, int64(p.limit), 10)
	body = append(body, `,"offset":`...)
	body = strconv.AppendInt(body, int64(p.offset), 10)
	body = append(body, `,"has_more":`...)
	body = strconv.AppendBool(body, p.hasMore)
	_, _ = w.Write(append(body, "}}\n"...))
}

// get answers GET /api/v1/calls/{id} with the record, the same bytes as in a list.
func (a *api) get(w http.ResponseWriter, r *http.Request) error {
	scope, err := a.admit(r, readCalls, false)
	if err != nil {
		return err
	}
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	c, err := a.find(r, scope)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(c.AppendJSON(nil), '\n'))
	return nil
}

// find the call that the path names.
func (a *api) find(r *http.Request, scope clickhouse.Scope) (call.Call, error) {
	text := chi.URLParam(r, "id")
	if !decimal(text) || text[0] == '0' {
		return call.Call{}, &refusal{parameterInvalid, fmt.Sprintf("id is %s, want a whole number above 0", quoted(text)), "id"}
	}
	id, err := strconv.ParseUint(text, 10, 53)
	if err != nil {
		return call.Call{}, clickhouse.ErrNotFound // no identity is that large
	}
	var c call.Call
	err = a.ask(r, func(ctx context.Context) (err error) {
		c, err = a.history.Get(ctx, scope, id)
		return err
	})
	return c, err
}
