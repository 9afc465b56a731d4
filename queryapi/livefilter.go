package main

import (
	"context"
	"net/url"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// What the live feed is filtered by is what the list is filtered by.
var liveFilterNames = []string{"org_id", dateFrom, dateTo, ama}

func (a *api) liveFilter(_ context.Context, values url.Values, h *holder) (clickhouse.Scope, clickhouse.Filter, error) {
	var f clickhouse.Filter
	scope, err := narrowed(h.scope, values)
	if err != nil {
		return scope, f, err
	}
	if f.From, f.To, err = period(values); err != nil {
		return scope, f, err
	}
	f.Omitted, err = omitted(values)
	return scope, f, err
}
