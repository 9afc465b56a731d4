package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// list answers GET /api/v1/calls.
func (a *api) list(w http.ResponseWriter, r *http.Request, h *holder) error {
	if done, err := a.export(w, r, h); done || err != nil {
		return err
	}
	return a.listCalls(w, r, h, nil)
}

// listCalls answers with a page of calls.
func (a *api) listCalls(w http.ResponseWriter, r *http.Request, h *holder, narrow func(*clickhouse.Filter) error) error {
	p, err := a.page(r, h, listOfCalls, narrow)
	if err != nil {
		return err
	}
	var calls []call.Call
	var says pagination
	err = a.ask(r, func(ctx context.Context) (err error) {
		more := p.ListQuery
		more.Limit++
		a.totals.ahead(ctx, p.wanted())
		if calls, err = a.history.List(ctx, p.scope, more); err != nil {
			return err
		}
		says, err = a.described(ctx, &p, len(calls), func() clickhouse.Position { return p.Sort.Call(&calls[p.Limit-1]) })
		return err
	})
	if err != nil {
		return err
	}
	writePage(w, says, min(len(calls), p.Limit), func(dst []byte, i int) []byte { return h.appendCall(dst, &calls[i]) })
	return nil
}

// get answers GET /api/v1/calls/{id} with the record, the same bytes as in a list.
func (a *api) get(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	c, err := a.find(r, h.scope)
	if err != nil {
		return err
	}
	writeUnlessKnown(w, r, "application/json", append(h.appendCall(nil, &c), '\n'))
	return nil
}

// find the call that the path names.
func (a *api) find(r *http.Request, scope clickhouse.Scope) (call.Call, error) {
	id, err := callID(r)
	if err != nil {
		return call.Call{}, err
	}
	var c call.Call
	err = a.ask(r, func(ctx context.Context) (err error) {
		c, err = a.history.Get(ctx, scope, id)
		return err
	})
	return c, err
}

// callID reads the id in the path.
func callID(r *http.Request) (uint64, error) {
	text := chi.URLParam(r, "id")
	if !decimal(text) || text[0] == '0' {
		return 0, &refusal{parameterInvalid, fmt.Sprintf("id is %s, want a whole number above 0", quoted(text)), "id"}
	}
	id, err := strconv.ParseUint(text, 10, 53)
	if err != nil {
		return 0, clickhouse.ErrNotFound // no identity is that large
	}
	return id, nil
}
