package main

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// fixed is a far side for what a real store does not do on request: to refuse, to hang, to fail in the middle.
type fixed struct {
	blotter
	eraser
	register
	calls []call.Call
	heads []clickhouse.Head
	names []clickhouse.Organisation
	size  uint64 // of the house; 0 is a small one
	// counting runs before a count, if there is one.
	counting  func()
	uncounted error // what a count answers, beside err; a deadline's it waits for
	err       error
	// before runs first, if there is one.
	before func(context.Context)
	amend  func([]call.Call) error
}

func (f *fixed) List(ctx context.Context, _ clickhouse.Scope, q clickhouse.ListQuery) ([]call.Call, error) {
	if f.before != nil {
		f.before(ctx)
	}
	return f.calls[min(q.Offset, len(f.calls)):min(q.Offset+q.Limit, len(f.calls))], f.err
}

func (f *fixed) Count(ctx context.Context, _ clickhouse.Scope, _ *clickhouse.Filter) (uint64, error) {
	if errors.Is(f.uncounted, context.DeadlineExceeded) {
		<-ctx.Done()
	}
	if f.counting != nil {
		f.counting()
	}
	return uint64(len(f.calls)), cmp.Or(f.uncounted, f.err)
}

func (f *fixed) Size(context.Context) (uint64, error) { return f.size, f.err }

func (f *fixed) Get(ctx context.Context, scope clickhouse.Scope, id uint64) (call.Call, error) {
	if f.before != nil {
		f.before(ctx)
	}
	for _, c := range f.calls {
		if c.ID == id && slices.Contains(scope.Orgs, c.OrgID) {
			return c, f.err
		}
	}
	if f.err != nil {
		return call.Call{}, f.err
	}
	return call.Call{}, clickhouse.ErrNotFound
}

func (f *fixed) Amend(_ context.Context, calls []call.Call) error {
	if f.amend != nil {
		return f.amend(calls)
	}
	return f.err
}

func (f *fixed) Conversations(ctx context.Context, _ clickhouse.Scope, q clickhouse.ConversationQuery) ([]clickhouse.Head, error) {
	if f.before != nil {
		f.before(ctx)
	}
	return f.heads[min(q.Offset, len(f.heads)):min(q.Offset+q.Limit, len(f.heads))], f.err
}

func (f *fixed) CountConversations(context.Context, clickhouse.Scope, *clickhouse.Filter) (uint64, error) {
	return uint64(len(f.heads)), f.err
}

func (f *fixed) Conversation(ctx context.Context, scope clickhouse.Scope, key clickhouse.Key) (heads []clickhouse.Head, legs []call.Call, err error) {
	if f.before != nil {
		f.before(ctx)
	}
	sees := func(c *call.Call) bool {
		return slices.Contains(scope.Orgs, c.OrgID) && c.Source == key.Source && c.ConversationKey() == key.Linkedid
	}
	for _, h := range f.heads {
		if sees(&h.Call) {
			heads = append(heads, h)
		}
	}
	for _, c := range f.calls {
		if sees(&c) {
			legs = append(legs, c)
		}
	}
	if len(legs) == 0 && f.err == nil {
		return nil, nil, clickhouse.ErrNotFound
	}
	return heads, legs, f.err
}

func (f *fixed) Organisations(context.Context) ([]clickhouse.Organisation, error) {
	return f.names, f.err
}
