package main

import (
	"context"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// fixed is a far side for what a real store does not do on request: to refuse, to hang, to fail in the middle.
type fixed struct {
	calls []call.Call
	err   error
	// before runs first, if there is one.
	before func(context.Context)
}

func (f *fixed) List(ctx context.Context, _ clickhouse.Scope, q clickhouse.ListQuery) ([]call.Call, error) {
	if f.before != nil {
		f.before(ctx)
	}
	return f.calls[min(q.Offset, len(f.calls)):min(q.Offset+q.Limit, len(f.calls))], f.err
}

func (f *fixed) Count(context.Context, clickhouse.Scope, clickhouse.ListQuery) (uint64, error) {
	return uint64(len(f.calls)), f.err
}

func (f *fixed) Get(ctx context.Context, scope clickhouse.Scope, id uint64) (call.Call, error) {
	if f.before != nil {
		f.before(ctx)
	}
	for _, c := range f.calls {
		if c.ID == id && slices.Contains(scope.Orgs, c.OrgID) {
			return c, f.err
		}
	}
	return call.Call{}, clickhouse.ErrNotFound
}
